"""The `${{ }}` expressions, as tables."""

from __future__ import annotations

import pytest

from rgraph.expressions import ExpressionError, Scope, Value, evaluate, is_true, names_of

SCOPE = Scope(
    {
        "device": "gpu",
        "cuda": "11.10",
        "flag": True,
        "off": False,
        "names": ["a", "b"],
        "nothing": None,
        "empty": "",
    },
    frozenset({"device", "cuda", "missing"}),
)

VALUES: list[tuple[str, Value]] = [
    ("plain", "plain"),
    ("${X} {{ x }} {% y %} ${#x} {# z #}", "${X} {{ x }} {% y %} ${#x} {# z #}"),
    ("${{ device }}", "gpu"),
    ("${{device}}", "gpu"),
    ("a-${{ device }}-b", "a-gpu-b"),
    ("${{ device }}${{ cuda }}", "gpu11.10"),
    ("${{ flag }}", True),
    ("x${{ flag }}", "xtrue"),
    ("x${{ off }}", "xfalse"),
    ("x${{ nothing }}", "x"),
    ("${{ nothing }}", None),
    ("${{ names }}", ["a", "b"]),
    ("${{ ['x', device] }}", ["x", "gpu"]),
    ("${{ [] }}", []),
    ("${{ 'a' ~ device ~ flag }}", "agputrue"),
    ("${{ 'yes' if device == 'gpu' else 'no' }}", "yes"),
    ("${{ 'yes' if device == 'cpu' }}", None),
    ("x${{ 'yes' if device == 'cpu' }}", "x"),
    ("${{ 'no' if missing else 'yes' }}", "yes"),
    ("${{ device == 'gpu' }}", True),
    ("${{ device != 'gpu' }}", False),
    ("${{ flag == 'true' }}", False),
    ("${{ cuda < '11.9' }}", False),
    ("${{ cuda > '11.9' }}", True),
    ("${{ cuda >= '11.10' }}", True),
    ("${{ cuda <= '11.1' }}", False),
    ("${{ '10' < cuda < '12' }}", True),
    ("${{ missing > '1' }}", False),
    ("${{ missing < '1' }}", False),
    ("${{ missing == 'x' }}", False),
    ("${{ not missing }}", True),
    ("${{ device in ['cpu', 'gpu'] }}", True),
    ("${{ device not in ['cpu'] }}", True),
    ("${{ 'p' in device }}", True),
    ("${{ 'a' in names }}", True),
    ("${{ 'a' in missing }}", False),
    ("${{ flag and device }}", True),
    ("${{ off or nothing }}", False),
    ("${{ not off }}", True),
    ("${{ device | upper }}", "GPU"),
    ("${{ 'ABC' | lower }}", "abc"),
    ("${{ device | replace('g', 'c') }}", "cpu"),
    ("${{ device | replace('', 'x') }}", "gpu"),
    ("${{ 'a b  c' | split(' ') }}", ["a", "b", "", "c"]),
    ("${{ 'a b  c' | split('') }}", ["a", "b", "c"]),
    ("${{ names | join('-') }}", "a-b"),
    ("${{ device | join('-') }}", "gpu"),
    ("${{ names | first }}", "a"),
    ("${{ names | last }}", "b"),
    ("${{ [] | first }}", None),
    ("${{ '4.1.0' | major }}", "4"),
    ("${{ '4.1.0' | minor }}", "4.1"),
    ("${{ missing | default('x') }}", "x"),
    ("${{ nothing | default('x') }}", "x"),
    ("${{ empty | default('x') }}", ""),
    ("${{ device | default(unknown) }}", "gpu"),
    ("${{ '}}' }}", "}}"),
    ('${{ "}}" ~ device }}', "}}gpu"),
    ("${{ (device) }}", "gpu"),
    ("${{ true }}", True),
    ("${{ none }}", None),
    ("${{ device\n  ~ 'x' }}", "gpux"),
]

ERRORS: list[tuple[str, str]] = [
    ("${{ devise }}", "`devise` is not defined"),
    ("${{ release }}", "`release` is not defined here"),
    ("${{ missing }}", "`missing` has no value in this row of the matrix"),
    ("x${{ missing }}", "`missing` has no value in this row of the matrix"),
    ("${{ missing ~ 'x' }}", "`missing` has no value in this row of the matrix"),
    ("${{ device", "`${{` without `}}`"),
    ("${{ '}}", "`${{` without `}}`"),
    ("${{ }}", "is no expression"),
    ("${{ device device }}", "is more than one expression"),
    ("${{ 5 }}", "a bare number in an expression"),
    ("${{ 1.5 }}", "a bare number in an expression"),
    ("x${{ names }}", "a list stands where a text is expected"),
    ("${{ names ~ 'x' }}", "a list stands where a text is expected"),
    ("${{ device | lowr }}", "there is no filter `lowr`"),
    ("${{ device | attr('x') }}", "there is no filter `attr`"),
    ("${{ device | replace('a') }}", "the filter `replace` takes 2 arguments"),
    ("${{ device | split }}", "the filter `split` takes 1 argument"),
    ("${{ device | lower('x') }}", "the filter `lower` takes 0 arguments"),
    ("${{ device | replace(old='a', new='b') }}", "the filter `replace` takes 2 arguments"),
    ("${{ device | replace(*names) }}", "the filter `replace` takes 2 arguments"),
    ("${{ device.upper }}", "an attribute in an expression"),
    ("${{ device[0] }}", "an index in an expression"),
    ("${{ ''.__class__.__mro__ }}", "an attribute in an expression"),
    ("${{ range(10) }}", "a call in an expression"),
    ("${{ device is defined }}", "a test with `is` in an expression"),
    ("${{ 'a' * 9 }}", "arithmetic in an expression"),
    ("${{ 'a' + 'b' }}", "arithmetic (join texts with `~`) in an expression"),
    ("${{ '2' ** '9' }}", "arithmetic in an expression"),
    ("${{ {'a': 'b'} }}", "a mapping in an expression"),
    ("${{ ('a', 'b') }}", "a tuple (lists have square brackets) in an expression"),
    ("${{ names < device }}", "`<` and `>` compare texts, as versions"),
    ("${{ device in flag }}", "`in` needs a list or a text at its right"),
    ("${{ '" + "x" * 1000 + "' }}", "an expression of 1002 characters, more than 1000"),
    ("${{ " + "(" * 490 + "device" + ")" * 490 + " }}", "an expression is nested too deeply"),
]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_values(text: str, expected: Value) -> None:
    found = evaluate(text, SCOPE)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("text", "message"), ERRORS)
def test_errors(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        evaluate(text, SCOPE)
    assert message in raised.value.what


def test_a_text_cannot_grow_without_end() -> None:
    many = "a" * 60
    text = f"${{{{ '{many}'" + f" | replace('a', '{many}')" * 3 + " }}"
    with pytest.raises(ExpressionError, match="more than 50000 characters"):
        evaluate(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (True, True),
        (False, False),
        ("${{ device == 'gpu' }}", True),
        ("${{ device }}", True),
        ("${{ empty }}", False),
        ("${{ missing }}", False),
        ("${{ nothing }}", False),
        ("${{ [] }}", False),
    ],
)
def test_conditions(text: str | bool, expected: bool) -> None:
    assert is_true(text, SCOPE) is expected


@pytest.mark.parametrize(
    "text", ["device == 'gpu'", "x${{ device }}", "${{ device }}${{ device }}", "", "yes"]
)
def test_a_condition_is_one_expression(text: str) -> None:
    with pytest.raises(ExpressionError, match="expected true, false or one expression"):
        is_true(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", set()),
        ("${{ a }}${{ b if c else d }}", {"a", "b", "c", "d"}),
        ("${{ x | default(y) | replace(z, 'q') }}", {"x", "y", "z"}),
        ("${{ 'quoted' }}", set()),
        ("${{ broken", set()),
        ("${{ broken ( }}", set()),
    ],
)
def test_names(text: str, expected: set[str]) -> None:
    assert names_of(text) == expected


def test_help_names_what_there_is() -> None:
    for text, help in (
        ("${{ devise }}", "did you mean `device`?"),
        ("${{ zzz }}", "the matrix has `cuda`, `device`"),
        ("${{ device | lowr }}", "did you mean `lower`?"),
        ("${{ device | zzz }}", "the filters are `default`, `first`"),
    ):
        with pytest.raises(ExpressionError) as raised:
            evaluate(text, SCOPE)
        assert raised.value.help.startswith(help)
    with pytest.raises(ExpressionError) as raised:
        evaluate("${{ x }}", Scope({}, owner="the recipe `a`"))
    assert raised.value.help == "the recipe `a` has no names; a text stands in quotes: 'x'"

"""One YAML file: what its data is, and what is said of every fault."""

from __future__ import annotations

import pytest

from rgraph.errors import Problem, Problems
from rgraph.files.yaml_nodes import load

MEANT = ", which cannot be seen; remove it, or write what was meant"


def faults(text: str | bytes) -> list[Problem]:
    problems = Problems()
    raw = text if isinstance(text, bytes) else text.encode()
    assert load("manifests/x.yaml", raw, problems) is None
    return list(problems)


def fault(text: str | bytes) -> Problem:
    (found,) = faults(text)
    assert found.place.file == "manifests/x.yaml"
    return found


def said(text: str | bytes) -> str:
    """`line:column what; help` of the only fault."""
    found = fault(text)
    return f"{found.place.line}:{found.place.column} {found.what}; {found.help}"


def data(text: str | bytes) -> object:
    problems = Problems()
    found = load("manifests/x.yaml", text if isinstance(text, bytes) else text.encode(), problems)
    assert list(problems) == []
    return found


@pytest.mark.parametrize(
    "scalar",
    [
        "1.10",
        "4.0",
        "2019-10-10",
        "no",
        "yes",
        "on",
        "010",
        "12:30",
        "1e3",
        "0x1F",
        "True",
        "NULL",
        ".inf",
        "1_000",
    ],
)
def test_plain_scalars_stay_as_written(scalar: str) -> None:
    assert data(f"a: {scalar}") == {"a": scalar}


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"null"', "null"),
    ],
)
def test_words_with_a_meaning(scalar: str, value: object) -> None:
    assert data(f"a: {scalar}") == {"a": value}


def test_collections_and_texts_of_several_lines() -> None:
    text = "a: [x, {b: y}]\nc:\n- |\n  one\n  \ttwo\n- >\n  three\n  four\n"
    assert data(text) == {"a": ["x", {"b": "y"}], "c": ["one\n\ttwo\n", "three four\n"]}


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfa: b", b"a: b\r\n", b"a: b\r", b"# \xc2\xa0 spaces\na: b"])
def test_byte_order_mark_line_ends_and_spaces_in_comments_are_harmless(raw: bytes) -> None:
    assert data(raw) == {"a": "b"}


def test_signs_of_the_shell_are_no_anchors() -> None:
    line = "make 2>&1 && a=1&b=2 ; ls dir/*x"
    assert data(f"a: {line}\nb: '*.deb &x'\nc: \"*x\"\n") == {"a": line, "b": "*.deb &x", "c": "*x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1 the file is empty; write a manifest, or remove the file"),
        ("# only a comment\n", "1:1 the file is empty; write a manifest, or remove the file"),
        ("---\n", "1:1 the file is empty; write a manifest, or remove the file"),
        (b"\xff\xfea\x00", "1:1 the file is UTF-16 or UTF-32, not UTF-8; save the file as UTF-8"),
        (b"a\x00:\x00", "1:1 the file is UTF-16 or UTF-32, not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: x\xe9\n", "2:5 the byte 0xE9 is not UTF-8; save the file as UTF-8"),
        (
            "a: \x07",
            f"1:4 the file holds U+0007 (a control character){MEANT}",
        ),
        ("a:\n\tb: 1", "2:1 a tab is used for indentation; indent with spaces"),
        ("a: b\n\tc: d", "2:1 a tab is used for indentation; indent with spaces"),
        ("a: >\n\tfoo", "2:1 a tab is used for indentation; indent with spaces"),
        ("a: *.deb", "1:5 `*` cannot begin a value; put the value in quotes"),
        ("a: & b", "1:5 `&` cannot begin a value; put the value in quotes"),
        ("a: @b", "1:4 `@` cannot begin a value; put the value in quotes"),
        ("a: %b", "1:4 `%` cannot begin a value; put the value in quotes"),
        ("%b", "1:3 a `%` cannot stand at the beginning of a line; put the value in quotes"),
        ("a: !x!y z", "1:4 a tag is not allowed; put a value that begins with `!` in quotes"),
        (
            "a: b: c",
            '1:5 a `:` that does not fit here; a text that holds ": " must stand in quotes; '
            "keys of one mapping begin in the same column",
        ),
        ("a: b\nword\n", "2:1 a key without `:`; write `key: value`; text that goes on is indented"),
        (
            "x:\n  - a\n b: c",
            "3:2 neither a key of this mapping nor its end (it began in line 1); "
            "entries of one mapping or list begin in the same column",
        ),
        (
            "- a\nb: c",
            "2:1 neither an entry of this list nor its end (it began in line 1); "
            "entries of one mapping or list begin in the same column",
        ),
        ("a: [b\nc: d", "2:2 a list that began with `[` goes on without `,` or `]` (it began in line 1); "),
        (
            "a: {b: ${{ x }}}",
            "1:9 a mapping that began with `{` goes on without `,` or `}`; "
            "inside [ ] and { }, an expression must stand in quotes",
        ),
        ("a: [b\n", "2:1 the file ends inside brackets (it began in line 1); close the bracket"),
        ("a: {", "1:5 the file ends inside brackets; close the bracket"),
        ("a: [x, , y]", "1:8 a value is missing here; remove the extra `,`, or close the bracket"),
        ("a: 'x\nb: c\n", "1:4 a quoted text that does not end; close the quotes"),
        (
            'a: "C:\\path"',
            "1:7 an unknown escape after `\\`; "
            "write `\\\\` for a backslash, or use single quotes, which have no escapes",
        ),
        (
            "a: |x\n",
            "1:5 more text behind `|` or `>`; the text begins on the next line; "
            "put the value in quotes if the sign is meant as text",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "2:1 the file holds several documents; "
            "one manifest a file: move what follows `---` to a file of its own",
        ),
        (
            "\u00a0a: 1\n\u00a0b\nc: 2\n",
            "2:1 the line holds U+00A0 (NO-BREAK SPACE), which cannot be seen; write a plain space",
        ),
        (
            "# \u2028a: b\nc: d",
            f"1:3 the file holds U+2028 (LINE SEPARATOR){MEANT}",
        ),
    ],
)
def test_files_that_are_no_yaml_for_us(text: str | bytes, message: str) -> None:
    assert said(text) == message


@pytest.mark.parametrize(
    ("text", "path", "on_key", "message"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            ("a",),
            True,
            "3:1 the key `a` stands twice, first in line 1; remove one of them",
        ),
        (
            "a:\n- {b: 1, b: 2}",
            ("a", 0, "b"),
            True,
            "2:10 the key `b` stands twice, first in line 2; remove one of them",
        ),
        (
            "a: {<<: {b: c}}",
            ("a",),
            False,
            "1:5 merge keys (`<<`) are not allowed; write it out, or make a recipe",
        ),
        ("a: {true: b}", ("a",), False, '1:5 a key that is not text but `true`; write "true" in quotes'),
        ("?\n: b", (), False, "1:2 a key that is not text but nothing; write a key before the `:`"),
        ("? [a]\n: b", (), False, "1:3 a key that is not text; write a word or quoted text before the `:`"),
        (
            "a: {{ b }}",
            ("a",),
            False,
            "1:5 a key that is not text; write a word or quoted text before the `:`",
        ),
        (
            "a: !!python/object/apply:os.system [ls]",
            ("a",),
            False,
            "1:4 the tag `!!python/object/apply:os.system` is not allowed; "
            "remove the tag; `true` and `false` are booleans, all else is text",
        ),
        (
            "a: !!str 1",
            ("a",),
            False,
            "1:4 the tag `!!str` is not allowed; "
            "remove the tag; `true` and `false` are booleans, all else is text",
        ),
        (
            "open\u00a0ssl: 1",
            ("open\u00a0ssl",),
            True,
            "1:5 the key holds U+00A0 (NO-BREAK SPACE), which cannot be seen; write a plain space",
        ),
        (
            "a:\n  - git\u200b",
            ("a", 0),
            False,
            f"2:8 the value holds U+200B (ZERO WIDTH SPACE){MEANT}",
        ),
        (
            "a: x\u202ey",
            ("a",),
            False,
            f"1:5 the value holds U+202E (RIGHT-TO-LEFT OVERRIDE){MEANT}",
        ),
        (
            'a: "x\\ry"',
            ("a",),
            False,
            f"1:4 the value holds U+000D (a control character){MEANT}",
        ),
        (
            '"a\\nb": c',
            ("a\nb",),
            True,
            f"1:1 the key holds U+000A (a control character){MEANT}",
        ),
    ],
)
def test_content_that_is_not_allowed(
    text: str, path: tuple[str | int, ...], on_key: bool, message: str
) -> None:
    place = fault(text).place
    assert (said(text), place.path, place.on_key) == (message, path, on_key)


def test_anchors_and_aliases_are_all_reported() -> None:
    found = [(p.place.line, p.place.column, p.what, p.help) for p in faults("a: &x [1]\nb:\n  c: *x\n")]
    assert found == [
        (
            1,
            4,
            "`&x`: YAML's anchors are not allowed",
            "write it out, or make a recipe; if `&` is meant as text, put the value in quotes",
        ),
        (
            3,
            6,
            "`*x`: YAML's aliases are not allowed",
            "write it out, or make a recipe; if `*` is meant as text, put the value in quotes",
        ),
    ]


@pytest.mark.parametrize(
    "text",
    ["[&x a]", "{a: &x b}", "- &x a", "&x a: b", "a:\n  &x b", "a: [b,*x]", "? &x a\n: b", "!!str &x a"],
)
def test_no_anchor_is_overlooked(text: str) -> None:
    assert "are not allowed" in faults(text)[0].what


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = faults("\n".join(lines))
    assert found[0].what == "`&a0`: YAML's anchors are not allowed"
    assert len(found) == 100


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "a: [", "[{a: "])
def test_nesting_of_100_000_levels_does_not_reach_the_recursive_parser(opening: str) -> None:
    found = faults(opening * 100_000)
    assert [(p.what, p.help, p.place.line) for p in found] == [
        ("nested deeper than 50 levels", "a manifest needs about ten levels", 1)
    ]


def test_nesting_by_indentation_does_not_reach_the_recursive_parser_either() -> None:
    found = fault("\n".join(" " * depth + "a:" for depth in range(2_500)))
    assert (found.what, found.place.line, found.place.column) == ("nested deeper than 50 levels", 51, 51)


def test_fifty_levels_are_read_and_fifty_one_are_not() -> None:
    assert data("[" * 50 + "]" * 50) is not None
    found = fault("[" * 51 + "]" * 51)
    assert (found.what, found.place.column, found.place.path) == (
        "nested deeper than 50 levels",
        51,
        (0,) * 50,
    )


def test_all_faults_of_a_file_are_reported_in_order() -> None:
    found = faults("a: 1\na: 2\nb: !x y\nc: {true: 1}\n")
    assert [p.place.line for p in found] == [2, 3, 4]


def test_at_most_a_hundred_faults_of_a_file_are_reported() -> None:
    assert len(faults("a: b\n" * 1_000)) == 100
    assert len(faults("- !x y\n" * 1_000)) == 100


def test_too_many_entries_are_refused_unread() -> None:
    assert (
        said("{" + "a," * 500_001 + "}")
        == "1:1 500001 lines and entries, more than the 500000 that are read; "
    )

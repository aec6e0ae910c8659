"""Words and their variables, as BuildKit replaces them."""

from __future__ import annotations

import pytest

from rgraph.importing.words import WordError, replaced, unquoted

VALUES = {"A": "one", "EMPTY": "", "TAG": "v1.2.3", "PATH": "/a/b/c"}


@pytest.mark.parametrize(
    ("word", "text", "unset"),
    [
        ("x$A.y", "xone.y", ()),
        ("${A}", "one", ()),
        ("${NONE}", "", ("NONE",)),
        ("$NONE-$NONE", "-", ("NONE",)),
        ("${NONE:-two}", "two", ()),
        ("${EMPTY:-two}", "two", ()),
        ("${EMPTY-two}", "", ()),
        ("${A:-two}", "one", ()),
        ("${A:+two}", "two", ()),
        ("${EMPTY:+two}", "", ()),
        ("${NONE:-${A}:${TAG}}", "one:v1.2.3", ()),
        ("${NONE:-${OTHER}}", "", ("OTHER",)),
        ("'$A'", "$A", ()),
        ('"$A b"', "one b", ()),
        ('"a\\"b"', 'a"b', ()),
        ("\\$A", "$A", ()),
        ("a$", "a$", ()),
        ("${TAG#v}", "1.2.3", ()),
        ("${TAG%.*}", "v1.2", ()),
        ("${TAG%%.*}", "v1", ()),
        ("${PATH##*/}", "c", ()),
        ("${TAG/./-}", "v1-2.3", ()),
        ("${TAG//./-}", "v1-2-3", ()),
        ("${A:?no}", "one", ()),
    ],
)
def test_variables(word: str, text: str, unset: tuple[str, ...]) -> None:
    made = replaced(word, VALUES)
    assert (made.text, made.unset) == (text, unset)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("'a", "not closed"),
        ('"a', "not closed"),
        ("${A", "not closed"),
        ("${}", "without a name"),
        ("${A:-x", "not closed"),
        ("${NONE:?is needed}", "`NONE` must be given: is needed"),
        ("${A:-" * 5000 + "}" * 5000, "deeper than"),
        ("$BIG" * 100, "grows longer"),
        ('"' + "$BIG" * 100 + '"', "grows longer"),
        ("${BIG:-x}" * 100, "grows longer"),
    ],
)
def test_words_that_cannot_be_read(word: str, why: str) -> None:
    with pytest.raises(WordError, match=why):
        replaced(word, {"A": "", "BIG": "x" * 1000})


def test_quotes_alone() -> None:
    assert unquoted("\"a $B\"'c'") == "a $Bc"
    assert unquoted("a`$b", "`") == "a$b"

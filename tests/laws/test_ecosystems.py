"""Laws of the orders of versions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rattler import Version

from rgraph.ecosystems import LONGEST, bad_bound, compared, in_range, order_of

TYPES = ["pypi", "deb", "conda", "cran", "bioconductor", "github", "generic"]
OPERATORS = ["<", "<=", ">", ">=", "=="]

_conda = st.from_regex(
    r"([0-9]!)?[0-9a]{1,2}([._-]?([0-9]{1,2}|a|b|rc|dev|post|Alpha)){0,5}[_-]{0,2}(\+[0-9a._-]{1,3})?",
    fullmatch=True,
)
conda_texts = st.text("0129ab.-_+!dDevpost", max_size=8) | _conda
deb_texts = st.text("019ab.+-~:", max_size=7).map("1".__add__)
plain = st.from_regex(r"v?[0-9]{1,3}([.-][0-9]{1,2}){0,3}(rc[0-9]|a|\.post1|\.dev2)?", fullmatch=True)
texts = st.one_of(conda_texts, deb_texts, plain, st.text(max_size=8))


def _rattler(text: str) -> Version | None:
    try:
        return Version(text)
    except Exception:  # its error is no type that it exports
        return None


@given(conda_texts)
@example("1.1.1_")
@example("1-1_1")
@settings(max_examples=500)
def test_conda_accepts_what_rattler_accepts(text: str) -> None:
    assert (order_of("conda")(text) is None) is (_rattler(text) is None)


@given(conda_texts, conda_texts)
@example("1.1.1c", "1.1.1")
@example("1.1.1_", "1.1.1c")
@example("1.0+a", "1.0")
@settings(max_examples=1000)
def test_conda_orders_as_rattler_does(one: str, two: str) -> None:
    first, second = _rattler(one), _rattler(two)
    if first is not None and second is not None:
        key, other = order_of("conda")(one), order_of("conda")(two)
        assert ((key < other), (key == other)) == ((first < second), (first == second))


@pytest.mark.parametrize("type", TYPES)
@given(texts, texts, texts)
def test_keys_are_a_total_order(type: str, one: str, two: str, three: str) -> None:
    keys: list[Any] = [order_of(type)(text) for text in (one, two, three)]
    if any(key is None for key in keys):
        return
    first, second, third = keys
    assert (first < second) + (first == second) + (first > second) == 1
    if first <= second <= third:
        assert first <= third
    assert order_of(type)(one) == first


@pytest.mark.parametrize("type", TYPES)
@given(texts.filter(bool), texts.filter(bool))
def test_a_range_is_its_comparisons(type: str, version: str, bound: str) -> None:
    fits = {operator: in_range(type, version, ((operator, bound),)) for operator in OPERATORS}
    version = version if version == bound else compared(type, version, bound)
    if order_of(type)(version) is None or order_of(type)(bound) is None:
        assert fits == dict.fromkeys(OPERATORS, False) | {"==": version == bound}
    else:
        assert fits["<"] + fits["=="] + fits[">"] == 1
        assert (fits["<="], fits[">="]) == (not fits[">"], not fits["<"])
        assert in_range(type, version, ((">=", bound), ("<=", bound))) is fits["=="]


@pytest.mark.parametrize("type", TYPES)
@given(st.text(min_size=1) | st.text("0123456789.-~!+:_v", min_size=LONGEST, max_size=2 * LONGEST))
@example("9" * 10_000)
@example("1" + ".1" * 120)
@example("1" * LONGEST)
@example("1~" * 10_000)
@example("²")
@example("\u0661.\u0662")
@example("1\n")
def test_no_text_does_harm(type: str, text: str) -> None:
    assert in_range(type, text, (("==", text),))
    assert in_range(type, text, ()) is True
    for operator in OPERATORS:
        assert in_range(type, text, ((operator, "1.0"),)) in (True, False)
        assert in_range(type, "1.0", ((operator, text),)) in (True, False)
    bad = bad_bound(type, (("<", "1.0"), (">", text)))
    assert bad == (text if order_of(type)(text) is None else None)


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=4),
    st.lists(st.integers(0, 300), min_size=1, max_size=4),
)
def test_r_compares_lists_of_numbers(one: list[int], two: list[int]) -> None:
    first, second = ".".join(map(str, one)), "-".join(map(str, two))
    assert in_range("cran", first, (("<", second),)) is (one < two)
    assert in_range("bioconductor", first, (("==", second),)) is (one == two)

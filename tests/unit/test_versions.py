"""Versions compare as people expect."""

from __future__ import annotations

import itertools

import pytest

from rgraph.versions import parse_range, version_key

ASCENDING = [
    ["1.9", "1.10", "1.11"],
    ["4.0rc1", "4.0", "4.0.1"],
    ["1.1.1", "1.1.1a", "1.1.1b", "1.1.1c"],
    ["2.0.dev1", "2.0"],
    ["1.0alpha", "1.0beta", "1.0rc1", "1.0"],
    ["10.0.130", "10.1", "11.0.3", "11.1.1"],
    ["2018.3", "2018.3.222", "2021.1"],
    ["7", "7.6.3.30", "8"],
    ["v1.9", "1.10", "V1.11", "v2.0rc1", "2.0"],
    ["9" * 5000, "1" + "0" * 5000, "1" + "0" * 4999 + "1"],
]


@pytest.mark.parametrize("versions", ASCENDING)
def test_order(versions: list[str]) -> None:
    for lower, higher in itertools.combinations(versions, 2):
        assert version_key(lower) < version_key(higher), (lower, higher)
        assert not version_key(higher) < version_key(lower)


@pytest.mark.parametrize(
    ("left", "right"),
    [("1.0", "1.0"), ("1-0", "1.0"), ("1.01", "1.1"), ("1.0RC1", "1.0rc1"), ("v2.1.0", "2.1.0")],
)
def test_equal(left: str, right: str) -> None:
    assert version_key(left) == version_key(right)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        (">=1.0", ((">=", "1.0"),)),
        (">= 1.0 , <3", ((">=", "1.0"), ("<", "3"))),
        ("==1.1.1c", (("==", "1.1.1c"),)),
        (">=1:2.0~rc1-1+b1, <2!3_1", ((">=", "1:2.0~rc1-1+b1"), ("<", "2!3_1"))),
    ],
)
def test_ranges(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["1.0", ">", "=1", "!=1", ">=1 <3", ">=1,", ",", ">=!1", "~=1.0", ">1; x"])
def test_no_ranges(text: str) -> None:
    assert parse_range(text) is None

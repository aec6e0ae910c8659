"""Rows of a matrix: GitHub's rules, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from rgraph.errors import Place, Problems
from rgraph.matrix import MAX_ROWS, Row, expand

PLACE = Place("manifests/a.yaml", ("matrix",))

# GitHub Docs, "Running variations of jobs in a workflow", the example of `include`.
GITHUB = {
    "fruit": ["apple", "pear"],
    "animal": ["cat", "dog"],
    "include": [
        {"color": "green"},
        {"color": "pink", "animal": "cat"},
        {"fruit": "apple", "shape": "circle"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ],
}

ROWS: list[tuple[dict[str, Any], list[Row]]] = [
    ({}, [{}]),
    ({"a": ["x"]}, [{"a": "x"}]),
    (
        {"a": ["x", "y"], "b": [True, False]},
        [
            {"a": "x", "b": True},
            {"a": "x", "b": False},
            {"a": "y", "b": True},
            {"a": "y", "b": False},
        ],
    ),
    ({"a": [["x", "y"]]}, [{"a": ["x", "y"]}]),
    ({"include": [{"a": "x"}, {"b": "y"}]}, [{"a": "x"}, {"b": "y"}]),
    ({"a": ["x", "y"], "exclude": [{"a": "x"}]}, [{"a": "y"}]),
    (
        {"a": ["x", "y"], "b": ["1", "2"], "exclude": [{"a": "x", "b": "1"}, {"b": "2"}]},
        [{"a": "y", "b": "1"}],
    ),
    ({"a": ["x"], "exclude": [{"a": "x"}], "include": [{"a": "x", "b": "y"}]}, [{"a": "x", "b": "y"}]),
    (
        GITHUB,
        [
            {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
            {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
            {"fruit": "pear", "animal": "cat", "color": "pink"},
            {"fruit": "pear", "animal": "dog", "color": "green"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"},
        ],
    ),
]


@pytest.mark.parametrize(("matrix", "expected"), ROWS)
def test_rows(matrix: dict[str, Any], expected: list[Row]) -> None:
    problems = Problems()
    assert expand(matrix, PLACE, problems) == expected
    assert list(problems) == []


WRONG: list[tuple[dict[str, Any], list[tuple[tuple[str | int, ...], bool, str]]]] = [
    ({"a": "x"}, [(("matrix", "a"), False, "an axis is a list of values")]),
    ({"a": []}, [(("matrix", "a"), False, "an axis is a list of values")]),
    ({"a": [{"b": "c"}]}, [(("matrix", "a", 0), False, "a value of the matrix is a text")]),
    ({"a": [None]}, [(("matrix", "a", 0), False, "a value of the matrix is a text")]),
    ({"a": ["x", [["y"], None]]}, [(("matrix", "a", 1, 1), False, "a value of the matrix is a text")]),
    ({"a": ["${{ b }}"]}, [(("matrix", "a", 0), False, "an expression in the matrix")]),
    ({"release": ["x"]}, [(("matrix", "release"), True, "`release` is no name for an axis")]),
    ({"variant": ["x"]}, [(("matrix", "variant"), True, "`variant` is no name for an axis")]),
    ({"a b": ["x"]}, [(("matrix", "a b"), True, "`a b` is no name for an axis")]),
    ({"include": {"a": "b"}}, [(("matrix", "include"), False, "expected a list of mappings")]),
    ({"include": ["a"]}, [(("matrix", "include", 0), False, "expected a mapping of axes to values")]),
    ({"a": ["x"], "exclude": [{"b": "x"}]}, [(("matrix", "exclude", 0, "b"), True, "there is no axis `b`")]),
    (
        {"a": ["x"], "exclude": [{"a": "y"}]},
        [(("matrix", "exclude", 0, "a"), False, "the axis `a` has no value `y`")],
    ),
    ({"a": ["x"], "exclude": [{"a": "x"}]}, [(("matrix",), True, "the matrix has no rows")]),
    ({"include": []}, [(("matrix",), True, "the matrix has no rows")]),
]


@pytest.mark.parametrize(("matrix", "expected"), WRONG)
def test_what_is_wrong(
    matrix: dict[str, Any], expected: list[tuple[tuple[str | int, ...], bool, str]]
) -> None:
    problems = Problems()
    expand(matrix, PLACE, problems)
    found = [(problem.place.path, problem.place.on_key, problem.what) for problem in problems]
    assert [(path, key) for path, key, _ in found] == [(path, key) for path, key, _ in expected]
    for (_, _, what), (_, _, begin) in zip(found, expected, strict=True):
        assert what.startswith(begin)


def test_a_limit_that_costs_nothing_to_find() -> None:
    problems = Problems()
    assert expand({name: list("0123456789") for name in "abcdefghijkl"}, PLACE, problems) == []
    assert [problem.what for problem in problems] == ["the matrix has 1000000000000 rows, more than 5000"]


def test_as_many_rows_as_the_limit() -> None:
    problems = Problems()
    assert len(expand({"a": [str(number) for number in range(MAX_ROWS)]}, PLACE, problems)) == MAX_ROWS
    assert list(problems) == []


def test_rows_do_not_share_what_an_entry_adds() -> None:
    rows = expand({"a": ["x", "y"], "include": [{"b": "z"}]}, PLACE, Problems())
    rows[0]["b"] = "changed"
    assert rows[1]["b"] == "z"

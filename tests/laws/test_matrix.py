"""The matrix against a naive reading of the rules that GitHub documents.

Source: GitHub Docs, "Running variations of jobs in a workflow".
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.errors import Place, Problems
from rgraph.matrix import expand

AXES = ("a", "b")
VALUES = ("1", "2", "3", True)
values = st.sampled_from(VALUES)


def naive(matrix: dict[str, Any]) -> list[dict[str, Any]]:
    """Word for word: "For each object in the include list, the key:value pairs in the object will be
    added to each of the matrix combinations if none of the key:value pairs overwrite any of the
    original matrix values. If the object cannot be added to any of the matrix combinations, a new
    matrix combination will be created instead." "All include combinations are processed after
    exclude."
    """
    axes = {name: found for name, found in matrix.items() if name not in ("include", "exclude")}
    combinations = []
    for chosen in itertools.product(*axes.values()) if axes else []:
        row = dict(zip(axes, chosen, strict=True))
        excluded = False
        for entry in matrix.get("exclude", []):
            excluded = excluded or all(row[name] == value for name, value in entry.items())
        if not excluded:
            combinations.append(row)
    originals = [dict(row) for row in combinations]
    created = []
    for entry in matrix.get("include", []):
        added = False
        for row, original in zip(combinations, originals, strict=True):
            overwrites = any(name in original and original[name] != value for name, value in entry.items())
            if not overwrites:
                row.update(entry)
                added = True
        if not added:
            created.append(dict(entry))
    return combinations + created


@st.composite
def matrices(draw: st.DrawFn) -> dict[str, Any]:
    matrix: dict[str, Any] = {
        name: draw(st.lists(values, min_size=1, max_size=3, unique_by=repr))
        for name in draw(st.lists(st.sampled_from(AXES), unique=True))
    }
    axes = dict(matrix)
    if draw(st.sampled_from([True, False])) and axes:
        matrix["exclude"] = draw(
            st.lists(
                st.fixed_dictionaries(
                    {}, optional={name: st.sampled_from(found) for name, found in axes.items()}
                ).filter(bool),
                max_size=3,
            )
        )
    if draw(st.booleans()):
        entry = st.dictionaries(st.sampled_from((*AXES, "c", "d")), values, min_size=1)
        matrix["include"] = draw(st.lists(entry, max_size=4))
    return matrix


@given(matrices())
@settings(max_examples=300)
def test_rows_are_those_of_github(matrix: dict[str, Any]) -> None:
    problems = Problems()
    rows = expand(matrix, Place("m"), problems)
    expected = naive(matrix) if matrix else [{}]
    if expected:
        assert rows == expected
        assert list(problems) == []
    else:
        assert rows == []
        assert [problem.what for problem in problems] == ["the matrix has no rows"]


def test_the_example_of_the_documentation() -> None:
    matrix = {
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
    assert expand(matrix, Place("m"), Problems()) == [
        {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
        {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
        {"fruit": "pear", "animal": "cat", "color": "pink"},
        {"fruit": "pear", "animal": "dog", "color": "green"},
        {"fruit": "banana"},
        {"fruit": "banana", "animal": "cat"},
    ]

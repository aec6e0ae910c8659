from __future__ import annotations

from typing import Any

import pytest

from rgraph.expressions import Scope
from rgraph.importing.aligning import aligned, exact, shape
from rgraph.importing.axes import Axes
from rgraph.importing.drafts import comment_of, noted
from rgraph.importing.expanding import expanded
from rgraph.importing.unifying import Unifier, Unlike, hint_of, hint_of_step

Steps = list[dict[str, Any]]


def unified(*rows: Steps) -> tuple[Steps, list[dict[str, Any]]]:
    """One list of steps, and the rows of the matrix; each row is shown to give its list."""
    axes = Axes(len(rows))
    made = Unifier(axes).steps(rows, range(len(rows)))
    declared = frozenset(axis.name for axis in axes)
    found = [dict(row) for row in axes.matrix_rows()]
    for row, steps in zip(found, rows, strict=True):
        assert expanded(made, Scope(row, declared), {}) == steps
    return made, found


def test_columns() -> None:
    assert aligned([list("abc"), list("abc")], (exact,)) == [["a", "a"], ["b", "b"], ["c", "c"]]
    assert aligned([list("ac"), list("abc")], (exact,)) == [["a", "a"], [None, "b"], ["c", "c"]]
    assert aligned([["a=1"], ["b", "a=2"]], (exact, shape)) == [[None, "b"], ["a=1", "a=2"]]
    assert aligned([[], ["a"], []], (exact,)) == [[None, "a", None]]


def test_versions() -> None:
    made, rows = unified(
        [{"env": {"MPI_VERSION": "4.1.0"}}, {"run": ["wget x/openmpi-4.1.0.tar.gz", "make"], "provides": []}],
        [{"env": {"MPI_VERSION": "3.1.2"}}, {"run": ["wget x/openmpi-3.1.2.tar.gz", "make"], "provides": []}],
    )
    assert rows == [{"mpi": "4.1.0"}, {"mpi": "3.1.2"}]
    assert made == [
        {"env": {"MPI_VERSION": "${{ mpi }}"}},
        {"run": ["wget x/openmpi-${{ mpi }}.tar.gz", "make"], "provides": []},
    ]


def test_packages_that_only_some_have() -> None:
    made, rows = unified(
        [{"apt": ["curl", "git=1", "libfoo", "libbar", "wget"]}],
        [{"apt": ["curl", "git=2", "wget"]}],
        [{"apt": ["curl", "git=3", "wget", "zip"]}],
    )
    assert made == [
        {
            "apt": [
                "curl",
                "git=${{ git }}",
                "${{ 'libfoo libbar' | split(' ') if git == '1' }}",
                "wget",
                "${{ 'zip' if git == '3' }}",
            ]
        }
    ]
    assert rows == [{"git": "1"}, {"git": "2"}, {"git": "3"}]


def test_commands_that_only_some_have() -> None:
    made, _ = unified(
        [{"run": ["make", "make install", "ldconfig -v"], "provides": []}],
        [{"run": ["make", "make install"], "provides": []}],
    )
    assert made == [{"run": ["make", "make install", "${{ 'ldconfig -v' if ldconfig }}"], "provides": []}]


def test_steps_that_only_some_have() -> None:
    made, rows = unified(
        [{"user": "root"}, {"apt": ["curl"]}, {"workdir": "/app"}], [{"user": "root"}, {"workdir": "/app"}]
    )
    assert made == [{"user": "root"}, {"apt": ["curl"], "when": "${{ curl }}"}, {"workdir": "/app"}]
    assert rows == [{"curl": True}, {}]


def test_steps_that_are_not_alike_stand_apart() -> None:
    made, _ = unified([{"apt": {"packages": ["curl"], "recommends": True}}], [{"apt": ["wget"]}])
    assert [step["when"] for step in made] == ["${{ curl }}", "${{ not curl }}"]


def test_groups() -> None:
    made, _ = unified(
        [{"group": [{"apt": ["curl"]}, {"run": ["make 1.0"], "provides": []}]}],
        [{"group": [{"run": ["make 2.0"], "provides": []}]}],
    )
    assert len(made) == 1
    assert made[0]["group"][0] == {"apt": ["curl"], "when": "${{ curl }}"}


def test_flags_of_a_step() -> None:
    made, rows = unified(
        [{"apt": {"packages": ["a"], "recommends": True}}],
        [{"apt": {"packages": ["a"], "recommends": False}}],
    )
    assert made == [{"apt": {"packages": ["a"], "recommends": "${{ recommends }}"}}]
    assert rows == [{"recommends": True}, {"recommends": False}]


def test_what_takes_no_expression_stands_apart() -> None:
    made, _ = unified(
        [{"conda": {"packages": ["a=1"], "command": "conda"}}],
        [{"conda": {"packages": ["a=1"], "command": "mamba"}}],
    )
    assert len(made) == 2


def test_comments_stay() -> None:
    axes = Axes(2)
    rows: list[Steps] = [[{"apt": ["a=1"]}], [noted({"apt": ["a=2"]}, "why")]]
    assert comment_of(Unifier(axes).steps(rows, range(2))[0]) == "why"


@pytest.mark.parametrize(
    "values",
    [["a", True], [{"a": "b"}, {"c": "b"}], [["a"], {"a": "b"}], [[{"a": "b"}], []], ["a b" * 90, "c"]],
)
def test_unlike(values: list[Any]) -> None:
    with pytest.raises(Unlike):
        Unifier(Axes(2)).unify(values, range(2), "x")


@pytest.mark.parametrize(
    ("before", "otherwise", "hint"),
    [
        ("openmpi4.1.0-cuda", "x", "cuda"),
        ("https://x.org/v", "url", "url"),
        ("", "OPENMPI_VERSION", "OPENMPI"),
        ("git=", "x", "git"),
        ("", "version", "version"),
    ],
)
def test_hints(before: str, otherwise: str, hint: str) -> None:
    assert hint_of(before, otherwise) == hint


@pytest.mark.parametrize(
    ("step", "hint"),
    [
        ({"apt": ["curl=1", "wget"]}, "curl"),
        ({"apt": {"packages": [{"name": "passwd", "at_least": "1"}]}}, "passwd"),
        ({"env": {"OPENMPI_VERSION": "1"}}, "openmpi"),
        ({"source": {"name": "ucx", "version": "1"}}, "ucx"),
        ({"download": {"url": "https://x.org/Miniconda3-py38.sh"}}, "miniconda"),
        ({"run": ["apt-get update", "apt-get install -y thing"], "provides": []}, "thing"),
        ({"group": [{"run": ["true"], "provides": []}, {"source": {"name": "ucx"}}]}, "ucx"),
        ({"take": {"from": "assets", "path": "/a", "to": "/b"}}, "assets"),
    ],
)
def test_names_of_steps(step: dict[str, Any], hint: str) -> None:
    assert hint_of_step(step) == hint


def test_lists_of_any_length_take_no_time() -> None:
    columns = aligned([["a"] * 5_000, ["a"] * 5_001], (exact,))
    assert sum(each is not None for column in columns for each in column) == 10_001

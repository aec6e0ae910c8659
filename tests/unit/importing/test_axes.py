from __future__ import annotations

import pytest

from rgraph.expressions import Scope, Value, evaluate
from rgraph.importing.axes import RESERVED, Axes, unused
from rgraph.matrix import Row


def rows(axes: Axes) -> list[Row]:
    return axes.matrix_rows()


def test_the_same_values_have_one_axis() -> None:
    axes = Axes(2)
    assert axes.text(("1", "2"), "cuda") == "cuda"
    assert axes.text(("1", "2"), "other") == "cuda"
    assert axes.text(("1", "3"), "cuda") == "cuda_2"
    assert rows(axes) == [{"cuda": "1", "cuda_2": "1"}, {"cuda": "2", "cuda_2": "3"}]


@pytest.mark.parametrize(
    ("values", "expression"),
    [
        (("4.1", "3.1"), "mpi | minor"),
        (("4", "3"), "mpi | major"),
        (("410", "312"), "mpi | replace('.', '')"),
        (("4-1-0", "3-1-2"), "mpi | replace('.', '-')"),
    ],
)
def test_what_follows_from_an_axis_needs_none(values: tuple[str, str], expression: str) -> None:
    axes = Axes(2)
    axes.text(("4.1.0", "3.1.2"), "mpi")
    assert axes.text(values, "x") == expression
    assert len(axes) == 1


def test_two_axes_in_one_text() -> None:
    axes = Axes(2)
    axes.text(("debian", "ubuntu"), "os")
    axes.text(("3.8", "3.9"), "python")
    assert axes.text(("debian3.8", "ubuntu3.9"), "x") == "os ~ python"
    assert axes.text(("3.8-debian", "3.9-ubuntu"), "x") == "python ~ '-' ~ os"
    assert len(axes) == 2


@pytest.mark.parametrize(
    ("wanted", "condition"),
    [
        ((True, False, False), "os == 'a'"),
        ((False, True, True), "os != 'a'"),
        ((True, True, False), "os != 'c'"),
    ],
)
def test_conditions_on_an_axis(wanted: tuple[bool, ...], condition: str) -> None:
    axes = Axes(3)
    axes.text(("a", "b", "c"), "os")
    assert axes.flag(wanted, "x") == condition
    assert len(axes) == 1


def test_a_condition_on_several_values() -> None:
    axes = Axes(5)
    axes.text(("a", "b", "c", "d", "e"), "os")
    assert axes.flag((True, True, False, False, False), "x") == "os in ['a', 'b']"


def test_flags() -> None:
    axes = Axes(3)
    assert axes.flag((True, False, True), "ucx") == "ucx"
    assert axes.flag((True, False, True), "other") == "ucx"
    assert axes.flag((False, True, False), "other") == "not ucx"
    assert rows(axes) == [{"ucx": True}, {}, {"ucx": True}]


def test_a_flag_that_is_a_value_is_said_by_every_row() -> None:
    axes = Axes(2)
    assert axes.value((True, False), "recommends") == "recommends"
    assert rows(axes) == [{"recommends": True}, {"recommends": False}]


def test_one_of_two_texts() -> None:
    axes = Axes(4)
    axes.text(("a", "b", "a", "b"), "os")
    assert axes.text(("x", "y", "x", "y"), "other") == "'x' if os == 'a' else 'y'"
    assert axes.text(("x", "", "x", ""), "other") == "'x' if os == 'a'"


def test_a_version_of_one_row_is_no_condition() -> None:
    axes = Axes(2)
    axes.text(("a", "b"), "os")
    assert axes.text(("1.0", "2.0"), "mpi") == "mpi"


@pytest.mark.parametrize(
    ("versions", "wanted", "condition"),
    [
        (("18.3", "17.9", "16.2"), (True, False, False), "pg | major == '18'"),
        (("3.11.4", "3.12.1"), (True, False), "pg | minor == '3.11'"),
        # Nothing shorter tells them apart: the row says so itself.
        (("3.11", "3.12"), (True, False), "old"),
        (("18.3", "edge"), (True, False), "old"),
        (("18", "17"), (True, False), "pg == '18'"),
    ],
)
def test_no_condition_on_a_whole_version(
    versions: tuple[str, ...], wanted: tuple[bool, ...], condition: str
) -> None:
    axes = Axes(len(versions))
    axes.text(versions, "pg")
    assert axes.flag(wanted, "old") == condition
    for row, answer in zip(rows(axes), wanted, strict=True):
        scope = Scope({"old": False, **row})
        assert bool(evaluate(f"${{{{ {condition} }}}}", scope)) is answer


def test_a_name_is_a_better_condition_than_a_version() -> None:
    axes = Axes(2)
    axes.text(("18.3", "17.9"), "pg")
    axes.text(("trixie", "bookworm"), "os")
    assert axes.flag((True, False), "x") == "os == 'trixie'"


def test_rows_without_a_value_can_get_one() -> None:
    axes = Axes(3)
    assert axes.text(("1", "2", None), "ucx") == "ucx"
    assert axes.text(("1", "2", "3"), "ucx") == "ucx"
    assert rows(axes) == [{"ucx": "1"}, {"ucx": "2"}, {"ucx": "3"}]


def test_but_not_where_a_condition_counts_on_them() -> None:
    axes = Axes(3)
    axes.text(("1", "2", None), "ucx")
    assert axes.flag((True, False, False), "x") == "ucx == '1'"
    assert axes.text(("1", "2", "1"), "ucx") == "ucx_2"


def test_reset() -> None:
    axes = Axes(2)
    axes.text(("1", "2"), "a")
    mark = axes.mark()
    axes.text(("3", "4"), "b")
    axes.reset(mark)
    assert [axis.name for axis in axes] == ["a"]


@pytest.mark.parametrize("hint", [*sorted(RESERVED), "", "1.2", "libssl1.1", "ÄÖ", "x" * 99])
def test_names_can_be_used(hint: str) -> None:
    name = unused(hint, {"value", "v1_2"})
    values: dict[str, Value] = {name: "it"}
    assert evaluate(f"${{{{ {name} }}}}", Scope(values)) == "it"
    assert name not in RESERVED | {"value", "v1_2"}

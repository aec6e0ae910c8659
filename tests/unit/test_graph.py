"""Waves, closures and cycles of small graphs."""

from __future__ import annotations

import pytest

from rgraph.graph import closure, cycles, in_order, levels, reverse

DIAMOND = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": ["External"], "lone": []}


def test_levels() -> None:
    assert levels(DIAMOND) == {"a": 1, "lone": 1, "b": 2, "c": 2, "d": 3}
    assert levels({}) == {}
    assert levels({"a": ["b", "b"], "b": []}) == {"b": 1, "a": 2}
    assert levels({"c": ["a", "b"], "b": ["a"], "a": []}) == {"a": 1, "b": 2, "c": 3}


def test_what_stands_on_a_cycle_has_no_level() -> None:
    assert levels({"a": ["b"], "b": ["a"], "c": ["a"], "d": []}) == {"d": 1}


def test_order_is_by_wave_then_name() -> None:
    assert in_order(levels(DIAMOND)) == ["a", "lone", "b", "c", "d"]


def test_reverse() -> None:
    assert reverse(DIAMOND) == {"b": ["d"], "c": ["d"], "a": ["b", "c"], "External": ["a"]}
    assert reverse({"a": ["b", "b"]}) == {"b": ["a"]}


@pytest.mark.parametrize(
    ("start", "expected"),
    [([], set()), (["a"], {"a", "External"}), (["d"], {"d", "b", "c", "a", "External"}), (["x"], {"x"})],
)
def test_closure(start: list[str], expected: set[str]) -> None:
    assert closure(start, DIAMOND) == expected


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = {f"n{number}": [f"n{number - 1}"] for number in range(1, 20_000)} | {"n0": []}
    assert levels(chain)["n19999"] == 20_000
    assert len(closure(["n19999"], chain)) == 20_000


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (DIAMOND, []),
        ({"a": ["a"]}, [["a", "a"]]),
        ({"a": ["b"], "b": ["a"]}, [["a", "b", "a"]]),
        ({"b": ["c"], "c": ["a"], "a": ["b"], "x": ["a"]}, [["a", "b", "c", "a"]]),
        ({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}, [["a", "b", "a"], ["c", "d", "c"]]),
        # The shortest way back is shown.
        ({"a": ["b", "c"], "b": ["c"], "c": ["a"]}, [["a", "c", "a"]]),
    ],
)
def test_cycles(needs: dict[str, list[str]], expected: list[list[str]]) -> None:
    assert cycles(needs) == expected

"""What can be built next: never before what it needs, and never if that has failed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rgraph.builds.ready import Ready, needs_of
from rgraph.graph import levels


def test_waves_come_in_their_order() -> None:
    edges = {"top:1": ["low:1"], "own:1": [], "low:1": ["elsewhere:1"]}
    ready = Ready(needs_of(edges, {"low:1": 1, "own:1": 1, "top:1": 2}))
    assert [ready.take(), ready.take(), ready.take()] == ["low:1", "own:1", None]
    ready.built("own:1")
    assert ready.take() is None
    ready.built("low:1")
    assert [ready.take(), ready.take()] == ["top:1", None]


def test_what_stands_on_a_failure_is_lost_and_nothing_else() -> None:
    edges = {"a:1": [], "b:1": [], "ab:1": ["a:1", "b:1"], "b2:1": ["b:1"], "top:1": ["ab:1"]}
    ready = Ready(needs_of(edges, levels(edges)))
    assert [ready.take(), ready.take()] == ["a:1", "b:1"]
    assert ready.failed("a:1") == ["ab:1", "top:1"]
    assert ready.failed("a:1") == []
    ready.built("b:1")
    assert [ready.take(), ready.take()] == ["b2:1", None]


def test_what_was_never_taken_can_fail() -> None:
    """Of images that are built in one call, none is taken."""
    edges: dict[str, list[str]] = {"a:1": [], "b:1": ["a:1"]}
    ready = Ready(needs_of(edges, levels(edges)))
    assert ready.failed("a:1") == ["b:1"]
    assert ready.take() is None


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    names = [f"n{number:02}:1" for number in range(draw(st.integers(1, 12)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else []
        for index, name in enumerate(names)
    }


@given(graphs(), st.data())
def test_every_image_ends_once(edges: dict[str, list[str]], data: st.DataObject) -> None:
    ready = Ready(needs_of(edges, levels(edges)))
    running: list[str] = []
    built: set[str] = set()
    lost: set[str] = set()
    while True:
        while len(running) < 3 and (id := ready.take()) is not None:
            assert built.issuperset(edges[id])
            running.append(id)
        if not running:
            break
        id = running.pop(data.draw(st.integers(0, len(running) - 1)))
        if data.draw(st.booleans()):
            ready.built(id)
            built.add(id)
        else:
            gone = ready.failed(id)
            assert not built.intersection(gone)
            lost.update(gone, [id])
    assert built | lost == edges.keys()
    assert not built & lost
    assert all(lost.intersection(edges[id]) or id in lost for id in lost)

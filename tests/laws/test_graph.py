"""Laws of the graph: order, waves, ancestors and descendants."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.graph import closure, cycles, levels, reverse
from rgraph.ledger import Ledger
from rgraph.names import ReleaseTag
from rgraph.plan import make_plan
from tests.laws.strategies import Documents, catalogues, needs, prints, resolved

NODES = [f"n{number}" for number in range(7)]
graphs = st.fixed_dictionaries(
    {node: st.lists(st.sampled_from([*NODES, "external"]), max_size=3) for node in NODES}
)


def reachable(start: str, needed: dict[str, list[str]]) -> set[str]:
    """By walking every path, as a naive reader would."""
    found: set[str] = set()

    def walk(node: str) -> None:
        for each in needed.get(node, []):
            if each not in found:
                found.add(each)
                walk(each)

    walk(start)
    return found


@given(catalogues())
@settings(max_examples=50)
def test_every_image_comes_after_what_it_needs(documents: Documents) -> None:
    images = resolved(documents)
    order = list(images.images)
    for id, needed in needs(images).items():
        assert all(order.index(each) < order.index(id) for each in needed)
        assert images.level[id] == 1 + max((images.level[each] for each in needed), default=0)


@given(catalogues())
@settings(max_examples=50)
def test_waves_hold_every_image_once_and_nothing_that_needs_its_own_wave(documents: Documents) -> None:
    images = resolved(documents)
    plan = make_plan(images, prints(documents), Ledger(), ReleaseTag("20261121.v1"))
    held = [id for wave in plan.waves for id in wave]
    assert sorted(held) == sorted(images.images)
    assert len(held) == len(set(held))
    for wave in plan.waves:
        assert list(wave) == sorted(wave)
        assert not any(set(needs(images)[id]) & set(wave) for id in wave)


@given(graphs)
def test_levels_leave_out_exactly_what_a_cycle_holds_up(graph: dict[str, list[str]]) -> None:
    on_cycle = {node for node in graph if node in reachable(node, graph)}
    held_up = {node for node in graph if on_cycle & ({node} | reachable(node, graph))}
    assert set(levels(graph)) == set(graph) - held_up
    found = cycles(graph)
    assert bool(found) == bool(on_cycle)
    for path in found:
        assert path[0] == path[-1]
        assert all(after in graph[before] for before, after in pairwise(path))
    assert all(on_cycle & reachable(path[0], graph) for path in found)


@given(graphs)
def test_ancestors_and_descendants_are_inverse(graph: dict[str, list[str]]) -> None:
    users = reverse(graph)
    for one in graph:
        assert closure([one], graph) == {one} | reachable(one, graph)
        for other in graph:
            assert (other in closure([one], graph)) == (one in closure([other], users))

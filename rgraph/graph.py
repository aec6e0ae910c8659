"""Order in a graph of names: waves, ancestors, descendants, cycles. The only user of networkx.

A graph is a mapping from each node to the nodes that it needs; needed nodes that are no keys of
the mapping (Externals) do not count for the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

Needs = Mapping[str, Sequence[str]]


def levels(needs: Needs) -> dict[str, int]:
    """Node -> number of its wave, from 1: one more than the greatest of what it needs.

    Nodes on a cycle, and all that need them, are left out. Linear in nodes and edges.
    """
    users = reverse(needs)
    waiting = {node: sum(each in needs for each in set(needed)) for node, needed in needs.items()}
    level = {node: 1 for node, count in waiting.items() if count == 0}
    ready = list(level)
    for node in ready:
        for user in users.get(node, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                level[user] = 1 + max(level[each] for each in needs[user] if each in needs)
                ready.append(user)
    return level


def in_order(level: Mapping[str, int]) -> list[str]:
    """The nodes by wave, then name."""
    return sorted(level, key=lambda node: (level[node], node))


def reverse(needs: Needs) -> dict[str, list[str]]:
    """Node -> the nodes that need it."""
    users: dict[str, list[str]] = {}
    for node, needed in needs.items():
        for each in dict.fromkeys(needed):
            users.setdefault(each, []).append(node)
    return users


def closure(start: Iterable[str], neighbours: Mapping[str, Sequence[str]]) -> set[str]:
    """All nodes that can be reached, the start included."""
    seen = set(start)
    todo = list(seen)
    while todo:
        for each in neighbours.get(todo.pop(), ()):
            if each not in seen:
                seen.add(each)
                todo.append(each)
    return seen


def cycles(needs: Needs) -> list[list[str]]:
    """One shortest cycle of each group of nodes that need each other, as a path `[a, b, a]`."""
    # Late, as only a catalogue with a cycle pays for the import (a tenth of a second).
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from(
        (node, each) for node, needed in sorted(needs.items()) for each in sorted(set(needed))
    )
    found = []
    for group in networkx.strongly_connected_components(graph):
        first = min(group)
        if len(group) == 1 and not graph.has_edge(first, first):
            continue
        inner = graph.subgraph(group)
        back = min(
            (networkx.shortest_path(inner, each, first) for each in sorted(inner.successors(first))),
            key=lambda path: (len(path), path),
        )
        found.append([first, *back])
    return sorted(found)

"""The graph as Mermaid, DOT and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from rgraph.catalog import Catalog
from rgraph.image import Edge, Image


def nodes_and_edges(
    images: Mapping[str, Image], ids: Iterable[str]
) -> tuple[list[str], list[tuple[str, Edge]]]:
    """The chosen images and the Externals they need, and the edges between them."""
    chosen = list(ids)
    kept = set(chosen)
    edges = [(id, edge) for id in chosen for edge in images[id].edges if edge.external or edge.to in kept]
    externals = sorted({edge.to for _, edge in edges if edge.external})
    return [*externals, *chosen], edges


def mermaid(images: Mapping[str, Image], ids: Iterable[str]) -> str:
    """A Mermaid flowchart; COPY edges are dotted."""
    nodes, edges = nodes_and_edges(images, ids)
    number = {node: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    for node in nodes:
        shape = f'["{node}"]' if ":" in node else f'(["{node}"])'
        lines.append(f"  {number[node]}{shape}")
    lines += [
        f"  {number[edge.to]} {'-->' if edge.type == 'from' else '-.->'} {number[id]}" for id, edge in edges
    ]
    return "\n".join(lines) + "\n"


def dot(images: Mapping[str, Image], ids: Iterable[str]) -> str:
    """Graphviz DOT; COPY edges are dashed."""
    nodes, edges = nodes_and_edges(images, ids)
    lines = ["digraph catalogue {", "  rankdir=LR;", "  node [shape=box];"]
    lines += [f"  {_quoted(node)}{'' if ':' in node else ' [style=rounded]'};" for node in nodes]
    lines += [
        f"  {_quoted(edge.to)} -> {_quoted(id)}{'' if edge.type == 'from' else ' [style=dashed]'};"
        for id, edge in edges
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def graph_json(
    images: Mapping[str, Image], catalog: Catalog, ids: Iterable[str], level: Mapping[str, int]
) -> str:
    """Nodes and edges for programs."""
    nodes, edges = nodes_and_edges(images, ids)
    document = {
        "schema": 1,
        "nodes": [
            {"id": node, "type": "image", "kind": images[node].kind, "wave": level[node]}
            if ":" in node
            else {"id": node, "type": "external", "reference": catalog.externals[node].reference}
            for node in nodes
        ],
        "edges": [{"from": id, "to": edge.to, "type": edge.type} for id, edge in edges],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"

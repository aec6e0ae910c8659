"""The graph as SVG: a column for each wave, Externals at the left. Linear in nodes and edges.

Layout after Sugiyama, Tagawa and Toda (1981): layers are given by the waves; the order within a
column follows the mean of the neighbours' places, by a few sweeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from rgraph.image import Edge, Image
from rgraph.render.pictures import nodes_and_edges

_ROW, _HEIGHT, _GAP, _CHARACTER, _MARGIN = 30, 22, 90, 6.7, 20
_COLOURS = {"base": "#dbeafe", "r": "#dcfce7", "framework": "#fef3c7", "": "#f3f4f6"}
_STYLE = (
    "text{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#111827}"
    "rect{stroke:#6b7280}path{fill:none;stroke:#9ca3af}.copy{stroke-dasharray:4 3}"
)
_SWEEPS = 4


def svg(images: Mapping[str, Image], ids: Iterable[str], level: Mapping[str, int]) -> str:
    """A picture of the graph; COPY edges are dashed."""
    nodes, edges = nodes_and_edges(images, ids)
    columns = _columns(nodes, level)
    _order(columns, edges)
    x, width = _across(columns)
    place = {
        node: (x[number], _MARGIN + row * _ROW)
        for number, column in enumerate(columns)
        for row, node in enumerate(column)
    }
    widths = [_width(column) for column in columns]
    boxes = {node: width for column, width in zip(columns, widths, strict=True) for node in column}
    height = 2 * _MARGIN + _ROW * max((len(column) for column in columns), default=0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}">',
        f"<title>What {_count(sum(':' in node for node in nodes))} built on</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" style="fill:#fff;stroke:none"/>',
    ]
    lines += [_edge(place[edge.to], boxes[edge.to], place[id], edge) for id, edge in edges]
    lines += [
        _box(node, place[node], boxes[node], images[node].kind if ":" in node else "") for node in nodes
    ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _count(number: int) -> str:
    return "1 image is" if number == 1 else f"{number} images are"


def _columns(nodes: list[str], level: Mapping[str, int]) -> list[list[str]]:
    numbers = sorted({level.get(node, 0) for node in nodes})
    at = {number: index for index, number in enumerate(numbers)}
    columns: list[list[str]] = [[] for _ in numbers]
    for node in nodes:
        columns[at[level.get(node, 0)]].append(node)
    return columns


def _order(columns: list[list[str]], edges: list[tuple[str, Edge]]) -> None:
    near: dict[str, list[str]] = {}
    for id, edge in edges:
        near.setdefault(id, []).append(edge.to)
        near.setdefault(edge.to, []).append(id)
    place = {node: float(row) for column in columns for row, node in enumerate(column)}
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            mean = {
                node: sum(place[each] for each in near[node]) / len(near[node])
                if node in near
                else place[node]
                for node in column
            }
            column.sort(key=lambda node: (mean[node], node))
            place.update((node, float(row)) for row, node in enumerate(column))


def _width(column: list[str]) -> int:
    return int(max(len(node) for node in column) * _CHARACTER) + 14


def _across(columns: list[list[str]]) -> tuple[list[int], int]:
    x, left = [], _MARGIN
    for column in columns:
        x.append(left)
        left += _width(column) + _GAP
    return x, left - _GAP + _MARGIN


def _edge(start: tuple[int, int], width: int, end: tuple[int, int], edge: Edge) -> str:
    x1, y1 = start[0] + width, start[1] + _HEIGHT // 2
    x2, y2 = end[0], end[1] + _HEIGHT // 2
    middle = (x1 + x2) // 2
    kind = ' class="copy"' if edge.type == "copy" else ""
    return f'<path{kind} d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(node: str, place: tuple[int, int], width: int, kind: str) -> str:
    x, y = place
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{_HEIGHT}" '
        f'rx="{4 if kind else 11}" fill="{_COLOURS[kind]}"/>'
        f'<text x="{x + 7}" y="{y + 15}">{escape(node)}</text>'
    )

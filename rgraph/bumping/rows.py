"""Where the values of a matrix's rows are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rgraph.bumping.interface import Spot
from rgraph.bumping.written import Frame, Written
from rgraph.catalog import Layer
from rgraph.errors import Path, Problems
from rgraph.matrix import Row, expand

_SPECIAL = ("include", "exclude")


def row_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """A row as a key: equal rows have equal keys."""
    return tuple(sorted((name, repr(value)) for name, value in row.items()))


def rows_of(layer: Layer) -> list[Row]:
    """The rows of a layer, in order."""
    return expand(layer.manifest.matrix, layer.place.at("matrix"), Problems())


def row_frames(layer: Layer) -> dict[tuple[Any, ...], Frame]:
    """Row, as a key -> the frame of the layer's expressions in it."""
    rows = rows_of(layer)
    declared = frozenset(name for row in rows for name in row) | {"variant"}
    file = layer.place.file
    found = {}
    for row, places in zip(rows, _places(layer, rows), strict=True):
        names = {
            name: Written(tuple((file, ("matrix", *path)) for path in places[name]), each)
            for name, each in row.items()
        }
        variant: Spot = (file, ("variant",))
        names["variant"] = Written((variant,), layer.manifest.variant, Frame(dict(names), declared))
        found[row_key(row)] = Frame(names, declared)
    return found


def _places(layer: Layer, rows: list[Row]) -> Iterator[dict[str, list[Path]]]:
    """For each row, the paths below the matrix where each of its values stands."""
    matrix = layer.manifest.matrix
    axes = {name: values for name, values in matrix.items() if name not in _SPECIAL}
    include = list(enumerate(matrix.get("include", [])))
    exclude = list(enumerate(matrix.get("exclude", [])))
    without = {name: values for name, values in matrix.items() if name != "include"}
    kept = expand(without, layer.place, Problems()) if axes else []
    fitting = [[number for number, entry in include if _fits(entry, row)] for row in kept]
    used = {number for numbers in fitting for number in numbers}
    for row, numbers in zip(kept, fitting, strict=True):
        places: dict[str, list[Path]] = {name: [(name, axes[name].index(row[name]))] for name in row}
        for number in numbers:
            for name in dict(include)[number]:
                # What is no axis is the last entry's; an axis' value must be the same everywhere.
                above = places.setdefault(name, []) if name in axes else []
                places[name] = [*above, ("include", number, name)]
        for number, entry in exclude:
            for name in entry:
                if entry[name] == row.get(name):
                    places[name].append(("exclude", number, name))
        yield places
    alone = [(number, entry) for number, entry in include if number not in used]
    for number, entry in alone:
        yield {name: [("include", number, name)] for name in entry}
    for _ in rows[len(kept) + len(alone) :]:
        yield {}


def _fits(entry: Mapping[str, Any], row: Row) -> bool:
    return all(row.get(name, value) == value for name, value in entry.items())

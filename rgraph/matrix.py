"""Rows of a matrix: axes, include and exclude, as GitHub Actions has them.

Source: GitHub Docs, "Running variations of jobs in a workflow": include entries are added to every
row whose original values they do not overwrite, else become rows of their own; exclude entries
remove the rows that they match, before include.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from rgraph.errors import Place, Problems
from rgraph.expressions import Value, as_text
from rgraph.names import Bad, variable

Row = dict[str, Value]
MAX_ROWS = 5000
"""Rows of one layer: far above any real layer, and low enough to answer at once."""
_RESERVED = frozenset({"release", "variant"})


def expand(matrix: Mapping[str, Any], place: Place, problems: Problems) -> list[Row]:
    """The rows of a matrix; one empty row if there is none.

    `place` is the matrix's own. Wrong entries are noted and left out.
    """
    before = len(problems)
    axes = {
        name: _axis(values, place.at(name), problems)
        for name, values in matrix.items()
        if name not in ("include", "exclude") and _is_axis(name, place.key(name), problems)
    }
    include = _rows(matrix.get("include", []), place.at("include"), problems)
    exclude = _rows(matrix.get("exclude", []), place.at("exclude"), problems)
    count = 1
    for values in axes.values():
        count *= len(values)
    if count + len(include) > MAX_ROWS:
        problems.add(
            Place(place.file, place.path, on_key=True),
            f"the matrix has {count + len(include)} rows, more than {MAX_ROWS}",
            "make several layers",
        )
        return []
    original = (
        [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())] if axes else []
    )
    _check_exclude(exclude, axes, place.at("exclude"), problems)
    kept = [row for row in original if not any(_matches(row, each) for each in exclude)]
    rows = _included(kept, include)
    if not matrix:
        return [{}]
    if not rows and len(problems) == before:
        here = Place(place.file, place.path, on_key=True)
        problems.add(here, "the matrix has no rows", "name axes, or include rows")
    return rows


def _included(original: list[Row], include: list[Row]) -> list[Row]:
    rows = [dict(row) for row in original]
    added: list[Row] = []
    for entry in include:
        fits = [
            row
            for row, first in zip(rows, original, strict=True)
            if all(first.get(name, value) == value for name, value in entry.items())
        ]
        for row in fits:
            row.update(entry)
        if not fits:
            added.append(dict(entry))
    return rows + added


def _matches(row: Row, entry: Row) -> bool:
    return all(name in row and row[name] == value for name, value in entry.items())


def _check_exclude(
    exclude: list[Row], axes: Mapping[str, list[Value]], place: Place, problems: Problems
) -> None:
    for index, entry in enumerate(exclude):
        for name, value in entry.items():
            if name not in axes:
                problems.add(
                    place.key(index, name), f"there is no axis `{name}`", f"the axes are {', '.join(axes)}"
                )
            elif value not in axes[name]:
                shown = "[...]" if isinstance(value, list) else as_text(value)
                problems.add(
                    place.at(index, name),
                    f"the axis `{name}` has no value `{shown}`",
                    "copy one of its values",
                )


def _is_axis(name: str, place: Place, problems: Problems) -> bool:
    if name in _RESERVED or isinstance(variable(name), Bad):
        problems.add(
            place, f"`{name}` is no name for an axis", "use letters, digits and `_`; not release, not variant"
        )
        return False
    return True


def _axis(values: Any, place: Place, problems: Problems) -> list[Value]:
    if not isinstance(values, list) or not values:
        problems.add(place, "an axis is a list of values", "write `device: [cpu, gpu]`")
        return []
    return [value for index, value in enumerate(values) if _is_value(value, place.at(index), problems)]


def _rows(entries: Any, place: Place, problems: Problems) -> list[Row]:
    if not isinstance(entries, list):
        problems.add(place, "expected a list of mappings", "write `- {device: gpu, cuda: 11.1}`")
        return []
    found: list[Row] = []
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or not entry:
            problems.add(place.at(index), "expected a mapping of axes to values", "write `{device: cpu}`")
            continue
        found.append(
            {
                name: value
                for name, value in entry.items()
                if _is_axis(name, place.key(index, name), problems)
                and _is_value(value, place.at(index, name), problems)
            }
        )
    return found


def _is_value(value: Any, place: Place, problems: Problems) -> bool:
    match value:
        case str(text) if "${{" in text:
            problems.add(place, "an expression in the matrix", "write the value itself")
            return False
        case str() | bool():
            return True
        case list():
            # A list, so that every wrong entry is noted.
            found = [_is_value(each, place.at(index), problems) for index, each in enumerate(value)]
            return all(found)
    problems.add(
        place, "a value of the matrix is a text, a boolean or a list of these", "mappings cannot be values"
    )
    return False

"""Values that know where they are written: what an edit of a manifest would make of them.

Nothing follows the inside of an expression. A piece of a text is the source of a version if the value
comes out as wanted once that piece is another: so every filter and condition is honoured, as the
evaluation is the one that resolves manifests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from rgraph.bumping.interface import Edit, Spot
from rgraph.expressions import ExpressionError, Scope, Value, as_text, evaluate, names_of

Edits = Mapping[Spot, tuple[Edit, ...]]
"""Scalar -> its edits."""
NONE: Edits = {}

_FAILED: list[Value] = ["\0"]
"""What an expression that cannot be evaluated gives: nothing is equal to it."""


class Frame(Struct, frozen=True, eq=False):
    """What the expressions of one place can see."""

    names: Mapping[str, Written]
    """Name -> its value, as written."""
    declared: frozenset[str] = frozenset()
    """Names that may have no value here."""


class Written(Struct, frozen=True, eq=False):
    """A value as it stands in a manifest: a text, a boolean, or a list of these."""

    spots: tuple[Spot, ...]
    """Where it stands: the first is it; the others must say the same (an axis and what includes it)."""
    data: Any
    frame: Frame | None = None
    """What its expressions see; None if it has none."""

    def at(self, *path: str | int, data: Any) -> Written:
        """A part of it."""
        return Written(tuple((file, (*above, *path)) for file, above in self.spots), data, self.frame)


class Cell(Struct, frozen=True, eq=False):
    """One text of a Written, or of what its expressions name."""

    spots: tuple[Spot, ...]
    text: str
    frame: Frame | None


def value(written: Written, edits: Edits = NONE) -> Value:
    """The value of something written, once some scalars are edited."""
    try:
        return _tree(written, edits)
    except ExpressionError:
        return _FAILED


def text(written: Written, edits: Edits = NONE) -> str:
    """The same as one text; lists are joined by line feeds."""
    try:
        found = _tree(written, edits)
        return "\n".join(as_text(each) for each in found) if isinstance(found, list) else as_text(found)
    except ExpressionError:
        return "\0"


def _tree(written: Written, edits: Edits) -> Value:
    data = written.data
    if isinstance(data, str):
        found = edited(data, edits.get(written.spots[0], ()))
        if written.frame is None or "${{" not in found:
            return found
        return evaluate(found, _scope(written.frame, names_of(found), edits))
    if isinstance(data, list):
        items: list[Value] = []
        for index, each in enumerate(data):
            item = _tree(written.at(index, data=each), edits)
            items += item if isinstance(item, list) else [] if item is None else [item]
        return items
    return data if isinstance(data, bool) else None


def truth(condition: bool | str, frame: Frame) -> bool:
    """Whether a condition of a step holds; a catalogue that is right has no bad ones."""
    if isinstance(condition, bool):
        return condition
    try:
        found = evaluate(condition, _scope(frame, names_of(condition), NONE))
    except ExpressionError:
        return False
    return bool(found)


def _scope(frame: Frame, names: frozenset[str], edits: Edits) -> Scope:
    values = {name: _tree(frame.names[name], edits) for name in names if name in frame.names}
    return Scope(values, frame.declared | names)


def edited(data: str, edits: Sequence[Edit]) -> str:
    """A text after its edits."""
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        data = data[: edit.start] + edit.new + data[edit.start + len(edit.old) :]
    return data


def grouped(edits: Iterator[Edit] | Sequence[Edit]) -> dict[Spot, tuple[Edit, ...]]:
    """The edits of each scalar, in order, each once."""
    found: dict[Spot, dict[Edit, None]] = {}
    for edit in edits:
        found.setdefault(edit.spot, {})[edit] = None
    return {spot: tuple(sorted(each, key=lambda edit: edit.start)) for spot, each in found.items()}


def cells(written: Written) -> Iterator[Cell]:
    """The texts of something written, then those of what their expressions name, and so on."""
    seen: set[int] = set()
    todo = [written]
    while todo:
        each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        for cell in _own_cells(each):
            yield cell
            if cell.frame is not None and "${{" in cell.text:
                todo += [
                    cell.frame.names[name] for name in sorted(names_of(cell.text)) if name in cell.frame.names
                ]


def _own_cells(written: Written) -> Iterator[Cell]:
    if isinstance(written.data, str):
        yield Cell(written.spots, written.data, written.frame)
    elif isinstance(written.data, list):
        for index, each in enumerate(written.data):
            yield from _own_cells(written.at(index, data=each))


Pair = tuple[str, str]
"""A text, and what it shall become."""


def pairs(old: str, new: str) -> tuple[Pair, ...]:
    """A version, and the same without a word before its digits that both begin with: `v2.1` is often
    written `v${{ version }}`.
    """
    found = [(old, new)]
    before, after = (re.match(r"[A-Za-z_-]*", each) for each in (old, new))
    if before and after and before[0] and before[0] == after[0]:
        found.append((old[before.end() :], new[after.end() :]))
    return tuple(pair for pair in found if pair[0])


def find(written: Written, wanted: Value, pairs: Sequence[Pair], given: Edits = NONE) -> tuple[Edit, ...]:
    """The edits of one piece that make a value what is wanted, on top of given ones; none if there is no
    such piece.
    """
    for cell in cells(written):
        for old, new in pairs:
            for start in occurrences(cell.text, old):
                made = _everywhere(cell, ((start, old, new),))
                if value(written, with_more(given, made)) == wanted:
                    return made
    return ()


def _everywhere(cell: Cell, pieces: Sequence[tuple[int, str, str]]) -> tuple[Edit, ...]:
    return tuple(Edit(*spot, start, old, new) for spot in cell.spots for start, old, new in pieces)


def with_more(edits: Edits, more: Sequence[Edit]) -> Edits:
    """Edits, and some more."""
    if not more:
        return edits
    return grouped([*(each for found in edits.values() for each in found), *more])


def occurrences(data: str, piece: str) -> list[int]:
    """Where a piece stands in a text, however close together."""
    found = []
    start = data.find(piece)
    while start >= 0:
        found.append(start)
        start = data.find(piece, start + 1)
    return found


def token(version: str) -> re.Pattern[str]:
    """A version where it stands for itself in a text: not within a longer number or version."""
    # `1_70` is no version in `1_70_0`, but in `1.70_2` there may be one.
    joint = next(
        (each for each in "_-" if "." not in version and re.search(f"[0-9]{each}[0-9]", version)), ""
    )
    more = rf"[.{joint}]"
    before = rf"(?<![0-9])(?<![0-9]{more})" if version[:1].isdigit() else r"(?<![0-9A-Za-z])"
    return re.compile(rf"{before}{re.escape(version)}(?![0-9A-Za-z]|{more}[0-9])")


def follow(written: Written, pair: Pair, given: Edits) -> tuple[Edit, ...]:
    """The edits that put a new version for the old one wherever it stands in a text by itself: in the
    text, or in what its expressions name. None if there is nothing left to do.

    A bare number is left alone: what else `14` may mean in a text is not known.
    """
    old, new = pair
    if re.fullmatch("[0-9]{1,4}", old):
        return ()
    pattern = token(old)
    more: list[Edit] = []
    for cell in cells(written):
        if not pattern.search(text(written, with_more(given, more))):
            break
        done = given.get(cell.spots[0], ())
        pieces = [
            (match.start(), old, new)
            for match in pattern.finditer(cell.text)
            if not any(_overlap(match, each) for each in done)
        ]
        trial = [*more, *_everywhere(cell, pieces)]
        before, after = (text(written, with_more(given, each)) for each in (more, trial))
        # A piece of a condition is none of the value: that changing it changes nothing shows it.
        if pieces and len(pattern.findall(after)) < len(pattern.findall(before)):
            more = trial
    return tuple(more)


def _overlap(match: re.Match[str], edit: Edit) -> bool:
    return match.start() < edit.start + len(edit.old) and edit.start < match.end()

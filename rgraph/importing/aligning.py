"""Lists that are alike, side by side: which entry of one stands where which entry of another stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, TypeVar

from rgraph.importing.patterns import skeleton

T = TypeVar("T")
Key = Callable[[Any], Hashable]
Pair = tuple["int | None", "int | None"]


_MOST_COMPARED: Final = 2_000_000
"""Entries of two lists, multiplied, beyond which they are not compared: the time grows like that."""


def aligned(rows: Sequence[Sequence[T]], keys: Sequence[Key]) -> list[list[T | None]]:
    """Columns of lists: each has an entry of every row, or None where the row has none there.

    Entries come together by the first key first; what it leaves between them, by the next.
    """
    columns: list[list[T | None]] = [[each] for each in rows[0]]
    faces: list[T] = list(rows[0])
    made: list[tuple[Hashable, ...]] = [tuple(map(keys[0], rows[0]))]
    for number, row in enumerate(rows[1:], start=1):
        signs = tuple(map(keys[0], row))
        if len(made) == 1 and signs == made[0]:
            pairs: list[Pair] = [(at, at) for at in range(len(row))]
        else:
            pairs = _pairs(faces, row, keys)
            made.append(signs)
        new, shown = [], []
        for left, right in pairs:
            entry = None if right is None else row[right]
            new.append([*(columns[left] if left is not None else [None] * number), entry])
            shown.append(faces[left] if entry is None and left is not None else row[right or 0])
        columns, faces = new, shown
    return columns


def _pairs(left: Sequence[Any], right: Sequence[Any], keys: Sequence[Key]) -> list[Pair]:
    """Which entry of one list belongs to which of the other, in an order that keeps both."""
    if not keys or not left or not right or len(left) * len(right) > _MOST_COMPARED:
        return [*((at, None) for at in range(len(left))), *((None, at) for at in range(len(right)))]
    key, rest = keys[0], keys[1:]
    matcher = SequenceMatcher(None, [*map(key, left)], [*map(key, right)], autojunk=False)
    found: list[Pair] = []
    a = b = 0
    for block in matcher.get_matching_blocks():
        between = _pairs(left[a : block.a], right[b : block.b], rest)
        found += [(None if x is None else x + a, None if y is None else y + b) for x, y in between]
        found += [(block.a + at, block.b + at) for at in range(block.size)]
        a, b = block.a + block.size, block.b + block.size
    return found


def exact(data: Any) -> str:
    """Data as one text: the same text, the same data, in the same order."""
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def shape(data: Any) -> str:
    """The same without versions and expressions."""
    return skeleton(exact(data))


def stem(step: Any) -> str:
    """What kind of step it is, and what it begins with."""
    kind = kind_of(step)
    body = step[kind]
    match kind:
        case "env" | "label" | "arg" if isinstance(body, dict):
            return f"{kind} {' '.join(sorted(body))}"
        case "run":
            text = body[0] if isinstance(body, list) and body else body
            return f"run {' '.join(str(text).split()[:2])}"
        case "download" | "source" | "take" if isinstance(body, dict):
            url = str(body.get("name") or body.get("url") or body.get("git") or body.get("from") or "")
            return f"{kind} {skeleton(url)}"
    return kind


def opening(text: str) -> str:
    """What a command begins with; a single word is all of itself."""
    words = text.split()
    return " ".join(words[:3]) if len(words) > 2 else text


def kind_of(step: Any) -> str:
    """The key that says what a step does."""
    return str(next(key for key in step if key not in BESIDE))


BESIDE: Final = frozenset({"when", "provides", "with"})
"""Keys that may stand beside it."""

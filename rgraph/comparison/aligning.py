"""Which of some old steps became which of some new ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from difflib import SequenceMatcher
from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Pair(Struct, Generic[T], frozen=True):
    """What became of an item: changed, moved as it is, added (nothing old) or removed (nothing new)."""

    old: T | None
    new: T | None
    moved: bool = False


def aligned(
    old: Sequence[T],
    new: Sequence[T],
    content: Callable[[T], Hashable],
    likeness: Callable[[T], Hashable],
) -> list[Pair[T]]:
    """The differences of two sequences, in the order of the new one as far as there is one.

    Items of equal `content` are the same; among the others, those of equal `likeness` that stand in the
    same gap are taken for one that changed.
    """
    before, after = [content(each) for each in old], [content(each) for each in new]
    gaps = [each for each in _gaps(before, after) if each[0] or each[1]]
    gone = {before[index] for removed, _ in gaps for index in removed}
    come = {after[index] for _, added in gaps for index in added}
    moved = gone & come
    found: list[Pair[T]] = []
    for removed, added in gaps:
        left = [old[index] for index in removed if before[index] not in moved]
        right = [new[index] for index in added if after[index] not in moved]
        found += _changed(left, right, likeness)
        found += [Pair(_first(old, before, after[i]), new[i], True) for i in added if after[i] in moved]
    return found


def _gaps(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[tuple[range, range]]:
    """Indexes of what stands between the items that both have in the same order."""
    operations = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [(range(a, b), range(c, d)) for name, a, b, c, d in operations if name != "equal"]


def _first(items: Sequence[T], contents: Sequence[Hashable], content: Hashable) -> T:
    return items[contents.index(content)]


def _changed(left: Sequence[T], right: Sequence[T], likeness: Callable[[T], Hashable]) -> list[Pair[T]]:
    kinds, others = [likeness(each) for each in left], [likeness(each) for each in right]
    found: list[Pair[T]] = []
    for name, a, b, c, d in SequenceMatcher(None, kinds, others, autojunk=False).get_opcodes():
        if name == "equal":
            found += [Pair(one, other) for one, other in zip(left[a:b], right[c:d], strict=True)]
        else:
            found += [Pair(each, None) for each in left[a:b]]
            found += [Pair(None, each) for each in right[c:d]]
    return found

"""How texts write a version: `1.70.0`, `1_70_0`, `v1.70`; and what is nothing but another version."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest

from msgspec import Struct

from rgraph.bumping.written import Pair, pairs

_JOINTS = re.compile(r"([._:+~-])")
_SUM = re.compile(r"(?:sha256:)?(?:[0-9a-f]{40}|[0-9a-f]{64})")
"""A checksum, or a commit."""


def forms(old: str, new: str) -> tuple[Pair, ...]:
    """A version as addresses, folders and commands write it: as it is, without the word before its number
    (`v2.1`, `release-2.1`), and with other joints between its numbers (`2_1`, `2-1`).
    """
    found: dict[str, str] = {}
    for one, other in pairs(old, new):
        found.setdefault(one, other)
        joint = next((each for each in "._-" if re.search(f"[0-9]{re.escape(each)}[0-9]", one)), "")
        for each in "._-" if joint else "":
            found.setdefault(one.replace(joint, each), other.replace(joint, each))
    return tuple(found.items())


def number(old: str, new: str) -> Pair:
    """A version without the word that a ref begins with, if both have the same: `v`, `release-`."""
    word = re.match(r"(?:[vV]|[A-Za-z_-]*[_-])(?=[0-9])", old)
    if word is None or not re.match(re.escape(word[0]) + "[0-9]", new):
        return old, new
    return old[word.end() :], new[word.end() :]


def parts_left(text: str, old: str, new: str) -> str:
    """What a text still has of the old version where the new one has something else: all of it, or its
    first numbers, however they are joined (`1.70`, `1_70`, `170`); empty if nothing.
    """
    one, other = (_numbers(each) for each in number(old, new))
    for count in range(len(one), 1, -1):
        if one[:count] == other[:count]:
            continue
        for joint in ("[._-]", ""):
            pattern = joint.join(one[:count])
            # `12` of 1.2 can be anything.
            if joint or sum(map(len, one[:count])) > 2:
                found = re.search(f"(?<![0-9])(?<![0-9][._]){pattern}(?![0-9])", text)
                if found is not None:
                    return found[0]
    return ""


def _numbers(version: str) -> list[str]:
    first = re.match(r"[0-9]+(?:[._-][0-9]+)*", version)
    return re.findall("[0-9]+", first[0]) if first else []


def _derived(old: str, new: str) -> Iterator[Pair]:
    """A version, and what expressions can make of it: its first numbers, its last, other joints, case."""
    for one, other in forms(old, new):
        yield one, other
        before, after = _JOINTS.split(one), _JOINTS.split(other)
        for start in range(0, len(before), 2):
            for end in range(start + (1 if start == 0 else 3), len(before) + 1, 2):
                yield "".join(before[start:end]), "".join(after[start:end])
                yield "".join(before[start:end:2]), "".join(after[start:end:2])


class Followed:
    """Tells whether a value is another one only by what it says of some versions."""

    def __init__(self, olds: Collection[str], new: str) -> None:
        self._news: dict[str, set[str]] = {}
        for old in olds:
            for one, other in _derived(old, new):
                for before, after in (
                    (one, other),
                    (one.lower(), other.lower()),
                    (one.upper(), other.upper()),
                ):
                    if before and before != after:
                        self._news.setdefault(before, set()).add(after)
        known = sorted(self._news, key=len, reverse=True)
        pieces = [r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])", *map(_bounded, known)]
        self._pieces = re.compile("|".join(pieces))

    def strange(self, before: object, after: object, *, sums: bool = False) -> Pair | None:
        """What two values say differently beside the versions: the first of it, empty if it is no text;
        None if nothing. `sums` says whether checksums may be others, too, which they may beside a version.
        """
        changed = False
        later: Pair | None = None
        for one, other in zip_longest(_leaves(before), _leaves(after)):
            if one == other:
                continue
            if not isinstance(one, str) or not isinstance(other, str):
                return "", ""
            if _are_sums(one, other):
                later = later or (one, other)
            elif self._follows(one, other):
                changed = True
            else:
                return one, other
        return None if sums or changed else later

    def _follows(self, before: str, after: str) -> bool:
        pattern, start = "", 0
        for piece in self._pieces.finditer(before):
            news = self._news.get(piece[0])
            may = "|".join(map(re.escape, (piece[0], *news))) if news else f"[0-9a-f]{{{len(piece[0])}}}"
            pattern += f"{re.escape(before[start : piece.start()])}(?:{may})"
            start = piece.end()
        return re.fullmatch(pattern + re.escape(before[start:]), after) is not None


def _bounded(version: str) -> str:
    """Where a version, or a part of one, is no part of a longer number."""
    before = "(?<![0-9])" if version[0].isdigit() else ""
    return f"{before}{re.escape(version)}(?![0-9])"


def _are_sums(one: str, other: str) -> bool:
    """Whether both are checksums, or one is and the other is not known."""
    return any((one, other)) and all(not each or _SUM.fullmatch(each) for each in (one, other))


def _leaves(value: object) -> Iterator[object]:
    """The texts and other plain values of something, and its shape."""
    if isinstance(value, Struct):
        yield type(value)
        for name in value.__struct_fields__:
            yield from _leaves(getattr(value, name))
    elif isinstance(value, Mapping):
        yield from _leaves(tuple(value.items()))
    elif isinstance(value, (tuple, list)):
        yield len(value)
        for each in value:
            yield from _leaves(each)
    else:
        yield value

"""Order of versions where no ecosystem is known: numbers as numbers, the rest as text."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[0-9]+|[A-Za-z]+")

_EARLY = frozenset({"alpha", "beta", "dev", "pre", "preview", "rc"})

Key = tuple[tuple[int, int, str], ...]


def version_key(text: str) -> Key:
    """A sort key: digits compare as numbers, and words such as `rc` make a version older.

    `1.10` > `1.9`, `4.0` > `4.0rc1`, `1.1.1c` > `1.1.1b` > `1.1.1`. A `v` before the first digit, as
    tags have it, is ignored.
    """
    start = 1 if text[:1] in ("v", "V") and text[1:2].isdigit() else 0
    return (*(_part(part) for part in _PARTS.findall(text, start)), (1, 0, ""))


def _part(part: str) -> tuple[int, int, str]:
    if part.isdigit():
        # Not int(): Python refuses to read thousands of digits.
        digits = part.lstrip("0")
        return 2, len(digits), digits
    word = part.lower()
    return (0 if word in _EARLY else 2), -1, word


_COMPARISON = re.compile(r"(<=|>=|==|<|>)\s*([A-Za-z0-9][A-Za-z0-9._+:~!-]*)")


Range = tuple[tuple[str, str], ...]
"""Comparisons that must all hold: operator and version. `rgraph.ecosystems` says what they mean."""


def parse_range(text: str) -> Range | None:
    """Comparisons of a range: `>=1.0, <3` gives `((">=", "1.0"), ("<", "3"))`; None if it is none."""
    found = []
    for part in text.split(",") if text.strip() else ():
        match = _COMPARISON.fullmatch(part.strip())
        if not match:
            return None
        found.append((match[1], match[2]))
    return tuple(found)

"""Versions by the rules of their ecosystem, which the type of a purl names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, cmp_to_key
from itertools import zip_longest
from typing import Any

from rgraph.versions import Range, version_key

Key = Callable[[str], Any]
"""A version -> something that compares with others of its kind, or None if the text is no version there."""

LONGEST = 256
"""Characters of a version; a longer text is none. It bounds the work for texts that come from outside."""


def order_of(type: str) -> Key:
    """The order of versions for a purl's type."""
    return _ORDERS.get(type, _general)


def in_range(type: str, version: str, comparisons: Range) -> bool:
    """Whether a version fits all comparisons.

    An unknown version (empty) fits only the open range. Equal texts are equal even where they are no
    versions of the ecosystem; otherwise what is no version there fits nothing.
    """
    if not version:
        return not comparisons
    return all(_fits(type, version, operator, bound) for operator, bound in comparisons)


def bad_bound(type: str, comparisons: Range) -> str | None:
    """The first bound of a range that is no version in its ecosystem; None if all are."""
    order = order_of(type)
    for _, bound in comparisons:
        # Plain numbers are versions everywhere: for them no library needs to be imported.
        if not _PLAIN.fullmatch(bound) and order(bound) is None:
            return bound
    return None


_PLAIN = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,9}")


def compared(type: str, version: str, bound: str) -> str:
    """A version as it is compared with a bound.

    PEP 440, "Version specifiers": a local version (`2.0.1+cu118`) counts only if the bound has one.
    """
    return version.partition("+")[0] if type == "pypi" and "+" not in bound else version


def _fits(type: str, version: str, operator: str, bound: str) -> bool:
    if operator == "==" and version == bound:
        return True
    order = order_of(type)
    key, other = order(compared(type, version, bound)), order(bound)
    if key is None or other is None:
        return False
    match operator:
        case "<":
            return bool(key < other)
        case "<=":
            return bool(key <= other)
        case ">":
            return bool(key > other)
        case ">=":
            return bool(key >= other)
        case _:
            return bool(key == other)


_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@cache
def _general(text: str) -> Any:
    """Where no ecosystem is known: what has no digit, and a commit, is no version."""
    if len(text) > LONGEST or _COMMIT.fullmatch(text) or not any("0" <= each <= "9" for each in text):
        return None
    return version_key(text)


@cache
def _pypi(text: str) -> Any:
    """PEP 440, "Summary of permitted suffixes and relative ordering"."""
    if len(text) > LONGEST:
        return None
    # Late, as few catalogues need it: importing it takes a tenth of the time of a small plan.
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return None


_DEB = re.compile(r"(?:([0-9]+):)?([0-9][A-Za-z0-9.+~-]*)")


@cache
def _deb(text: str) -> Any:
    """Debian Policy 5.6.12: `[epoch:]upstream[-revision]`, the upstream version beginning with a digit."""
    match = _DEB.fullmatch(text) if len(text) <= LONGEST else None
    if match is None or text.endswith("-"):
        return None
    # Late, as for PEP 440. Its own parser refuses a `~` at the end, as bounds of Debian have it.
    from debian_inspector.version import Version, compare_versions_key

    upstream, dash, revision = match[2].rpartition("-")
    return compare_versions_key(
        Version(int(match[1] or 0), *((upstream, revision) if dash else (revision, "0")))
    )


_R = re.compile(r"[0-9]+(?:[.-][0-9]+)*")


@cache
def _r(text: str) -> Any:
    """R's numeric_version: whole numbers, split at `.` and `-`; `1.0` comes before `1.0.0`."""
    if len(text) > LONGEST or not _R.fullmatch(text):
        return None
    return tuple(int(part) for part in re.split("[.-]", text))


_Part = tuple[int, int, str]
"""A number or word within a version of conda: rank, number, word."""
_Segments = tuple[tuple[_Part, ...], ...]

_CONDA = re.compile(r"(?:([0-9]+)!)?([a-z0-9._-]+)(?:\+([a-z0-9._-]+))?")
_CONDA_PARTS = re.compile(r"[0-9]+|[a-z]+|_")
_CONDA_ZERO: _Part = (2, 0, "")


@cache
def _conda(text: str) -> Any:
    """Conda's order (its documentation, "Version ordering", and `VersionOrder`): `[epoch!]version[+local]`.

    A key of our own, as the library, py-rattler, takes 81 MB and 50 ms; a law holds that both agree.
    A letter makes a version older: `1.1.1c` < `1.1.1`, and only `1.1.1_` < `1.1.1c`.
    """
    match = _CONDA.fullmatch(text.lower()) if len(text) <= LONGEST else None
    # Dashes count as underscores, but not beside them.
    if match is None or ("-" in text and "_" in text):
        return None
    epoch: _Segments = (((2, int(match[1] or 0), ""),),)
    version = _conda_segments(match[2])
    local = _conda_segments(match[3]) if match[3] else ()
    if version is None or local is None:
        return None
    return _conda_key((epoch, version, local))


def _conda_segments(text: str) -> _Segments | None:
    """What stands between dots and underscores; an underscore at the end belongs to the last of them."""
    text = text.replace("-", "_")
    body, mark = (text[:-1], "_") if text.endswith("_") else (text, "")
    segments = re.split("[._]", body)
    segments[-1] += mark
    if not body or not all(segments):
        return None
    return tuple(
        # A segment that begins with a word begins with 0, so that `1.1.a1` is `1.1.0a1`.
        (*(() if segment[0].isdigit() else (_CONDA_ZERO,)), *map(_conda_part, _CONDA_PARTS.findall(segment)))
        for segment in segments
    )


def _conda_part(part: str) -> _Part:
    if part.isdigit():
        return 2, int(part), ""
    rank = {"dev": 0, "post": 3}.get(part)
    return (1, 0, part) if rank is None else (rank, 0, "")


def _compare_conda(one: tuple[_Segments, ...], other: tuple[_Segments, ...]) -> int:
    for segments, others in zip(one, other, strict=True):
        for left, right in zip_longest(segments, others, fillvalue=(_CONDA_ZERO,)):
            for part, its in zip_longest(left, right, fillvalue=_CONDA_ZERO):
                if part != its:
                    return -1 if part < its else 1
    return 0


_conda_key = cmp_to_key(_compare_conda)

_ORDERS: dict[str, Key] = {
    "pypi": _pypi,
    "deb": _deb,
    "conda": _conda,
    "cran": _r,
    "bioconductor": _r,
}

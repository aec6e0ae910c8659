"""Whether an advisory's statement about a package holds for a version (OSV schema 1.7, "Evaluation").

Ranges of type SEMVER are judged in the order of the package's ecosystem, as its versions are written
so; PEP 440 and the other orders agree with SemVer on what both admit. Commits of GIT ranges need the
repository: of those only enumerated versions count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from rgraph.advisories.interface import Affected, Event, Interval
from rgraph.ecosystems import compared, order_of

Verdict = Literal["affected", "free", "unknown"]

_Position = tuple[int, Any]
"""A version between the beginning and the end of all versions."""

_BEGIN: _Position = (0, None)
_END: _Position = (2, None)

_NUMBER = re.compile("[0-9]+")
_TAG = re.compile(r"[vV]?\d+(?:\.\d+)+(?:[._+-]?[\w.+-]*)")
"""A ref that is plainly a tag of a version, and no branch or commit."""


@cache
def _key(type: str, version: str) -> Any:
    # Many advisories enumerate the same versions.
    return order_of(type)(version)


def judge(affected: Affected, type: str, version: str) -> Verdict:
    """What an advisory says of a version of the package that it is about.

    `type` is the purl type whose order of versions holds. `unknown`: the version or all that the
    advisory gives cannot be placed in that order, or it gives nothing to compare with.
    """
    if not version:
        return "unknown"
    if type == "github":
        return _judge_ref(affected, version)
    if version in affected.versions:
        return "affected"
    key = _key(type, version)
    if key is None:
        return "unknown"
    within = {_holds(each, type, version) for each in affected.ranges if each.type != "GIT"}
    if True in within or _is_listed(affected.versions, type, version):
        return "affected"
    if None in within:
        return "unknown"
    return "free" if within or affected.versions else "unknown"


def _is_listed(versions: tuple[str, ...], type: str, version: str) -> bool:
    for text in {version, compared(type, version, "")}:
        key = _key(type, text)
        alike = (
            each for each in _by_numbers(versions).get(_numbers(text), ()) if _counts(text, version, each)
        )
        # None does not compare with keys.
        if key is not None and any((its := _key(type, each)) is not None and its == key for each in alike):
            return True
    return False


def _counts(text: str, version: str, listed: str) -> bool:
    return text == version or "+" not in listed


@cache
def _by_numbers(versions: tuple[str, ...]) -> dict[tuple[str, ...], list[str]]:
    """Versions by the numbers in them: few need to be compared with one."""
    found: dict[tuple[str, ...], list[str]] = {}
    for each in versions:
        found.setdefault(_numbers(each), []).append(each)
    return found


@cache
def _numbers(version: str) -> tuple[str, ...]:
    """The numbers in a version but for zeros: equal versions have the same ones in each of the orders.

    Comparing them takes a fortieth of the time that Debian's comparison takes.
    """
    return tuple(filter(None, (each.lstrip("0") for each in _NUMBER.findall(version))))


def _judge_ref(affected: Affected, ref: str) -> Verdict:
    if _untagged(ref) in map(_untagged, affected.versions):
        return "affected"
    return "free" if affected.versions and _TAG.fullmatch(ref) else "unknown"


@cache
def _untagged(ref: str) -> str:
    """The version that a tag names: `v1.2`, `release-1.2` and `OpenSSL_1_1_1k` as well as `1.2` itself."""
    return re.sub(r"^[A-Za-z][A-Za-z-]*[-_/]?(?=\d)", "", ref).replace("_", ".").lower()


def _holds(interval: Interval, type: str, version: str) -> bool | None:
    """Whether a version lies in a range; None if one of its ends is no version."""
    events = _events(interval, type)
    if events is None:
        return None

    def place(event: Event) -> _Position:
        return 1, _key(type, compared(type, version, _bound(event)))

    limits = [(at, event) for at, event in events if event.limit]
    if limits and not any(place(event) < at for at, event in limits):
        return False
    inside = False
    for at, event in events:
        here = place(event)
        if event.introduced and here >= at:
            inside = True
        elif (event.fixed and here >= at) or (event.last_affected and here > at):
            inside = False
    return inside


def _events(interval: Interval, type: str) -> list[tuple[_Position, Event]] | None:
    """The events in order; what is fixed and introduced again at one version stands as it is written.

    What begins at a version stands before what ends with it.
    """
    found = []
    for event in interval.events:
        at = _position(event, type)
        if at is None:
            return None
        found.append((at, event))
    return sorted(found, key=lambda each: (each[0], bool(each[1].last_affected)))


def _bound(event: Event) -> str:
    return event.introduced or event.fixed or event.last_affected or event.limit


def _position(event: Event, type: str) -> _Position | None:
    if event.introduced == "0":
        return _BEGIN
    if "*" in event.limit:
        return _END
    key = _key(type, _bound(event))
    return None if key is None else (1, key)


def may_return(affected: Affected, type: str, version: str) -> bool:
    """Whether a version above one that is not affected may be affected: one is introduced or listed there."""
    key = _key(type, version)
    later = [event.introduced for each in affected.ranges if each.type != "GIT" for event in each.events]
    later += affected.versions
    keys = [_key(type, text) for text in later if text and text != "0"]
    return key is None or any(each is None or each > key for each in keys)


def first_fixed(statements: Iterable[Affected], type: str, version: str) -> str:
    """The lowest fixed version above a version that none of some statements calls affected; empty if none."""
    statements = tuple(statements)
    key = _key(type, version)
    texts = {
        event.fixed
        for each in statements
        for part in each.ranges
        for event in part.events
        if part.type != "GIT" and event.fixed
    }
    known = [(found, text) for text in sorted(texts) if (found := _key(type, text)) is not None]
    for _, text in sorted(known, key=lambda each: each[0]):
        if key is not None and _key(type, text) > key and _is_free(statements, type, text):
            return text
    return ""


def _is_free(statements: tuple[Affected, ...], type: str, version: str) -> bool:
    return all(judge(each, type, version) != "affected" for each in statements)


def last_affected(statements: Iterable[Affected], type: str) -> str:
    """The greatest version that some statements call the last affected one; empty if they name none."""
    texts = {
        event.last_affected
        for each in statements
        for part in each.ranges
        for event in part.events
        if part.type != "GIT" and event.last_affected
    }
    known = [(found, text) for text in sorted(texts) if (found := _key(type, text)) is not None]
    return max(known, key=lambda each: each[0])[1] if known else ""

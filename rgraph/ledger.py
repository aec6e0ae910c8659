"""The ledger: one release a line, each with the hash of the line before it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

from rgraph import names
from rgraph.errors import Place, Problems
from rgraph.names import Bad, Fingerprint, ReleaseTag

LEDGER_FILE = "manifests/releases.jsonl"


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """What a release says of one image."""

    fingerprint: str
    references: tuple[str, ...]
    """`repository:tag` that the release gave to the image."""


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the ledger."""

    tag: str
    previous: str
    """`sha256:` of the line before, without its line break; empty on the first line."""
    images: dict[str, Entry]
    """Id of each image that the release changed -> what it became."""


class Ledger(Struct, frozen=True):
    """All releases, and what follows from them."""

    releases: tuple[Release, ...] = ()
    head: str = ""
    """Hash of the last line."""
    first_tag: Mapping[tuple[str, str], ReleaseTag] = field(default_factory=dict)
    """(image id, fingerprint) -> the release that gave this content its tag."""
    latest: Mapping[str, str] = field(default_factory=dict)
    """Image id -> fingerprint of its last release."""
    holders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Reference -> (image id, fingerprint) that holds it now."""


def line_hash(line: bytes) -> str:
    """Hash of a line of the ledger, without its line break."""
    return f"sha256:{hashlib.sha256(line).hexdigest()}"


def encode(release: Release) -> bytes:
    """A release as a line, without line break; images and references keep their order."""
    return msgspec.json.encode(release)


def read_ledger(data: bytes | None, problems: Problems) -> Ledger:
    """The ledger of a file's bytes; what was edited by hand or damaged is noted."""
    if not data:
        return Ledger()
    releases: list[Release] = []
    tags: set[str] = set()
    head = ""
    lines = data.split(b"\n")
    if lines[-1]:
        problems.add(_place(len(lines)), "the last line has no end: it was not written whole", _RESTORE)
    for number, line in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        release = _read_line(line, _place(number), problems)
        if release is None:
            return Ledger()
        if line != encode(release):
            problems.add(_place(number), f"`{release.tag}` is not written as rgraph writes it", _RESTORE)
        _check(release, head, tags, _place(number), problems)
        releases.append(release)
        tags.add(release.tag)
        head = line_hash(line)
    return indexed(releases, head)


_RESTORE = "restore the file from version control: rgraph only ever appends to it"


def _place(line: int) -> Place:
    return Place(LEDGER_FILE, line=line, column=1)


def _read_line(line: bytes, place: Place, problems: Problems) -> Release | None:
    try:
        return msgspec.json.decode(line, type=Release)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.add(place, f"this line is no release: {error}", _RESTORE)
        return None


def _check(release: Release, head: str, tags: set[str], place: Place, problems: Problems) -> None:
    made = names.release_tag(release.tag)
    if isinstance(made, Bad):
        problems.add(place, made.what, made.help)
    if release.tag in tags:
        problems.add(place, f"the release `{release.tag}` stands twice", _RESTORE)
    if release.previous != head:
        problems.add(place, f"`{release.tag}` does not follow the line before it", _RESTORE)
    for id, entry in release.images.items():
        if isinstance(names.digest(entry.fingerprint), Bad):
            problems.add(place, f"`{id}` has no fingerprint in `{release.tag}`", _RESTORE)


def indexed(releases: list[Release], head: str) -> Ledger:
    """A ledger of releases; `head` is the hash of the last line."""
    first_tag: dict[tuple[str, str], ReleaseTag] = {}
    latest: dict[str, str] = {}
    holders: dict[str, tuple[str, str]] = {}
    for release in releases:
        for id, entry in release.images.items():
            first_tag.setdefault((id, entry.fingerprint), ReleaseTag(release.tag))
            latest[id] = entry.fingerprint
            holders.update(dict.fromkeys(entry.references, (id, entry.fingerprint)))
    return Ledger(tuple(releases), head, first_tag, latest, holders)


def next_tag(ledger: Ledger, date: str) -> ReleaseTag:
    """The tag that a cut on a date (YYYYMMDD) gives: N is one more than the greatest of the date."""
    numbers = [
        number
        for day, number in (names.release_number(ReleaseTag(release.tag)) for release in ledger.releases)
        if day == date
    ]
    return ReleaseTag(f"{date}.v{max(numbers, default=0) + 1}")


def current_tag(ledger: Ledger, id: str, fingerprint: Fingerprint) -> ReleaseTag | None:
    """The release whose tag this content has; None if it was never released."""
    return ledger.first_tag.get((id, fingerprint))

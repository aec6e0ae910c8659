"""The ledger: a line for each release, and one for the digests that a release was promoted with; each has
the hash of the line before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping, Sequence

import msgspec
from msgspec import Struct, field

from rgraph import names
from rgraph.errors import Place, Problems
from rgraph.names import Bad, Digest, Fingerprint, ReleaseTag

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


class Digests(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the ledger: what the images of a release are at the registry, once they are there."""

    digests: dict[str, str]
    """Id of each image of the release -> digest."""
    of: str
    """The release."""
    previous: str
    """As of a release."""


Line = Release | Digests


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
    lines: tuple[Line, ...] = ()
    digests: Mapping[tuple[str, str], Digest] = field(default_factory=dict)
    """(image id, fingerprint) -> the digest that this content was promoted with."""
    promoted: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Release -> image id -> digest, of the releases that were promoted."""


def line_hash(line: bytes) -> str:
    """Hash of a line of the ledger, without its line break."""
    return f"sha256:{hashlib.sha256(line).hexdigest()}"


def encode(line: Line) -> bytes:
    """A line's bytes, without line break; images and references keep their order."""
    return msgspec.json.encode(line)


def read_ledger(data: bytes | None, problems: Problems) -> Ledger:
    """The ledger of a file's bytes; what was edited by hand or damaged is noted."""
    if not data:
        return Ledger()
    read: list[Line] = []
    releases: dict[str, Release] = {}
    head = ""
    lines = data.split(b"\n")
    if lines[-1]:
        problems.add(_place(len(lines)), "the last line has no end: it was not written whole", _RESTORE)
    for number, text in enumerate(lines[:-1] if not lines[-1] else lines, start=1):
        place = _place(number)
        line = _read_line(text, place, problems)
        if line is None:
            return Ledger()
        name = line.tag if isinstance(line, Release) else line.of
        if text != encode(line):
            problems.add(place, f"`{name}` is not written as rgraph writes it", _RESTORE)
        if isinstance(line, Release):
            _check(line, releases, place, problems)
            releases[line.tag] = line
        else:
            _check_digests(line, releases, place, problems)
        if line.previous != head:
            problems.add(place, f"`{name}` does not follow the line before it", _RESTORE)
        read.append(line)
        head = line_hash(text)
    ledger = indexed(read, head)
    _check_once(read, ledger, problems)
    return ledger


_RESTORE = "restore the file from version control: rgraph only ever appends to it"


def _place(line: int) -> Place:
    return Place(LEDGER_FILE, line=line, column=1)


def _read_line(line: bytes, place: Place, problems: Problems) -> Line | None:
    digests = line.startswith(b'{"digests"')
    try:
        if digests:
            return msgspec.json.decode(line, type=Digests)
        return msgspec.json.decode(line, type=Release)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what = "holds no digests" if digests else "is no release"
        problems.add(place, f"this line {what}: {error}", _RESTORE)
        return None


def _check(release: Release, before: Container[str], place: Place, problems: Problems) -> None:
    made = names.release_tag(release.tag)
    if isinstance(made, Bad):
        problems.add(place, made.what, made.help)
    if release.tag in before:
        problems.add(place, f"the release `{release.tag}` stands twice", _RESTORE)
    for id, entry in release.images.items():
        if isinstance(names.digest(entry.fingerprint), Bad):
            problems.add(place, f"`{id}` has no fingerprint in `{release.tag}`", _RESTORE)


def _check_digests(line: Digests, releases: Mapping[str, Release], place: Place, problems: Problems) -> None:
    release = releases.get(line.of)
    if release is None:
        problems.add(place, f"these digests are of `{line.of}`, and no line before is", _RESTORE)
    elif line.digests.keys() != release.images.keys():
        problems.add(place, f"these digests are not those of all images of `{line.of}`", _RESTORE)
    for id, digest in line.digests.items():
        if isinstance(names.digest(digest), Bad):
            problems.add(place, f"`{id}` has no digest in the line of `{line.of}`", _RESTORE)


def _check_once(lines: Sequence[Line], ledger: Ledger, problems: Problems) -> None:
    """The same content has one digest, and a release is promoted once."""
    releases = {release.tag: release for release in ledger.releases}
    told: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if isinstance(line, Release):
            continue
        if line.of in told:
            problems.add(_place(number), f"the digests of `{line.of}` stand twice", _RESTORE)
        told.add(line.of)
        for id, digest in line.digests.items():
            entry = releases[line.of].images.get(id) if line.of in releases else None
            if entry and ledger.digests[id, entry.fingerprint] != digest:
                what = f"`{id}` has another digest in the line of `{line.of}` than it had before"
                problems.add(_place(number), what, _RESTORE)


def indexed(lines: Sequence[Line], head: str) -> Ledger:
    """A ledger of lines; `head` is the hash of the last one."""
    releases: dict[str, Release] = {}
    first_tag: dict[tuple[str, str], ReleaseTag] = {}
    latest: dict[str, str] = {}
    holders: dict[str, tuple[str, str]] = {}
    digests: dict[tuple[str, str], Digest] = {}
    promoted: dict[str, Mapping[str, str]] = {}
    for line in lines:
        if isinstance(line, Digests):
            images = releases[line.of].images if line.of in releases else {}
            for id, digest in line.digests.items():
                if id in images:
                    digests.setdefault((id, images[id].fingerprint), Digest(digest))
            promoted[line.of] = line.digests
            continue
        releases[line.tag] = line
        for id, entry in line.images.items():
            first_tag.setdefault((id, entry.fingerprint), ReleaseTag(line.tag))
            latest[id] = entry.fingerprint
            holders.update(dict.fromkeys(entry.references, (id, entry.fingerprint)))
    cut = tuple(line for line in lines if isinstance(line, Release))
    return Ledger(cut, head, first_tag, latest, holders, tuple(lines), digests, promoted)


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

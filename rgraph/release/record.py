"""release.json: a release as a value. It says what was cut, not whether anything was built or pushed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from rgraph.errors import Place, Problems
from rgraph.ledger import LEDGER_FILE, Release
from rgraph.names import ReleaseTag, release_number

RECORD: Final = "release.json"
SCHEMA: Final = 1


class Part(Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """A component as a release holds it."""

    purl: str
    name: str
    version: str
    """Its version, or what pins it instead (`snapshot 2019-10-10`); empty if nothing does."""
    license: str
    """Its licence expression; empty if it was not known."""
    fixes: tuple[str, ...]
    """Advisories that the pin says it is there for."""


class RecordedEdge(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an image needs to be built, at the content that it had."""

    type: Literal["from", "copy"]
    to: str
    """Id of an image, or name of an External."""
    external: bool
    fingerprint: str = ""
    """Of an image."""
    reference: str = ""
    """Of an External, without digest."""
    digest: str = ""
    """Of an External; empty if none was known."""


class References(Struct, frozen=True, forbid_unknown_fields=True):
    """`repository:tag` that the release gives to an image."""

    fixed: tuple[str, ...]
    """With the release's tag in them: given once and for all."""
    floating: tuple[str, ...]
    """They move with each release."""


class RecordedImage(Struct, frozen=True, forbid_unknown_fields=True):
    """An image that the release builds or retags."""

    id: str
    kind: Literal["base", "r", "framework"]
    layer: str
    variant: str
    state: Literal["build", "retag"]
    wave: int
    """1-based, among the images of the whole catalogue: an image stands on those of lower waves."""
    tag: str
    """The release whose tag its content has: an earlier one for a retag."""
    fingerprint: str
    folder: str
    """Below `generated/`."""
    platforms: tuple[str, ...]
    repository: str
    """With the namespace, without the registry."""
    references: References
    source: str
    """Where the content is imported from: staging, for what was built; for a retag the registry, by a
    tag that was given once and for all, if it has one."""
    edges: tuple[RecordedEdge, ...]
    externals: tuple[str, ...]
    """All Externals that it stands on or takes from, also by way of its parents; sorted."""
    components: tuple[Part, ...]
    """What its own steps bring."""
    inherits: tuple[str, ...]
    """Images and Externals whose components it has too, nearest first. They are images of this release,
    or stand in `sources`."""
    tests: tuple[dict[str, object], ...]
    """As in its `tests.json`."""


class Source(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An External, or an image that the release leaves as it is, with what it hands on."""

    components: tuple[Part, ...]
    fingerprint: str = ""
    """Of an image."""
    reference: str = ""
    """Of an External, with its digest if one was known."""


class StandingImage(Struct, frozen=True, forbid_unknown_fields=True):
    """An image as the catalogue has it, changed by the release or not."""

    tag: str
    """The release whose tag its content has; that release's record describes it."""
    fingerprint: str


class RecordedCatalogue(Struct, frozen=True, forbid_unknown_fields=True):
    """The catalogue at the cut."""

    name: str
    registry: str
    namespace: str
    staging: str
    images: dict[str, StandingImage]
    """All images, by wave and id."""


class Record(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a release writes down."""

    schema: int = SCHEMA
    tag: str
    previous: str
    """The release before it in the ledger; empty for the first."""
    date: str
    """YYYY-MM-DD, of the tag."""
    build: str
    """Number of the build, or a reference to the variable that holds it."""
    catalogue: RecordedCatalogue
    images: tuple[RecordedImage, ...]
    """Those that the release builds or retags, by wave and id."""
    sources: dict[str, Source]
    """What else the images inherit components from or stand on, sorted."""
    checksum: str = ""
    """`sha256:` of the file as it would be without one: `"checksum": ""`."""


def date_of(tag: str) -> str:
    """The date of a release, YYYY-MM-DD."""
    day, _ = release_number(ReleaseTag(tag))
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def place_of(tag: str) -> Place:
    """The file that holds the record of a release."""
    return Place(f"generated/releases/{tag}/{RECORD}")


def sealed(record: Record) -> Record:
    """A record with its checksum."""
    plain = structs.replace(record, checksum="")
    return structs.replace(record, checksum=f"sha256:{hashlib.sha256(encode(plain)).hexdigest()}")


def encode(record: Record) -> bytes:
    """A record as canonical JSON: one form for one value, indented, with a line break at its end."""
    return pretty(record)


def pretty(value: object) -> bytes:
    """A value as JSON for files that people read too."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


_RESTORE: Final = "restore it from version control: a cut writes it once"
_RESTORE_LEDGER: Final = "restore the ledger from version control: rgraph only ever appends to it"


def read_record(data: bytes, release: Release, line: int, problems: Problems) -> Record | None:
    """The record of the release that a line (1-based) of the ledger holds.

    None if it is damaged or another release's, or if the ledger says otherwise: that is noted. A record
    with the right checksum is as the cut wrote it, so it is the ledger that was changed.
    """
    place = place_of(release.tag)
    record = _decoded(data, place, problems)
    if record is None:
        return None
    if encode(record) != data or sealed(record) != record:
        problems.add(place, "it was changed after the cut: its checksum is another one", _RESTORE)
        return None
    if record.tag != release.tag:
        problems.add(place, f"it is the record of `{record.tag}`", _RESTORE)
        return None
    names = {*(image.id for image in record.images), *record.sources}
    for image in record.images:
        known = image.id in record.catalogue.images
        if not known or not names.issuperset((*image.inherits, *image.externals)):
            problems.add(place, f"what it says of `{image.id}` is not complete", _RESTORE)
            return None
    wrong = list(_differences(record, release))
    for what in wrong:
        problems.add(Place(LEDGER_FILE, line=line, column=1), what, _RESTORE_LEDGER)
    return None if wrong else record


class _Head(Struct, frozen=True):
    schema: int


def _decoded(data: bytes, place: Place, problems: Problems) -> Record | None:
    try:
        found = msgspec.json.decode(data, type=_Head)
        if found.schema == SCHEMA:
            return msgspec.json.decode(data, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.add(place, f"this is no record of a release: {error}", _RESTORE)
        return None
    problems.add(place, f"schema {found.schema} is not known", "use a newer rgraph")
    return None


def _differences(record: Record, release: Release) -> Iterator[str]:
    """What the ledger says otherwise."""
    file = place_of(record.tag).file
    images = {image.id: image for image in record.images}
    for id in sorted(images.keys() ^ release.images.keys()):
        verb = "lacks" if id in images else "has"
        yield f"`{record.tag}` {verb} `{id}`, unlike {file}"
    for id, entry in release.images.items():
        image = images.get(id)
        if image is None:
            continue
        if image.fingerprint != entry.fingerprint:
            yield f"`{id}` has another fingerprint than in {file}"
        if {*image.references.fixed, *image.references.floating} != set(entry.references):
            yield f"`{id}` has other tags than in {file}"


def parts_of(record: Record) -> Mapping[str, tuple[Part, ...]]:
    """Image or External -> what it brings itself; of all that the images of a release hold."""
    own = {image.id: image.components for image in record.images}
    return {**{name: source.components for name, source in record.sources.items()}, **own}

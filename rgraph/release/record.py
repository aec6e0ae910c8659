"""release.json: a release as a value. It says what was cut: whether anything was built or pushed, it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from rgraph.errors import Place, Problems
from rgraph.ledger import Release
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


def date_of(tag: str) -> str:
    """The date of a release, YYYY-MM-DD."""
    day, _ = release_number(ReleaseTag(tag))
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def place_of(tag: str) -> Place:
    """The file that holds the record of a release."""
    return Place(f"generated/releases/{tag}/{RECORD}")


def encode(record: Record) -> bytes:
    """A record as canonical JSON: one form for one value, indented, with a line break at its end."""
    return pretty(record)


def pretty(value: object) -> bytes:
    """A value as JSON for files that people read too."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


_RESTORE: Final = "restore it from version control: a cut writes it once"


def read_record(data: bytes, release: Release, problems: Problems) -> Record | None:
    """The record of a release of the ledger; None if it is damaged, or is another release's."""
    place = place_of(release.tag)
    try:
        found = msgspec.json.decode(data, type=_Head)
        if found.schema == SCHEMA:
            record = msgspec.json.decode(data, type=Record)
            found_problems = list(_differences(record, release))
        else:
            problems.add(place, f"schema {found.schema} is not known", "use a newer rgraph")
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.add(place, f"this is no record of a release: {error}", _RESTORE)
        return None
    if encode(record) != data:
        found_problems.append("it is not written as rgraph writes it")
    for what in found_problems:
        problems.add(place, what, _RESTORE)
    return None if found_problems else record


class _Head(Struct, frozen=True):
    schema: int


def _differences(record: Record, release: Release) -> Iterator[str]:
    """What the ledger says otherwise."""
    if record.tag != release.tag:
        yield f"it is the record of `{record.tag}`"
        return
    images = {image.id: image for image in record.images}
    for id in sorted(images.keys() ^ release.images.keys()):
        where = "the ledger" if id in images else "it"
        yield f"`{id}` is in this release, and {where} does not say so"
    for id, entry in release.images.items():
        image = images.get(id)
        if image is None:
            continue
        if image.fingerprint != entry.fingerprint:
            yield f"`{id}` has another fingerprint than in the ledger"
        if {*image.references.fixed, *image.references.floating} != set(entry.references):
            yield f"`{id}` has other tags than in the ledger"
    names = {*images, *record.sources}
    for image in record.images:
        if image.id not in record.catalogue.images or not names.issuperset(
            (*image.inherits, *image.externals)
        ):
            yield f"what it says of `{image.id}` is not complete"


def parts_of(record: Record) -> Mapping[str, tuple[Part, ...]]:
    """Image or External -> what it brings itself; of all that the images of a release hold."""
    own = {image.id: image.components for image in record.images}
    return {**{name: source.components for name, source in record.sources.items()}, **own}

"""What all images of a catalogue hold at a release: of its record and of those that it builds upon, or of a
catalogue as it is now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct

from rgraph.ledger import Ledger, current_tag
from rgraph.release.record import Part, Record, parts_of
from rgraph.release.recording import Subject, externals_of, parts


class Stand(Struct, frozen=True):
    """Which content an image has."""

    tag: str
    """The release whose tag it has; empty if it was never released."""
    fingerprint: str


class Holding(Struct, frozen=True):
    """An image, and where what it holds comes from."""

    stand: Stand
    bringers: tuple[str, ...] = ()
    """Itself, then the images and Externals whose components it has too, nearest first."""
    externals: tuple[str, ...] = ()
    """All Externals that it stands on or takes from, sorted."""
    parents: tuple[str, ...] = ()
    """Images and Externals that it stands on or takes from itself."""


class State(Struct, frozen=True):
    """All images of a catalogue, and what they hold."""

    tag: str
    """The release; empty for a catalogue as it is now."""
    images: Mapping[str, Holding]
    """By wave and id."""
    parts: Mapping[str, tuple[Part, ...]]
    """Image or External -> what it brings itself."""
    references: Mapping[str, str]
    """External -> its reference, with its digest if one was known."""
    unknown: Mapping[str, str]
    """Image of which nothing is known but its fingerprint -> the release whose record is missing."""


NOTHING = State("", {}, {}, {}, {})
"""Before the first release."""


def needed_records(record: Record) -> tuple[str, ...]:
    """The releases whose records describe the images of a release, itself included, sorted."""
    return tuple(sorted({image.tag for image in record.catalogue.images.values()} | {record.tag}))


def state_of_release(record: Record, others: Mapping[str, Record]) -> State:
    """The state of a release. `others` are those of the needed records that there are.

    What a record says of an image holds as long as the image has that fingerprint, for the fingerprint
    covers all that it holds. So what two records say of one External or image here is the same.
    """
    records = {**others, record.tag: record}
    described = {tag: {image.id: image for image in each.images} for tag, each in records.items()}
    brought = {tag: parts_of(each) for tag, each in records.items()}
    images: dict[str, Holding] = {}
    found: dict[str, tuple[Part, ...]] = {}
    references: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for id, standing in record.catalogue.images.items():
        # A retag is described by its release, too.
        tag = record.tag if id in described[record.tag] else standing.tag
        image = described.get(tag, {}).get(id)
        stand = Stand(standing.tag, standing.fingerprint)
        if image is None or image.fingerprint != standing.fingerprint:
            images[id] = Holding(stand)
            unknown[id] = tag
            continue
        parents = tuple(edge.to for edge in image.edges)
        images[id] = Holding(stand, (id, *image.inherits), image.externals, parents)
        for name in (id, *image.inherits):
            found[name] = brought[tag][name]
        for name in image.externals:
            references[name] = records[tag].sources[name].reference
    return State(record.tag, images, found, references, unknown)


def state_of_ledger(ledger: Ledger, ids: Collection[str]) -> State:
    """All that a ledger alone knows of some images at its last release: nothing of what they hold."""
    images = {
        id: Holding(Stand(ledger.first_tag[id, print], print))
        for id, print in ledger.latest.items()
        if id in ids
    }
    last = ledger.releases[-1].tag
    return State(last, images, {}, {}, dict.fromkeys(images, last))


def state_of_catalogue(subject: Subject, ledger: Ledger, tag: str = "") -> State:
    """The state of a catalogue as it is now, or as a release that is being cut has it."""
    resolved, inventory = subject.resolved, subject.inventory
    images: dict[str, Holding] = {}
    names: dict[str, None] = {}
    externals: dict[str, None] = {}
    for id, image in resolved.images.items():
        print = subject.fingerprints[id]
        bringers = inventory.bringers(id)
        below = externals_of(resolved, id)
        parents = tuple(edge.to for edge in image.edges)
        images[id] = Holding(Stand(current_tag(ledger, id, print) or "", print), bringers, below, parents)
        names.update(dict.fromkeys(bringers))
        externals.update(dict.fromkeys(below))
    return State(
        tag,
        images,
        {name: parts(inventory, name) for name in names},
        {name: resolved.catalog.externals[name].reference for name in externals},
        {},
    )

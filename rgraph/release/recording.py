"""From a cut to its record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from rgraph.errors import UsageError
from rgraph.image import Edge
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger, current_tag
from rgraph.names import Bad, Fingerprint, ImageReference, reference
from rgraph.plan import PlannedImage
from rgraph.release.cut import Cut
from rgraph.release.import_cfg import staging_name
from rgraph.release.record import (
    Part,
    Record,
    RecordedCatalogue,
    RecordedEdge,
    RecordedImage,
    References,
    Source,
    StandingImage,
    date_of,
    sealed,
)
from rgraph.release.sources import Sources
from rgraph.resolve import Resolved

Tests = Sequence[dict[str, object]]


class Subject(Struct, frozen=True):
    """A resolved catalogue."""

    resolved: Resolved
    fingerprints: Mapping[str, Fingerprint]
    inventory: Inventory


def record_of(subject: Subject, before: Ledger, made: Cut, build: str, tests: Mapping[str, Tests]) -> Record:
    """The record of a release.

    `before` is the ledger without it, `build` the number of the build or a reference to it, `tests` all
    tests of each of its images. Raises UsageError if the number makes a tag too long.
    """
    settings = subject.resolved.catalog.settings
    held = Sources(before)
    images = tuple(_image(subject, held, planned, build, tests[planned.image.id]) for planned in made.images)
    catalogue = RecordedCatalogue(
        settings.name,
        settings.registry,
        settings.namespace,
        settings.staging,
        {
            id: StandingImage(current_tag(made.ledger, id, print) or "", print)
            for id, print in subject.fingerprints.items()
        },
    )
    record = Record(
        tag=made.release.tag,
        previous=before.releases[-1].tag if before.releases else "",
        date=date_of(made.release.tag),
        build=build,
        catalogue=catalogue,
        images=images,
        sources=_sources(subject, images),
    )
    return sealed(record)


def _image(subject: Subject, held: Sources, planned: PlannedImage, build: str, tests: Tests) -> RecordedImage:
    image = planned.image
    floating = {f"{image.repository}:{tag}" for tag in image.floating_tags}
    references = image.references(planned.release)
    return RecordedImage(
        id=image.id,
        kind=image.kind,
        layer=image.layer,
        variant=image.variant,
        state="retag" if planned.state == "retag" else "build",
        wave=subject.resolved.level[image.id],
        tag=planned.release,
        fingerprint=planned.fingerprint,
        folder=image.folder,
        platforms=image.state.platforms,
        repository=image.repository,
        references=References(
            tuple(each for each in references if each not in floating),
            tuple(each for each in references if each in floating),
        ),
        source=_source(subject, held, planned, build),
        edges=tuple(_edge(subject, edge) for edge in image.edges),
        externals=externals_of(subject.resolved, image.id),
        components=parts(subject.inventory, image.id),
        inherits=subject.inventory.bringers(image.id)[1:],
        tests=tuple(tests),
    )


def _source(subject: Subject, held: Sources, planned: PlannedImage, build: str) -> str:
    settings = subject.resolved.catalog.settings
    if found := held.of(planned):
        return f"{settings.registry}/{found}" if settings.registry else found
    made = staging_name(settings.staging, planned.image.id, build)
    if isinstance(made, Bad):
        raise UsageError(made.what, made.help)
    return made


def _edge(subject: Subject, edge: Edge) -> RecordedEdge:
    if not edge.external:
        return RecordedEdge(edge.type, edge.to, False, fingerprint=subject.fingerprints[edge.to])
    parts = reference(subject.resolved.catalog.externals[edge.to].reference)
    assert isinstance(parts, ImageReference), "the catalogue has checked it"
    plain = ImageReference(parts.name, parts.tag, "")
    return RecordedEdge(edge.type, edge.to, True, reference=plain.text(), digest=parts.digest)


def externals_of(resolved: Resolved, id: str) -> tuple[str, ...]:
    """All Externals that an image stands on or takes from, also by way of its parents; sorted."""
    seen, todo = {id}, [id]
    found: set[str] = set()
    while todo:
        for edge in resolved.images[todo.pop()].edges:
            if edge.external:
                found.add(edge.to)
            elif edge.to not in seen:
                seen.add(edge.to)
                todo.append(edge.to)
    return tuple(sorted(found))


def parts(inventory: Inventory, node: str) -> tuple[Part, ...]:
    """What an image's own steps bring, or what an External provides; sorted by name, then purl."""
    return tuple(
        Part(each.purl, each.name, each.version, each.license, each.component.fixes)
        for each in inventory.own(node)
    )


def _sources(subject: Subject, images: Sequence[RecordedImage]) -> dict[str, Source]:
    catalog = subject.resolved.catalog
    inside = {image.id for image in images}
    needed = {name for image in images for name in (*image.inherits, *image.externals)} - inside
    return {
        name: Source(parts(subject.inventory, name), reference=catalog.externals[name].reference)
        if ":" not in name
        else Source(parts(subject.inventory, name), fingerprint=subject.fingerprints[name])
        for name in sorted(needed)
    }

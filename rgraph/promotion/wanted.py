"""What a release wants at the registry: which content, under which references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from rgraph.ledger import Ledger, Release
from rgraph.names import Bad
from rgraph.release.import_cfg import staging_name
from rgraph.release.record import Record, RecordedImage


class Target(Struct, frozen=True):
    """A reference that the release gives to an image."""

    reference: str
    """With the registry."""
    floating: bool
    """Whether it moves with each release; else it is given once and for all."""

    @property
    def home(self) -> str:
        """Its registry and repository."""
        return self.reference.rpartition(":")[0]


class Parent(Struct, frozen=True):
    """An image of an earlier release that one of this release is made from."""

    id: str
    release: str
    """The release that gave this content its tag."""
    references: tuple[str, ...]
    """Where it is at the registry then, by tags that were given once and for all."""


class Wanted(Struct, frozen=True):
    """An image of a release."""

    id: str
    fingerprint: str
    wave: int
    staged: str
    """Where the build put it in staging."""
    held: str
    """Where an earlier release left the same content, for a retag; empty for what was built."""
    release: str
    """The release that gave this content its tag: an earlier one for a retag."""
    digest: str
    """What the ledger says; empty if the content was not promoted yet."""
    targets: tuple[Target, ...]
    parents: tuple[Parent, ...]
    """Those of other releases whose digests the ledger does not have."""
    parent: str
    """The image that it is built upon; empty if that is an External."""

    @property
    def fixed(self) -> tuple[Target, ...]:
        """Targets that are given once and for all."""
        return tuple(each for each in self.targets if not each.floating)

    @property
    def homes(self) -> tuple[str, ...]:
        """The repositories of its targets."""
        return tuple(dict.fromkeys(each.home for each in self.targets))


def wanted(record: Record, ledger: Ledger, number: str) -> tuple[Wanted, ...] | Bad:
    """The images of a release, by wave and id; `number` is that of the build.

    A floating reference is left out if a later release has it that was promoted already: it moved on.
    """
    taken = later(ledger, record.tag)
    found = []
    for image in record.images:
        staged = staging_name(record.catalogue.staging, image.id, number)
        if isinstance(staged, Bad):
            return staged
        found.append(
            Wanted(
                image.id,
                image.fingerprint,
                image.wave,
                staged,
                _held(record, image),
                image.tag,
                ledger.digests.get((image.id, image.fingerprint), ""),
                tuple(
                    Target(named(record, each), floating)
                    for floating, references in (
                        (False, image.references.fixed),
                        (True, image.references.floating),
                    )
                    for each in references
                    if not (floating and each in taken)
                ),
                tuple(_parents(record, image, ledger)),
                next((each.to for each in image.edges if each.type == "from" and not each.external), ""),
            )
        )
    return tuple(found)


def later(ledger: Ledger, tag: str) -> frozenset[str]:
    """The references of all releases after one that were promoted."""
    tags = [release.tag for release in ledger.releases]
    after = ledger.releases[tags.index(tag) + 1 :]
    return frozenset(
        reference
        for release in after
        if release.tag in ledger.promoted
        for entry in release.images.values()
        for reference in entry.references
    )


def named(record: Record, reference: str) -> str:
    """A reference of the ledger, with the registry."""
    registry = record.catalogue.registry
    return f"{registry}/{reference}" if registry else reference


def _held(record: Record, image: RecordedImage) -> str:
    return image.source if image.source in {named(record, each) for each in image.references.fixed} else ""


def _parents(record: Record, image: RecordedImage, ledger: Ledger) -> Iterable[Parent]:
    here = {(each.id, each.fingerprint) for each in record.images}
    releases: Mapping[str, Release] = {release.tag: release for release in ledger.releases}
    for edge in image.edges:
        content = (edge.to, edge.fingerprint)
        if edge.external or content in here or content in ledger.digests:
            continue
        tag = ledger.first_tag.get(content, "")
        entry = releases[tag].images[edge.to] if tag else None
        fixed = [each for each in entry.references if tag in each.rpartition(":")[2]] if entry else []
        yield Parent(edge.to, tag, tuple(named(record, each) for each in fixed))

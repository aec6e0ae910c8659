"""Cutting a release: one line for the ledger, with all images that changed."""

from __future__ import annotations

from msgspec import Struct

from rgraph.errors import UsageError
from rgraph.ledger import Entry, Ledger, Release, encode, indexed, line_hash
from rgraph.names import ReleaseTag
from rgraph.plan import Plan, PlannedImage


class Cut(Struct, frozen=True):
    """A release that was cut."""

    release: Release
    line: bytes
    """The ledger's new line, without line break."""
    ledger: Ledger
    """The ledger with it."""
    images: tuple[PlannedImage, ...]
    """The images that it built or retagged."""


def cut(plan: Plan, ledger: Ledger, tag: ReleaseTag) -> Cut | None:
    """The release of a plan of the whole catalogue; None if everything is reused.

    Raises UsageError if the tag is in the ledger, or if a release's tag would be given to other
    content than it has.
    """
    changed = tuple(planned for planned in plan.images if planned.state != "reuse")
    if not changed:
        return None
    if any(release.tag == tag for release in ledger.releases):
        raise UsageError(
            f"the release {tag} exists, and {len(changed)} images have other content now",
            "a tag is never given to other content: leave out --tag and --num for the next free one",
        )
    images: dict[str, Entry] = {planned.image.id: _entry(planned, ledger) for planned in changed}
    release = Release(tag, ledger.head, images)
    line = encode(release)
    return Cut(release, line, indexed([*ledger.lines, release], line_hash(line)), changed)


def _entry(planned: PlannedImage, ledger: Ledger) -> Entry:
    references = planned.image.references(planned.release)
    mine = (planned.image.id, planned.fingerprint)
    floating = {f"{planned.image.repository}:{each}" for each in planned.image.floating_tags}
    for reference in references:
        holder = ledger.holders.get(reference, mine)
        if reference not in floating and holder != mine:
            raise UsageError(
                f"`{reference}` was released with other content, as {holder[0]}",
                "a release's tag is never given to other content: let the tags differ",
            )
    return Entry(planned.fingerprint, references)

"""The plan: what to build, reuse or retag, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from rgraph.image import RELEASE, Image
from rgraph.ledger import Ledger, current_tag
from rgraph.names import Fingerprint, ReleaseTag
from rgraph.resolve import Resolved

State = Literal["build", "reuse", "retag"]


class Reason(Struct, frozen=True, omit_defaults=True):
    """Why an image is to be built."""

    kind: Literal["new", "changed", "parent"]
    of: str = ""
    """The parent, for `parent`."""


class PlannedImage(Struct, frozen=True):
    """One image of a plan."""

    image: Image
    wave: int
    """1-based, among the images of the plan."""
    state: State
    reasons: tuple[Reason, ...]
    release: ReleaseTag
    """The release whose tag the image has, or would get by a cut."""
    fingerprint: Fingerprint

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, with the release's."""
        return tuple(tag.replace(RELEASE, self.release) for tag in self.image.tags)


class Plan(Struct, frozen=True):
    """Images in order: wave, then id."""

    images: tuple[PlannedImage, ...]

    @property
    def waves(self) -> tuple[tuple[str, ...], ...]:
        """Ids by wave."""
        found: dict[int, list[str]] = {}
        for planned in self.images:
            found.setdefault(planned.wave, []).append(planned.image.id)
        return tuple(tuple(wave) for wave in found.values())


def make_plan(
    resolved: Resolved,
    fingerprints: Mapping[str, Fingerprint],
    ledger: Ledger,
    release: ReleaseTag,
    selected: Iterable[str] | None = None,
) -> Plan:
    """The plan of the selected images (all, if none are given), `release` being what a cut would give."""
    chosen = resolved.images.keys() if selected is None else set(selected)
    levels = sorted({resolved.level[id] for id in chosen})
    wave = {level: number for number, level in enumerate(levels, start=1)}
    states = {id: state_of(image, fingerprints[id], ledger) for id, image in resolved.images.items()}
    return Plan(
        tuple(
            PlannedImage(
                image,
                wave[resolved.level[id]],
                states[id],
                _reasons(image, states, ledger) if states[id] == "build" else (),
                current_tag(ledger, id, fingerprints[id]) or release,
                fingerprints[id],
            )
            for id, image in resolved.images.items()
            if id in chosen
        )
    )


def state_of(image: Image, fingerprint: Fingerprint, ledger: Ledger) -> State:
    """Whether the ledger holds this content, under all the references that it should have."""
    tag = current_tag(ledger, image.id, fingerprint)
    if tag is None:
        return "build"
    held = ledger.holders
    mine = (image.id, fingerprint)
    return "reuse" if all(held.get(each) == mine for each in image.references(tag)) else "retag"


def _reasons(image: Image, states: Mapping[str, State], ledger: Ledger) -> tuple[Reason, ...]:
    parents = tuple(
        Reason("parent", edge.to) for edge in image.edges if not edge.external and states[edge.to] == "build"
    )
    if image.id not in ledger.latest:
        return (Reason("new"), *parents)
    return parents or (Reason("changed"),)

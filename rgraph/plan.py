"""The plan: what to build, reuse or retag, in which order, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Literal

from msgspec import Struct

from rgraph.image import RELEASE, Image
from rgraph.ledger import Ledger, current_tag
from rgraph.names import Fingerprint, ReleaseTag
from rgraph.resolve import Resolved

State = Literal["build", "reuse", "retag"]


class Reason(Struct, frozen=True, omit_defaults=True):
    """Why an image is to be built."""

    kind: Literal["new", "changed", "parent", "asked"]
    """`asked`: nothing changed, and all was asked for in that case."""
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
    lacking: tuple[str, ...] = ()
    """Images that are to be built first, as those of the plan are made from them, and are not in it."""

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
    states = {id: state_of(image, fingerprints[id], ledger) for id, image in resolved.images.items()}

    def reasons(image: Image) -> tuple[Reason, ...]:
        return _reasons(image, states, ledger.latest) if states[image.id] == "build" else ()

    chosen = resolved.images.keys() if selected is None else set(selected)
    return _planned(resolved, fingerprints, ledger, release, chosen, states, reasons)


def make_plan_since(
    resolved: Resolved,
    fingerprints: Mapping[str, Fingerprint],
    ledger: Ledger,
    release: ReleaseTag,
    selected: Iterable[str] | None,
    earlier: Mapping[str, Fingerprint],
    all_if_unchanged: bool = False,
) -> Plan:
    """The plan of those selected images that changed since they had the fingerprints `earlier`.

    All of them are to build. If none of them changed, the plan is empty, or has all of them if that is
    asked for.
    """
    modified = modified_since(fingerprints, earlier)
    wanted = resolved.images.keys() if selected is None else set(selected)
    chosen = wanted & modified
    states: dict[str, State] = {id: "build" if id in modified else "reuse" for id in resolved.images}
    if chosen or not all_if_unchanged:
        return _planned(
            resolved,
            fingerprints,
            ledger,
            release,
            chosen,
            states,
            lambda image: _reasons(image, states, earlier),
        )
    asked: dict[str, State] = dict.fromkeys(wanted, "build")
    return _planned(resolved, fingerprints, ledger, release, wanted, asked, lambda _: (Reason("asked"),))


def modified_since(fingerprints: Mapping[str, Fingerprint], earlier: Mapping[str, Fingerprint]) -> set[str]:
    """Ids of the images that are new or have another fingerprint: everything above a changed image too."""
    return {id for id, fingerprint in fingerprints.items() if earlier.get(id) != fingerprint}


def _planned(
    resolved: Resolved,
    fingerprints: Mapping[str, Fingerprint],
    ledger: Ledger,
    release: ReleaseTag,
    chosen: Collection[str],
    states: Mapping[str, State],
    reasons: Callable[[Image], tuple[Reason, ...]],
) -> Plan:
    levels = sorted({resolved.level[id] for id in chosen})
    wave = {level: number for number, level in enumerate(levels, start=1)}
    needed = {
        edge.to
        for id in chosen
        if states[id] == "build"
        for edge in resolved.images[id].edges
        if not edge.external and edge.to not in chosen and states.get(edge.to) == "build"
    }
    return Plan(
        tuple(
            PlannedImage(
                image,
                wave[resolved.level[id]],
                states[id],
                reasons(image),
                current_tag(ledger, id, fingerprints[id]) or release,
                fingerprints[id],
            )
            for id, image in resolved.images.items()
            if id in chosen
        ),
        tuple(id for id in resolved.images if id in needed),
    )


def state_of(image: Image, fingerprint: Fingerprint, ledger: Ledger) -> State:
    """Whether the ledger holds this content, under all the references that it should have."""
    tag = current_tag(ledger, image.id, fingerprint)
    if tag is None:
        return "build"
    held = ledger.holders
    mine = (image.id, fingerprint)
    return "reuse" if all(held.get(each) == mine for each in image.references(tag)) else "retag"


def _reasons(image: Image, states: Mapping[str, State], before: Collection[str]) -> tuple[Reason, ...]:
    """Why an image is to be built; `before` are the ids of the images that there were."""
    parents = tuple(
        Reason("parent", edge.to) for edge in image.edges if not edge.external and states[edge.to] == "build"
    )
    if image.id not in before:
        return (Reason("new"), *parents)
    return parents or (Reason("changed"),)

"""Rules of ends of life: of Externals, components and layers, for all images above them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Brought, Subject, plain_purl
from rgraph.errors import Place
from rgraph.image import Edge, Image

ENDED = Rule("RG501", "end-of-life", "error", "Something that images hold or stand on gets no more fixes.")
ENDING = Rule(
    "RG502",
    "end-of-life-near",
    "warning",
    "Something that images hold or stand on gets no more fixes from a day on that is near.",
)
OPEN = Rule(
    "RG503", "end-of-life-unknown", "note", "Nothing says how long an External that is used gets fixes."
)
DEPRECATED = Rule("RG504", "deprecated-layer", "warning", "Images stand upon a layer that is going away.")
RULES: tuple[Rule, ...] = (ENDED, ENDING, OPEN, DEPRECATED)


class End(Struct, frozen=True):
    """One declared end of life."""

    place: Place
    """The date in the manifest."""
    day: date
    """The last day with fixes."""
    what: str
    """What ends."""
    subject: str
    images: tuple[str, ...]
    related: tuple[tuple[Place, str], ...] = ()


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    layers = _layers(subject)
    notice = int(subject.catalog.settings.policy.end_of_life_notice)
    for end in (*_of_externals(subject), *_of_components(subject), *_of_layers(subject, layers)):
        left = (end.day - subject.today).days
        if left < 0:
            days = "since yesterday" if left == -1 else f"for {-left} days"
            what = f"{end.what} has had no fixes {days}: its last day was {end.day}"
            help = "move to what still gets fixes, or waive it for a while"
            yield Finding(ENDED, end.place, what, end.subject, help, end.images, related=end.related)
        elif left <= notice:
            days = "today is the last day" if left == 0 else f"{left} day{'s' * (left > 1)} left"
            what = f"{end.what} gets fixes until {end.day}: {days}"
            help = "plan the move to what gets fixes for longer"
            yield Finding(ENDING, end.place, what, end.subject, help, end.images, related=end.related)
    yield from _unknown(subject)
    yield from _deprecated(subject)


def _of_externals(subject: Subject) -> Iterator[End]:
    for name, external in subject.catalog.externals.items():
        images = subject.above(name) if external.manifest.end_of_life else ()
        if images:
            day = date.fromisoformat(external.manifest.end_of_life)
            yield End(external.place.at("end_of_life"), day, f"`{name}`", name, images)


def _of_components(subject: Subject) -> Iterator[End]:
    """One for each fact that names an end, with all declarations that it is about."""
    found: dict[Place, list[Brought]] = {}
    for brought in subject.components:
        fact = brought.declared.known
        if fact and fact.manifest.end_of_life:
            found.setdefault(fact.place, []).append(brought)
    for every in found.values():
        nodes = tuple(dict.fromkeys(node for each in every for node in each.bringers))
        images = subject.holding(nodes)
        declared = every[0].declared
        fact = declared.known
        if images and fact:
            versions = dict.fromkeys(each.declared.version for each in every if each.declared.version)
            places = dict.fromkeys(each.declared.place for each in every)
            related = tuple((place, "declared here") for place in places)
            yield End(
                fact.place.at("end_of_life"),
                date.fromisoformat(fact.manifest.end_of_life),
                " ".join((f"`{declared.name}`", ", ".join(versions))).strip(),
                plain_purl(declared.purl),
                images,
                related,
            )


def _of_layers(subject: Subject, layers: dict[str, list[str]]) -> Iterator[End]:
    for name, ids in layers.items():
        layer = subject.catalog.layers[name]
        lifecycle = layer.manifest.lifecycle
        if lifecycle and lifecycle.end_of_life:
            images = subject.in_order(each for id in ids for each in subject.above(id))
            place = layer.place.at("lifecycle", "end_of_life")
            yield End(place, date.fromisoformat(lifecycle.end_of_life), f"the layer `{name}`", name, images)


def _unknown(subject: Subject) -> Iterator[Finding]:
    for name, external in subject.catalog.externals.items():
        images = () if external.manifest.end_of_life else subject.above(name)
        if images:
            what = f"nothing says until when `{name}` gets fixes"
            help = "add `end_of_life: YYYY-MM-DD`, the last day that its makers name"
            yield Finding(OPEN, external.place, what, name, help, images)


def _deprecated(subject: Subject) -> Iterator[Finding]:
    """One for each place that names an image of a deprecated layer, with all images above it."""
    deprecated = {
        name: layer
        for name, layer in subject.catalog.layers.items()
        if layer.manifest.lifecycle and layer.manifest.lifecycle.deprecated
    }
    if not deprecated:
        return
    found: dict[tuple[str, Place], list[str]] = {}
    for id, image in subject.images.items():
        for edge in image.edges:
            below = "" if edge.external else subject.images[edge.to].layer
            if below in deprecated and below != image.layer:
                found.setdefault((below, _named_at(image, edge)), []).append(id)
    for (below, place), ids in found.items():
        layer = deprecated[below]
        lifecycle = layer.manifest.lifecycle
        instead = lifecycle.deprecated if lifecycle else ""
        upper = subject.images[ids[0]].layer
        what = f"`{upper}` stands upon `{below}`, which is going away"
        related = ((layer.place.at("lifecycle", "deprecated"), "said here"),)
        images = subject.in_order(each for id in ids for each in subject.above(id))
        help = f"its manifest says what to use instead: {instead}"
        yield Finding(DEPRECATED, place, what, upper, help, images, (below,), related)


def _named_at(image: Image, edge: Edge) -> Place:
    """Where an image names another that it needs."""
    if edge.type == "from":
        return image.place.at("from")
    stages = (rendered for stage in image.stages for rendered in stage.steps)
    for rendered in (*stages, *image.public, *image.private):
        for step in rendered.source.members or (rendered.source,):
            if edge.to in step.sources:
                return step.place.at("take", "from")
    return image.place.at("stages")


def _layers(subject: Subject) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id, image in subject.images.items():
        found.setdefault(image.layer, []).append(id)
    return found

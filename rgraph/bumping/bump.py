"""What a bump would edit, and whether the catalogue after it is the one that was wanted."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from rgraph.bumping.compare import Judge, compare
from rgraph.bumping.external import find_external, judge_retagged, retag
from rgraph.bumping.interface import Ask, Edit, Left, Refusal, Spot
from rgraph.bumping.leftover import Seen, mentions, unused
from rgraph.bumping.meant import split
from rgraph.bumping.part import part_of, reached_by, resolve_part
from rgraph.bumping.spliced import Splicer
from rgraph.bumping.target import Target, check_version, find_target, unknown
from rgraph.bumping.trace import Trace, Tracer, leading
from rgraph.bumping.written import grouped
from rgraph.catalog import Catalog, Layer, Recipe
from rgraph.errors import ManifestError, Place, Problems, UsageError
from rgraph.graph import closure, reverse
from rgraph.image import Image
from rgraph.inventory import Inventory
from rgraph.manifest.document import convert
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.names import Bad, sha256
from rgraph.resolve import Resolved, resolve


class Wish(Struct, frozen=True):
    """What somebody asks for."""

    component: str
    """`NAME`, `NAME@OLD`, or a purl with or without version."""
    version: str
    """The version to come."""
    sha256: str = ""
    """Checksum of its file, where one is written beside the old version."""
    commit: str = ""
    """Commit of its tag, likewise."""
    rename: bool = False
    """Whether ids of images may change with it."""
    downgrade: bool = False
    """Whether it may be older than what it replaces."""


class Planned(Struct, frozen=True, eq=False):
    """The edits of a bump, before any is made."""

    what: str
    """The component's purl without version, or the name of an External."""
    ask: Ask
    edits: tuple[Edit, ...]
    """By file and place."""
    direct: tuple[str, ...]
    """Images whose own steps have the component in another version than the new one, in order."""
    above: tuple[str, ...]
    """Images that need those, in order."""
    refusals: tuple[Refusal, ...]
    left: tuple[Left, ...]
    rename: bool = False
    external: str = ""
    """The External whose tag changes; empty for a component."""
    remarks: tuple[str, ...] = ()
    """What to look at, sentences without full stop."""


def plan(resolved: Resolved, inventory: Inventory, wish: Wish, ids: Sequence[str] | None) -> Planned:
    """The edits that give some images (None: all) another version of a component, or another tag of an
    External, or why there can be none.

    Raises UsageError if the wish names no one component, or no version of its ecosystem.
    """
    target = find_target(resolved, inventory, wish.component, wish.version, ids)
    if target is None:
        external = find_external(resolved.catalog, *split(wish.component))
        if not external:
            raise unknown(resolved, wish.component)
        return _retagged(resolved, external, wish, ids)
    check_version(target, wish.version)
    locked = frozenset(resolved.catalog.lock.downloads)
    given = _checksum(wish.sha256), _commit(wish.commit)
    ask = Ask(target.key, wish.version, target.only, *given, locked, wish.downgrade)
    pins = [pin for pin in target.pins if ask.old(pin.component.version)]
    tracer = Tracer(resolved.catalog, ((pin.place.file, pin.place.path) for pin in pins), ask)
    places = {pin.image: pin.place for pin in pins}
    chosen = places.keys() if ids is None else places.keys() & frozenset(ids)
    traces = {id: tracer.trace(resolved.images[id]) for id in dict.fromkeys(pin.image for pin in pins)}
    found = _gathered({id: trace for id, trace in traces.items() if id in chosen}, places)
    found.refusals += _shared(traces, chosen, found.edits)
    direct = tuple(id for id in traces if id in chosen)
    found.refusals += _checked(ask, [traces[id] for id in direct], found.edits)
    olds = dict.fromkeys(pin.component.version for pin in pins if pin.image in chosen)
    found.left += _left_over(resolved, ask, target, found.edits, (direct, olds, ids is None))
    return Planned(
        target.purl,
        ask,
        tuple(sorted(found.edits, key=_position)),
        direct,
        _above(resolved, direct),
        (*target.refusals, *found.refusals),
        (*target.left, *found.left),
        wish.rename,
        remarks=tuple(_remarks(ask, olds)),
    )


def _left_over(
    resolved: Resolved,
    ask: Ask,
    target: Target,
    edits: Mapping[Edit, None],
    of: tuple[Sequence[str], Collection[str], bool],
) -> list[Left]:
    """What names the old version and stays. `of` are the images that change, the versions that go, and
    whether all images were meant.
    """
    direct, olds, all_images = of
    by_spot = grouped(list(edits))
    hits = frozenset((pin.place.file, pin.place.path) for pin in target.pins)
    layers: dict[str, list[str]] = {}
    for id in direct:
        layers.setdefault(resolved.images[id].layer, []).append(id)
    return [
        *unused(resolved.catalog, ask, olds, Seen(hits, by_spot, all_images)),
        *mentions(resolved.catalog, ask, olds, by_spot, layers),
    ]


def _remarks(ask: Ask, olds: Collection[str]) -> Iterator[str]:
    """What to look at before such a bump is believed to be an upgrade."""
    for old in olds:
        if not ask.downgrade and old.startswith(ask.new) and not ask.is_downgrade(old):
            yield (
                f"`{ask.new}` is what `{old}` begins with: by the order of {ask.key[0]} it is not older, "
                "but is it the newer one?"
            )


def _retagged(resolved: Resolved, name: str, wish: Wish, ids: Sequence[str] | None) -> Planned:
    if wish.sha256 or wish.commit:
        raise UsageError(f"`{name}` is an External, which has neither checksum nor commit")
    ask = Ask(("oci", "", name), wish.version, downgrade=wish.downgrade)
    found = retag(resolved, name, ask, ids)
    return Planned(
        name,
        ask,
        tuple(found.edits),
        found.direct,
        _above(resolved, found.direct),
        tuple(found.refusals),
        tuple(found.left),
        external=name,
    )


def _above(resolved: Resolved, direct: Sequence[str]) -> tuple[str, ...]:
    users = reverse({id: [edge.to for edge in image.edges] for id, image in resolved.images.items()})
    reached = closure(direct, users) - set(direct)
    return tuple(id for id in resolved.images if id in reached)


class _Gathered(Struct):
    """What the traces of images say together."""

    edits: dict[Edit, None]
    refusals: list[Refusal]
    left: list[Left]


def _gathered(traces: Mapping[str, Trace], places: Mapping[str, Place]) -> _Gathered:
    edits: dict[Edit, None] = {}
    refusals: dict[Refusal, list[str]] = {}
    left: dict[tuple[Place, str], list[str]] = {}
    for id, trace in traces.items():
        edits.update(dict.fromkeys(trace.edits))
        for refusal in trace.refusals or _untraced(trace, places[id]):
            refusals.setdefault(refusal, []).append(id)
        for key in trace.left:
            left.setdefault(key, []).append(id)
    return _Gathered(
        edits,
        [structs.replace(each, images=tuple(images)) for each, images in refusals.items()],
        [Left(place, why, tuple(images)) for (place, why), images in left.items()],
    )


def _checksum(text: str) -> str:
    made = sha256(text) if text else ""
    if isinstance(made, Bad):
        raise UsageError(made.what, made.help)
    return made


def _commit(text: str) -> str:
    if text and not re.fullmatch("[0-9a-f]{40}", text):
        raise UsageError(f"`{text}` is no commit", "40 hex digits")
    return text


def _checked(ask: Ask, traces: Sequence[Trace], edits: Mapping[Edit, None]) -> list[Refusal]:
    """A checksum that was said is of one file; and it must have a place."""
    if not edits or not (ask.sha256 or ask.commit):
        return []
    checked = {subject: place for trace in traces for subject, place in trace.checked}
    word = "checksum" if ask.sha256 else "commit"
    if len(checked) > 1:
        first, second, *_ = sorted(checked)
        what = f"one {word} cannot be that of `{first}` and of `{second}`"
        return [Refusal(checked[second], what, "change one after the other: `NAME@OLD`, or selectors")]
    if not checked:
        place = next(iter(edits)).place
        return [Refusal(place, f"there is no {word} to replace", f"leave the {word} out, or write one first")]
    return []


def _untraced(trace: Trace, place: Place) -> tuple[Refusal, ...]:
    """A pin that no scalar was found for."""
    if trace.edits:
        return ()
    return (Refusal(place, "where its version is written was not found", "edit it yourself"),)


def _shared(
    traces: Mapping[str, Trace], chosen: Collection[str], edits: Mapping[Edit, None]
) -> list[Refusal]:
    """Edits that would change images which are not selected."""
    sharing: dict[Spot, dict[str, None]] = {}
    for id, trace in traces.items():
        for edit in trace.edits if id not in chosen else ():
            if edit in edits:
                sharing.setdefault(edit.spot, {})[id] = None
    return [
        Refusal(
            Place(*spot),
            "the value is shared with images that are not selected",
            "select them too, or give the selected ones a value of their own",
            tuple(ids),
        )
        for spot, ids in sharing.items()
    ]


def _position(edit: Edit) -> tuple[Any, ...]:
    path = tuple((0, item, "") if isinstance(item, int) else (1, 0, item) for item in edit.path)
    return edit.file, path, edit.start


class Judged(Struct, frozen=True):
    """What a look at some layers after a bump found."""

    wrong: tuple[Refusal, ...] = ()
    """What is wrong with the catalogue itself."""
    refusals: tuple[Refusal, ...] = ()
    """What is right, but not what was wanted."""


def reached(before: Resolved, planned: Planned) -> tuple[str, ...] | None:
    """The layers that must be judged; None for all of them at once."""
    # New names can clash with any other: then everything is resolved again.
    return (
        None
        if planned.rename or planned.external
        else reached_by(before.catalog, {each.file for each in planned.edits})
    )


def judge(
    before: Resolved, documents: Mapping[str, Any], planned: Planned, layers: Sequence[str] | None
) -> Judged:
    """Why a bump must not be made, seen from some layers after it (None: all); nothing if all is as wanted.

    `documents` are the edited ones: file -> plain data.
    """
    problems = Problems()
    if planned.external:
        return Judged(judge_retagged(before.catalog, documents, planned.external, planned.ask.new))
    if layers is None:
        after = resolve(_patched(before.catalog, documents, problems), problems)
        names = frozenset(before.catalog.layers)
    else:
        names = frozenset(_unspliced(before, documents, planned, layers))
        part = _patched(part_of(before.catalog, names), documents, problems)
        after = resolve_part(before, part, problems)
    if len(problems):
        ordered = ManifestError(problems).problems
        return Judged(tuple(Refusal(each.place, f"then {each.what}", each.help) for each in ordered))
    direct = frozenset(planned.direct)
    return Judged((), compare(before, after, names, planned.ask, direct, rename=planned.rename))


def _unspliced(
    before: Resolved, documents: Mapping[str, Any], planned: Planned, layers: Sequence[str]
) -> Iterator[str]:
    """The layers of which a look at the changed steps alone does not show that all is as wanted."""
    problems = Problems()
    part = _patched(part_of(before.catalog, layers), documents, problems)
    if len(problems):
        yield from layers
        return
    images: dict[str, list[Image]] = {name: [] for name in layers}
    for image in before.images.values():
        if image.layer in images:
            images[image.layer].append(image)
    judge = Judge(before.catalog, planned.ask)
    splicer = Splicer(before.catalog, part, judge, leading(before.catalog, documents.keys()))
    direct = frozenset(planned.direct)
    for name in layers:
        if not splicer.is_as_wanted(before.catalog.layers[name], part.layers[name], images[name], direct):
            yield name


def _patched(catalog: Catalog, documents: Mapping[str, Any], problems: Problems) -> Catalog:
    """A catalogue with some of its documents replaced: layers and recipes, as a bump edits no others."""
    layers, recipes = dict(catalog.layers), dict(catalog.recipes)
    for place in [*(each.place for each in (*layers.values(), *recipes.values()))]:
        if place.file in documents:
            manifest = convert(place.file, documents[place.file], problems)
            if isinstance(manifest, LayerManifest):
                layers[manifest.name] = Layer(place, manifest)
            elif isinstance(manifest, RecipeManifest):
                recipes[manifest.name] = Recipe(place, manifest)
    return structs.replace(catalog, layers=layers, recipes=recipes)

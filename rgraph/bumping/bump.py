"""What a bump would edit, and whether the catalogue after it is the one that was wanted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from rgraph.bumping.compare import compare
from rgraph.bumping.interface import Ask, Edit, Left, Refusal, Spot
from rgraph.bumping.part import part_of
from rgraph.bumping.target import Target, check_version, find_target
from rgraph.bumping.trace import Trace, Tracer
from rgraph.catalog import Catalog, Layer, Recipe
from rgraph.errors import ManifestError, Place, Problems, UsageError
from rgraph.graph import closure, reverse
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


class Planned(Struct, frozen=True, eq=False):
    """The edits of a bump, before any is made."""

    target: Target
    ask: Ask
    edits: tuple[Edit, ...]
    """By file and place."""
    direct: tuple[str, ...]
    """Images whose own steps have the component in another version than the new one, in order."""
    above: tuple[str, ...]
    """Images that need those, in order."""
    refusals: tuple[Refusal, ...]
    left: tuple[Left, ...]
    rename: bool


def plan(resolved: Resolved, inventory: Inventory, wish: Wish, ids: Sequence[str] | None) -> Planned:
    """The edits that give some images (None: all) another version of a component, or why there can be none.

    Raises UsageError if the wish names no one component, or no version of its ecosystem.
    """
    target = find_target(resolved, inventory, wish.component, ids)
    check_version(target, wish.version)
    locked = frozenset(resolved.catalog.lock.downloads)
    ask = Ask(target.key, wish.version, target.only, _checksum(wish.sha256), _commit(wish.commit), locked)
    pins = [pin for pin in target.pins if ask.old(pin.component.version)]
    tracer = Tracer(resolved.catalog, ((pin.place.file, pin.place.path) for pin in pins), ask)
    having = dict.fromkeys(pin.image for pin in pins)
    chosen = having.keys() if ids is None else having.keys() & frozenset(ids)
    places = {pin.image: pin.place for pin in pins}
    traces = {id: tracer.trace(resolved.images[id]) for id in having}
    edits: dict[Edit, None] = {}
    refusals: dict[Refusal, list[str]] = {}
    unlocked: dict[Place, list[str]] = {}
    for id, trace in traces.items():
        if id in chosen:
            edits.update(dict.fromkeys(trace.edits))
            for refusal in trace.refusals or _untraced(trace, places[id]):
                refusals.setdefault(refusal, []).append(id)
            for place in trace.unlocked:
                unlocked.setdefault(place, []).append(id)
    found = [structs.replace(each, images=tuple(images)) for each, images in refusals.items()]
    found += _shared(traces, chosen, edits)
    direct = tuple(id for id in having if id in chosen)
    found += _checked(ask, [traces[id] for id in direct], edits)
    why = "its checksum is in the lock, which has none of the new address: run `rgraph lock`"
    users = reverse({id: [edge.to for edge in image.edges] for id, image in resolved.images.items()})
    reached = closure(direct, users) - set(direct)
    return Planned(
        target,
        ask,
        tuple(sorted(edits, key=_position)),
        direct,
        tuple(id for id in resolved.images if id in reached),
        tuple(found),
        (*target.left, *(Left(place, why, tuple(images)) for place, images in unlocked.items())),
        wish.rename,
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


def judge(before: Resolved, documents: Mapping[str, Any], planned: Planned) -> tuple[Refusal, ...]:
    """Why a bump must not be made, seen from the catalogue after it; nothing if all is as wanted.

    `documents` are the edited ones: file -> plain data.
    """
    problems = Problems()
    # New names can clash with any other: then everything is resolved again.
    part = None if planned.rename else part_of(before, documents)
    catalog, reached = part or (before.catalog, frozenset(before.catalog.layers))
    after = resolve(_patched(catalog, documents, problems), problems)
    if len(problems):
        ordered = ManifestError(problems).problems
        return tuple(Refusal(each.place, f"then {each.what}", each.help) for each in ordered)
    return compare(before, after, reached, planned.ask, frozenset(planned.direct), rename=planned.rename)


def _patched(catalog: Catalog, documents: Mapping[str, Any], problems: Problems) -> Catalog:
    """The catalogue with some documents replaced: layers and recipes, as a bump edits no others."""
    layers, recipes = dict(catalog.layers), dict(catalog.recipes)
    for file, data in documents.items():
        manifest = convert(file, data, problems)
        if isinstance(manifest, LayerManifest):
            layers[manifest.name] = Layer(Place(file), manifest)
        elif isinstance(manifest, RecipeManifest):
            recipes[manifest.name] = Recipe(Place(file), manifest)
    return structs.replace(catalog, layers=layers, recipes=recipes)

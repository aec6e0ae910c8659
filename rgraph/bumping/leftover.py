"""What a bump leaves behind: pins that no image has, and texts that name the old version of a component."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs

from rgraph.bumping.forms import forms, parts_left
from rgraph.bumping.interface import Ask, Left, Spot
from rgraph.bumping.leaves import Leaf, heads
from rgraph.bumping.notations import TYPES
from rgraph.bumping.rows import row_frames
from rgraph.bumping.trace import used_by
from rgraph.bumping.written import Edits, Frame, Written, edited, token
from rgraph.catalog import Catalog, Layer, Recipe
from rgraph.errors import Path, Place
from rgraph.graph import closure
from rgraph.manifest.layer import LayerManifest, Param, RecipeManifest
from rgraph.manifest.step import Step
from rgraph.manifest.step_packages import PackageSpec

_BRINGING = frozenset({*TYPES, "github", "url", "source"})
_NO_MENTION = ("kind", "name", "description", "from", "params")
"""Keys of a manifest that say nothing of what is in its images, or no literal thing."""
_COMPARED = re.compile(r"""[=!<>]=?\s*(?:'[^']*'|"[^"]*")""")


class Seen(Struct, frozen=True):
    """What a bump has to do with already."""

    hits: frozenset[Spot]
    """Steps that bring the component to some image."""
    edits: Edits
    all_images: bool
    """Whether it is for all images, so that every pin of one is edited."""


def unused(catalog: Catalog, ask: Ask, olds: Collection[str], seen: Seen) -> Iterator[Left]:
    """Pins of an old version that no image has: in recipes that nobody uses, and behind conditions."""
    name = _plain(ask.key[2])
    every: list[Layer | Recipe] = [*catalog.layers.values(), *catalog.recipes.values()]
    for found in every:
        frames: Sequence[Frame] | None = None
        for spot, step in steps_of_manifest(found.place.file, found.manifest):
            hit = spot in seen.hits
            if (hit and not seen.all_images) or not _may_bring(step, name):
                continue
            if frames is None:
                frames = _frames(found, next(iter(olds), ""))
            asked = _asked(step, hit)
            places = (_left_at(Leaf(asked, spot, frame), ask, seen.edits) for frame in frames)
            for place in dict.fromkeys(each for each in places if each):
                yield Left(place, "no image has this pin: nobody uses it, or a condition leaves it out", ())


def _may_bring(step: Step, name: str) -> bool:
    if step.kind not in _BRINGING and step.provides is None:
        return False
    return name in _plain(repr(step.body)) or name in _plain(repr(step.provides))


def _asked(step: Step, hit: bool) -> Step:
    """A step with its packages whatever their conditions say; of one that is in images, those with
    conditions alone, as the others are edited.
    """

    def kept(entries: Any) -> Any:
        if not isinstance(entries, list):
            return entries if not hit else []
        return [_whatever(each, hit) for each in entries]

    body = step.body
    if step.kind in TYPES:
        listed = isinstance(body, (list, str))
        body = kept(body) if listed else structs.replace(body, packages=kept(body.packages))
    elif hit:
        body = []
    return Step(step.kind, body, step.when, None if hit else step.provides, step.with_, step.names)


def _whatever(entry: Any, hit: bool) -> Any:
    if isinstance(entry, PackageSpec):
        return structs.replace(entry, when=True) if not hit or entry.when is not True else ""
    return "" if hit else entry


def _left_at(leaf: Leaf, ask: Ask, edits: Edits) -> Place | None:
    """Where a step has the component in an old version that nothing changes."""
    found = heads(leaf, structs.replace(ask, downgrade=True))
    stay = [each for each in found.edits if each not in edits.get(each.spot, ())]
    if not found.olds or (found.edits and not stay):
        return None
    file, path = leaf.spot
    own = [each.place for each in stay if each.file == file and each.path[: len(path)] == path]
    return own[0] if own else Place(file, path, word=ask.key[2])


def _frames(found: Layer | Recipe, old: str) -> Sequence[Frame]:
    """What the expressions of a manifest can see. What a use would say is not known: it may be `old`."""
    if isinstance(found, Layer):
        return list(row_frames(found).values())
    params = found.manifest.params
    names = {
        name: Written(
            ((found.place.file, ("params", name, "default")),),
            param.default if isinstance(param, Param) and param.has_default else old,
            Frame({}),
        )
        for name, param in params.items()
    }
    return [Frame(names, frozenset(params))]


def mentions(
    catalog: Catalog, ask: Ask, olds: Collection[str], edits: Edits, direct: Mapping[str, Sequence[str]]
) -> Iterator[Left]:
    """Texts beside the pins that name component and old version, and still do so after the edits: folders,
    links, paths. `direct` are the images whose pins change, by layer.
    """
    named = re.compile(rf"(?<![a-z0-9]){re.escape(_plain(ask.key[2]))}(?![a-z])")
    inside = {name: list(used_by(recipe.manifest.steps)) for name, recipe in catalog.recipes.items()}
    homes: dict[str, tuple[Layer | Recipe, list[str]]] = {}
    for layer, images in direct.items():
        found = catalog.layers[layer]
        on_the_way: list[Layer | Recipe] = [catalog.recipes[each] for each in _reached(found, inside)]
        for home in [found, *on_the_way]:
            homes.setdefault(home.place.file, (home, []))[1].extend(images)
    for file, (home, ids) in homes.items():
        for path, key, text in _texts(home.manifest, ()):
            after = edited(text, edits.get((file, path), ()))
            said = named.search(_plain(f"{key} {after}")) and _said(_COMPARED.sub("", after), olds, ask.new)
            if said:
                yield Left(Place(file, path), f"it names `{said}`, and may mean this component", tuple(ids))


def _said(text: str, olds: Collection[str], new: str) -> str:
    """The old version, or a part of it, as a text has it; empty if it has none."""
    for old in olds:
        for one, _ in forms(old, new):
            if not re.fullmatch("[0-9]{1,4}", one) and token(one).search(text):
                return one
        part = parts_left(text, old, new)
        if part:
            return part
    return ""


def _reached(layer: Layer, inside: Mapping[str, Sequence[str]]) -> list[str]:
    manifest = layer.manifest
    lists = (manifest.steps, manifest.private, *(stage.steps for stage in manifest.stages))
    used = {name for steps in lists for name in used_by(steps)}
    return sorted(name for name in closure(used & inside.keys(), inside) if name in inside)


def steps_of_manifest(file: str, manifest: LayerManifest | RecipeManifest) -> Iterator[tuple[Spot, Step]]:
    """Every step of a manifest but the groups themselves."""
    todo: list[tuple[Path, Sequence[Step]]] = [(("steps",), manifest.steps)]
    if isinstance(manifest, LayerManifest):
        todo.append((("private",), manifest.private))
        todo += [(("stages", index, "steps"), stage.steps) for index, stage in enumerate(manifest.stages)]
    for path, steps in todo:
        for index, step in enumerate(steps):
            if step.kind == "group":
                inner = enumerate(step.body)
                yield from (((file, (*path, index, "group", number)), each) for number, each in inner)
            else:
                yield (file, (*path, index)), step


def _texts(node: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    """The texts of a manifest that may mention a version, each with its path and the key above it."""
    if isinstance(node, str):
        yield path, str(path[-1]) if path else "", node
    elif isinstance(node, Step):
        if node.kind not in TYPES:
            yield from _texts(node.body, (*path, node.kind))
        yield from _texts(node.with_, (*path, "with"))
    elif isinstance(node, Struct):
        for field in structs.fields(node):
            if len(path) or field.encode_name not in _NO_MENTION:
                yield from _texts(getattr(node, field.name), (*path, field.encode_name))
    elif isinstance(node, dict):
        for key, each in node.items():
            yield from _texts(each, (*path, key))
    elif isinstance(node, list):
        for index, each in enumerate(node):
            yield from _texts(each, (*path, index))


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")

"""From an image to the scalars that say the version of one of its components."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from rgraph.bumping.around import around
from rgraph.bumping.interface import Ask, Edit, Refusal, Spot
from rgraph.bumping.leaves import Leaf, heads
from rgraph.bumping.rows import row_frames, row_key
from rgraph.bumping.written import Frame, Written, text, truth
from rgraph.catalog import Catalog
from rgraph.errors import Path, Place
from rgraph.image import Image
from rgraph.manifest.layer import Param
from rgraph.manifest.step import Step

T = TypeVar("T")


class Trace(Struct, frozen=True, eq=False):
    """What must change for one image, or what forbids it."""

    edits: tuple[Edit, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    checked: tuple[tuple[str, Place], ...] = ()
    """What a checksum or commit that was given is of, and where that stands."""
    left: tuple[tuple[Place, str], ...] = ()
    """What goes with the version, is left as it is, and why."""


class Tracer:
    """Traces images; each distinct step in each distinct frame once."""

    def __init__(self, catalog: Catalog, hits: Iterable[Spot], ask: Ask) -> None:
        self._catalog = catalog
        self._ask = ask
        self._hits = frozenset(hits)
        self._leading = leading(catalog, {file for file, _ in self._hits})
        self._frames: dict[str, Mapping[tuple[Any, ...], Frame]] = {}
        self._relevant: dict[Spot, bool] = {}
        self._known: dict[tuple[Any, ...], Trace] = {}

    def trace(self, image: Image) -> Trace:
        """The edits of one image."""
        layer = self._catalog.layers[image.layer]
        if image.layer not in self._frames:
            self._frames[image.layer] = row_frames(layer)
        frame = self._frames[image.layer][row_key(image.row)]
        manifest, file = layer.manifest, layer.place.file
        lists: list[tuple[Path, Sequence[Step]]] = [
            (("steps",), manifest.steps),
            (("private",), manifest.private),
            *((("stages", index, "steps"), stage.steps) for index, stage in enumerate(manifest.stages)),
        ]
        found = [each for path, steps in lists for each in self._list((file, path), steps, frame)]
        return _joined(found)

    def _list(self, spot: Spot, steps: Sequence[Step], frame: Frame) -> Iterator[Trace]:
        file, path = spot
        for index, step in enumerate(steps):
            here = (file, (*path, index))
            if self._is_relevant(here, step):
                yield self._remembered(here, step, frame)

    def _is_relevant(self, spot: Spot, step: Step) -> bool:
        if spot not in self._relevant:
            file, path = spot
            self._relevant[spot] = (
                spot in self._hits
                or (step.kind == "use" and ("${{" in step.body or step.body in self._leading))
                or (
                    step.kind == "group"
                    and any(
                        self._is_relevant((file, (*path, "group", index)), each)
                        for index, each in enumerate(step.body)
                    )
                )
            )
        return self._relevant[spot]

    def _remembered(self, spot: Spot, step: Step, frame: Frame) -> Trace:
        names = frame.names
        origins = tuple(_origin(names[name]) for name in step.names if name in names)
        key = (spot, step.names, origins)
        if key not in self._known:
            self._known[key] = self._step(spot, step, frame)
        return self._known[key]

    def _step(self, spot: Spot, step: Step, frame: Frame) -> Trace:
        if not truth(step.when, frame):
            return Trace()
        file, path = spot
        if step.kind == "group":
            return _joined(self._list((file, (*path, "group")), step.body, frame))
        if step.kind == "use":
            return self._use(spot, step, frame)
        leaf = Leaf(step, spot, frame)
        found = heads(leaf, self._ask)
        around(leaf, self._ask, found)
        return Trace(
            tuple(found.edits), tuple(found.refusals), tuple(found.checked.items()), tuple(found.left)
        )

    def _use(self, spot: Spot, step: Step, frame: Frame) -> Trace:
        file, path = spot
        name = text(Written(((file, (*path, "use")),), step.body, frame))
        recipe = self._catalog.recipes.get(name)
        if recipe is None or name not in self._leading:
            return Trace()
        names = {}
        for parameter, param in recipe.manifest.params.items():
            if parameter in step.with_:
                given: Spot = (file, (*path, "with", parameter))
                names[parameter] = Written((given,), step.with_[parameter], frame)
            elif isinstance(param, Param) and param.has_default:
                default: Spot = (recipe.place.file, ("params", parameter, "default"))
                names[parameter] = Written((default,), param.default, Frame({}))
        inner = Frame(names, frozenset(recipe.manifest.params))
        return _joined(self._list((recipe.place.file, ("steps",)), recipe.manifest.steps, inner))


def _origin(written: Written) -> tuple[Any, ...]:
    """What tells one value of a name from another: where it is written, and where what it names is."""
    if written.frame is None or not written.frame.names:
        return written.spots
    return (*written.spots, tuple(_origin(each) for _, each in sorted(written.frame.names.items())))


def _joined(traces: Iterable[Trace]) -> Trace:
    found = list(traces)
    if len(found) == 1:
        return found[0]
    return Trace(
        _once(each for trace in found for each in trace.edits),
        _once(each for trace in found for each in trace.refusals),
        _once(each for trace in found for each in trace.checked),
        _once(each for trace in found for each in trace.left),
    )


def _once(items: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))


ANY = ""
"""Stands for a recipe that an expression names."""


def used_by(steps: Sequence[Step]) -> set[str]:
    """Recipes that some steps use themselves."""
    return {step.body if "${{" not in step.body else ANY for step in all_steps(steps) if step.kind == "use"}


def leading(catalog: Catalog, files: Collection[str]) -> frozenset[str]:
    """The recipes of some files, and all that use them."""
    found = {name for name, recipe in catalog.recipes.items() if recipe.place.file in files}
    users = {name: used_by(recipe.manifest.steps) for name, recipe in catalog.recipes.items()}
    grown = True
    while grown:
        more = {name for name, used in users.items() if used & (found | {ANY})} - found if found else set()
        found |= more
        grown = bool(more)
    return frozenset(found)


def all_steps(steps: Sequence[Step]) -> Iterator[Step]:
    """Steps, and those of groups."""
    for step in steps:
        yield step
        if step.kind == "group":
            yield from all_steps(step.body)

"""A catalogue before and after a bump: the wanted components changed, and nothing else did."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rgraph.bumping.forms import Followed
from rgraph.bumping.interface import Ask, Refusal
from rgraph.bumping.rows import row_key, rows_of
from rgraph.bumping.target import steps_of
from rgraph.catalog import Catalog, Layer
from rgraph.image import Image, ImageStep, Rendered
from rgraph.resolve import Resolved
from rgraph.steps.fetching import shown
from rgraph.steps.image_settings import Arg, Env, Label, Workdir
from rgraph.steps.interface import Component

_FOLLOWERS = (Arg, Env, Label, Workdir)
"""Steps that only repeat a version."""

_FRAME = ("args", "entrypoint", "cmd", "healthcheck", "platforms", "tests")
"""What an image says beside its steps, and may repeat a version in."""

_MORE = "a condition or an expression makes more of it than another version: edit it yourself"


def compare(
    before: Resolved,
    after: Resolved,
    reached: frozenset[str],
    ask: Ask,
    direct: frozenset[str],
    *,
    rename: bool,
) -> tuple[Refusal, ...]:
    """What is wrong with a catalogue after a bump; `reached` are the layers that it may have changed,
    `direct` the images that were to change.
    """
    found: dict[Refusal, None] = {}
    judge = Judge(before.catalog, ask)
    for old, new in _pairs(before, after, reached):
        if new is None:
            found[judge.lost(old)] = None
        elif old.id in direct:
            found.update(dict.fromkeys(judge.wanted(old, new, rename)))
        elif old.id != new.id or _content(old) != _content(new):
            found[judge.unwanted(old, new)] = None
    return tuple(found)


def _pairs(
    before: Resolved, after: Resolved, reached: frozenset[str]
) -> Iterator[tuple[Image, Image | None]]:
    """Each image with what it became: that of the same row of its layer, whatever its id is now."""
    renamed: dict[str, str] = {}
    moved = [
        layer
        for name, layer in before.catalog.layers.items()
        if _names_of(after.catalog.layers.get(name, layer)) != _names_of(layer)
    ]
    old_rows, new_rows = (_by_row(before), _by_row(after)) if moved else ({}, {})
    for layer in moved:
        name = layer.manifest.name
        rows = zip(rows_of(layer), rows_of(after.catalog.layers[name]), strict=False)
        for old_row, new_row in rows:
            old_id = old_rows.get((name, row_key(old_row)), "")
            new_id = new_rows.get((name, row_key(new_row)), "")
            if old_id != new_id:
                renamed[old_id] = new_id
    for id, image in before.images.items():
        if image.layer in reached:
            yield image, after.images.get(renamed.get(id, id))


def _names_of(layer: Layer) -> tuple[Any, ...]:
    """What the ids of a layer's images are made of."""
    return layer.manifest.matrix, layer.manifest.variant


def _by_row(resolved: Resolved) -> dict[tuple[str, tuple[Any, ...]], str]:
    return {(image.layer, row_key(image.row)): id for id, image in resolved.images.items()}


def _content(image: Image) -> tuple[Any, ...]:
    """All that an image has of itself."""
    return (
        _digests(image.public),
        _digests(image.private),
        tuple((stage.name, stage.source, stage.platform, _digests(stage.steps)) for stage in image.stages),
        image.restore,
        image.state,
        image.frame,
        _names(image),
    )


def _names(image: Image) -> tuple[Any, ...]:
    return image.repository, image.tags, image.folder, image.edges, image.files


def _digests(steps: tuple[Rendered, ...]) -> tuple[bytes, ...]:
    return tuple(each.digest for each in steps)


class Judge:
    """Judges pairs of images; each pair of steps once."""

    def __init__(self, before: Catalog, ask: Ask) -> None:
        self._ask = ask
        self._recipes = {recipe.place.file for recipe in before.recipes.values()}
        self._known: dict[tuple[int, int, frozenset[str], frozenset[str]], tuple[Refusal, ...]] = {}
        self._alive: list[ImageStep] = []
        self._followed: dict[frozenset[str], Followed] = {}

    def lost(self, image: Image) -> Refusal:
        """An image that is gone."""
        return Refusal(image.place, f"`{image.id}` would be gone", "edit it yourself", (image.id,))

    def unwanted(self, old: Image, new: Image) -> Refusal:
        """An image that was not to change."""
        help = "the value is used for more than this component: give each its own"
        if old.id != new.id:
            return Refusal(old.place, f"`{old.id}` would become `{new.id}`", help, (old.id,))
        for one, other in zip(steps_of(old), steps_of(new), strict=False):
            if one.step != other.step:
                lost, come = _difference(one, other)
                shown = f": {_shown(lost)} would become {_shown(come)}" if lost or come else ""
                return Refusal(one.place, f"`{old.id}` would change too{shown}", help, (old.id,))
        return Refusal(old.place, f"`{old.id}` would change too", help, (old.id,))

    def wanted(self, old: Image, new: Image, rename: bool) -> Iterator[Refusal]:
        """An image that was to change: its steps, its names."""
        named = self._named_for_old(old, new.id)
        if old.id != new.id and not rename:
            yield Refusal(
                old.place.at("variant"),
                f"`{old.id}` would become `{new.id}`: the version is part of its name",
                "`--rename` renames the image; its old tags then stay as they are",
                (old.id,),
            )
        elif named:
            yield Refusal(
                old.place.at("variant"),
                f"`{new.id}` is named for the version {named}",
                "give it another `variant` first",
                (old.id,),
            )
        elif old.id == new.id and _names(old) != _names(new):
            help = "give the names a value of their own"
            yield Refusal(old.place, f"tags, folder or parents of `{old.id}` would change", help, (old.id,))
        if old.frame.capabilities != new.frame.capabilities:
            help = "give them a value of their own"
            yield Refusal(old.place.at("capabilities"), "the capabilities would change", help, (old.id,))
        if old.state != new.state:
            help = "edit it yourself"
            yield Refusal(old.place, f"what `{old.id}` passes on would change", help, (old.id,))
        yield from self._frame(old, new)
        yield from self._steps(old, new)

    def is_named_for_old(self, image: Image) -> bool:
        """Whether an image's id, which stays, says the old version."""
        return bool(self._named_for_old(image, image.id))

    def wants(self, step: ImageStep) -> int:
        """How many components of a step are to change."""
        return sum(map(self._ask.wants, step.components))

    def is_wanted(self, before: ImageStep, after: ImageStep) -> bool:
        """Whether a step of an image changed as wanted."""
        return not self._step(before, after, frozenset(), self._olds([before]))

    def _olds(self, steps: Iterable[ImageStep]) -> frozenset[str]:
        """The versions that are to go."""
        return frozenset(each.version for step in steps for each in step.components if self._ask.wants(each))

    def _following(self, olds: frozenset[str]) -> Followed:
        if olds not in self._followed:
            self._followed[olds] = Followed(olds, self._ask.new)
        return self._followed[olds]

    def _named_for_old(self, old: Image, new: str) -> str:
        """What an image's id says of the version, if that holds only for the old one: `openmpi4.1.0`,
        `cudnn8`.
        """
        name = "[-_]?".join(re.findall("[A-Za-z0-9]+", self._ask.key[2]))
        said = re.search(rf"(?<![a-z0-9]){name}[-_]?v?([0-9]+(?:\.[0-9]+)*)", new, re.IGNORECASE)
        if said is None or _begins(self._ask.new, said[1]):
            return ""
        components = (each for step in steps_of(old) for each in step.components if self._ask.wants(each))
        return said[1] if any(_begins(each.version, said[1]) for each in components) else ""

    def _frame(self, old: Image, new: Image) -> Iterator[Refusal]:
        """What stands beside the steps: it may repeat the version, and no more."""
        if old.frame != new.frame:
            followed = self._following(self._olds(steps_of(old)))
            for field in _FRAME:
                strange = followed.strange(getattr(old.frame, field), getattr(new.frame, field))
                if strange:
                    what = _would(field, *strange)
                    yield Refusal(old.place.at(field), what, _MORE, (old.id,))
        if _stages(old) != _stages(new):
            yield Refusal(old.place.at("stages"), f"the stages of `{old.id}` would change", _MORE, (old.id,))

    def _steps(self, old: Image, new: Image) -> Iterator[Refusal]:
        one, other = list(steps_of(old)), list(steps_of(new))
        if _shape(old) != _shape(new):
            help = "a condition depends on the version: edit it yourself"
            yield Refusal(old.place, f"steps of `{old.id}` would come or go", help, (old.id,))
            return
        ours = {each.place.file for each in one if any(map(self._ask.wants, each.components))}
        olds = self._olds(one)
        for before, after in zip(one, other, strict=True):
            yield from self._step(before, after, frozenset(ours & self._recipes), olds)

    def _step(
        self, before: ImageStep, after: ImageStep, ours: frozenset[str], olds: frozenset[str]
    ) -> tuple[Refusal, ...]:
        key = (id(before), id(after), ours, olds)
        if key not in self._known:
            self._alive += (before, after)  # so that no other object can get their ids
            self._known[key] = tuple(self._judged(before, after, ours, olds))
        return self._known[key]

    def _judged(
        self, before: ImageStep, after: ImageStep, ours: frozenset[str], olds: frozenset[str]
    ) -> Iterator[Refusal]:
        wants = any(map(self._ask.wants, before.components))
        if before is after or _all(before) == _all(after):
            if wants:
                yield Refusal(before.place, "its version would stay", "edit it yourself")
            return
        expected = Counter(
            (_identity(each)[:-1], self._ask.new) if self._ask.wants(each) else _both(each)
            for each in before.components
        )
        found = Counter(map(_both, after.components))
        if expected != found:
            lost, come = _difference(before, after)
            what = f"{_shown(lost)} would become {_shown(come)}"
            yield Refusal(before.place, what, "the value says more than this version: edit it yourself")
        elif not wants and not (isinstance(before.step, _FOLLOWERS) or before.place.file in ours):
            help = "give each use a value of its own, or edit them yourself"
            yield Refusal(before.place, "the same value is used here for something else", help)
        elif strange := self._following(olds).strange(_all(before), _all(after), sums=wants):
            yield Refusal(before.place, _would("the step", *strange), _MORE)


def _all(step: ImageStep) -> tuple[Any, ...]:
    """All that a step says and brings; where it stands says nothing."""
    return step.step, step.components, step.sources, step.files, step.platforms, step.says_provides


def _stages(image: Image) -> list[tuple[str, str]]:
    return [(stage.name, stage.source) for stage in image.stages]


def _shape(image: Image) -> list[list[int]]:
    """How many steps stand in each part, and in each group."""
    parts = (image.public, image.private, *(stage.steps for stage in image.stages))
    return [[len(each.source.members) for each in part] for part in parts]


def _would(what: str, before: str, after: str) -> str:
    if not before and not after:
        return f"more of {what} would change"
    return f"`{shown(before)}` would become `{shown(after)}`"


def _begins(version: str, said: str) -> bool:
    """Whether a version is one of those that its first numbers name."""
    return re.match(rf"v?{re.escape(said)}(?![0-9])", version) is not None


def _identity(component: Component) -> tuple[str, ...]:
    return component.type, component.namespace, component.name, component.version


def _both(component: Component) -> tuple[tuple[str, ...], str]:
    return _identity(component)[:-1], component.version


def _difference(one: ImageStep, other: ImageStep) -> tuple[list[str], list[str]]:
    """What only one of two steps brings, and what only the other does."""
    before, after = (
        Counter(f"{each.name} {each.version}".strip() for each in step.components) for step in (one, other)
    )
    return sorted((before - after).elements()), sorted((after - before).elements())


def _shown(names: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "nothing"

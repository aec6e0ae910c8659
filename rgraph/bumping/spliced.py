"""Layers of which a bump changes some steps alone: only those are resolved again.

Nearly all bumps are of this kind, and then the rest of a layer, which is most of the work, cannot have
changed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct, structs

from rgraph.bumping.compare import Judge
from rgraph.bumping.target import steps_of
from rgraph.catalog import Catalog, Layer
from rgraph.errors import Path, Problems
from rgraph.expressions import Scope
from rgraph.image import Image, ImageStep
from rgraph.manifest.layer import LayerManifest
from rgraph.manifest.step import Step
from rgraph.render_names import GENERATED_FILES
from rgraph.resolve.steps import StepResolver, key_of
from rgraph.steps.commands import Commands
from rgraph.steps.context import Settings
from rgraph.steps.files import Take
from rgraph.steps.image_settings import Shell, User, Workdir

_SEEN = (Shell, User, Workdir, Take)
"""Steps that other steps or images see."""


class _Pair(Struct, frozen=True, eq=False):
    """A written step that may come out as another one, before and after."""

    path: Path
    before: Step
    after: Step


class Splicer:
    """Judges layers by the steps that may have changed in them.

    `leading` are the recipes that changed, and all that use them; a catalogue stands for each side.
    """

    def __init__(self, before: Catalog, after: Catalog, judge: Judge, leading: Collection[str]) -> None:
        self._problems = Problems()
        self._before = StepResolver(before, _settings(before), self._problems)
        self._after = StepResolver(after, _settings(after), self._problems)
        self._judge = judge
        self._leading = leading

    def is_as_wanted(self, old: Layer, new: Layer, images: Sequence[Image], direct: Collection[str]) -> bool:
        """Whether a layer's images are as wanted after it changed; no if that cannot be seen this way."""
        pairs = self._pairs(old.manifest, new.manifest)
        if pairs is None:
            return False
        declared = frozenset(name for image in images for name in image.row) | {"variant"}
        known: dict[tuple[Any, ...], _Come] = {}
        for image in images:
            values = {**image.row, "variant": image.variant}
            scope = Scope(values, declared)
            has = 0
            for pair in pairs:
                names = (*pair.before.names, *pair.after.names)
                key = (pair.path, image.id in direct, *key_of(names, values))
                if key not in known:
                    known[key] = self._come(old, pair, scope, image.id in direct)
                if not known[key].well:
                    return False
                has += known[key].has
            if image.id in direct and (has != self._has(image) or self._judge.is_named_for_old(image)):
                return False
        return True

    def _has(self, image: Image) -> int:
        return sum(self._judge.wants(step) for step in steps_of(image))

    def _pairs(self, old: LayerManifest, new: LayerManifest) -> list[_Pair] | None:
        """The steps that may come out as others; None if anything else changed."""
        if old is not new and _frame(old) != _frame(new):
            return None
        found = []
        for (path, before), (_, after) in zip(_lists(old), _lists(new), strict=True):
            if len(before) != len(after):
                return None
            for index, (one, other) in enumerate(zip(before, after, strict=True)):
                if self._leads(one) or not (one is other or _same(one, other)):
                    found.append(_Pair((*path, index), one, other))
        return found

    def _leads(self, step: Step) -> bool:
        if step.kind == "group":
            return any(map(self._leads, step.body))
        return step.kind == "use" and step.body in self._leading

    def _come(self, layer: Layer, pair: _Pair, scope: Scope, direct: bool) -> _Come:
        place = layer.place.at(*pair.path)
        before = self._before.resolve(pair.before, scope, place)
        after = self._after.resolve(pair.after, scope, place)
        if len(self._problems) or len(before) != len(after):
            return _Come(False)
        pairs = [
            each
            for one, other in zip(before, after, strict=True)
            for each in zip(one.members or (one,), other.members or (other,), strict=False)
            if len(one.members) == len(other.members)
        ]
        well = sum(len(each.members) or 1 for each in before) == len(pairs) and all(
            self._fits(one, other, direct) for one, other in pairs
        )
        return _Come(well, sum(self._judge.wants(one) for one, _ in pairs))

    def _fits(self, before: ImageStep, after: ImageStep, direct: bool) -> bool:
        if before.step == after.step and before.components == after.components:
            return not direct or not self._judge.wants(before)
        return direct and _may_differ(before, after) and self._judge.is_wanted(before, after)


class _Come(Struct, frozen=True):
    """What came of a pair."""

    well: bool
    has: int = 0
    """Components that were to change."""


def _settings(catalog: Catalog) -> Settings:
    return Settings(
        frozenset(catalog.settings.policy.unpinned),
        catalog.settings.downloader,
        catalog.lock.downloads,
        frozenset(catalog.files),
        GENERATED_FILES,
    )


def _may_differ(before: ImageStep, after: ImageStep) -> bool:
    """Whether nothing but the step itself can be other than before."""
    step = before.step
    if type(step) is not type(after.step) or isinstance(step, _SEEN):
        return False
    if isinstance(step, Commands) and step.verbatim:
        return False
    one, other = ((each.sources, each.files, each.platforms, each.says_provides) for each in (before, after))
    return one == other


def _frame(manifest: LayerManifest) -> tuple[Any, ...]:
    stages = [(stage.name, stage.from_, stage.platform) for stage in manifest.stages]
    return structs.replace(manifest, steps=[], private=[], stages=[]), stages


def _lists(manifest: LayerManifest) -> Iterator[tuple[Path, Sequence[Step]]]:
    yield ("steps",), manifest.steps
    yield ("private",), manifest.private
    for index, stage in enumerate(manifest.stages):
        yield ("stages", index, "steps"), stage.steps


def _same(one: Step, other: Step) -> bool:
    if (one.kind, one.when, one.provides, one.with_) != (other.kind, other.when, other.provides, other.with_):
        return False
    if one.kind != "group":
        return bool(one.body == other.body)
    return len(one.body) == len(other.body) and all(map(_same, one.body, other.body))

"""Where a step changed that its manifest says as before: arguments, a matrix, the lock, the settings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from rgraph.catalog import Catalog
from rgraph.comparison.aligning import aligned
from rgraph.comparison.types import Cause
from rgraph.comparison.values import shown_value
from rgraph.comparison.written import Home, Use, Written, same
from rgraph.errors import Place
from rgraph.image import Image, ImageStep
from rgraph.lock import LOCK_FILE
from rgraph.manifest.layer import Param
from rgraph.manifest.step import Step


class Origins:
    """What two catalogues say differently beside the steps themselves."""

    def __init__(self, old: Catalog, new: Catalog, old_steps: Written, new_steps: Written) -> None:
        self._old, self._new = old, new
        self._old_steps, self._new_steps = old_steps, new_steps
        before, after = old.lock.downloads, new.lock.downloads
        self._urls = sorted(url for url in {*before, *after} if before.get(url) != after.get(url))

    def of(self, images: tuple[Image, Image], old: ImageStep | None, new: ImageStep | None) -> list[Cause]:
        """What made a step of an image another one, or come or go; nothing if its own manifest did."""
        written = self._unchanged(old, new)
        step = new or old
        if step is None or (written is None and not self._is_of_new_recipe(step)):
            return []
        recipe = (self._new_steps if new else self._old_steps).recipe(step.place)
        found = list(self._row(images, written.names)) if written and not recipe else []
        if recipe:
            found += self._recipe(images, recipe, written)
        if old and new:
            found += self._locked(old, new)
            found += self._downloader(old, new)
        return found

    def _unchanged(self, old: ImageStep | None, new: ImageStep | None) -> Step | None:
        """The written step, if both catalogues have it."""
        if old and new:
            before, after = self._old_steps.step(old.place), self._new_steps.step(new.place)
            return after if same(before, after) else None
        step, here, there = (
            (new, self._new_steps, self._old_steps) if new else (old, self._old_steps, self._new_steps)
        )
        written = here.step(step.place) if step else None
        others = there.all(here.home(step.place, there)) if step else ()
        return written if any(same(written, each) for each in others) else None

    def _is_of_new_recipe(self, step: ImageStep) -> bool:
        """Whether a step stands in a recipe that only one of the catalogues has."""
        names = self._old_steps.recipe(step.place), self._new_steps.recipe(step.place)
        return names[0] != names[1]

    def _row(self, images: tuple[Image, Image], names: tuple[str, ...]) -> Iterator[Cause]:
        yield from (each for each in row_causes((self._old, self._new), *images) if each.what in names)

    def _recipe(self, images: tuple[Image, Image], recipe: str, written: Step | None) -> Iterator[Cause]:
        """What the uses of a recipe say differently, and defaults of its parameters."""
        # A recipe on the way may lead elsewhere now: its own uses are no others for that.
        leading = self._old_steps.leading_to(recipe) | self._new_steps.leading_to(recipe)
        before, after = self._uses(images, leading)
        used = written.names if written else ()
        for pair in aligned(
            before,
            after,
            lambda each: (each[1], _content(each[0].step)),
            lambda each: (each[1], each[0].step.body),
        ):
            if pair.old is None or pair.new is None or pair.moved:
                yield _use(pair.old[0] if pair.old else None, pair.new[0] if pair.new else None, pair.moved)
                continue
            (old, _), (new, _) = pair.old, pair.new
            one, other = old.step, new.step
            for name in dict.fromkeys((*one.with_, *other.with_)):
                direct = other.body == recipe and written is not None
                if one.with_.get(name) != other.with_.get(name) and (name in used or not direct):
                    yield _argument(old, new, name)
            if (one.when, one.body) != (other.when, other.body):
                yield _use(old, new, False)
        reached = self._new_steps.reached(images[1].layer) & leading
        yield from self._defaults(recipe, reached, used if written else None)
        names = tuple(name for use, _ in after for name in use.step.names)
        yield from self._row(images, names)

    def _uses(
        self, images: tuple[Image, Image], leading: Collection[str]
    ) -> tuple[list[tuple[Use, Home]], list[tuple[Use, Home]]]:
        """The uses on the ways of an image to some recipes, then and now, each with what it stands in: the
        layer, and the recipes that it came to then and now. Those of others come and go with their own.
        """
        then, now = self._old_steps, self._new_steps
        old = [(use, then.home(use.place, now)) for use in then.uses(images[0].layer, leading)]
        new = [(use, now.home(use.place, then)) for use in now.uses(images[1].layer, leading)]
        reached = [
            steps.homes(image.layer, other)
            for steps, other, image in zip((then, now), (now, then), images, strict=True)
        ]
        both = reached[0] & reached[1]
        return [each for each in old if each[1] in both], [each for each in new if each[1] in both]

    def _defaults(
        self, recipe: str, reached: Collection[str], used: tuple[str, ...] | None
    ) -> Iterator[Cause]:
        for name in sorted({recipe, *reached}):
            old, new = self._old.recipes.get(name), self._new.recipes.get(name)
            if old is None or new is None:
                continue
            params = old.manifest.params, new.manifest.params
            for each in dict.fromkeys((*params[0], *params[1])):
                before, after = (_default(part.get(each)) for part in params)
                if before != after and (name != recipe or used is None or each in used):
                    path = ("params", each, "default")
                    yield Cause(
                        kind="parameter",
                        change="changed",
                        what=f"default of {each}",
                        before=before,
                        after=after,
                        old=old.place.at(*path),
                        new=new.place.at(*path),
                        recipe=name,
                    )

    def _locked(self, old: ImageStep, new: ImageStep) -> Iterator[Cause]:
        texts = repr(old.step), repr(new.step)
        for url in self._urls:
            if any(repr(url) in text for text in texts):
                before, after = (each.lock.downloads.get(url, "") for each in (self._old, self._new))
                yield lock_cause("downloads", url, before, after)

    def _downloader(self, old: ImageStep, new: ImageStep) -> Iterator[Cause]:
        before, after = self._old.settings.downloader, self._new.settings.downloader
        if before != after and f"downloader={after!r}" in repr(new.step) != repr(old.step):
            yield Cause(
                kind="setting",
                change="changed",
                what="downloader",
                before=before,
                after=after,
                old=self._old.settings_place.at("downloader"),
                new=self._new.settings_place.at("downloader"),
            )


def row_causes(catalogs: tuple[Catalog, Catalog], old: Image, new: Image) -> Iterator[Cause]:
    """Axes whose values differ in the rows of an image."""
    for axis in dict.fromkeys((*old.row, *new.row)):
        before, after = old.row.get(axis), new.row.get(axis)
        if before != after:
            yield Cause(
                kind="matrix",
                change="added" if before is None else "removed" if after is None else "changed",
                what=axis,
                before=shown_value(before),
                after=shown_value(after),
                old=None if before is None else _row_place(catalogs[0], old, axis),
                new=None if after is None else _row_place(catalogs[1], new, axis),
            )


def lock_cause(part: str, name: str, before: str, after: str) -> Cause:
    """An entry of the lock that differs; empty text for one that is not there."""
    place = Place(LOCK_FILE, (part, name))
    return Cause(
        kind="lock",
        change="added" if not before else "removed" if not after else "changed",
        what=name,
        before=before,
        after=after,
        old=place if before else None,
        new=place if after else None,
    )


def _row_place(catalog: Catalog, image: Image, axis: str) -> Place:
    """Where a matrix gives a row its value on an axis."""
    matrix, place = catalog.layers[image.layer].manifest.matrix, image.place.at("matrix")
    value = image.row[axis]
    included = matrix.get("include")
    for index, entry in enumerate(included if isinstance(included, list) else ()):
        if axis in entry and all(image.row.get(name) == each for name, each in entry.items()):
            return place.at("include", index, axis)
    values = matrix.get(axis)
    return place.at(axis, values.index(value)) if isinstance(values, list) and value in values else place


def _content(step: Step) -> str:
    given: Mapping[str, Any] = step.with_
    return repr((step.body, step.when, sorted(given.items())))


def _default(param: Param | None) -> str:
    return shown_value(param.default) if isinstance(param, Param) and param.has_default else ""


def _use(old: Use | None, new: Use | None, moved: bool) -> Cause:
    use = new or old
    assert use is not None  # one of them is given
    change = "moved" if moved else "added" if old is None else "removed" if new is None else "changed"
    return Cause(
        kind="step",
        change=change,  # type: ignore[arg-type]
        what=f"use {use.step.body}",
        old=old.place if old else None,
        new=new.place if new else None,
        step="use",
    )


def _argument(old: Use, new: Use, name: str) -> Cause:
    before, after = old.step.with_.get(name), new.step.with_.get(name)
    return Cause(
        kind="parameter",
        change="added" if before is None else "removed" if after is None else "changed",
        what=name,
        before=shown_value(before),
        after=shown_value(after),
        old=None if before is None else old.place.at("with", name),
        new=None if after is None else new.place.at("with", name),
        step="use",
        recipe=new.step.body,
    )

"""What differs between a step as it was and as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, structs

from rgraph.catalog import Catalog
from rgraph.comparison.aligning import aligned
from rgraph.comparison.facts import Facts
from rgraph.comparison.types import Cause
from rgraph.comparison.values import differing_values, shown_value
from rgraph.comparison.written import Written
from rgraph.errors import Path
from rgraph.image import ImageStep
from rgraph.steps.fetching import Fetch
from rgraph.steps.interface import Component

_NAMED: Mapping[str, Path] = {
    "variables": ("env",),
    "labels": ("label",),
    "arguments": ("arg",),
    "env": ("apt", "env"),
}
"""Fields of steps that hold names and values -> where the names stand in the step."""

_WORDS: Mapping[str, str] = {"commands": "run", "sources": "url", "build": "commands", "source": "from"}
"""Fields of steps that manifests call otherwise."""

_Difference = tuple[Literal["added", "removed", "changed"], str, str, str]


class Steps:
    """The steps of two catalogues."""

    def __init__(self, old: Catalog, new: Catalog) -> None:
        self.old, self.new = Written(old), Written(new)
        self._facts = Facts(old, new)

    def whole(self, old: ImageStep | None, new: ImageStep | None, moved: bool = False) -> Cause:
        """A step that was added, removed, moved or changed altogether."""
        written, step = (self.new, new) if new else (self.old, old)
        assert step is not None  # one of them is given
        kind = written.kind(step)
        change: Literal["added", "removed", "moved", "changed"] = "moved" if moved else "changed"
        if old is None or new is None:
            change = "removed" if new is None else "added"
        return Cause(
            kind="step",
            change=change,
            what=kind,
            before="" if moved or old is None else shown_value(old.step),
            after="" if moved or new is None else shown_value(new.step),
            old=old.place if old else None,
            new=new.place if new else None,
            step=kind,
            recipe=written.recipe(step.place),
        )

    def inside(self, old: ImageStep, new: ImageStep) -> list[Cause]:
        """What changed within a step: nothing if only the shell differs that it is written for."""
        facts = list(self._facts.of(new.components))
        if old.members or new.members:
            return [*self._members(old, new), *facts]
        if old.step == new.step and _said(old) == _said(new):
            return facts
        if type(old.step) is not type(new.step):
            return [self.whole(old, new), *facts]
        packages = list(self._components(old, new))
        settings = list(self._settings(old, new, {each.of for each in packages}))
        if any(each.what in ("snapshot", "release") for each in settings):
            # It pins all packages that name no version: it is said once, not for each of them.
            packages = [each for each in packages if not each.what.endswith(" pin")]
        return [*packages, *settings, *facts] if packages or settings else [self.whole(old, new), *facts]

    def _members(self, old: ImageStep, new: ImageStep) -> Iterator[Cause]:
        pairs = aligned(
            old.members or (old,),
            new.members or (new,),
            lambda each: (each.step, _said(each)),
            lambda each: type(each.step),
        )
        for pair in pairs:
            if pair.old is None or pair.new is None or pair.moved:
                yield self.whole(pair.old, pair.new, pair.moved)
            else:
                # The facts are the group's.
                facts = set(self._facts.of(pair.new.components))
                yield from (each for each in self.inside(pair.old, pair.new) if each not in facts)

    def _components(self, old: ImageStep, new: ImageStep) -> Iterator[Cause]:
        before = {_key(each): each for each in old.components}
        after = {_key(each): each for each in new.components}
        kind, recipe = self.new.kind(new), self.new.recipe(new.place)
        for key in dict.fromkeys((*before, *after)):
            one, other = before.get(key), after.get(key)
            if one == other:
                continue
            name = (other or one or Component("", "")).name
            for change, what, was, now in _differences(one, other):
                yield Cause(
                    kind="package",
                    change=change,
                    what=f"{name} {what}".rstrip(),
                    before=was,
                    after=now,
                    old=structs.replace(old.place, word=name) if one else None,
                    new=structs.replace(new.place, word=name) if other else None,
                    step=kind,
                    recipe=recipe,
                    of=name,
                )

    def _settings(self, old: ImageStep, new: ImageStep, told: set[str]) -> Iterator[Cause]:
        """Fields that differ; `told` are components that differ already."""
        pin = getattr(old.step, "pinned_by", ""), getattr(new.step, "pinned_by", "")
        for field in new.step.__struct_fields__:
            one, other = getattr(old.step, field), getattr(new.step, field)
            # The snapshot or release is part of the repository's address.
            if one == other or (field == "repositories" and pin[0] != pin[1]):
                continue
            if field == "packages":
                yield from self._packages(old, new, told)
            elif field in _NAMED:
                yield from self._named(field, old, new)
            elif field == "pinned_by":
                word = (other or one).partition(" ")[0]
                yield self._setting(word, old, new, one.partition(" ")[2], other.partition(" ")[2])
            elif isinstance(one, Fetch) and isinstance(other, Fetch):
                yield from self._fetched(old, new, one, other)
            elif isinstance(one, Struct) and isinstance(other, Struct) and type(one) is type(other):
                for name in other.__struct_fields__:
                    yield from self._value(name, old, new, getattr(one, name), getattr(other, name))
            else:
                yield from self._value(field, old, new, one, other)
        yield from self._value("recipe", old, new, old.comment, new.comment)
        yield from self._value("provides", old, new, old.says_provides, new.says_provides)

    def _value(
        self, what: str, old: ImageStep, new: ImageStep, before: object, after: object
    ) -> Iterator[Cause]:
        if before != after:
            yield self._setting(_WORDS.get(what, what), old, new, *differing_values(before, after))

    def _fetched(self, old: ImageStep, new: ImageStep, before: Fetch, after: Fetch) -> Iterator[Cause]:
        """The addresses of a file and its checksums, for each platform."""
        for index, name in ((1, "url"), (2, "sha256")):
            one, other = (
                {str(each[0] or ""): each[index] for each in fetch.sources} for fetch in (before, after)
            )
            for platform in dict.fromkeys((*one, *other)):
                values = one.get(platform, ""), other.get(platform, "")
                if values[0] != values[1]:
                    made = self._setting(name, old, new, *map(shown_value, values))
                    what = f"{name} of {platform}" if platform else name
                    path = (platform,) if platform else ()
                    yield structs.replace(
                        made,
                        what=what,
                        old=made.old.at(*path) if made.old else None,
                        new=made.new.at(*path) if made.new else None,
                    )
        yield from self._value("downloader", old, new, before.downloader, after.downloader)

    def _named(self, field: str, old: ImageStep, new: ImageStep) -> Iterator[Cause]:
        before, after = dict(getattr(old.step, field)), dict(getattr(new.step, field))
        path = _NAMED[field]
        for name in dict.fromkeys((*before, *after)):
            if before.get(name, ...) == after.get(name, ...):
                continue
            made = self._setting(
                f"{path[-1]} {name}",
                old,
                new,
                shown_value(before.get(name)),
                shown_value(after.get(name)),
            )
            yield structs.replace(
                made,
                change="added" if name not in before else "removed" if name not in after else "changed",
                old=old.place.at(*path, name) if name in before else None,
                new=new.place.at(*path, name) if name in after else None,
            )
        if before == after:
            yield self._setting(f"order of {path[-1]}", old, new)

    def _packages(self, old: ImageStep, new: ImageStep, told: set[str]) -> Iterator[Cause]:
        """What a list of packages says differently, but for what components tell."""
        before, after = _by_name(old.step), _by_name(new.step)
        names = {_plain(name) for name in told}
        common = [name for name in after if name in before]
        for name in common:
            if before[name] != after[name] and _plain(name) not in names:
                yield self._setting(name, old, new, shown_value(before[name]), shown_value(after[name]))
        if common != [name for name in before if name in after]:
            yield self._setting("order of packages", old, new)

    def _setting(self, what: str, old: ImageStep, new: ImageStep, before: str = "", after: str = "") -> Cause:
        kind = self.new.kind(new)
        return Cause(
            kind="setting",
            change="moved" if what.startswith("order of ") else "changed",
            what=what,
            before=before,
            after=after,
            old=old.place.at(self.old.kind(old), what),
            new=new.place.at(kind, what),
            step=kind,
            recipe=self.new.recipe(new.place),
        )


def _said(step: ImageStep) -> tuple[object, ...]:
    """What counts of a step beside itself."""
    return step.components, step.says_provides, step.comment


def _key(component: Component) -> tuple[str, ...]:
    return component.type, component.namespace, component.name, component.subpath


def _differences(old: Component | None, new: Component | None) -> Iterator[_Difference]:
    """How a component changed: what of it, empty for its version; from what, to what."""
    if old is None or new is None:
        version = _version(old or new)
        yield ("removed", "", version, "") if new is None else ("added", "", "", version)
        return
    another = (old.version, bool(old.pinned_by)) != (new.version, bool(new.pinned_by))
    if another:
        yield "changed", "", _version(old), _version(new)
    elif old.pinned_by != new.pinned_by:
        yield "changed", "pin", old.pinned_by, new.pinned_by
    # Another version comes from another address, and has another checksum.
    for field in ("fixes", "vendor") if another else ("qualifiers", "fixes", "checksum", "vendor"):
        before, after = getattr(old, field), getattr(new, field)
        if before != after:
            yield "changed", field, shown_value(before), shown_value(after)


def _version(component: Component | None) -> str:
    return (component.version or component.pinned_by) if component else ""


def _by_name(step: Any) -> dict[str, object]:
    return {each.name: each for each in step.packages}


def _plain(name: str) -> str:
    """A name as purls write it."""
    return name.lower().replace("_", "-")

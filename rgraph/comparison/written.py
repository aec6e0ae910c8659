"""Steps as they stand in the manifests, found by the places of resolved ones, and whether they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from rgraph.catalog import Catalog
from rgraph.errors import Path, Place
from rgraph.image import ImageStep
from rgraph.manifest.step import Step

_ATTRIBUTES = {"from": "from_", "with": "with_"}
"""Keys of manifests that are words of Python."""


class Use(Struct, frozen=True, eq=False):
    """A `use` step and its place."""

    place: Place
    step: Step


class Written:
    """The steps of one catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_file: dict[str, tuple[str, Any]] = {
            layer.place.file: ("", layer.manifest) for layer in catalog.layers.values()
        }
        self._by_file |= {
            recipe.place.file: (name, recipe.manifest) for name, recipe in catalog.recipes.items()
        }
        self._leading: dict[str, frozenset[str]] = {}

    def recipe(self, place: Place) -> str:
        """The recipe that a step stands in; empty for a layer's own step."""
        return self._by_file.get(place.file, ("", None))[0]

    def kind(self, step: ImageStep) -> str:
        """The kind of a resolved step, as manifests call it."""
        found = self.step(step.place)
        return found.kind if found else type(step.step).__name__.lower()

    def step(self, place: Place) -> Step | None:
        """The step that stands at a place; None if there is none."""
        node: Any = self._by_file.get(place.file, ("", None))[1]
        for item in place.path:
            if isinstance(item, int):
                if not isinstance(node, list) or item >= len(node):
                    return None
                node = node[item]
            else:
                node = (
                    node.body if isinstance(node, Step) else getattr(node, _ATTRIBUTES.get(item, item), None)
                )
        return node if isinstance(node, Step) else None

    def all(self, file: str) -> list[Step]:
        """All steps of a layer's or recipe's manifest."""
        manifest = self._by_file.get(file, ("", None))[1]
        return [step for _, step in all_steps(manifest)] if manifest else []

    def uses(self, layer: str, recipe: str) -> list[Use]:
        """The steps by which a layer comes to a recipe: its own, and those of recipes on the way."""
        leading = self.leading_to(recipe)
        own = self._catalog.layers[layer]
        manifests: list[tuple[Place, Any]] = [(own.place, own.manifest)]
        manifests += [
            (each.place, each.manifest)
            for name, each in sorted(self._catalog.recipes.items())
            if name in leading - {recipe}
        ]
        return [
            Use(place.at(*path), step)
            for place, manifest in manifests
            for path, step in all_steps(manifest)
            if step.kind == "use" and (step.body in leading or "${{" in step.body)
        ]

    def leading_to(self, recipe: str) -> frozenset[str]:
        """The recipe, and all recipes that use it."""
        if recipe not in self._leading:
            found = {recipe}
            todo = [recipe]
            while todo:
                wanted = todo.pop()
                for name, each in self._catalog.recipes.items():
                    used = (step.body for _, step in all_steps(each.manifest) if step.kind == "use")
                    if name not in found and wanted in used:
                        found.add(name)
                        todo.append(name)
            self._leading[recipe] = frozenset(found)
        return self._leading[recipe]


def same(one: Step | None, other: Step | None) -> bool:
    """Whether two steps say the same."""
    if one is other:
        return True
    if one is None or other is None or one.kind != other.kind:
        return False
    if (one.when, one.provides, one.with_) != (other.when, other.provides, other.with_):
        return False
    if one.kind != "group":
        return bool(one.body == other.body)
    return len(one.body) == len(other.body) and all(map(same, one.body, other.body))


def all_steps(manifest: Any) -> Iterator[tuple[Path, Step]]:
    """Every step of a layer or recipe with its path, in their order."""
    parts: list[tuple[Path, Sequence[Step]]] = [
        (("stages", index, "steps"), stage.steps)
        for index, stage in enumerate(getattr(manifest, "stages", ()))
    ]
    parts += [(("steps",), manifest.steps), (("private",), getattr(manifest, "private", ()))]
    for path, steps in parts:
        for index, step in enumerate(steps):
            yield (*path, index), step
            if step.kind == "group":
                inner = enumerate(step.body)
                yield from (((*path, index, "group", number), each) for number, each in inner)

"""Steps as they stand in the manifests, found by the places of resolved ones, and whether they differ."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from rgraph.catalog import Catalog
from rgraph.catalog.uses import RecipeUsers, all_steps
from rgraph.errors import Place
from rgraph.image import ImageStep
from rgraph.manifest.step import Step

_ATTRIBUTES = {"from": "from_", "with": "with_"}
"""Keys of manifests that are words of Python."""


Home = tuple[str, str]
"""`layer` or `recipe` and its name, or `file` and its path."""


class Use(Struct, frozen=True, eq=False):
    """A `use` step and its place."""

    place: Place
    step: Step


class Written:
    """The steps of one catalogue."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._by_home: dict[Home, Any] = {
            ("layer", name): each.manifest for name, each in catalog.layers.items()
        }
        self._by_home |= {("recipe", name): each.manifest for name, each in catalog.recipes.items()}
        self._homes: dict[str, Home] = {
            each.place.file: ("layer", name) for name, each in catalog.layers.items()
        }
        self._homes |= {each.place.file: ("recipe", name) for name, each in catalog.recipes.items()}
        self._users = RecipeUsers(catalog)
        self._reached: dict[str, frozenset[str]] = {}

    def recipe(self, place: Place) -> str:
        """The recipe that a step stands in; empty for a layer's own step."""
        kind, name = self._homes.get(place.file, ("", ""))
        return name if kind == "recipe" else ""

    def home(self, place: Place, other: Written) -> Home:
        """What a step stands in, so that the other catalogue's step of the same place has the same: a
        manifest may get another file or another name.
        """
        home = self._homes.get(place.file, ("", ""))
        return home if home in other._by_home else ("file", place.file)

    def kind(self, step: ImageStep) -> str:
        """The kind of a resolved step, as manifests call it."""
        found = self.step(step.place)
        return found.kind if found else type(step.step).__name__.lower()

    def step(self, place: Place) -> Step | None:
        """The step that stands at a place; None if there is none."""
        node: Any = self._by_home.get(self._homes.get(place.file, ("", "")))
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

    def all(self, home: Home) -> list[Step]:
        """All steps of a layer's or recipe's manifest, by what `home` said."""
        kind, name = home
        manifest = self._by_home.get(self._homes.get(name, ("", "")) if kind == "file" else home)
        return [step for _, step in all_steps(manifest)] if manifest else []

    def uses(self, layer: str, leading: Collection[str]) -> list[Use]:
        """The steps by which a layer uses some recipes: its own, and those of recipes that it comes to."""
        own = self._catalog.layers[layer]
        manifests: list[tuple[Place, Any]] = [(own.place, own.manifest)]
        manifests += [
            (each.place, each.manifest)
            for name, each in sorted(self._catalog.recipes.items())
            if name in self.reached(layer)
        ]
        return [
            Use(place.at(*path), step)
            for place, manifest in manifests
            for path, step in all_steps(manifest)
            if step.kind == "use" and (step.body in leading or "${{" in step.body)
        ]

    def reached(self, layer: str) -> frozenset[str]:
        """The recipes that a layer comes to; all of them if an expression names one."""
        if layer not in self._reached:
            found: dict[str, None] = {}
            todo: list[Any] = [self._catalog.layers[layer].manifest]
            while todo:
                used = [step.body for _, step in all_steps(todo.pop()) if step.kind == "use"]
                names = self._catalog.recipes if any("${{" in each for each in used) else used
                more = [each for each in names if each in self._catalog.recipes and each not in found]
                found.update(dict.fromkeys(more))
                todo += [self._catalog.recipes[each].manifest for each in dict.fromkeys(more)]
            self._reached[layer] = frozenset(found)
        return self._reached[layer]

    def homes(self, layer: str, other: Written) -> set[Home]:
        """What a layer's steps stand in, recipes that it comes to included, as `home` says it."""
        recipes = (self._catalog.recipes[name].place for name in self.reached(layer))
        return {self.home(place, other) for place in (self._catalog.layers[layer].place, *recipes)}

    def leading_to(self, recipe: str) -> frozenset[str]:
        """The recipe, and all recipes that use it."""
        return self._users.leading_to(recipe)


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

"""Written steps to resolved ones: each distinct step once, however many images have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs

from rgraph.catalog import Catalog, Recipe
from rgraph.errors import Place, Problems
from rgraph.expressions import Scope, Value
from rgraph.image import ImageStep
from rgraph.manifest.layer import Param
from rgraph.manifest.step import Step as WrittenStep
from rgraph.names import Bad
from rgraph.purls import checked_purl, parse_purl
from rgraph.steps.context import Context, Settings, Surroundings
from rgraph.steps.group import Group
from rgraph.steps.interface import Component, Run
from rgraph.steps.table import RESOLVERS
from rgraph.suggest import did_you_mean

Key = tuple[Any, ...]
MAX_STEPS = 1000
"""Steps that a recipe may come to: recipes that use each other twice could double without end."""
MANY = 200
"""Problems after which nothing is suggested any more: who has so many made one mistake often."""
MAX_DEPTH = 8
"""Recipes within recipes: each level may multiply what the one below makes."""
_NOTHING: tuple[ImageStep, ...] = ()


def hashable(value: Value | object) -> Any:
    """A value as part of a key: `true` and `"true"` differ, lists become tuples."""
    if isinstance(value, list):
        return tuple(hashable(each) for each in value)
    return ("bool", value) if isinstance(value, bool) else value


def key_of(used: Sequence[str], values: Mapping[str, Value]) -> Key:
    """The values of the names that something uses: it comes out the same where they are the same."""
    return tuple(hashable(values.get(name, ...)) for name in used)


class StepResolver:
    """Resolves steps and remembers them."""

    def __init__(self, catalog: Catalog, settings: Settings, problems: Problems) -> None:
        self._catalog = catalog
        self._settings = settings
        self._problems = problems
        self._uses: dict[Key, tuple[ImageStep, ...]] = {}
        self._open: list[str] = []
        self.used_recipes: set[str] = set()
        """Names of the recipes that some image uses."""

    def context(self, scope: Scope, place: Place) -> Context:
        """A context at a place."""
        return Context(Surroundings(self._settings, scope, place, self._problems))

    def resolve(self, step: WrittenStep, scope: Scope, place: Place) -> tuple[ImageStep, ...]:
        """A step in a scope: one resolved step, several for a recipe, none if `when` is false."""
        context = self.context(scope, place)
        if step.when is not True and not context.at("when").flag(step.when):
            return _NOTHING
        if step.kind == "use":
            return self._use(step, context)
        if step.kind == "group":
            return self._group(step, context)
        before = len(self._problems)
        resolved = RESOLVERS[step.kind](context.at(step.kind), step.body)
        components = (
            resolved.components()
            if step.provides is None
            else self._provided(step, context, resolved.checksum())
        )
        if len(self._problems) > before:
            return _NOTHING
        said = step.provides is not None
        return (
            ImageStep(
                resolved,
                place,
                "",
                components,
                resolved.sources(),
                resolved.files(),
                resolved.platforms(),
                (),
                said,
            ),
        )

    def resolve_all(self, steps: Sequence[WrittenStep], scope: Scope, place: Place) -> tuple[ImageStep, ...]:
        """A list of steps, without memory (a recipe's or stage's)."""
        return tuple(
            each for index, step in enumerate(steps) for each in self.resolve(step, scope, place.at(index))
        )

    def _provided(self, step: WrittenStep, context: Context, checksum: str) -> tuple[Component, ...]:
        found = []
        for text, here in context.at("provides").placed(step.provides):
            made = checked_purl(text)
            if isinstance(made, Bad):
                here.problem(made.what, made.help)
            else:
                found.append(parse_purl(made))
        if len(found) == 1 and not found[0].checksum:
            return (structs.replace(found[0], checksum=checksum),)
        return tuple(found)

    def _group(self, step: WrittenStep, context: Context) -> tuple[ImageStep, ...]:
        before = len(self._problems)
        members = self.resolve_all(step.body, context.scope, context.place.at("group"))
        for member in members:
            rendered = member.step.render("posix")
            if not isinstance(rendered, Run) or rendered.verbatim:
                self._problems.add(
                    member.place,
                    "this step is no RUN of commands, so it cannot be part of a group",
                    "move it out, or write its commands as a list",
                )
        made = (member.step.render("powershell") for member in members)
        if len({each.errors for each in made if isinstance(each, Run)}) > 1:
            what = "the members of the group do not say the same `errors`"
            self._problems.add(context.place.at("group"), what, "one RUN either stops at errors or does not")
        if not members or len(self._problems) > before:
            return _NOTHING
        group = Group(tuple(member.step for member in members))
        components = tuple(component for member in members for component in member.components)
        platforms = tuple(sorted({each for member in members for each in member.platforms}))
        return (ImageStep(group, context.place, "", components, platforms=platforms, members=members),)

    def _use(self, step: WrittenStep, context: Context) -> tuple[ImageStep, ...]:
        name = context.at("use").text(step.body)
        recipe = self._catalog.recipes.get(name)
        if recipe is None:
            if name:
                few = len(self._problems) < MANY
                near = did_you_mean(name, self._catalog.recipes) if few else ""
                help = near or "recipes are in manifests/recipes/"
                context.at("use").problem(f"there is no recipe `{name}`", help, unsure=True)
            return _NOTHING
        self.used_recipes.add(name)
        if name in self._open:
            path = " -> ".join([*self._open[self._open.index(name) :], name])
            context.at("use").problem(f"the recipe uses itself: {path}", "a recipe cannot use itself")
            return _NOTHING
        if len(self._open) >= MAX_DEPTH:
            context.at("use").problem(
                f"recipes use each other more than {MAX_DEPTH} deep", "put them side by side"
            )
            return _NOTHING
        values = self._parameters(recipe, step.with_, context)
        if values is None:
            return _NOTHING
        key = (name, tuple((parameter, hashable(values[parameter])) for parameter in sorted(values)))
        if key not in self._uses:
            self._uses[key] = self._steps_of(recipe, name, values)
        return self._uses[key]

    def _steps_of(self, recipe: Recipe, name: str, values: dict[str, Value]) -> tuple[ImageStep, ...]:
        self._open.append(name)
        try:
            scope = Scope(values, frozenset(recipe.manifest.params), f"the recipe `{name}`")
            found = self.resolve_all(recipe.manifest.steps, scope, recipe.place.at("steps"))
        finally:
            self._open.pop()
        if not found:
            return found
        if len(found) > MAX_STEPS:
            self._problems.add(
                recipe.place.at("steps"),
                f"the recipe makes more than {MAX_STEPS} steps",
                "split it into layers",
            )
            return _NOTHING
        first = found[0]
        comment = name if not first.comment else f"{name}: {first.comment}"
        return (structs.replace(first, comment=comment), *found[1:])

    def default(self, recipe: Recipe, parameter: str, param: Param) -> Value:
        """The default of a recipe's parameter; it sees no names."""
        place = recipe.place.at("params", parameter, "default")
        scope = Scope({}, owner=f"the default of `{parameter}`")
        return self.context(scope, place).value(param.default)

    def _parameters(
        self, recipe: Recipe, given: Mapping[str, Any], context: Context
    ) -> dict[str, Value] | None:
        params = recipe.manifest.params
        name = recipe.manifest.name
        right = True
        for each in given:
            if each not in params:
                help = (
                    did_you_mean(each, params)
                    or f"it has {', '.join(f'`{p}`' for p in params) or 'no parameters'}"
                )
                self._problems.add(
                    context.place.key("with", each), f"`{name}` has no parameter `{each}`", help
                )
                right = False
        values: dict[str, Value] = {}
        for parameter, param in params.items():
            before = len(self._problems)
            if parameter in given and given[parameter] is None:
                context.at("with", parameter).problem(
                    f"`{parameter}` is empty", "give it a value, or leave it out"
                )
            elif parameter in given:
                values[parameter] = context.at("with", parameter).value(given[parameter])
            elif isinstance(param, Param) and param.has_default:
                values[parameter] = self.default(recipe, parameter, param)
            else:
                context.at("use").problem(
                    f"`{name}` needs the parameter `{parameter}`", f"add `with: {{{parameter}: ...}}`"
                )
                right = False
            right = right and len(self._problems) == before
        return values if right else None

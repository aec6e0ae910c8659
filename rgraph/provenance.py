"""Where components come from: which place brings each, and by which way it reaches an image."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args
from urllib.parse import unquote

from msgspec import Struct, field

from rgraph.attribution import Attributions
from rgraph.catalog import Catalog
from rgraph.catalog.uses import RecipeUsers, all_steps
from rgraph.errors import Place, UsageError
from rgraph.image import Image
from rgraph.inventory import Declared, Inventory
from rgraph.manifest.components import Status
from rgraph.manifest.step import Step
from rgraph.resolve import Resolved
from rgraph.suggest import did_you_mean

STATUSES: tuple[str, ...] = get_args(Status)
"""What a licence fact can be, the best first."""


class Listed(Struct, frozen=True, eq=False):
    """A component in one version, who brings it, and who holds it."""

    declared: Declared
    """As the first that brings it declares it."""
    bringers: tuple[str, ...]
    """Images and Externals that bring it, Externals first."""
    images: tuple[str, ...]
    """Images that hold it, in order."""


class Bringing(Struct, frozen=True, eq=False):
    """A component as one place of a manifest brings it."""

    declared: Declared
    step: str
    """Kind of the step: `apt`, `conda`, ...; empty if an External provides it, or if it comes along."""
    recipe: str
    """The recipe that the step stands in, if any."""
    bringers: tuple[str, ...]
    """Images (or Externals) that have the step, in order."""
    uses: tuple[tuple[str, Place], ...]
    """Layers of these images, each with its step: the one that brings it, or those that use its recipe."""
    inherited: tuple[tuple[str, ...], ...]
    """For each image that inherits it, in order: image, parent, ..., bringer."""


def components(resolved: Resolved, inventory: Inventory, ids: Sequence[str]) -> tuple[Listed, ...]:
    """All components of some images; sorted by name, then purl. Linear in what each image brings itself."""
    holders = _holders(inventory, ids)
    found: dict[tuple[str, str], tuple[Declared, list[str]]] = {}
    for bringer in (*resolved.catalog.externals, *resolved.images):
        for declared in inventory.own(bringer) if bringer in holders else ():
            entry = found.setdefault((declared.purl, declared.version), (declared, []))
            entry[1].append(bringer)
    holding = _Holding(resolved, holders)
    listed = (Listed(declared, tuple(nodes), holding.of(tuple(nodes))) for declared, nodes in found.values())
    return tuple(sorted(listed, key=lambda each: _order(each.declared)))


class LicenseUse(Struct, frozen=True, eq=False):
    """A licence expression, and how much stands under it."""

    license: str
    """Empty for what has no licence that the catalogue knows."""
    components: int
    """Components, each version for itself."""
    externals: tuple[str, ...]
    """Externals that are under it themselves."""
    statuses: Mapping[str, int]
    """`verified`, `assumed`, `needs-review` -> components whose licence fact has that status."""
    missing: tuple[str, ...]
    """Licences, exceptions or notice files without a text, sorted."""
    lacking: int
    """Components and Externals that lack a text."""
    images: tuple[str, ...]
    """Images that hold any of it, in order."""


class _Under(Struct):
    """What was found of a licence so far."""

    components: dict[tuple[str, str], str] = field(default_factory=dict)
    externals: dict[str, None] = field(default_factory=dict)
    nodes: dict[str, None] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    lacking: set[tuple[str, str]] = field(default_factory=set)


def licenses(
    resolved: Resolved, inventory: Inventory, attributions: Attributions, ids: Sequence[str]
) -> tuple[LicenseUse, ...]:
    """The licences of some images, by name; what has none last."""
    holders = _holders(inventory, ids)
    found: dict[str, _Under] = {}
    for node in (*resolved.catalog.externals, *resolved.images):
        for each in attributions.own(node) if node in holders else ():
            under = found.setdefault(each.license, _Under())
            key = (each.declared.purl, each.declared.version) if each.declared else (node, "")
            if each.declared is None:
                under.externals[node] = None
            else:
                under.components[key] = each.declared.fact.status if each.declared.fact else ""
            under.nodes[node] = None
            under.missing.update(each.missing)
            if each.missing or not each.license:
                under.lacking.add(key)
    holding = _Holding(resolved, holders)
    made = (_use(license, under, holding) for license, under in found.items())
    return tuple(sorted(made, key=lambda each: (not each.license, each.license.lower(), each.license)))


def _use(license: str, under: _Under, holding: _Holding) -> LicenseUse:
    statuses = [status for status in under.components.values() if status]
    return LicenseUse(
        license,
        len(under.components),
        tuple(under.externals),
        {status: statuses.count(status) for status in STATUSES if status in statuses},
        tuple(sorted(under.missing)),
        len(under.lacking),
        holding.of(tuple(under.nodes)),
    )


def why(
    resolved: Resolved, inventory: Inventory, pattern: str, image: str | None = None
) -> tuple[Bringing, ...]:
    """Every place that brings the components that a pattern names; of one image, or of all.

    The pattern is a name, `name@version`, or a purl with or without version and qualifiers; `*`, `?`
    and `[...]` match as in selectors. Raises UsageError if there is no such component.
    """
    ids = list(resolved.images) if image is None else [image]
    holders = _holders(inventory, ids)
    found: dict[tuple[str, str, Place], tuple[Declared, list[str]]] = {}
    for node in (*resolved.catalog.externals, *resolved.images):
        for declared in inventory.own(node) if node in holders else ():
            if any(fnmatch.fnmatchcase(name, pattern) for name in names_of(declared)):
                key = declared.purl, declared.version, declared.place
                found.setdefault(key, (declared, []))[1].append(node)
    if not found:
        raise _unknown(resolved, inventory, pattern, image)
    steps = _Steps(resolved.catalog)
    paths = _Paths(resolved, inventory, holders)
    brought = (_bringing(resolved, steps, paths, declared, nodes) for declared, nodes in found.values())
    return tuple(sorted(brought, key=lambda each: _order(each.declared)))


def names_of(declared: Declared) -> Iterator[str]:
    """What people call a component: its name or purl, with version or without."""
    plain = declared.purl.partition("#")[0].partition("?")[0]
    names = dict.fromkeys((declared.name, declared.component.name))
    yield from names
    yield from (f"{name}@{declared.component.version}" for name in names if declared.component.version)
    yield from dict.fromkeys((declared.purl, plain, unquote(plain), plain.partition("@")[0]))


def _order(declared: Declared) -> tuple[str, str, str, str, tuple[str, ...]]:
    place = declared.place
    path = tuple(f"{item:09}" if isinstance(item, int) else item for item in place.path)
    return declared.name.lower(), declared.purl, declared.version, place.file, path


def _bringing(
    resolved: Resolved, steps: _Steps, paths: _Paths, declared: Declared, bringers: Sequence[str]
) -> Bringing:
    if declared.transitive:
        return Bringing(declared, "", "", tuple(bringers), (), tuple(paths.to(bringers)))
    layers = dict.fromkeys(resolved.images[each].layer for each in bringers if ":" in each)
    step, recipe = steps.at(declared.place) if layers else ("", "")
    uses = tuple((layer, place) for layer in layers for place in steps.uses(layer, recipe, declared.place))
    return Bringing(declared, step, recipe, tuple(bringers), uses, tuple(paths.to(bringers)))


def _unknown(resolved: Resolved, inventory: Inventory, pattern: str, image: str | None) -> UsageError:
    nodes = [*resolved.catalog.externals, *resolved.images] if image is None else inventory.bringers(image)
    known = {declared.name for node in nodes for declared in inventory.own(node)}
    near = did_you_mean(pattern, sorted(known))
    if image is None:
        return UsageError(f"no image holds a component `{pattern}`", near or "`rgraph components` lists all")
    help = near or f"`rgraph components {image}` lists what it holds"
    return UsageError(f"`{image}` holds no component `{pattern}`", help)


def _holders(inventory: Inventory, ids: Iterable[str]) -> Mapping[str, list[str]]:
    """Image or External -> those of some images that hold what it brings."""
    found: dict[str, list[str]] = {}
    for id in ids:
        for bringer in inventory.bringers(id):
            found.setdefault(bringer, []).append(id)
    return found


class _Holding:
    """Images that hold what any of some nodes bring; worked out once for the same nodes."""

    def __init__(self, resolved: Resolved, holders: Mapping[str, list[str]]) -> None:
        self._position = {id: position for position, id in enumerate(resolved.images)}
        self._holders = holders
        self._found: dict[tuple[str, ...], tuple[str, ...]] = {}

    def of(self, bringers: tuple[str, ...]) -> tuple[str, ...]:
        """The images, in order."""
        if bringers not in self._found:
            ids = {id for each in bringers for id in self._holders[each]}
            self._found[bringers] = tuple(sorted(ids, key=self._position.__getitem__))
        return self._found[bringers]


class _Paths:
    """The ways by which images inherit components."""

    def __init__(self, resolved: Resolved, inventory: Inventory, holders: Mapping[str, list[str]]) -> None:
        self._images = resolved.images
        self._inventory = inventory
        self._holding = _Holding(resolved, holders)
        self._known: dict[tuple[str, str], str] = {}

    def to(self, bringers: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The way of each image that inherits what some nodes bring, in order."""
        ends = set(bringers)
        for id in self._holding.of(tuple(bringers)):
            if id not in ends:
                nearest = next(each for each in self._inventory.bringers(id) if each in ends)
                yield self._way(id, nearest)

    def _way(self, id: str, end: str) -> tuple[str, ...]:
        way = [id]
        while way[-1] != end:
            step = way[-1], end
            if step not in self._known:
                self._known[step] = self._next(self._images[way[-1]], end)
            way.append(self._known[step])
        return tuple(way)

    def _next(self, image: Image, end: str) -> str:
        """What an image inherits an ancestor's components from: its parent if that has them, else a
        source of files.

        Of a source that says what comes along nothing is inherited. It can be among the bringers all
        the same, below another source; then it is that one.
        """
        own = set(self._inventory.bringers(image.id))
        sources = [
            edge.to for edge in image.edges if edge.to in own and end in self._inventory.bringers(edge.to)
        ]
        if image.parent.to in sources:
            return image.parent.to
        below = {each for source in sources for each in self._inventory.bringers(source)[1:]}
        return next(source for source in sources if source not in below)


class _Steps:
    """Steps as they stand in the manifests, by their places."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        written: list[tuple[str, str, Any]] = [
            (layer.place.file, "", layer.manifest) for layer in catalog.layers.values()
        ]
        written += [(recipe.place.file, name, recipe.manifest) for name, recipe in catalog.recipes.items()]
        self._by_file = {file: (name, manifest) for file, name, manifest in written}
        self._users = RecipeUsers(catalog)

    def at(self, place: Place) -> tuple[str, str]:
        """Kind of the step at a place, and the recipe that it stands in."""
        recipe, node = self._by_file[place.file]
        for item in place.path:
            if isinstance(item, int):
                node = node[item]
            else:
                node = node.body if isinstance(node, Step) else getattr(node, item)
        return node.kind, recipe

    def uses(self, layer: str, recipe: str, place: Place) -> Sequence[Place]:
        """The steps of a layer that lead to a step: by the recipe that it stands in, or by themselves.

        A layer that names its recipes by expressions gives its manifest.
        """
        if not recipe:
            return [place]
        written = self._catalog.layers[layer]
        leading = self._users.leading_to(recipe)
        paths = [
            path for path, step in all_steps(written.manifest) if step.kind == "use" and step.body in leading
        ]
        return [written.place.at(*path) for path in paths] or [written.place]

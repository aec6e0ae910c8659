"""The part of a catalogue that a change of some manifests can reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import structs

from rgraph.bumping.trace import ANY, leading, used_by
from rgraph.catalog import Catalog
from rgraph.graph import closure
from rgraph.manifest.layer import LayerManifest
from rgraph.resolve import Resolved


def part_of(resolved: Resolved, files: Collection[str]) -> tuple[Catalog, frozenset[str]] | None:
    """The catalogue with the layers that some files reach and those that they need, and the names of the
    former; None if an expression names a recipe, so that nobody knows.

    What stands upon a layer is reached only by what the layer passes on: `compare` sees whether that
    changes.
    """
    catalog = resolved.catalog
    uses = {name: set(_used(layer.manifest)) for name, layer in catalog.layers.items()}
    inside = {name: used_by(recipe.manifest.steps) for name, recipe in catalog.recipes.items()}
    if any(ANY in used for used in (*uses.values(), *inside.values())):
        return None
    wanted = leading(catalog, files)
    reached = {
        name for name, layer in catalog.layers.items() if layer.place.file in files or uses[name] & wanted
    }
    needs: dict[str, set[str]] = {}
    for image in resolved.images.values():
        below = needs.setdefault(image.layer, set())
        below.update(resolved.images[edge.to].layer for edge in image.edges if not edge.external)
    kept = closure(reached, {name: list(below) for name, below in needs.items()})
    # A recipe that nobody uses is checked by its defaults, which need not be right where all say otherwise.
    recipes = closure(
        (each for name in kept for each in uses[name]), {name: list(used) for name, used in inside.items()}
    )
    part = structs.replace(
        catalog,
        layers={name: layer for name, layer in catalog.layers.items() if name in kept},
        recipes={name: recipe for name, recipe in catalog.recipes.items() if name in recipes},
    )
    return part, frozenset(reached)


def _used(manifest: LayerManifest) -> Iterator[str]:
    for steps in (manifest.steps, manifest.private, *(stage.steps for stage in manifest.stages)):
        yield from used_by(steps)

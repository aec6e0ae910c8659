"""The part of a catalogue that a change of some manifests can reach, resolved again.

What stands below it stands in as it was, and so does what another half of the work looks at: `compare`
sees whether what images pass on changes, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec import structs

from rgraph.bumping.trace import ANY, leading, used_by
from rgraph.catalog import Catalog
from rgraph.errors import Problems
from rgraph.graph import closure
from rgraph.image import Image
from rgraph.manifest.layer import LayerManifest
from rgraph.resolve import Resolved
from rgraph.resolve.drafts import Draft, draft_layers
from rgraph.resolve.link import link
from rgraph.steps.image_settings import Shell, User, Workdir


def reached_by(catalog: Catalog, files: Collection[str]) -> tuple[str, ...] | None:
    """The layers that a change of some files can reach themselves, by name; None if an expression names a
    recipe, so that nobody knows.
    """
    uses = {name: set(_used(layer.manifest)) for name, layer in catalog.layers.items()}
    inside = (used_by(recipe.manifest.steps) for recipe in catalog.recipes.values())
    if any(ANY in used for used in (*uses.values(), *inside)):
        return None
    wanted = leading(catalog, files)
    return tuple(
        sorted(
            name for name, layer in catalog.layers.items() if layer.place.file in files or uses[name] & wanted
        )
    )


def part_of(catalog: Catalog, layers: Collection[str]) -> Catalog:
    """A catalogue with some of its layers and the recipes that they use."""
    kept = {name: catalog.layers[name] for name in layers}
    used = (each for layer in kept.values() for each in _used(layer.manifest))
    # A recipe that nobody uses is checked by its defaults, which need not be right where all say otherwise.
    inside = {name: list(used_by(recipe.manifest.steps)) for name, recipe in catalog.recipes.items()}
    recipes = closure(used, inside)
    return structs.replace(
        catalog,
        layers=kept,
        recipes={name: recipe for name, recipe in catalog.recipes.items() if name in recipes},
    )


def resolve_part(before: Resolved, part: Catalog, problems: Problems) -> Resolved:
    """The images of a part of a catalogue that was changed, among what they need of the one before."""
    needs: dict[str, set[str]] = {}
    for image in before.images.values():
        below = needs.setdefault(image.layer, set())
        below.update(before.images[edge.to].layer for edge in image.edges if not edge.external)
    kept = closure(part.layers, {name: list(below) for name, below in needs.items()}) - part.layers.keys()
    standing = [_standing(before.catalog, image) for image in before.images.values() if image.layer in kept]
    images, level = link(part, [*draft_layers(part, problems), *standing], problems)
    return Resolved(part, images, level)


_PASSED_ON = (Shell, User, Workdir)
"""Steps that change what an image passes on."""


def _standing(catalog: Catalog, image: Image) -> Draft:
    """An image as a draft that passes on what the image does, and brings nothing."""
    return Draft(
        catalog.layers[image.layer],
        image.row,
        image.variant,
        image.id,
        image.parent.to,
        image.repository,
        image.tags,
        image.folder,
        image.frame,
        (),
        tuple(each.source for each in image.public if isinstance(each.source.step, _PASSED_ON)),
        (),
    )


def _used(manifest: LayerManifest) -> Iterator[str]:
    for steps in (manifest.steps, manifest.private, *(stage.steps for stage in manifest.stages)):
        yield from used_by(steps)

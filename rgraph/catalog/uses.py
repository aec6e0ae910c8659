"""Steps of manifests with their paths, and which recipes use which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rgraph.catalog.types import Catalog
from rgraph.errors import Path
from rgraph.graph import closure, reverse
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.step import Step


def all_steps(manifest: LayerManifest | RecipeManifest) -> Iterator[tuple[Path, Step]]:
    """Every step of a layer or recipe with its path, in their order."""
    if isinstance(manifest, LayerManifest):
        for index, stage in enumerate(manifest.stages):
            yield from _below(("stages", index, "steps"), stage.steps)
        yield from _below(("steps",), manifest.steps)
        yield from _below(("private",), manifest.private)
    else:
        yield from _below(("steps",), manifest.steps)


def _below(path: Path, steps: Sequence[Step]) -> Iterator[tuple[Path, Step]]:
    for index, step in enumerate(steps):
        yield (*path, index), step
        if step.kind == "group":
            yield from _below((*path, index, "group"), step.body)


class RecipeUsers:
    """Which recipes use which, worked out once."""

    def __init__(self, catalog: Catalog) -> None:
        self._users = reverse(
            {
                name: [step.body for _, step in all_steps(recipe.manifest) if step.kind == "use"]
                for name, recipe in catalog.recipes.items()
            }
        )

    def leading_to(self, recipe: str) -> frozenset[str]:
        """The recipe, and all recipes that use it, also by way of others."""
        return frozenset(closure([recipe], self._users))

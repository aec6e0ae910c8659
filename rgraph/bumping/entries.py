"""Which entry of a written step a resolved component comes from."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from rgraph.bumping.leftover import steps_of_manifest
from rgraph.bumping.notations import TYPES, component_of
from rgraph.catalog import Catalog, Layer, Recipe
from rgraph.errors import Path, Place
from rgraph.manifest.step import Step
from rgraph.manifest.step_packages import PackageSpec
from rgraph.names import Bad
from rgraph.steps.interface import Component
from rgraph.steps.packages import Package, exact_version, parse_package


class Entries:
    """The steps of a catalogue that list packages."""

    def __init__(self, catalog: Catalog) -> None:
        every: list[Layer | Recipe] = [*catalog.layers.values(), *catalog.recipes.values()]
        self._steps = {
            spot: step
            for found in every
            for spot, step in steps_of_manifest(found.place.file, found.manifest)
            if step.kind in TYPES
        }

    def place(self, step: Place, component: Component) -> Place:
        """Where a step names a component: the entry with its version, if several have its name."""
        written = self._steps.get((step.file, step.path))
        alike = _alike(written, component) if written else []
        found = [path for path, version in alike if version == component.version]
        if len(alike) > 1 and found:
            return step.at(*found[0])
        return structs.replace(step, word=component.name)


def _alike(step: Step, component: Component) -> list[tuple[Path, str]]:
    """The entries of a component's name, each with its version as written."""
    path: Path = (step.kind,)
    body: Any = step.body
    if not isinstance(body, (list, str)):
        path, body = (step.kind, "packages"), body.packages
    found = []
    for index, entry in enumerate(body) if isinstance(body, list) else ():
        text = entry
        if isinstance(entry, PackageSpec):
            text = exact_version(step.kind, entry.name, entry.version) if entry.version else entry.name
        made = Bad("") if "${{" in text else parse_package(step.kind, text)
        if isinstance(made, Package) and component_of(step.kind, made).name == component.name:
            found.append(((*path, index), made.version))
    return found

"""Whose a place is: the layer or recipe of a manifest, as waivers name it."""

from __future__ import annotations

from rgraph.catalog import Catalog, Layer
from rgraph.errors import Path, Place
from rgraph.manifest.step import Step


class Owners:
    """The layers and recipes of a catalogue by their files: each has one of its own."""

    def __init__(self, catalog: Catalog) -> None:
        entries = (*catalog.recipes.items(), *catalog.layers.items())
        self._by_file = {entry.place.file: name for name, entry in entries}

    def name(self, place: Place) -> str:
        """Name of the layer or recipe that a place is in; of another file, its path."""
        return self._by_file.get(place.file, place.file)

    def seen_from(self, layer: Layer, place: Place) -> Place:
        """A place as the layer comes to it: itself, or where the layer uses the recipe that it is in.

        Where the recipe is used by another recipe only, that is the layer's list of steps.
        """
        if place.file == layer.place.file:
            return place
        recipe = self.name(place)
        manifest = layer.manifest
        parts: list[tuple[Path, list[Step]]] = [
            (("steps",), manifest.steps),
            (("private",), manifest.private),
        ]
        parts += [(("stages", index, "steps"), each.steps) for index, each in enumerate(manifest.stages)]
        for part, steps in parts:
            for index, step in enumerate(steps):
                if step.kind == "use" and step.body == recipe:
                    return layer.place.at(*part, index, "use")
        return layer.place.at("steps")

"""All manifests of a catalogue, by name; every reference that needs no matrix is checked.

`types.py` says what a catalogue holds; `build.py` makes it of the manifests, with the other files for
each kind of document.
"""

from rgraph.catalog.build import build_catalog
from rgraph.catalog.types import (
    Catalog,
    External,
    Fact,
    FactKey,
    FitFact,
    Found,
    Layer,
    Recipe,
    Waived,
)

__all__ = [
    "Catalog",
    "External",
    "Fact",
    "FactKey",
    "FitFact",
    "Found",
    "Layer",
    "Recipe",
    "Waived",
    "build_catalog",
]

"""From a Catalog to Images.

`steps.py` resolves each distinct step once; `drafts.py` makes one draft for each row of each
matrix; `link.py` connects the drafts, checks what a parent must have, and renders each distinct step.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from rgraph.catalog import Catalog
from rgraph.errors import Problems
from rgraph.image import Image
from rgraph.resolve.drafts import draft_layers
from rgraph.resolve.link import link


class Resolved(Struct, frozen=True):
    """All images of a catalogue, in the order of their waves, then ids."""

    catalog: Catalog
    images: Mapping[str, Image]
    level: Mapping[str, int]
    """Image id -> its wave among all images, from 1."""


def resolve(catalog: Catalog, problems: Problems) -> Resolved:
    """The images of a catalogue. What is wrong is noted; the result is only good without problems."""
    drafts = draft_layers(catalog, problems)
    images, level = link(catalog, drafts, problems)
    return Resolved(catalog, images, level)

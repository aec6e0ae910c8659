"""Components that an image inherits and does not hold, for a nearer image installs another version."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import structs

from rgraph.release.differences import ImageDifference, Item
from rgraph.release.record import Part
from rgraph.release.state import State

_SINGLE = ("pkg:bioconductor/", "pkg:conda/", "pkg:cran/", "pkg:deb/", "pkg:pypi/")
"""Types of which an environment holds one version of a component: its package manager replaces the other."""


def shadowed(state: State, id: str, names: Collection[str]) -> set[Item]:
    """What an image inherits of the components of some names, and it or a nearer image brings too."""
    nearest: dict[str, str] = {}
    found = set()
    for by in state.images[id].bringers:
        for part in state.parts[by]:
            single = part.name in names and part.purl.startswith(_SINGLE)
            if single and nearest.setdefault(_plain(part), by) != by:
                found.add(Item(part, by))
    return found


def held(before: State, after: State, id: str, change: ImageDifference) -> ImageDifference:
    """A difference of an image without what it inherits and does not hold."""
    names = {item.part.name for item in (*change.gone, *change.come) if item.by != id}
    if not names:
        return change
    return structs.replace(
        change,
        gone=change.gone - shadowed(before, id, names) if id in before.images else change.gone,
        come=change.come - shadowed(after, id, names),
    )


def _plain(part: Part) -> str:
    """Its purl without version and qualifiers."""
    return part.purl.partition("?")[0].partition("@")[0]

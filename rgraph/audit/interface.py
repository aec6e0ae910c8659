"""What a rule is and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from rgraph.audit.subject import Subject
from rgraph.errors import Place

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""From the gravest on."""


class Rule(Struct, frozen=True):
    """One check, with an id that never changes its meaning."""

    id: str
    """`RG` and three digits; the first is the family's."""
    name: str
    """Short name in words with dashes: `unpinned-package`."""
    level: Level
    """Its level where the catalogue's policy does not say another."""
    summary: str
    """What it finds, in one sentence. Its page in `pages/` has the rest."""


class Finding(Struct, frozen=True):
    """One thing that a rule found."""

    rule: Rule
    place: Place
    """What a person must change."""
    what: str
    """What is wrong, one sentence without a full stop, with the names and versions that matter."""
    subject: str
    """What it is about, as waivers name it: an image, an External, a recipe, a layer, a component's
    purl without version and qualifiers."""
    help: str = ""
    """What would be right."""
    images: tuple[str, ...] = ()
    """Ids of the images concerned, in the order of the catalogue; empty if it concerns none."""
    names: tuple[str, ...] = ()
    """Further names for waivers, for instance the ids of an advisory."""
    related: tuple[tuple[Place, str], ...] = ()
    """Other places that have to do with it, and how."""
    level: Level | None = None
    """Its level where it is not the rule's."""


Check = Callable[[Subject], Iterator[Finding]]
"""A family's rules, applied to a catalogue."""

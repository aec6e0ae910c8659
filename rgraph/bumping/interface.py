"""What the parts of a bump hand to each other."""

from __future__ import annotations

import re

from msgspec import Struct

from rgraph.ecosystems import order_of
from rgraph.errors import Path, Place
from rgraph.steps.interface import Component

Spot = tuple[str, Path]
"""A scalar: its file, and its path in the document."""


class Edit(Struct, frozen=True):
    """One piece of one scalar that becomes another."""

    file: str
    path: Path
    start: int
    """Index in the scalar's value, as the document's data has it."""
    old: str
    new: str

    @property
    def spot(self) -> Spot:
        """The scalar."""
        return self.file, self.path

    @property
    def place(self) -> Place:
        """The scalar, as a place."""
        return Place(self.file, self.path)


class Refusal(Struct, frozen=True):
    """Why something cannot be changed safely."""

    place: Place
    what: str
    """One sentence without a full stop."""
    help: str = ""
    images: tuple[str, ...] = ()
    """Images (or Externals) that it is about."""


class Left(Struct, frozen=True):
    """Something that names the component and is left as it is, with no harm done."""

    place: Place
    why: str
    images: tuple[str, ...]
    """Images (or Externals) that have it, in order."""


Key = tuple[str, str, str]
"""What makes two components the same but for their version: type, namespace (none for a deb, which has
its image's distribution there), name."""


def key_of(component: Component) -> Key:
    """The key of a component."""
    return component.type, "" if component.type == "deb" else component.namespace, component.name


ORDERED = frozenset({"pypi", "deb", "conda", "cran", "bioconductor"})
"""Types whose versions have a notation that a text can fail to have, and an order."""


def _word(version: str) -> str:
    """What stands before a version's first digit, but for the `v` of a tag."""
    word = re.match("[^0-9]*", version)
    return "" if word is None or word[0] in "vV" else word[0]


class Ask(Struct, frozen=True):
    """What is to be changed, for one component."""

    key: Key
    new: str
    """The version to come."""
    only: str = ""
    """Only pins of this version; empty for all."""
    sha256: str = ""
    """Checksum of the new version's file, if somebody said it."""
    commit: str = ""
    """Commit of the new version's tag, likewise."""
    locked: frozenset[str] = frozenset()
    """Addresses whose checksums are in the lock."""
    downgrade: bool = False
    """Whether the new version may be older than one that it replaces."""

    def wants(self, component: Component) -> bool:
        """Whether a component is one that must change."""
        return key_of(component) == self.key and self.old(component.version)

    def is_downgrade(self, old: str) -> bool:
        """Whether a version that goes is newer than the one to come, and that was not asked for.

        Versions that cannot be compared are not: where no ecosystem has an order, those that begin with
        different words (`py39_4.12.0`, `4.7.12`).
        """
        type = self.key[0]
        if self.downgrade or (type not in ORDERED and _word(old) != _word(self.new)):
            return False
        before, after = (order_of(type)(each) for each in (old, self.new))
        return before is not None and after is not None and bool(after < before)

    def old(self, version: str) -> bool:
        """Whether a version of the component must change."""
        return bool(version) and version != self.new and (not self.only or version == self.only)

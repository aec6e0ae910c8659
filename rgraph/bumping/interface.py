"""What the parts of a bump hand to each other."""

from __future__ import annotations

from msgspec import Struct

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

    def wants(self, component: Component) -> bool:
        """Whether a component is one that must change."""
        return key_of(component) == self.key and self.old(component.version)

    def old(self, version: str) -> bool:
        """Whether a version of the component must change."""
        return bool(version) and version != self.new and (not self.only or version == self.only)

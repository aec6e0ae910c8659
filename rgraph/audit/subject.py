"""What is audited: a resolved catalogue, its components, a day, and what stands outside of it.

The indexes here are made once and shared by all rules; each is linear in steps, images and edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property

from msgspec import Struct

from rgraph.advisories.interface import Advisories
from rgraph.catalog import Catalog
from rgraph.graph import closure, reverse
from rgraph.image import Image, ImageStep
from rgraph.inventory import Declared, Inventory
from rgraph.ledger import Ledger
from rgraph.resolve import Resolved


class StepUse(Struct, frozen=True, eq=False):
    """A distinct step (of a group: each member) and the images that have it."""

    step: ImageStep
    images: tuple[str, ...]
    """In the order of the catalogue."""
    part: str
    """`public`, `private`, or `stage`: the first part that has it there."""
    text: str
    """Its Dockerfile text; a member of a group has the group's."""


class Brought(Struct, frozen=True, eq=False):
    """A component as one manifest place declares it, and who brings it there."""

    declared: Declared
    bringers: tuple[str, ...]
    """Images or Externals that declare it at this place, in order."""


class Subject:
    """A catalogue under audit."""

    def __init__(
        self,
        resolved: Resolved,
        inventory: Inventory,
        ledger: Ledger,
        today: date,
        advisories: Advisories | None = None,
        readmes: Mapping[str, str] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        self.resolved = resolved
        self.inventory = inventory
        self.ledger = ledger
        self.today = today
        self.advisories = advisories
        """None: the audit was given none."""
        self.readmes = readmes or {}
        """Image id -> its README as it stands in `generated/`; only of images with a restriction on use."""
        self.texts = texts or {}
        """SPDX id of a licence or exception -> its standard text."""
        self._users: dict[str, tuple[str, ...]] = {}
        self._above: dict[str, tuple[str, ...]] = {}

    @property
    def catalog(self) -> Catalog:
        """The catalogue as written."""
        return self.resolved.catalog

    @property
    def images(self) -> Mapping[str, Image]:
        """All images, in order."""
        return self.resolved.images

    def in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Image ids in the order of the catalogue."""
        return tuple(sorted(set(ids), key=self._position.__getitem__))

    @cached_property
    def _position(self) -> Mapping[str, int]:
        return {id: position for position, id in enumerate(self.images)}

    def holders(self, bringer: str) -> tuple[str, ...]:
        """Images that hold the components of an image or External, in order."""
        return self._holders.get(bringer, ())

    @cached_property
    def _holders(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for id in self.images:
            for bringer in self.inventory.bringers(id):
                found.setdefault(bringer, []).append(id)
        return {bringer: tuple(ids) for bringer, ids in found.items()}

    def holding(self, bringers: tuple[str, ...]) -> tuple[str, ...]:
        """Images that hold the components of any of some bringers, in order."""
        if len(bringers) == 1:
            return self.holders(bringers[0])
        key = "\0".join(bringers)
        if key not in self._users:
            self._users[key] = self.in_order(id for each in bringers for id in self.holders(each))
        return self._users[key]

    def above(self, node: str) -> tuple[str, ...]:
        """All images that need an image or External, by any kind of edge; an image is among its own."""
        if node not in self._above:
            found = closure([node], self._needed_by)
            self._above[node] = self.in_order(each for each in found if each in self.images)
        return self._above[node]

    @cached_property
    def _needed_by(self) -> Mapping[str, list[str]]:
        return reverse({id: [edge.to for edge in image.edges] for id, image in self.images.items()})

    @cached_property
    def steps(self) -> tuple[StepUse, ...]:
        """Every distinct step, once, in the order of the images that have it first."""
        found: dict[int, tuple[ImageStep, list[str], str, str]] = {}
        for id, image in self.images.items():
            for part, step, text in _parts(image):
                entry = found.get(id_of := _key(step))
                if entry is None:
                    found[id_of] = (step, [id], part, text)
                elif entry[1][-1] != id:
                    entry[1].append(id)
        return tuple(StepUse(step, tuple(ids), part, text) for step, ids, part, text in found.values())

    @cached_property
    def components(self) -> tuple[Brought, ...]:
        """Every component at every place of a manifest that declares it, once."""
        return tuple(each for each in self.all_components if not each.declared.transitive)

    @cached_property
    def all_components(self) -> tuple[Brought, ...]:
        """The same, and what comes along with them as the lock has it."""
        found: dict[tuple[str, object], tuple[Declared, list[str]]] = {}
        for node in (*self.catalog.externals, *self.images):
            for declared in self.inventory.own(node):
                entry = found.get(key := (declared.purl, declared.place))
                if entry is None:
                    found[key] = (declared, [node])
                else:
                    entry[1].append(node)
        return tuple(Brought(declared, tuple(nodes)) for declared, nodes in found.values())


def _key(step: ImageStep) -> int:
    # Images share resolved steps, and the catalogue keeps them alive.
    return id(step)


def _parts(image: Image) -> Iterator[tuple[str, ImageStep, str]]:
    stages = (("stage", rendered) for stage in image.stages for rendered in stage.steps)
    public = (("public", rendered) for rendered in image.public)
    private = (("private", rendered) for rendered in image.private)
    for part, rendered in (*stages, *public, *private):
        for step in rendered.source.members or (rendered.source,):
            yield part, step, rendered.text


def plain_purl(purl: str) -> str:
    """A purl without version, qualifiers and subpath: what waivers name."""
    return purl.partition("#")[0].partition("?")[0].partition("@")[0]

"""What manifests say to be in an image, as package managers would know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

from rgraph.contents.installed import Database, normal_name
from rgraph.ecosystems import compared, order_of
from rgraph.errors import Place
from rgraph.image import Image
from rgraph.inventory import Declared, Inventory
from rgraph.resolve import Resolved
from rgraph.steps.r import Github, UrlPackages

DATABASE_OF: Final[Mapping[str, Database]] = {
    "deb": "deb",
    "conda": "conda",
    "pypi": "pypi",
    "cran": "r",
    "bioconductor": "r",
}
"""Type of a purl -> who knows packages of that type."""

Key = tuple[Database, str]


class Expected(Struct, frozen=True):
    """A package that a manifest declares."""

    key: Key
    name: str
    version: str
    how: Literal["exactly", "at least", "any"]
    by: str
    """The image or External that brings it."""
    place: Place

    @property
    def wanted(self) -> str:
        """The version in a sentence; empty if any will do."""
        return f"at least {self.version}" if self.how == "at least" else self.version

    def fits(self, version: str) -> bool:
        """Whether an installed version is the one that is declared."""
        if self.how == "any" or version == self.version:
            return True
        type = _TYPES[self.key[0]]
        order = order_of(type)
        here, there = order(compared(type, version, self.version)), order(self.version)
        if self.how == "at least":
            return here is not None and there is not None and bool(here >= there)
        if type == "conda":
            # `1.2` is also what conda's `=1.2` installs: 1.2.3.
            return version.lower().startswith(f"{self.version.lower()}.") or _same(here, there)
        # Debian's versions are texts; two that sort alike (`1.0` and `1.00`) are two.
        return type != "deb" and _same(here, there)


def _same(here: object, there: object) -> bool:
    return here is not None and here == there


_TYPES: Final[Mapping[Database, str]] = {"deb": "deb", "conda": "conda", "pypi": "pypi", "r": "cran"}


class Said(Struct, frozen=True):
    """What the manifests say of an image."""

    expected: Mapping[Key, tuple[Expected, ...]]
    """What must be there. Of one package what is declared nearest to the image: it was installed last."""
    known: Mapping[Key, tuple[Expected, ...]]
    """All that is declared, also by what files are taken from: it may be there, in these versions."""
    unchecked: tuple[Declared, ...]
    """What no package manager knows of: downloads, programs built from source."""


def said_of(resolved: Resolved, inventory: Inventory, id: str) -> Said:
    """What the manifests say to be in an image, or (`id` being its name) in an External."""
    expected: dict[Key, tuple[Expected, ...]] = {}
    unchecked: list[Declared] = []
    for node in _chain(resolved, id):
        here: dict[Key, list[Expected]] = {}
        for declared, key, name in _keyed(resolved, inventory, node):
            if key is None:
                unchecked.append(declared)
            else:
                here.setdefault(key, []).append(_expected(declared, key, name, node))
        for key, found in here.items():
            expected.setdefault(key, tuple(found))
    bringers = inventory.bringers(id)
    known: dict[Key, tuple[Expected, ...]] = {}
    for node in bringers:
        for declared, key, name in _keyed(resolved, inventory, node):
            if key:
                known[key] = (*known.get(key, ()), _expected(declared, key, name, node))
    return Said(expected, known, tuple(unchecked))


def _chain(resolved: Resolved, id: str) -> Iterator[str]:
    """The image, and what it is built from: what files are taken from hands on files, not packages."""
    node = id
    while node:
        yield node
        image = resolved.images.get(node)
        node = image.parent.to if image else ""


def _keyed(resolved: Resolved, inventory: Inventory, node: str) -> Iterator[tuple[Declared, Key | None, str]]:
    """What a node declares, with what package managers call it; None if none of them knows it."""
    image = resolved.images.get(node)
    packages = dict(_r_packages(image)) if image else {}
    for each in inventory.own(node):
        if each.transitive:
            continue
        component = each.component
        database = DATABASE_OF.get(component.type)
        name = component.name
        if database is None and (component.type, component.namespace, name) in packages:
            database, name = "r", packages[component.type, component.namespace, name]
        yield each, (database, normal_name(database, name)) if database else None, name


def _r_packages(image: Image) -> Iterator[tuple[tuple[str, str, str], str]]:
    """R packages of GitHub and of URLs: type, namespace and name of the component -> the package's name."""
    for rendered in (*image.public, *image.private):
        for member in rendered.source.members or (rendered.source,):
            step = member.step
            names = [each.name for each in step.packages] if isinstance(step, Github | UrlPackages) else []
            for component, name in zip(step.components() if names else (), names, strict=True):
                yield (component.type, component.namespace, component.name), name


def _expected(declared: Declared, key: Key, name: str, node: str) -> Expected:
    component = declared.component
    version = component.version
    # A ref of GitHub is no version; what pins by a commit, a snapshot or a release names none.
    if version and component.type != "github":
        return Expected(key, name, version, "exactly", node, declared.place)
    if component.pinned_by.startswith("at least "):
        least = component.pinned_by.removeprefix("at least ")
        return Expected(key, name, least, "at least", node, declared.place)
    return Expected(key, name, "", "any", node, declared.place)

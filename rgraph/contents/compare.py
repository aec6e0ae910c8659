"""What is in an image against what manifests and lock say: missing, another version, undeclared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Literal

from msgspec import Struct

from rgraph.contents.declared import Expected, Key, Said, said_of
from rgraph.contents.installed import Contents, Installed
from rgraph.errors import Place
from rgraph.inventory import Inventory
from rgraph.lock import LOCK_FILE
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.resolve import Resolved

Kind = Literal["missing", "version", "undeclared"]
Along = Mapping[str, Mapping[str, str]]
"""Image or External -> what comes along with it: purl -> licence expression."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing in which an image is not what manifests and lock say."""

    kind: Kind
    purl: str
    """As it is in the image; of what is missing as it is declared, without what only a tool would add."""
    name: str
    declared: str = ""
    """The version that is declared or locked; empty if none is."""
    found: str = ""
    """The version that is there; empty if none is."""
    by: str = ""
    """The image or External that declares it, or whose entry the lock has; empty if nobody does."""
    place: Place | None = None
    license: str = ""
    """As the package says; of what is undeclared."""


class Verdict(Struct, frozen=True):
    """What came of one image."""

    packages: int
    """Packages that are there, those within other packages not counted."""
    checked: int
    """Declared packages that were looked for."""
    unchecked: tuple[str, ...]
    """Declared components that no package manager knows, sorted."""
    differences: tuple[Difference, ...]
    along: Mapping[str, str]
    """All that came along unasked and that nothing below brings: purl -> licence."""


def compare(resolved: Resolved, inventory: Inventory, id: str, contents: Contents, along: Along) -> Verdict:
    """An image, or an External by its name, compared with manifests and lock; `along` is the lock's."""
    said = said_of(resolved, inventory, id)
    distribution = _distribution(resolved, inventory, id) or contents.distribution
    lower = [node for node in inventory.bringers(id)[1:] if along.get(node)]
    brought = {purl for node in lower for purl in along[node]}
    there = {each.purl(distribution) for each in contents.packages}
    told = _told(said, contents)
    unasked = {
        each.purl(distribution): each
        for each in contents.packages
        if not each.owner and (each.key, each.version) not in told and each.purl(distribution) not in brought
    }
    locked = _Locked(along, (id, *lower))
    differences = [
        *_of_declared(said, contents),
        *_of_locked(unasked, there, locked, along.get(id, {}), id),
        *(_undeclared(purl, each, locked) for purl, each in unasked.items() if purl not in along.get(id, {})),
    ]
    return Verdict(
        sum(not each.owner for each in contents.packages),
        len(said.expected),
        tuple(sorted({f"{each.name} {each.version}".rstrip() for each in said.unchecked})),
        tuple(sorted(differences, key=lambda each: (_ORDER.index(each.kind), each.name.lower(), each.purl))),
        {purl: each.license for purl, each in sorted(unasked.items())},
    )


_ORDER: Sequence[Kind] = ("missing", "version", "undeclared")


def _told(said: Said, contents: Contents) -> set[tuple[Key, str]]:
    """Packages of which the manifests say that they are there, each with its version. Of one that is there
    in no version that is declared, all: that is a difference of its own.
    """
    found: dict[Key, set[str]] = {}
    for each in contents.packages:
        if each.key in said.known:
            found.setdefault(each.key, set()).add(each.version)
    told = set()
    for key, versions in found.items():
        fitting = {one for one in versions if any(each.fits(one) for each in said.known[key])}
        differs = not any(each.fits(one) for each in said.expected.get(key, ()) for one in versions)
        told |= {(key, one) for one in (versions if key in said.expected and differs else fitting)}
    return told


class _Locked:
    """What the lock has of an image and of what is below it, by purl without version."""

    def __init__(self, along: Along, nodes: Sequence[str]) -> None:
        self._found: dict[str, tuple[str, str]] = {}
        for node in nodes:
            for purl in along.get(node, {}):
                self._found.setdefault(plain(purl), (purl, node))

    def other(self, purl: str) -> tuple[str, str] | None:
        """Another version of a package: its purl, and who has it; None if the lock has none."""
        return self._found.get(plain(purl))


def plain(purl: str) -> str:
    """A purl without version and qualifiers."""
    return purl.partition("#")[0].partition("?")[0].rpartition("@")[0] or purl


def _of_declared(said: Said, contents: Contents) -> Iterator[Difference]:
    """What is missing, and what is there in another version."""
    found: dict[tuple[str, str], list[Installed]] = {}
    for each in contents.packages:
        found.setdefault(each.key, []).append(each)
    for key, expected in said.expected.items():
        there = found.get(key, [])
        virtual = not there and key[0] == "deb" and key[1] in contents.virtual
        for one in () if virtual else expected:
            if not any(one.fits(installed.version) for installed in there):
                yield _differs(one, there)


def _differs(expected: Expected, there: Sequence[Installed]) -> Difference:
    return Difference(
        kind="version" if there else "missing",
        purl=there[0].purl("")
        if there
        else f"pkg:{_TYPES.get(expected.key[0], expected.key[0])}/{expected.key[1]}",
        name=expected.name,
        declared=expected.wanted,
        found=", ".join(dict.fromkeys(each.version for each in there)),
        by=expected.by,
        place=expected.place,
    )


_TYPES = {"r": "cran"}


def _of_locked(
    unasked: Mapping[str, Installed], there: Set[str], locked: _Locked, own: Mapping[str, str], id: str
) -> Iterator[Difference]:
    """What the lock has of the image and what is there no more; in another version, it is not missing. What
    is `there` is not missing either if something below brings it by now.
    """
    others = {other[0] for purl in unasked if purl not in own and (other := locked.other(purl))}
    for purl in own:
        if purl not in there and purl not in others:
            component = parse_purl(Purl(purl))
            place = Place(LOCK_FILE).key("transitive", id, purl)
            yield Difference(
                kind="missing", purl=purl, name=component.name, declared=component.version, by=id, place=place
            )


def _undeclared(purl: str, installed: Installed, locked: _Locked) -> Difference:
    other = locked.other(purl)
    if other is None:
        return Difference(
            kind="undeclared",
            purl=purl,
            name=installed.name,
            found=installed.version,
            license=installed.license,
        )
    was, node = other
    return Difference(
        kind="version",
        purl=purl,
        name=installed.name,
        declared=parse_purl(Purl(was)).version,
        found=installed.version,
        by=node,
        place=Place(LOCK_FILE).key("transitive", node, was),
        license=installed.license,
    )


def _distribution(resolved: Resolved, inventory: Inventory, id: str) -> str:
    if id in resolved.images:
        return inventory.distribution(id)
    return resolved.catalog.externals[id].manifest.distribution

"""What facts of compatibility are about, as images have it: components, capabilities and hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from rgraph.audit.subject import Subject, plain_purl
from rgraph.catalog import FactKey
from rgraph.ecosystems import in_range, order_of
from rgraph.errors import Place
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.steps.r import RPackages
from rgraph.versions import Range

BIOCONDUCTOR: Final[FactKey] = ("generic", "", "bioconductor")
"""How facts name the release of a `bioconductor` step, which is no component of its own."""

_LOOSE = frozenset({"generic", "conda"})
"""Types of purls whose versions may leave off their last parts: `cuda@10.2`, conda's `python=3.8`."""

_PARTS = re.compile(r"\d+|[A-Za-z]+")
_ZEROS = re.compile(r"(?:\.0+)+$")


class Thing(Struct, frozen=True, eq=False):
    """A component, or a Bioconductor release, as one place declares it."""

    type: str
    name: str
    purl: str
    """Without version and qualifiers."""
    version: str
    """Empty if it is not known."""
    shown: str
    """The version, or what pins it instead."""
    place: Place
    bringers: tuple[str, ...]


class Found(Struct, frozen=True):
    """What some images have of something that is needed."""

    versions: tuple[str, ...]
    """The versions that are there; an empty one is not known."""
    shown: str
    places: tuple[Place, ...]
    images: tuple[str, ...]


class Fitting:
    """Looks up what facts of compatibility need; each thing is looked up once for all images."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        facts = [fact for each in subject.catalog.fits.values() for fact in each]
        needed = {key_of(name) for fact in facts for name in fact.needs if name.startswith("pkg:")}
        self._own: dict[FactKey, dict[str, list[Thing]]] = {
            key: {} for key in (*subject.catalog.fits, *needed)
        }
        for key, thing in _things(subject):
            if key in self._own:
                for node in thing.bringers:
                    self._own[key].setdefault(node, []).append(thing)
        self._nearest: dict[FactKey, Mapping[str, str]] = {}
        self._roots: dict[str, str] = {}

    def things(self, key: FactKey) -> Iterator[tuple[Thing, tuple[str, ...]]]:
        """All declarations of a component, each with the images in which it counts."""
        own = self._own[key]
        nearest = self._near(key)
        for thing in dict.fromkeys(each for things in own.values() for each in things):
            bringers = frozenset(thing.bringers)
            images = self._subject.holding(thing.bringers)
            yield thing, tuple(id for id in images if nearest[id] in bringers)

    def found(self, name: str, images: Iterable[str]) -> tuple[list[Found], tuple[str, ...]]:
        """What images have of what a fact calls `name`, and the images that have nothing of it."""
        if name.startswith("pkg:"):
            return self._components(key_of(name), images)
        return self._given(name, images)

    def _components(self, key: FactKey, images: Iterable[str]) -> tuple[list[Found], tuple[str, ...]]:
        own, nearest = self._own[key], self._near(key)
        groups: dict[tuple[str, ...], tuple[dict[Thing, None], list[str]]] = {}
        versions: dict[str, tuple[str, ...]] = {}
        missing = []
        for id in images:
            node = nearest.get(id)
            if node is None:
                missing.append(id)
                continue
            if node not in versions:
                versions[node] = tuple(sorted({thing.version for thing in own[node]}))
            things, ids = groups.setdefault(versions[node], ({}, []))
            things.update(dict.fromkeys(own[node]))
            ids.append(id)
        return [_found(each, things, ids) for each, (things, ids) in groups.items()], tuple(missing)

    def _given(self, name: str, images: Iterable[str]) -> tuple[list[Found], tuple[str, ...]]:
        """Capabilities of images; what none of them has is looked for among the hosts' parts."""
        groups: dict[str, tuple[dict[str, None], list[str]]] = {}
        others = []
        for id in images:
            value = self._subject.images[id].state.capabilities.get(name, False)
            if value is False:
                others.append(id)
                continue
            roots, ids = groups.setdefault("" if value is True else value, ({}, []))
            roots[self._root(id)] = None
            ids.append(id)
        externals = self._subject.catalog.externals
        found = [
            Found(
                (version,),
                version,
                tuple(externals[root].place.at("capabilities", name) for root in roots),
                tuple(ids),
            )
            for version, (roots, ids) in groups.items()
        ]
        host = self._subject.catalog.settings.hosts.get(name)
        if host is None or not others:
            return found, tuple(others)
        place = self._subject.catalog.settings_place.at("hosts", name)
        return [*found, Found((host,), host, (place,), tuple(others))], ()

    def _near(self, key: FactKey) -> Mapping[str, str]:
        """Image -> the nearest of its bringers that declares a component: what was installed last."""
        if key not in self._nearest:
            own = self._own[key]
            found: dict[str, str] = {}
            several: dict[str, None] = {}
            for node in own:
                for id in self._subject.holders(node):
                    if id in found:
                        several[id] = None
                    found[id] = node
            for id in several:
                found[id] = next(each for each in self._subject.inventory.bringers(id) if each in own)
            self._nearest[key] = found
        return self._nearest[key]

    def _root(self, id: str) -> str:
        """The External at the root of an image, which its capabilities are of."""
        chain = [id]
        while chain[-1] not in self._roots:
            parent = self._subject.images[chain[-1]].parent
            if parent.external:
                self._roots[chain[-1]] = parent.to
            else:
                chain.append(parent.to)
        self._roots.update(dict.fromkeys(chain, self._roots[chain[-1]]))
        return self._roots[id]


def key_of(purl: str) -> FactKey:
    """Under which key a component is indexed: debs have no namespace there."""
    component = parse_purl(Purl(purl))
    return component.type, "" if component.type == "deb" else component.namespace, component.name


def fits(type: str, version: str, comparisons: Range) -> bool | None:
    """Whether a version fits a range; None if too little of it is known: `7` for `>=7.4`, or a commit."""
    if not comparisons:
        return True
    if not version or order_of(type)(version) is None:
        return None
    loose = type in _LOOSE
    verdict: bool | None = True
    for operator, bound in comparisons:
        # 10.2 stands for all 10.2.x here, and whether one of them is 10.2.0 or later is no question.
        least = _ZEROS.sub("", bound) if loose else bound
        if loose and _begins(version, least):
            verdict = None
        elif not in_range(type, _ZEROS.sub("", version) if loose else version, ((operator, least),)):
            return False
    return verdict


def any_fits(type: str, versions: tuple[str, ...], comparisons: Range) -> bool | None:
    """Whether one of several versions fits; None if one may."""
    verdicts = {fits(type, version, comparisons) for version in versions}
    return True if True in verdicts else None if None in verdicts else False


def _begins(version: str, bound: str) -> bool:
    """Whether a version is only the beginning of another."""
    parts, whole = _PARTS.findall(version), _PARTS.findall(bound)
    return len(parts) < len(whole) and whole[: len(parts)] == parts


def _found(versions: tuple[str, ...], things: Iterable[Thing], images: list[str]) -> Found:
    shown = " and ".join(dict.fromkeys(thing.shown for thing in things))
    return Found(versions, shown, tuple(dict.fromkeys(thing.place for thing in things)), tuple(images))


def _things(subject: Subject) -> Iterator[tuple[FactKey, Thing]]:
    for brought in subject.components:
        declared = brought.declared
        component = declared.component
        namespace = "" if component.type == "deb" else component.namespace
        yield (
            (component.type, namespace, component.name),
            Thing(
                component.type,
                declared.name,
                plain_purl(declared.purl),
                component.version,
                declared.version,
                declared.place,
                brought.bringers,
            ),
        )
    for use in subject.steps:
        step = use.step.step
        if isinstance(step, RPackages) and step.type == "bioconductor" and use.part != "stage":
            release = step.pinned_by.removeprefix("release ")
            place = use.step.place.at("bioconductor", "release")
            purl = "pkg:generic/bioconductor"
            thing = Thing("generic", "bioconductor", purl, release, release, place, use.images)
            yield BIOCONDUCTOR, thing

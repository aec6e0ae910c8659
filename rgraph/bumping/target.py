"""Which component is meant, and which images pin it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import unquote

from msgspec import Struct, structs

from rgraph.bumping.interface import Key, Left, key_of
from rgraph.ecosystems import order_of
from rgraph.errors import Place, UsageError
from rgraph.image import Image, ImageStep
from rgraph.inventory import Inventory
from rgraph.names import Bad, Purl
from rgraph.purls import checked_purl, parse_purl, purl_of
from rgraph.resolve import Resolved
from rgraph.steps.interface import Component
from rgraph.suggest import did_you_mean

_ORDERED = frozenset({"pypi", "deb", "conda", "cran", "bioconductor"})
"""Types whose versions have a notation that a text can fail to have."""

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~:!_/-]{0,255}")
"""What a version or ref can be, and may stand in a command or an address."""


class Pin(Struct, frozen=True, eq=False):
    """One component of one image's own steps."""

    image: str
    component: Component
    purl: str
    """Its purl without version, qualifiers and subpath."""
    place: Place
    """The step."""


class Target(Struct, frozen=True, eq=False):
    """A component, and who has it."""

    key: Key
    purl: str
    """Without version; one of them, if distributions differ."""
    only: str
    """The version that is meant, if one is; else all."""
    pins: tuple[Pin, ...]
    """Of all images that pin it."""
    left: tuple[Left, ...]
    """Steps that bring it without a version, and Externals that have it."""


def steps_of(image: Image) -> Iterator[ImageStep]:
    """The steps of an image, its stages' too; those of groups one by one."""
    stages = (step for stage in image.stages for step in stage.steps)
    for rendered in (*image.public, *image.private, *stages):
        yield from rendered.source.members or (rendered.source,)


def find_target(resolved: Resolved, inventory: Inventory, text: str, ids: Sequence[str] | None) -> Target:
    """The component that a name or purl means (`NAME`, `NAME@OLD`, `pkg:TYPE/NAME`, `pkg:TYPE/NAME@OLD`).

    `ids` are the selected images, None for all: what is ambiguous must be so in them. Raises UsageError
    if there is no such component, if it is several, or if no version is written.
    """
    name, only = _parts(text)
    meant = _Meant(name)
    found = list(_pins(resolved, inventory, meant))
    selected = None if ids is None else frozenset(ids)
    here = [each for each in found if selected is None or each.image in selected]
    externals = _externals(resolved, meant)
    if not found and not externals:
        raise _unknown(resolved, name)
    if not here and selected is not None:
        _raise_elsewhere(name, found)
    pinned = [each for each in here if each.component.version]
    purls = _unlike(pinned)
    if len(purls) > 1:
        raise UsageError(f"`{name}` is {len(purls)} components", f"name one of {', '.join(purls)}")
    if not pinned:
        raise _unpinned(name, here, externals)
    key = key_of(pinned[0].component)
    alike = [each for each in found if key_of(each.component) == key]
    _check_old(name, only, [each for each in pinned if key_of(each.component) == key])
    unpinned = [each for each in here if key_of(each.component) == key and not each.component.version]
    others = [each for each in here if key_of(each.component) != key]
    return Target(
        key,
        pinned[0].purl,
        only,
        tuple(each for each in alike if each.component.version),
        (*_left(unpinned), *_left(others), *externals),
    )


def check_version(target: Target, new: str) -> None:
    """Raises UsageError if a text is no version of the component's ecosystem."""
    type = target.key[0]
    if not _VERSION.fullmatch(new):
        raise UsageError(
            f"`{new}` is no version", "use letters, digits and `.`, `+`, `-`, `_`, `~`, `:`, `!`, `/`"
        )
    if type in _ORDERED and order_of(type)(new) is None:
        raise UsageError(f"`{new}` is no version of `{target.purl}`", f"write it as {type} does")


def _parts(text: str) -> tuple[str, str]:
    """The component and the version of what was asked for."""
    if text.startswith("pkg:"):
        made = checked_purl(text)
        if isinstance(made, Bad):
            raise UsageError(made.what, made.help)
        plain = made.partition("#")[0].partition("?")[0]
        name, _, version = plain.partition("@")
        return name, unquote(version)
    name, mark, version = text.rpartition("@")
    return (name, version) if mark and name else (text, "")


class _Meant:
    """Which components a name means."""

    def __init__(self, name: str) -> None:
        self._purl = ""
        if name.startswith("pkg:"):
            component = parse_purl(Purl(name))
            self._purl = purl_of(component)
            self._any = component.type == "deb" and not component.namespace
            name = component.name
        self._name = _plain(name)

    def may(self, component: Component) -> bool:
        """Whether the name fits, whatever the purl says."""
        return self._name in (_plain(component.name), _plain(f"{component.namespace}/{component.name}"))

    def has(self, purl: str) -> bool:
        """Whether a purl without version is meant."""
        if not self._purl:
            return True
        if self._any:
            return purl.startswith("pkg:deb/") and purl.rpartition("/")[2] == self._purl.rpartition("/")[2]
        return purl == self._purl


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


def _bare(purl: str) -> str:
    return purl.partition("#")[0].partition("?")[0].partition("@")[0]


def _pins(resolved: Resolved, inventory: Inventory, meant: _Meant) -> Iterator[Pin]:
    memory: dict[int, tuple[Component, ...]] = {}
    for name, image in resolved.images.items():
        for step in steps_of(image):
            # Images share their steps, of which there are far fewer.
            found = memory.get(id(step))
            if found is None:
                found = memory[id(step)] = tuple(each for each in step.components if meant.may(each))
            for component in found:
                distribution = inventory.distribution(name) if component.type == "deb" else ""
                purl = _bare(purl_of(component, distribution))
                if meant.has(purl):
                    yield Pin(name, component, purl, step.place)


def _externals(resolved: Resolved, meant: _Meant) -> list[Left]:
    found = []
    for name, external in resolved.catalog.externals.items():
        for index, purl in enumerate(external.manifest.provides):
            component = parse_purl(Purl(purl))
            if meant.may(component) and meant.has(_bare(purl_of(component))):
                place = external.place.at("provides", index)
                found.append(Left(place, "an External brings it: name another image there", (name,)))
    return found


def _unlike(pins: Iterable[Pin]) -> list[str]:
    """The purls of pins, if they are not of one component.

    A package of several distributions is one if it has one version in all of them.
    """
    by_key: dict[Key, dict[str, set[str]]] = {}
    for pin in pins:
        by_key.setdefault(key_of(pin.component), {}).setdefault(pin.purl, set()).add(pin.component.version)
    found = []
    for versions in by_key.values():
        each = [frozenset(some) for some in versions.values()]
        found += sorted(versions) if len(set(each)) > 1 else sorted(versions)[:1]
    return sorted(found)


def _unknown(resolved: Resolved, name: str) -> UsageError:
    known = {
        component.name
        for image in resolved.images.values()
        for step in steps_of(image)
        for component in step.components
    }
    help = did_you_mean(name.rpartition("/")[2], sorted(known)) or "`rgraph components` lists all"
    return UsageError(f"no image holds a component `{name}`", help)


def _raise_elsewhere(name: str, pins: Sequence[Pin]) -> None:
    brought = list(dict.fromkeys(each.image for each in pins))
    if brought:
        shown = ", ".join(brought[:3]) + (f" and {len(brought) - 3} more" if len(brought) > 3 else "")
        raise UsageError(f"none of the selected images brings `{name}` by its own steps", f"select {shown}")


def _unpinned(name: str, pins: Sequence[Pin], externals: Sequence[Left]) -> UsageError:
    if pins:
        first = pins[0]
        by = f", only {first.component.pinned_by}" if first.component.pinned_by else ""
        return UsageError(
            f"no version of `{name}` is written: {first.place.file} names none{by}",
            "write one there, then it can be changed",
        )
    external = externals[0].images[0]
    return UsageError(
        f"`{name}` comes with the External `{external}`", "name another image in its `reference`"
    )


def _check_old(name: str, only: str, pins: Sequence[Pin]) -> None:
    versions = sorted({each.component.version for each in pins})
    if only and only not in versions:
        raise UsageError(f"no pin of `{name}` has the version `{only}`", f"there is {', '.join(versions)}")


def _left(pins: Sequence[Pin]) -> list[Left]:
    by_place: dict[tuple[Place, str], dict[str, None]] = {}
    for pin in pins:
        component = pin.component
        why = "it is not pinned" if not component.pinned_by else f"what pins it is {component.pinned_by}"
        if component.version:
            why = f"it is another component, {pin.purl}"
        elif component.type == "deb" and component.pinned_by.startswith("at least"):
            why = f"it is not pinned, but asks for {component.pinned_by}"
        place = structs.replace(pin.place, word=component.name)
        by_place.setdefault((place, why), {})[pin.image] = None
    return [Left(place, why, tuple(images)) for (place, why), images in by_place.items()]

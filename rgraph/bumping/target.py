"""Which component is meant, and which images pin it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

from msgspec import Struct, structs

from rgraph.bumping.interface import ORDERED, Key, Left, Refusal, key_of
from rgraph.bumping.meant import Meant, bare, below, carried, carriers_of, split
from rgraph.ecosystems import order_of
from rgraph.errors import Place, UsageError
from rgraph.image import Image, ImageStep
from rgraph.inventory import Inventory
from rgraph.purls import purl_of
from rgraph.resolve import Resolved
from rgraph.steps.interface import Component
from rgraph.steps.r import Github
from rgraph.suggest import did_you_mean

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
    refusals: tuple[Refusal, ...] = ()
    """If nobody pins it: where it comes from."""


def steps_of(image: Image) -> Iterator[ImageStep]:
    """The steps of an image, its stages' too; those of groups one by one."""
    stages = (step for stage in image.stages for step in stage.steps)
    for rendered in (*image.public, *image.private, *stages):
        yield from rendered.source.members or (rendered.source,)


def find_target(
    resolved: Resolved, inventory: Inventory, text: str, new: str, ids: Sequence[str] | None
) -> Target | None:
    """The component that a name or purl means (`NAME`, `NAME@OLD`, `pkg:TYPE/NAME`, `pkg:TYPE/NAME@OLD`);
    None if no image holds one. `new` is the version to come.

    `ids` are the selected images, None for all: what is ambiguous must be so in them. Raises UsageError
    if it is several, or if none of the selected images brings it.
    """
    name, only = split(text)
    selected = None if ids is None else frozenset(ids)
    for meant in (Meant(name), Meant(name, resolved.catalog)):
        found = list(_pins(resolved, inventory, meant))
        every = carriers_of(resolved, meant)
        if found or every:
            break
    else:
        return None
    carriers = below(every, inventory, selected)
    here = [each for each in found if selected is None or each.image in selected]
    if not here and not carriers:
        raise _elsewhere(
            name, [*(each.image for each in found), *(id for each in every for id in each.images)]
        )
    pinned = [each for each in here if each.component.version]
    # A version can tell one of several components.
    pinned = [each for each in pinned if only and each.component.version == only] or pinned
    purls = _unlike(pinned)
    if len(purls) > 1:
        raise UsageError(f"`{name}` is {len(purls)} components", f"name one of {', '.join(purls)}")
    if not pinned:
        refusals = (*_unpinned(name, here), *carried(carriers, name, new))
        first = here[0] if here else None
        key = key_of(first.component if first else carriers[0].component)
        return Target(key, first.purl if first else carriers[0].purl, only, (), (), refusals)
    key = key_of(pinned[0].component)
    alike = [each for each in found if key_of(each.component) == key]
    _check_old(name, only, [each for each in pinned if key_of(each.component) == key])
    unpinned = [each for each in here if key_of(each.component) == key and not each.component.version]
    others = [each for each in here if key_of(each.component) != key]
    left = (*_left(unpinned), *_left(others), *(each.left for each in carriers))
    return Target(key, pinned[0].purl, only, tuple(each for each in alike if each.component.version), left)


def check_version(target: Target, new: str) -> None:
    """Raises UsageError if a text is no version of the component's ecosystem."""
    type = target.key[0]
    if not _VERSION.fullmatch(new):
        raise UsageError(
            f"`{new}` is no version", "use letters, digits and `.`, `+`, `-`, `_`, `~`, `:`, `!`, `/`"
        )
    if type in ORDERED and order_of(type)(new) is None:
        raise UsageError(f"`{new}` is no version of `{target.purl}`", f"write it as {type} does")


def _called(step: ImageStep) -> Iterable[str]:
    """What the components of a step are called beside their own names: R packages of GitHub."""
    return (each.name for each in step.step.packages) if isinstance(step.step, Github) else repeat("")


def _pins(resolved: Resolved, inventory: Inventory, meant: Meant) -> Iterator[Pin]:
    memory: dict[int, tuple[Component, ...]] = {}
    for name, image in resolved.images.items():
        for step in steps_of(image):
            # Images share their steps, of which there are far fewer.
            found = memory.get(id(step))
            if found is None:
                named = zip(step.components, _called(step), strict=False)
                found = memory[id(step)] = tuple(each for each, called in named if meant.may(each, called))
            for component in found:
                distribution = inventory.distribution(name) if component.type == "deb" else ""
                purl = bare(purl_of(component, distribution))
                if meant.has(purl):
                    yield Pin(name, component, purl, step.place)


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


def unknown(resolved: Resolved, text: str) -> UsageError:
    """Nobody has it: what may have been meant."""
    name, _ = split(text)
    known = {
        component.name
        for image in resolved.images.values()
        for step in steps_of(image)
        for component in step.components
    }
    known.update(resolved.catalog.externals)
    help = did_you_mean(name.rpartition("/")[2], sorted(known)) or "`rgraph components` lists all"
    return UsageError(f"no image holds a component `{name}`, and no External is called so", help)


def _elsewhere(name: str, images: Sequence[str]) -> UsageError:
    brought = list(dict.fromkeys(images))
    shown = ", ".join(brought[:3]) + (f" and {len(brought) - 3} more" if len(brought) > 3 else "")
    what = f"none of the selected images brings `{name}` by its own steps"
    return UsageError(what, f"select {shown}" if brought else "")


def _unpinned(name: str, pins: Sequence[Pin]) -> list[Refusal]:
    by_place: dict[tuple[Place, str], dict[str, None]] = {}
    for pin in pins:
        by = f", only {pin.component.pinned_by}" if pin.component.pinned_by else ""
        place = structs.replace(pin.place, word=pin.component.name)
        by_place.setdefault((place, by), {})[pin.image] = None
    help = "write one there, then it can be changed"
    return [
        Refusal(place, f"no version of `{name}` is written here{by}", help, tuple(images))
        for (place, by), images in by_place.items()
    ]


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

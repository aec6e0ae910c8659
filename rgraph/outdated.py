"""Which pins have a newer version, by the rules of their ecosystem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from rgraph.bumping.entries import Entries
from rgraph.ecosystems import order_of
from rgraph.errors import Place
from rgraph.image import Image, ImageStep
from rgraph.indexes.interface import Release
from rgraph.indexes.pypi import normalized
from rgraph.inventory import Inventory
from rgraph.purls import purl_of
from rgraph.resolve import Resolved
from rgraph.steps.interface import Component
from rgraph.steps.package_managers import Pip

ASKED = ("pypi", "deb", "cran", "conda")
"""Types of purls for which there are indexes."""

Asked = tuple[str, str, str]
"""What an index is asked for: type, source (see Pinned), name as the index has it."""


class Pinned(Struct, frozen=True, eq=False):
    """A component in one version, as manifests pin it."""

    component: Component
    purl: str
    source: str
    """deb: distribution, or the repository that its step adds; conda: channel; pypi: addresses of its own
    indexes, parted by blanks (they may hold credentials: not to be shown). Empty if it says none."""
    places: tuple[Place, ...]
    """The steps, in order of the images."""
    images: tuple[str, ...]
    """Images that have them as their own, in order."""

    @property
    def asked(self) -> Asked:
        """What to ask for."""
        name = self.component.name
        return self.component.type, self.source, normalized(name) if self.component.type == "pypi" else name


State = Literal["outdated", "current", "unknown"]


class Row(Struct, frozen=True, eq=False):
    """What is known of one pin."""

    pinned: Pinned
    state: State
    newest: str = ""
    """The newest version that counts; empty if none is known."""
    remark: str = ""
    """Why it is unknown; or that the pinned version was taken back, or is not there any more."""


def pinned(resolved: Resolved, inventory: Inventory, ids: Sequence[str]) -> tuple[Pinned, ...]:
    """The pins of some images' own steps that indexes know of; by type, name, version."""
    found: dict[tuple[str, str], tuple[Component, dict[Place, None], dict[str, None]]] = {}
    entries = Entries(resolved.catalog)
    for id in ids:
        image = resolved.images[id]
        for step in _steps(image):
            for component in step.components:
                if component.type not in ASKED or not component.version:
                    continue
                distribution = inventory.distribution(id) if component.type == "deb" else ""
                source = _source(step, component, distribution)
                key = purl_of(component, distribution), source
                entry = found.setdefault(key, (component, {}, {}))
                entry[1][entries.place(step.place, component)] = None
                entry[2][id] = None
    made = (
        Pinned(component, purl, source, tuple(places), tuple(images))
        for (purl, source), (component, places, images) in found.items()
    )
    return tuple(sorted(made, key=lambda each: (each.component.type, each.component.name.lower(), each.purl)))


def _steps(image: Image) -> Iterator[ImageStep]:
    stages = (step for stage in image.stages for step in stage.steps)
    for rendered in (*image.public, *image.private, *stages):
        yield from rendered.source.members or (rendered.source,)


def _source(step: ImageStep, component: Component, distribution: str) -> str:
    match component.type:
        case "deb":
            return distribution if component.vendor is None else component.vendor
        case "conda":
            return dict(component.qualifiers).get("channel", "")
        case "pypi" if isinstance(step.step, Pip):
            # An empty first one stands for pip's own: extra ones come beside it.
            given = (step.step.index, *step.step.extra_indexes)
            return " ".join(each or "-" for each in given) if any(given) else ""
    return ""


def judge(
    pins: Iterable[Pinned],
    answers: Mapping[Asked, tuple[Release, ...]],
    unknown: Mapping[Asked, str],
    *,
    pre_releases: bool,
) -> tuple[Row, ...]:
    """What the indexes' answers say of pins. `unknown` says why there is no answer."""
    return tuple(_row(pin, answers.get(pin.asked, ()), unknown, pre_releases) for pin in pins)


def _row(pin: Pinned, releases: Sequence[Release], unknown: Mapping[Asked, str], pre_releases: bool) -> Row:
    if not releases:
        return Row(pin, "unknown", remark=unknown.get(pin.asked, "its index does not have it"))
    type, version = pin.component.type, pin.component.version
    newest = newest_of(type, releases, pre_releases=pre_releases)
    order = order_of(type)
    here, best = order(version), order(newest) if newest else None
    same = [each for each in releases if each.version == version or _equal(here, order(each.version))]
    remark = ""
    if not same:
        remark = "the pinned version is not in the index"
    elif all(each.yanked for each in same):
        remark = "the pinned version was taken back"
    if here is None or best is None:
        return Row(pin, "unknown", newest, remark or "no version of it can be compared")
    return Row(pin, "outdated" if here < best else "current", newest, remark)


def _equal(one: Any, other: Any) -> bool:
    return one is not None and other is not None and bool(one == other)


def newest_of(type: str, releases: Iterable[Release], *, pre_releases: bool) -> str:
    """The newest version by the order of an ecosystem; empty if none counts.

    What was taken back does not count, nor a pre-release unless it is asked for.
    """
    order = order_of(type)
    counted = [
        (key, each.version)
        for each in releases
        if not each.yanked
        and (pre_releases or not is_pre_release(type, each.version))
        and (key := order(each.version)) is not None
    ]
    return max(counted, key=lambda pair: pair[0])[1] if counted else ""


_WORDS = re.compile(r"(?<![a-z])(?:dev|alpha|beta|pre|preview|rc)(?![a-z])|[0-9][ab][0-9]", re.IGNORECASE)
_DEB = re.compile(r"~(?:rc|alpha|beta|pre|dev|git|exp|a[0-9]|b[0-9])", re.IGNORECASE)


def is_pre_release(type: str, version: str) -> bool:
    """Whether a version comes before a release.

    PEP 440 says so of its own. Debian's and conda's versions have no such notion: their usual words are
    looked for (`1.0~rc1-1`, `1.0.0rc1`; `~deb12u1` and `1.1.1c` are releases). R's versions are numbers.
    """
    match type:
        case "pypi":
            key = order_of("pypi")(version)
            return key is not None and bool(key.is_prerelease)
        case "deb":
            return _DEB.search(version) is not None
        case "conda":
            return _WORDS.search(version) is not None
    return False

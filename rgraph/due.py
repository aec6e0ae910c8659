"""When images are due for a rebuild: by a cadence since their last release, and before an end of life.

What is due below an image is due for the image: it is built again with what it stands on or takes from.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct

from rgraph.catalog.settings import CADENCES
from rgraph.errors import Problems
from rgraph.image import Image
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger
from rgraph.names import ReleaseTag, release_number
from rgraph.resolve import Resolved
from rgraph.suggest import did_you_mean

_MONTHS: Mapping[str, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}
_WEDNESDAY = 2
WINDOWS = "second-wednesday"
"""The cadence of Windows images that say no other."""


Kind = Literal["cadence", "end-of-life"]


class Reason(Struct, frozen=True, omit_defaults=True):
    """Why an image is due."""

    kind: Kind
    day: date
    """From which day on."""
    of: str
    """What has the cadence or ends: a layer, an External, a component."""
    by: str
    """The image that has it; the others stand on that."""
    cadence: str = ""
    since: str = ""
    """For a cadence: the release that it is counted from; empty if the image was never released."""
    until: date | None = None
    """For an end of life: the last day."""


class Due(Struct, frozen=True):
    """When one image is due, and why."""

    image: str
    day: date
    """The earliest of its reasons."""
    due: bool
    """Whether that day has come."""
    released: str
    """The release whose tag its last content has; empty before the first."""
    reasons: tuple[Reason, ...]
    """Its own, and of each kind the earliest that it inherits; the earliest first."""


def due(
    resolved: Resolved, inventory: Inventory, ledger: Ledger, as_of: date, only: Kind | None = None
) -> tuple[Due, ...]:
    """All images that are due on a day, or will be on one that is known, by date; for any reason, or for
    those of one kind.

    An end of life counts from `end_of_life_notice` days before. Raises ManifestError if an External has a
    cadence that is none.
    """
    _check(resolved)
    causes = _Causes(resolved, inventory, ledger, as_of)
    first: dict[str, dict[Kind, Reason]] = {}
    found = []
    for id, image in resolved.images.items():
        below = [reason for edge in image.edges for reason in first.get(edge.to, {}).values()]
        all_of = {*causes.of(image), *_earliest(below).values()}
        reasons = sorted((each for each in all_of if only in (None, each.kind)), key=_order)
        first[id] = _earliest(reasons)
        if reasons:
            day = reasons[0].day
            found.append(Due(id, day, day <= as_of, causes.released(id), tuple(reasons)))
    return tuple(sorted(found, key=lambda each: each.day))


def _earliest(reasons: Iterable[Reason]) -> dict[Kind, Reason]:
    found: dict[Kind, Reason] = {}
    for reason in sorted(reasons, key=_order):
        found.setdefault(reason.kind, reason)
    return found


def next_day(cadence: str, last: date) -> date:
    """The first day after `last` on which a cadence falls.

    `monthly` and the like keep the day of the month, or take the month's last. `second-wednesday` is the
    second Wednesday of a month. Microsoft's updates come out on the second Tuesday: the day before, but in
    months that begin with a Wednesday, where it is six days later.
    """
    if cadence == WINDOWS:
        day = second_wednesday(last.year, last.month)
        return day if day > last else second_wednesday(*_later(last.year, last.month, 1))
    if cadence == "weekly":
        return last + timedelta(days=7) if last < date.max - timedelta(days=7) else date.max
    year, month = _later(last.year, last.month, _MONTHS[cadence])
    if year > date.max.year:
        return date.max
    return date(year, month, min(last.day, monthrange(year, month)[1]))


def second_wednesday(year: int, month: int) -> date:
    """The second Wednesday of a month; the last day of the calendar for a month behind it."""
    if year > date.max.year:
        return date.max
    first = date(year, month, 1)
    return first + timedelta(days=(_WEDNESDAY - first.weekday()) % 7 + 7)


def _later(year: int, month: int, months: int) -> tuple[int, int]:
    number = year * 12 + month - 1 + months
    return number // 12, number % 12 + 1


def _order(reason: Reason) -> tuple[date, str, str, str]:
    return reason.day, reason.kind, reason.of, reason.by


def _check(resolved: Resolved) -> None:
    problems = Problems()
    for external in resolved.catalog.externals.values():
        cadence = external.manifest.cadence
        if cadence and cadence not in CADENCES:
            help = did_you_mean(cadence, CADENCES) or f"one of {', '.join(CADENCES)}"
            problems.add(external.place.at("cadence"), f"`{cadence}` is no cadence", help)
    problems.raise_any()


class _Causes:
    """The reasons that images have themselves."""

    def __init__(self, resolved: Resolved, inventory: Inventory, ledger: Ledger, as_of: date) -> None:
        self._catalog = resolved.catalog
        self._inventory = inventory
        self._ledger = ledger
        self._today = as_of
        self._notice = int(resolved.catalog.settings.policy.end_of_life_notice)
        self._ends: dict[str, tuple[tuple[str, date], ...]] = {}

    def released(self, id: str) -> str:
        """The release that made an image's last content: a later one may only have given it tags."""
        latest = self._ledger.latest.get(id)
        return self._ledger.first_tag[id, latest] if latest else ""

    def of(self, image: Image) -> Iterator[Reason]:
        """An image's own reasons, and those of the Externals that it names itself."""
        layer = self._catalog.layers[image.layer].manifest
        cadence = layer.lifecycle.cadence if layer.lifecycle else ""
        if not cadence and image.state.os == "windows":
            cadence = WINDOWS
        if cadence:
            yield self._by_cadence(image, image.layer, cadence)
        end = layer.lifecycle.end_of_life if layer.lifecycle else ""
        if end:
            yield self._by_end(image, image.layer, date.fromisoformat(end))
        nodes = [str(image.id)]
        for name in dict.fromkeys(edge.to for edge in image.edges if edge.external):
            external = self._catalog.externals[name].manifest
            nodes.append(name)
            if external.cadence:
                yield self._by_cadence(image, name, external.cadence)
            if external.end_of_life:
                yield self._by_end(image, name, date.fromisoformat(external.end_of_life))
        for name, day in {pair for node in nodes for pair in self._of_components(node)}:
            yield self._by_end(image, name, day)

    def _by_cadence(self, image: Image, of: str, cadence: str) -> Reason:
        tag = self.released(image.id)
        # What was never released is due at once.
        day = next_day(cadence, _day(tag)) if tag else self._today
        return Reason("cadence", day, of, image.id, cadence=cadence, since=tag)

    def _by_end(self, image: Image, of: str, end: date) -> Reason:
        left = (end - date.min).days
        return Reason("end-of-life", end - timedelta(days=min(self._notice, left)), of, image.id, until=end)

    def _of_components(self, node: str) -> tuple[tuple[str, date], ...]:
        """Components that an image or External brings and that end, with their last days."""
        if node not in self._ends:
            self._ends[node] = tuple(_ends(self._inventory, node))
        return self._ends[node]


def _ends(inventory: Inventory, node: str) -> Iterable[tuple[str, date]]:
    for each in inventory.own(node):
        if each.fact and each.fact.end_of_life:
            yield f"{each.name} {each.version}".strip(), date.fromisoformat(each.fact.end_of_life)


def _day(tag: str) -> date:
    day, _ = release_number(ReleaseTag(tag))
    return date(int(day[:4]), int(day[4:6]), int(day[6:]))

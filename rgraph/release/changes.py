"""A difference, told as people tell it: added, removed, upgraded, downgraded, under another licence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Literal

from msgspec import Struct

from rgraph.ecosystems import order_of
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.release.differences import ImageDifference, Item, Standings

Kind = Literal["added", "removed", "upgraded", "downgraded", "changed", "relicensed", "moved", "noted"]
"""What became of a component. `changed`: its versions have no order, or it comes from elsewhere;
`relicensed`: only its licence is stated otherwise; `moved`: the same, brought by another image;
`noted`: the same, with other advisories beside its pin or in another notation."""

CONTENT: tuple[Kind, ...] = ("upgraded", "downgraded", "changed", "added", "removed", "relicensed")
"""Those that change what is in an image or what its notices say, in the order in which they are told."""


class Change(Struct, frozen=True):
    """What became of one component."""

    name: str
    type: str
    """Of its purl."""
    kind: Kind
    before: Item | None
    after: Item | None

    @property
    def place(self) -> tuple[str, str, str, tuple[Item, ...], tuple[Item, ...]]:
        """A sort key: by name, whatever its case."""
        old, new = (() if each is None else (each,) for each in (self.before, self.after))
        return self.name.lower(), self.name, self.type, old, new

    @property
    def by(self) -> str:
        """The image or External that brings it, or did."""
        item = self.after or self.before
        assert item is not None, "a change has one of them"
        return item.by

    @property
    def relicensed(self) -> bool:
        """Whether its licence is stated otherwise than before."""
        if self.before is None or self.after is None:
            return False
        return self.before.part.license != self.after.part.license

    @property
    def fixed(self) -> tuple[str, ...]:
        """Advisories that the new pin says it is there for; none if the same was there before."""
        if self.after is None or self.kind not in ("added", "upgraded", "downgraded", "changed"):
            return ()
        known = set(self.before.part.fixes) if self.before else set()
        return tuple(sorted(set(self.after.part.fixes) - known))


class ExternalChange(Struct, frozen=True, order=True):
    """What became of one External."""

    name: str
    before: str
    """Its reference; empty if the image did not stand on it."""
    after: str


def changes(difference: ImageDifference) -> tuple[Change, ...]:
    """What became of the components of an image, by name, then purl.

    A component that went and one that came are one if their purls have the same type, namespace and
    name. If there are several of them, the one by the same bringer counts, then the one that comes next
    in the order of versions.
    """
    gone, come = _grouped(difference.gone), _grouped(difference.come)
    found = [
        _change(old, new)
        for key in sorted(gone.keys() | come.keys())
        for old, new in _pairs(gone.get(key, []), come.get(key, []))
    ]
    return tuple(sorted(found, key=lambda each: each.place))


def external_changes(difference: ImageDifference) -> tuple[ExternalChange, ...]:
    """What became of the Externals that an image stands on or takes from, by name."""
    left, taken = _by_name(difference.left), _by_name(difference.taken)
    return tuple(
        ExternalChange(name, left.get(name, ""), taken.get(name, ""))
        for name in sorted(left.keys() | taken.keys())
    )


def _by_name(standings: Standings) -> dict[str, str]:
    return {each.name: each.reference for each in standings}


def _grouped(items: Iterable[Item]) -> dict[tuple[str, str], list[Item]]:
    found: dict[tuple[str, str], list[Item]] = {}
    for item in sorted(items):
        found.setdefault(_key(item), []).append(item)
    return found


def _key(item: Item) -> tuple[str, str]:
    """The component whatever its version: the purl without version and qualifiers, and its subpath."""
    path, _, subpath = item.part.purl.partition("#")
    return path.partition("?")[0].partition("@")[0], subpath


def _pairs(gone: list[Item], come: list[Item]) -> Iterator[tuple[Item | None, Item | None]]:
    """Each item once."""
    for by in sorted({item.by for item in gone} & {item.by for item in come}):
        old = [item for item in gone if item.by == by]
        new = [item for item in come if item.by == by]
        for pair in zip(_ordered(old), _ordered(new), strict=False):
            yield pair
            gone, come = _without(gone, pair[0]), _without(come, pair[1])
    yield from zip_longest(_ordered(gone), _ordered(come))


def _without(items: list[Item], item: Item) -> list[Item]:
    return [each for each in items if each != item]


def _ordered(items: list[Item]) -> list[Item]:
    """By version, those that are none there first."""
    keys = {item: (order_of(type)(version), item) for item in items for type, version in [_version(item)]}
    plain = sorted(item for item, (key, _) in keys.items() if key is None)
    return plain + sorted((item for item, (key, _) in keys.items() if key is not None), key=keys.__getitem__)


def _version(item: Item) -> tuple[str, str]:
    """Type and version of its purl; the version is empty where only something else pins it."""
    parts = parse_purl(Purl(item.part.purl))
    return parts.type, parts.version


def _origin(item: Item) -> str:
    """What its purl says beside the version."""
    head, _, rest = item.part.purl.partition("?")
    return f"{head.partition('@')[0]}?{rest}"


def _change(old: Item | None, new: Item | None) -> Change:
    item = new or old
    assert item is not None, "a pair has one of them"
    return Change(item.part.name, _version(item)[0], _kind(old, new), old, new)


def _kind(old: Item | None, new: Item | None) -> Kind:
    if old is None or new is None:
        return "added" if old is None else "removed"
    (type, before), (_, after) = _version(old), _version(new)
    if (old.part.purl, old.part.version) != (new.part.purl, new.part.version):
        order = order_of(type)
        was, now = order(before), order(after)
        if was is None or now is None:
            return "changed"
        if was == now:
            # `1.0` and `1.0.0` are one version (PEP 440): nothing new came.
            return "changed" if _origin(old) != _origin(new) else "noted"
        return "upgraded" if was < now else "downgraded"
    if old.part.license != new.part.license:
        return "relicensed"
    return "moved" if old.by != new.by else "noted"

"""What two states of a catalogue hold, compared: image for image, component for component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from rgraph.release.record import Part
from rgraph.release.state import Holding, Stand, State


class Item(Struct, frozen=True, order=True):
    """A component in an image, and who brought it there."""

    part: Part
    by: str
    """The image itself, or the image or External that it is inherited from."""


class Standing(Struct, frozen=True, order=True):
    """An External that an image stands on or takes from, also by way of its parents."""

    name: str
    reference: str
    """With its digest if one was known."""


Items = frozenset[Item]
Standings = frozenset[Standing]


class ImageDifference(Struct, frozen=True):
    """How an image differs. Nothing that both have stands in it."""

    before: Stand | None
    """None if it was not there."""
    after: Stand | None
    """None if it is not there any more."""
    gone: Items = frozenset()
    come: Items = frozenset()
    left: Standings = frozenset()
    """Externals, as it stood on them."""
    taken: Standings = frozenset()
    """Externals, as it stands on them now."""
    unknown: bool = False
    """Whether a record is missing, so that nothing is said of what it holds or held."""


Difference = Mapping[str, ImageDifference]
"""Id of each image that differs -> how; sorted."""


class Contents(Struct, frozen=True):
    """All that a difference speaks of, of one image."""

    stand: Stand
    items: Items
    standings: Standings


def contents(state: State) -> dict[str, Contents]:
    """What all images of a state hold."""
    return {
        id: Contents(holding.stand, _items(state, holding.bringers), _standings(state, holding))
        for id, holding in state.images.items()
    }


def difference(before: State, after: State) -> dict[str, ImageDifference]:
    """How the images of two states differ.

    Images of one fingerprint hold the same: they are not looked at. What an image or External brings is
    compared once for all that inherit it.
    """
    compare = _Comparison(before, after)
    found = {}
    for id in sorted(before.images.keys() | after.images.keys()):
        old, new = before.images.get(id), after.images.get(id)
        if old is None or new is None or old.stand != new.stand:
            found[id] = compare.image(id, old, new)
    return found


def compose(first: Difference, second: Difference) -> dict[str, ImageDifference]:
    """The difference of A and C, of those of A and B and of B and C."""
    found = {}
    for id in sorted(first.keys() | second.keys()):
        one, two = first.get(id), second.get(id)
        made = _composed(one, two) if one and two else one or two
        if made and made.before != made.after:
            found[id] = made
    return found


def apply(changes: Difference, state: Mapping[str, Contents]) -> dict[str, Contents]:
    """What the images hold after a difference, of what they held before it."""
    found = dict(state)
    for id, change in changes.items():
        old = found.pop(id, None)
        if change.after is not None:
            items = old.items if old else frozenset()
            standings = old.standings if old else frozenset()
            found[id] = Contents(
                change.after,
                (items - change.gone) | change.come,
                (standings - change.left) | change.taken,
            )
    return found


def _composed(one: ImageDifference, two: ImageDifference) -> ImageDifference:
    return ImageDifference(
        one.before,
        two.after,
        (one.gone - two.come) | (two.gone - one.come),
        (one.come - two.gone) | (two.come - one.gone),
        (one.left - two.taken) | (two.left - one.taken),
        (one.taken - two.left) | (two.taken - one.left),
        one.unknown or two.unknown,
    )


class _Comparison:
    """Two states; what each name brings is compared once."""

    def __init__(self, before: State, after: State) -> None:
        self._before = before
        self._after = after
        self._found: dict[str, tuple[Items, Items]] = {}

    def image(self, id: str, old: Holding | None, new: Holding | None) -> ImageDifference:
        before, after = old.stand if old else None, new.stand if new else None
        if id in self._before.unknown or id in self._after.unknown:
            return ImageDifference(before, after, unknown=True)
        gone: list[Items] = []
        come: list[Items] = []
        was, now = set(old.bringers if old else ()), set(new.bringers if new else ())
        for name in was & now:
            lost, won = self._of(name)
            gone.append(lost)
            come.append(won)
        gone.append(_items(self._before, was - now))
        come.append(_items(self._after, now - was))
        left = _standings(self._before, old) if old else frozenset()
        taken = _standings(self._after, new) if new else frozenset()
        return ImageDifference(
            before, after, frozenset().union(*gone), frozenset().union(*come), left - taken, taken - left
        )

    def _of(self, name: str) -> tuple[Items, Items]:
        if name not in self._found:
            old, new = self._before.parts[name], self._after.parts[name]
            was, now = _items(self._before, [name]), _items(self._after, [name])
            self._found[name] = (was - now, now - was) if old != new else (frozenset(), frozenset())
        return self._found[name]


def _items(state: State, names: Iterable[str]) -> Items:
    return frozenset(Item(part, name) for name in names for part in state.parts[name])


def _standings(state: State, holding: Holding) -> Standings:
    return frozenset(Standing(name, state.references[name]) for name in holding.externals)

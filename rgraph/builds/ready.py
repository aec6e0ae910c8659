"""Which image can be built next, and which never, as something that it needs has failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rgraph.graph import Needs, closure, reverse


class Ready:
    """Images on their way: waiting, ready, running, done. The order is that of `needs`: by wave, then id."""

    def __init__(self, needs: Needs, there: Iterable[str] = ()) -> None:
        """`needs` holds the images to build with what each needs; `there` are some that need no building.

        What is needed and is no key of `needs` is there from the beginning.
        """
        done = set(there)
        self._order = {id: number for number, id in enumerate(needs)}
        self._users = reverse(needs)
        self._waiting = {
            id: {each for each in needed if each in needs and each not in done}
            for id, needed in needs.items()
            if id not in done
        }

    def take(self) -> str | None:
        """The first image that can be built now; it is running then. None if there is none at present."""
        ready = (id for id, lacking in self._waiting.items() if not lacking)
        found = min(ready, key=self._order.__getitem__, default=None)
        if found is not None:
            del self._waiting[found]
        return found

    def built(self, id: str) -> None:
        """Notes that an image is there."""
        for user in self._users.get(id, ()):
            if user in self._waiting:
                self._waiting[user].discard(id)

    def failed(self, id: str) -> list[str]:
        """Notes that an image will not be there. What stands on it will not, either: those ids, in order."""
        self._waiting.pop(id, None)
        lost = closure([id], self._users) & self._waiting.keys()
        for each in lost:
            del self._waiting[each]
        return sorted(lost, key=self._order.__getitem__)


def needs_of(edges: Mapping[str, Iterable[str]], level: Mapping[str, int]) -> dict[str, list[str]]:
    """Images with what they need, in order of wave and id."""
    return {id: list(edges[id]) for id in sorted(edges, key=lambda id: (level[id], id))}

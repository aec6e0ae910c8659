"""Two resolved catalogues compared: which images differ, and why, down to the lines that say so."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from rgraph.comparison.images import Images
from rgraph.comparison.types import Cause, Kind, Story, Told
from rgraph.comparison.values import without_secrets
from rgraph.fingerprint import fingerprints
from rgraph.names import Fingerprint
from rgraph.resolve import Resolved

__all__ = ["Cause", "Comparison", "Kind", "Story", "Told"]


class Comparison:
    """A catalogue and an earlier one. What is asked of an image is worked out once."""

    def __init__(
        self,
        old: Resolved,
        new: Resolved,
        old_prints: Mapping[str, Fingerprint] | None = None,
        new_prints: Mapping[str, Fingerprint] | None = None,
    ) -> None:
        self.old, self.new = old, new
        self.old_prints = fingerprints(old) if old_prints is None else old_prints
        self.new_prints = fingerprints(new) if new_prints is None else new_prints
        self._images = Images(old, new)
        self._own: dict[str, tuple[Cause, ...]] = {}

    def changed(self, id: str) -> bool:
        """Whether an image is new or has another fingerprint."""
        return self.old_prints.get(id) != self.new_prints.get(id)

    def own(self, id: str) -> tuple[Cause, ...]:
        """Why an image is another one by itself; nothing if only what it stands upon changed."""
        if id not in self._own:
            self._own[id] = self._causes(id)
        return self._own[id]

    def _causes(self, id: str) -> tuple[Cause, ...]:
        old, new = self.old.images.get(id), self.new.images.get(id)
        if new is None:
            return (Cause(kind="removed", change="removed", what=id, old=old.place if old else None),)
        if old is None:
            return (Cause(kind="new", change="added", what=id, new=new.place),)
        return tuple(dict.fromkeys(_public(each) for each in self._images.own(id)))

    def parents(self, id: str) -> list[str]:
        """What an image stands upon or takes from, as before, that is another now."""
        old, new = self.old.images.get(id), self.new.images.get(id)
        if old is None or new is None:
            return []
        return [
            edge.to for edge in new.edges if not edge.external and edge in old.edges and self.changed(edge.to)
        ]

    def story(self, id: str) -> Story:
        """The shortest true story of one image: the root causes of its change, by the shortest ways.

        It ends where a change was made: an image that changed only because its parent did is a part of
        the way. Linear in the images that it stands upon.
        """
        prints = self.old_prints.get(id, ""), self.new_prints.get(id, "")
        if id not in self.new.images:
            return Story(id, "removed", *prints, (Told(self.own(id)[0], (id,)),))
        if not self.changed(id):
            return Story(id, "unchanged", *prints)
        return Story(id, "changed" if prints[0] else "new", *prints, tuple(self._told(id)))

    def _told(self, id: str) -> list[Told]:
        ways: dict[str, tuple[str, ...]] = {id: (id,)}
        found: dict[Cause, Told] = {}
        todo = [id]
        for each in todo:
            for cause in self.own(each):
                found.setdefault(cause, Told(cause, ways[each]))
            for parent in self.parents(each):
                if parent not in ways:
                    ways[parent] = (*ways[each], parent)
                    todo.append(parent)
        return list(found.values())


def _public(cause: Cause) -> Cause:
    """A cause without what may be a secret in its addresses."""
    what, before, after = (without_secrets(each) for each in (cause.what, cause.before, cause.after))
    if before == after:
        before = after = ""  # what differs is a secret, or beyond what is shown of it
    return structs.replace(cause, what=what, before=before, after=after)

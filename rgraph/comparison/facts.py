"""What two catalogues know differently of components: licence facts, and the texts of notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal

from rgraph.catalog import Catalog, Fact
from rgraph.catalog.facts import own_texts
from rgraph.comparison.types import Cause
from rgraph.components import fact_of, shown
from rgraph.errors import Place
from rgraph.steps.interface import Component

_SHOWN: Final = (
    "license",
    "status",
    "copyright",
    "homepage",
    "source_offer",
    "usage_restriction",
    "notice",
)
"""Fields of a licence fact, in the order of `components.shown`; the texts come after them."""


class Facts:
    """The facts of two catalogues."""

    def __init__(self, old: Catalog, new: Catalog) -> None:
        self._old, self._new = old, new

    def of(self, components: Iterable[Component]) -> Iterator[Cause]:
        """Differences of the facts of some components, as images show them."""
        for component in components:
            before = fact_of(component, self._old.facts)
            after = fact_of(component, self._new.facts)
            if shown(before) != shown(after):
                yield from self._differences(component.name, before, after)

    def _differences(self, name: str, before: Fact | None, after: Fact | None) -> Iterator[Cause]:
        if before is None or after is None:
            yield Cause(
                kind="fact",
                change="added" if before is None else "removed",
                what="fact",
                before=before.manifest.license if before else "",
                after=after.manifest.license if after else "",
                old=before.place if before else None,
                new=after.place if after else None,
                of=name,
            )
            return
        for field, one, other in zip(_SHOWN, shown(before), shown(after), strict=False):
            if one != other:
                places = before.place.at(field), after.place.at(field)
                yield Cause(
                    kind="fact",
                    change="changed",
                    what=field,
                    before=one,
                    after=other,
                    old=places[0],
                    new=places[1],
                    of=name,
                )
        if before.texts != after.texts:
            yield from self.texts((each.license, each.notice) for each in (before.manifest, after.manifest))

    def texts(self, wanted: Iterable[tuple[str, str]]) -> Iterator[Cause]:
        """Texts of `manifests/notices/` that differ, among those of some licences and own notices."""
        names = dict.fromkeys(
            name
            for license, notice in wanted
            for catalog in (self._old, self._new)
            for name in own_texts(license, notice, catalog.notices)
        )
        yield from differing("notice", names, self._old.notices, self._new.notices)


def differing(
    kind: Literal["notice", "file"],
    names: Iterable[str],
    old: Mapping[str, str] | Mapping[str, bytes],
    new: Mapping[str, str] | Mapping[str, bytes],
) -> Iterator[Cause]:
    """Files of `manifests/notices/` or `manifests/files/` that hold something else, or are in one only."""
    for name in names:
        before, after = old.get(name), new.get(name)
        if before != after:
            place = Place(f"manifests/{kind}s/{name}")
            yield Cause(
                kind=kind,
                change="added" if before is None else "removed" if after is None else "changed",
                what=name,
                old=None if before is None else place,
                new=None if after is None else place,
            )

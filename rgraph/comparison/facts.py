"""What two catalogues know differently of components: licence facts, and the texts of notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import structs

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
                chosen = list(self._chosen(component, before, after))
                yield from chosen or self._differences(component.name, before, after)

    def _chosen(self, component: Component, before: Fact | None, after: Fact | None) -> Iterator[Cause]:
        """Why another fact holds than before, if it is another one: `versions` of either, or one that came
        or went before it.
        """
        key = (component.type, "" if component.type == "deb" else component.namespace, component.name)
        old, new = self._old.facts.get(key, ()), self._new.facts.get(key, ())
        now = _counterpart(before, old, new) if before else None
        then = _counterpart(after, new, old) if after else None
        if before and after and (then, now) == (before, after):
            return  # one fact, which says something else
        for one, other in ((before, now), (then, after)):
            if one and other and one.manifest.versions != other.manifest.versions:
                yield _of_fact(component.name, one, other, "versions")
        if before and after:
            if now is None and then is not None:
                yield _of_fact(component.name, before, None, "fact")
            elif then is None and now is not None:
                yield _of_fact(component.name, None, after, "fact")

    def _differences(self, name: str, before: Fact | None, after: Fact | None) -> Iterator[Cause]:
        if before is None or after is None:
            yield _of_fact(name, before, after, "fact")
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


def _counterpart(fact: Fact, own: Sequence[Fact], others: Sequence[Fact]) -> Fact | None:
    """What became of a fact, or what it was: one that says the same but for its versions, else the one in
    its place, if that is no other fact's.
    """
    same = [each for each in others if _said(each) == _said(fact)]
    if same:
        return next((each for each in same if each.manifest.versions == fact.manifest.versions), same[0])
    known = {_said(each) for each in own}
    return next((each for each in others if each.place == fact.place and _said(each) not in known), None)


def _said(fact: Fact) -> str:
    return repr(structs.replace(fact.manifest, versions=""))


def _of_fact(name: str, before: Fact | None, after: Fact | None, what: str) -> Cause:
    """A fact that came or went, told by its licence; or its versions, told by themselves."""
    field = "license" if what == "fact" else what
    path: tuple[str, ...] = () if what == "fact" else (what,)
    return Cause(
        kind="fact",
        change="added" if before is None else "removed" if after is None else "changed",
        what=what,
        before=str(getattr(before.manifest, field)) if before else "",
        after=str(getattr(after.manifest, field)) if after else "",
        old=before.place.at(*path) if before else None,
        new=after.place.at(*path) if after else None,
        of=name,
    )


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

"""What two catalogues say differently of an External."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rgraph.catalog import Catalog
from rgraph.comparison.along import along_causes
from rgraph.comparison.facts import Facts
from rgraph.comparison.origins import lock_cause
from rgraph.comparison.types import Cause
from rgraph.comparison.values import shown_value
from rgraph.names import Purl
from rgraph.purls import parse_purl

_FIELDS: Final = ("homepage", "license", "usage_restriction", "distribution")
_STATE: Final = ("platforms", "user", "workdir", "shell")
"""What images on top start with."""


class Externals:
    """The Externals of two catalogues."""

    def __init__(self, old: Catalog, new: Catalog) -> None:
        self._old, self._new = old, new
        self._facts = Facts(old, new)

    def of(self, name: str) -> Iterator[Cause]:
        """Differences that count for every image upon an External: what FROM names, and its facts."""
        old, new = self._old.externals[name], self._new.externals[name]
        if old.reference != new.reference:
            if old.manifest.reference == new.manifest.reference:
                yield lock_cause("externals", name, old.digest, new.digest)
            else:
                yield self._field(name, "reference", old.reference, new.reference)
        for field in _FIELDS:
            yield from self._value(name, field)
        before, after = sorted(old.manifest.provides), sorted(new.manifest.provides)
        if before != after:
            yield self._field(name, "provides", ", ".join(before), ", ".join(after))
        yield from self._facts.of(parse_purl(Purl(purl)) for purl in after)
        yield from self._facts.texts((each.manifest.license, "") for each in (old, new))
        yield from along_causes(self._old, self._new, name)

    def state(self, name: str) -> Iterator[Cause]:
        """Differences that count for images whose Dockerfile then reads otherwise."""
        for field in _STATE:
            yield from self._value(name, field)

    def _value(self, name: str, field: str) -> Iterator[Cause]:
        old, new = self._old.externals[name], self._new.externals[name]
        before, after = getattr(old.manifest, field), getattr(new.manifest, field)
        if before != after:
            yield self._field(name, field, shown_value(before), shown_value(after))

    def _field(self, name: str, field: str, before: str, after: str) -> Cause:
        return Cause(
            kind="external",
            change="changed",
            what=field,
            before=before,
            after=after,
            old=self._old.externals[name].place.at(field),
            new=self._new.externals[name].place.at(field),
            of=name,
        )

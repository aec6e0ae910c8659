"""Which licence texts each component of an image needs, and for which there is none.

What ThirdPartyNotices.txt shows, `rgraph audit` finds and a release may insist on is worked out here
once, for each image or External that brings components.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from rgraph.catalog import Catalog
from rgraph.catalog.facts import own_texts
from rgraph.errors import RefusedError
from rgraph.inventory import Declared, Inventory
from rgraph.licenses import asks_for_source, ids_of


class Text(Struct, frozen=True):
    """A licence text: SPDX's standard text of an id, or a file that a person supplied."""

    name: str
    """The id; of a component's own notice, the name of the file."""
    file: str = ""
    """Its file in `manifests/notices/`; empty for SPDX's."""


_PLACE = re.compile(r"<(?:year|owner|copyright holder|author|organization|name)")
_BEGINNING = 400
"""Characters of a text among which its copyright line stands."""


class Attributed(Struct, frozen=True):
    """A component, or an External itself, with the licence texts that it needs."""

    name: str
    """Name, and version or what pins it, if either is declared; of an External its reference."""
    license: str
    """Licence expression; empty if it is not known."""
    texts: tuple[Text, ...]
    """Those that there are, in the order of the expression."""
    missing: tuple[str, ...]
    """Ids of the expression, or the name of a notice file, for which there is no text."""
    declared: Declared | None = None
    """None for an External itself."""
    unsigned: tuple[str, ...] = ()
    """Ids whose standard text begins with a place for a copyright line, where the component's own is
    not known."""

    @property
    def complete(self) -> bool:
        """Whether its licence is known and every text of it is there, with the copyright that it shows.

        That holds for `A OR B` too: the manifests do not say which of them was chosen.
        """
        return bool(self.license) and not self.missing and not self.unsigned

    @property
    def lack(self) -> str:
        """Why it has no text, or not all of them; empty if it is complete."""
        if not self.license:
            return "licence not known to the catalogue"
        lacks = [f"no text supplied for {', '.join(self.missing)}"] if self.missing else []
        if self.unsigned:
            lacks.append(
                f"no copyright line known, which the text of {', '.join(self.unsigned)} has a place for"
            )
        return "; ".join(lacks)

    @property
    def asks_for_source(self) -> bool:
        """Whether a licence in the expression asks to say where the source code is to be had."""
        return any(asks_for_source(id) for id in ids_of(self.license))


def check_complete(attributions: Attributions, ids: Iterable[str]) -> None:
    """Raises RefusedError if a component of some images has no licence text."""
    found: dict[str, str] = {}
    for id in ids:
        for bringer, each in attributions.lacking(id):
            found.setdefault(f"{each.name} (from {bringer})", each.lack)
    if found:
        shown = [f"{name}: {lack}" for name, lack in list(found.items())[:_MOST]]
        rest = f", and {len(found) - _MOST} more" if len(found) > _MOST else ""
        raise RefusedError(
            f"the policy wants complete notices, and {len(found)} components have no licence text: "
            f"{'; '.join(shown)}{rest}",
            "`rgraph audit` shows what is missing; texts stand in manifests/notices/",
        )


_MOST = 10
"""Components that a refusal names."""


class Attributions:
    """What the components of a catalogue need; worked out once for each image and External.

    `standard` has SPDX's standard texts by id.
    """

    def __init__(self, catalog: Catalog, inventory: Inventory, standard: Mapping[str, str]) -> None:
        self._catalog = catalog
        self._inventory = inventory
        self._standard = standard
        self._own: dict[str, tuple[Attributed, ...]] = {}
        self._places: dict[Text, bool] = {}
        self._components: dict[tuple[object, ...], Attributed] = {}
        self._found: dict[tuple[str, str], tuple[tuple[Text, ...], tuple[str, ...]]] = {}

    def own(self, node: str) -> tuple[Attributed, ...]:
        """What an image itself brings, or an External: first the External, then what it provides.

        What several images declare at the same place is the same object.
        """
        if node not in self._own:
            found = [self._component(each) for each in self._inventory.own(node)]
            if ":" not in node:
                found.insert(0, self._external(node))
            self._own[node] = tuple(found)
        return self._own[node]

    def lacking(self, id: str) -> Iterator[tuple[str, Attributed]]:
        """What of an image has no licence text or not all, inherited things too, with who brought it."""
        for bringer in self._inventory.bringers(id):
            for each in self.own(bringer):
                if not each.complete:
                    yield bringer, each

    def _component(self, declared: Declared) -> Attributed:
        component, fact = declared.component, declared.fact
        key = (declared.purl, component.pinned_by, declared.place)
        if key not in self._components:
            version = component.version or (component.pinned_by and f"({component.pinned_by})")
            texts, missing = self._texts(declared.license, fact.notice if fact else "")
            name = f"{declared.name} {version}".rstrip()
            signed = fact is not None and bool(fact.copyright.strip())
            unsigned = () if signed else tuple(text.name for text in texts if self._has_place(text))
            self._components[key] = Attributed(name, declared.license, texts, missing, declared, unsigned)
        return self._components[key]

    def _has_place(self, text: Text) -> bool:
        """Whether a text begins with a place for a copyright line; the GPL has one in its appendix only."""
        if text not in self._places:
            body = "" if text.file else self._standard[text.name]
            self._places[text] = bool(_PLACE.search(body[:_BEGINNING]))
        return self._places[text]

    def _external(self, name: str) -> Attributed:
        external = self._catalog.externals[name]
        license = external.manifest.license
        return Attributed(external.reference, license, *self._texts(license, ""))

    def _texts(self, license: str, notice: str) -> tuple[tuple[Text, ...], tuple[str, ...]]:
        """The texts of an expression, and what has none. A component's own notice stands for all of it."""
        found = self._found.get((license, notice))
        if found is None:
            names = (notice,) if notice else ids_of(license)
            made = {name: self._text(name, notice) for name in names}
            texts = tuple(dict.fromkeys(text for text in made.values() if text))
            found = self._found[license, notice] = texts, tuple(name for name in names if not made[name])
        return found

    def _text(self, name: str, notice: str) -> Text | None:
        if notice or name.startswith("LicenseRef-"):
            supplied = own_texts(name, notice, self._catalog.notices)
            held = next((file for file in supplied if self._catalog.notices.get(file, "").strip()), "")
            return Text(name, held) if held else None
        # `Apache-2.0+` is Apache-2.0 or a later one (SPDX 2.3, annex D.3): that text stands for it.
        return next((Text(id) for id in (name, name.removesuffix("+")) if id in self._standard), None)

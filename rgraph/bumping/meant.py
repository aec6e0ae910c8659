"""Which components a name means, and which Externals carry them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import unquote

from msgspec import Struct

from rgraph.bumping.interface import Left, Refusal
from rgraph.catalog import Catalog
from rgraph.errors import Place, UsageError
from rgraph.image import Edge
from rgraph.inventory import Inventory
from rgraph.names import Bad, Purl
from rgraph.purls import checked_purl, parse_purl, purl_of
from rgraph.resolve import Resolved
from rgraph.steps.interface import Component


def split(text: str) -> tuple[str, str]:
    """The component and the version of what was asked for (`NAME@OLD`). Raises UsageError."""
    if text.startswith("pkg:"):
        made = checked_purl(text)
        if isinstance(made, Bad):
            raise UsageError(made.what, made.help)
        plain = made.partition("#")[0].partition("?")[0]
        name, _, version = plain.partition("@")
        return name, unquote(version)
    name, mark, version = text.rpartition("@")
    return (name, version) if mark and name else (text, "")


def bare(purl: str) -> str:
    """A purl without version, qualifiers and subpath."""
    return purl.partition("#")[0].partition("?")[0].partition("@")[0]


class Meant:
    """Which components a name means: those that are called so; with a catalogue, those that its facts say
    are known by this name (`known_as`).
    """

    def __init__(self, text: str, catalog: Catalog | None = None) -> None:
        names = [text] if catalog is None else _known_as(catalog, text)
        self._each = [_One(name) for name in names]

    def may(self, component: Component, called: str = "") -> bool:
        """Whether the name fits, whatever the purl says; `called` is another name of the component."""
        return any(each.may(component, called) for each in self._each)

    def has(self, purl: str) -> bool:
        """Whether a purl without version is meant."""
        return any(each.has(purl) for each in self._each)


def _known_as(catalog: Catalog, text: str) -> list[str]:
    asked = _One(text)
    return [
        bare(fact.manifest.purl)
        for facts in catalog.facts.values()
        for fact in facts
        if any(asked.may(parse_purl(Purl(purl))) and asked.has(bare(purl)) for purl in fact.manifest.known_as)
    ]


class _One:
    def __init__(self, name: str) -> None:
        self._purl = ""
        if name.startswith("pkg:"):
            component = parse_purl(Purl(name))
            self._purl = purl_of(component)
            self._any = component.type == "deb" and not component.namespace
            name = component.name
        self._name = _plain(name) or "/"

    def may(self, component: Component, called: str = "") -> bool:
        name, space = component.name, component.namespace
        return self._name in (_plain(name), _plain(f"{space}/{name}") if space else "", _plain(called))

    def has(self, purl: str) -> bool:
        if not self._purl:
            return True
        if self._any:
            return purl.startswith("pkg:deb/") and purl.rpartition("/")[2] == self._purl.rpartition("/")[2]
        return purl == self._purl


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")


class Carrier(Struct, frozen=True, eq=False):
    """An External that brings a component."""

    name: str
    component: Component
    purl: str
    """The component's, without version."""
    place: Place
    """Where it says so."""
    images: tuple[str, ...]
    """Images that stand upon it or copy from it, in order."""

    @property
    def left(self) -> Left:
        """The External as something that a bump leaves alone."""
        return Left(self.place, f"the External `{self.name}` brings it{_as(self.component)}", self.images)


def _as(component: Component) -> str:
    return f", as {component.version}" if component.version else ""


def carriers_of(resolved: Resolved, meant: Meant) -> list[Carrier]:
    """The Externals that bring a component."""
    found = []
    for name, external in resolved.catalog.externals.items():
        for index, purl in enumerate(external.manifest.provides):
            component = parse_purl(Purl(purl))
            plain = bare(purl_of(component))
            if meant.may(component) and meant.has(plain):
                users = tuple(id for id, image in resolved.images.items() if _needs(image.edges, name))
                place = external.place.at("provides", index)
                found.append(Carrier(name, component, plain, place, users))
    return found


def below(
    carriers: Sequence[Carrier], inventory: Inventory, selected: Collection[str] | None
) -> list[Carrier]:
    """Those that selected images stand upon; None selects all."""
    if selected is None:
        return list(carriers)
    return [each for each in carriers if any(each.name in inventory.bringers(id) for id in selected)]


def _needs(edges: Sequence[Edge], name: str) -> bool:
    return any(edge.to == name for edge in edges)


def carried(carriers: Sequence[Carrier], name: str, new: str) -> list[Refusal]:
    """Why a component cannot be another version: it comes with the image that others stand upon."""
    ready = [each.name for each in carriers if _is(each.component.version, new)]
    help = "name another image in its `reference`, or make another External and name that in `from`"
    if ready:
        more = f" (so do {len(ready) - 1} more)" if len(ready) > 1 else ""
        help = f"`{ready[0]}` brings {new}{more}: name one that fits in `from`"
    what = f"`{name}` comes with the External"
    return [
        Refusal(each.place, f"{what} `{each.name}`{_as(each.component)}", help, each.images)
        for each in carriers
        if each.name not in ready
    ]


def _is(version: str, new: str) -> bool:
    """Whether a version is the wanted one, or one of its patch releases."""
    return version == new or version.startswith(f"{new}.")

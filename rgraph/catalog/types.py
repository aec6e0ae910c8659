"""What a catalogue holds, by name, each thing with its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec import Struct, field

from rgraph.errors import Place
from rgraph.lock import Lock
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.compatibility import Fit
from rgraph.manifest.components import ComponentFact
from rgraph.manifest.external import ExternalManifest
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.waivers import Waiver
from rgraph.versions import Range


class Found(Struct, frozen=True):
    """Where a named thing is declared."""

    place: Place


class Layer(Found, frozen=True):
    """A layer and its place."""

    manifest: LayerManifest


class External(Found, frozen=True):
    """An External and its place."""

    name: str
    manifest: ExternalManifest
    digest: str = ""
    """Its digest, from the reference or the lock; empty if neither has one."""

    @property
    def reference(self) -> str:
        """What FROM names: the reference, with the digest if one is known."""
        written = self.manifest.reference
        return written if not self.digest or "@" in written else f"{written}@{self.digest}"


class Recipe(Found, frozen=True):
    """A recipe and its place."""

    manifest: RecipeManifest


class Fact(Found, frozen=True):
    """A licence fact and its place."""

    manifest: ComponentFact
    range: Range = ()
    texts: str = ""
    """Hash of the licence texts of `manifests/notices/` that it leads to; empty if there are none."""


class FitFact(Found, frozen=True):
    """A fact of compatibility and its place."""

    manifest: Fit
    range: Range = ()
    needs: Mapping[str, Range] = field(default_factory=dict)


class Waived(Found, frozen=True):
    """A waiver and its place."""

    manifest: Waiver
    where: tuple[str, ...]
    until: date


FactKey = tuple[str, str, str]
"""Type, namespace and name of a component's purl."""


class Catalog(Struct, frozen=True):
    """A catalogue as written, everything by name."""

    settings: CatalogManifest
    settings_place: Place
    layers: Mapping[str, Layer] = field(default_factory=dict)
    externals: Mapping[str, External] = field(default_factory=dict)
    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    facts: Mapping[FactKey, tuple[Fact, ...]] = field(default_factory=dict)
    """Component -> facts, in the order of the manifest."""
    fits: Mapping[FactKey, tuple[FitFact, ...]] = field(default_factory=dict)
    """Component -> facts of compatibility, in the order of the manifests."""
    waivers: tuple[Waived, ...] = ()
    """In the order of the manifests."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files of `manifests/files/`."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Texts of `manifests/notices/`."""
    lock: Lock = field(default_factory=Lock)

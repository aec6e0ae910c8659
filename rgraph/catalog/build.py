"""All manifests of a catalogue, indexed by name; what does not need a matrix is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from rgraph import names
from rgraph.catalog.externals import external
from rgraph.catalog.facts import add_fact, add_fit, waived
from rgraph.catalog.settings import check_lifecycle, check_settings
from rgraph.catalog.types import (
    Catalog,
    External,
    Fact,
    FactKey,
    FitFact,
    Found,
    Layer,
    Recipe,
    Waived,
)
from rgraph.errors import Place, Problems
from rgraph.lock import Lock
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.compatibility import CompatibilityManifest
from rgraph.manifest.components import ComponentsManifest
from rgraph.manifest.document import Manifest
from rgraph.manifest.external import ExternalsManifest
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.waivers import WaiversManifest
from rgraph.render_names import OWN_FILES

T = TypeVar("T")

_GENERATED = frozenset(name.lower() for name in OWN_FILES)


def build_catalog(
    documents: Iterable[tuple[str, Manifest]],
    files: Mapping[str, bytes],
    notices: Mapping[str, str],
    lock: Lock,
    problems: Problems,
) -> Catalog:
    """Indexes the manifests of a catalogue; each document comes with its file."""
    index = _Index(notices, lock, problems)
    for file, manifest in documents:
        index.add(Place(file), manifest)
    _check_files(files, problems)
    place, settings = index.settings or _no_settings(problems)
    check_settings(settings, place, notices, problems)
    return Catalog(
        settings,
        place,
        index.layers,
        index.externals,
        index.recipes,
        {key: tuple(each) for key, each in index.facts.items()},
        {key: tuple(each) for key, each in index.fits.items()},
        tuple(index.waivers),
        files,
        notices,
        lock,
    )


class _Index:
    """What the documents seen so far declare, by name; each kind of document has its own method."""

    def __init__(self, notices: Mapping[str, str], lock: Lock, problems: Problems) -> None:
        self._notices = notices
        self._lock = lock
        self._problems = problems
        self.settings: tuple[Place, CatalogManifest] | None = None
        self.layers: dict[str, Layer] = {}
        self.externals: dict[str, External] = {}
        self.recipes: dict[str, Recipe] = {}
        self.facts: dict[FactKey, list[Fact]] = {}
        self.fits: dict[FactKey, list[FitFact]] = {}
        self.waivers: list[Waived] = []

    def add(self, place: Place, manifest: Manifest) -> None:
        """Indexes one document, whatever its kind."""
        match manifest:
            case LayerManifest():
                _named(self.layers, manifest.name, Layer(place, manifest), self._problems)
                check_lifecycle(manifest, place.at("lifecycle"), self._problems)
            case RecipeManifest():
                _named(self.recipes, manifest.name, Recipe(place, manifest), self._problems)
            case ExternalsManifest():
                self._add_externals(place, manifest)
            case ComponentsManifest():
                for index, fact in enumerate(manifest.components):
                    add_fact(self.facts, fact, place.at("components", index), self._notices, self._problems)
            case CompatibilityManifest():
                for index, fit in enumerate(manifest.compatibility):
                    add_fit(self.fits, fit, place.at("compatibility", index), self._problems)
            case WaiversManifest():
                for index, waiver in enumerate(manifest.waivers):
                    self.waivers.append(waived(waiver, place.at("waivers", index), self._problems))
            case CatalogManifest():
                self._add_settings(place, manifest)

    def _add_externals(self, place: Place, manifest: ExternalsManifest) -> None:
        for name, written in manifest.externals.items():
            found = external(name, written, place.key("externals", name), self._lock, self._problems)
            _named(self.externals, name, found, self._problems)

    def _add_settings(self, place: Place, manifest: CatalogManifest) -> None:
        if self.settings:
            what = f"a second catalogue: {self.settings[0].file} is one already"
            self._problems.add(place, what, "keep one of them")
        self.settings = place, manifest


def _no_settings(problems: Problems) -> tuple[Place, CatalogManifest]:
    """Notes that the catalogue says nothing of itself; what stands in, so that the rest can be checked."""
    place = Place("manifests/catalog.yaml")
    problems.add(place, "there is no manifest of kind catalog", "write `kind: catalog`")
    return place, CatalogManifest(kind="catalog", name="catalogue")


def _check_files(files: Iterable[str], problems: Problems) -> None:
    for name in files:
        if name.lower() in _GENERATED:
            what = f"`{name}` has the name of a file that rgraph generates"
            problems.add(Place(f"manifests/files/{name}"), what, "give it another name")


def _named(found: dict[str, T], name: str, entry: T, problems: Problems) -> None:
    assert isinstance(entry, Found)
    place = entry.place if entry.place.path else entry.place.at("name")
    made = names.layer_name(name)
    if isinstance(made, names.Bad):
        problems.add(place, made.what, made.help)
    if name in found:
        first = found[name]
        assert isinstance(first, Found)
        problems.add(place, f"`{name}` is declared twice", f"the first is in {first.place.file}")
    else:
        found[name] = entry

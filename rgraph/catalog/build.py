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
    settings: tuple[str, CatalogManifest] | None = None
    layers: dict[str, Layer] = {}
    externals: dict[str, External] = {}
    recipes: dict[str, Recipe] = {}
    facts: dict[FactKey, list[Fact]] = {}
    fits: dict[FactKey, list[FitFact]] = {}
    waivers: list[Waived] = []
    for file, manifest in documents:
        place = Place(file)
        match manifest:
            case LayerManifest():
                _named(layers, manifest.name, Layer(place, manifest), problems)
                check_lifecycle(manifest, place.at("lifecycle"), problems)
            case RecipeManifest():
                _named(recipes, manifest.name, Recipe(place, manifest), problems)
            case ExternalsManifest():
                for name, each in manifest.externals.items():
                    found = external(name, each, place.key("externals", name), lock, problems)
                    _named(externals, name, found, problems)
            case ComponentsManifest():
                for index, fact in enumerate(manifest.components):
                    add_fact(facts, fact, place.at("components", index), notices, problems)
            case CompatibilityManifest():
                for index, fit in enumerate(manifest.compatibility):
                    add_fit(fits, fit, place.at("compatibility", index), problems)
            case WaiversManifest():
                waivers += [
                    waived(waiver, place.at("waivers", index), problems)
                    for index, waiver in enumerate(manifest.waivers)
                ]
            case CatalogManifest():
                if settings:
                    problems.add(
                        place, f"a second catalogue: {settings[0]} is one already", "keep one of them"
                    )
                settings = file, manifest
    if settings is None:
        problems.add(
            Place("manifests/catalog.yaml"), "there is no manifest of kind catalog", "write `kind: catalog`"
        )
        settings = "manifests/catalog.yaml", CatalogManifest(kind="catalog", name="catalogue")
    _check_files(files, problems)
    check_settings(settings[1], Place(settings[0]), notices, problems)
    return Catalog(
        settings[1],
        Place(settings[0]),
        layers,
        externals,
        recipes,
        {key: tuple(each) for key, each in facts.items()},
        {key: tuple(each) for key, each in fits.items()},
        tuple(waivers),
        files,
        notices,
        lock,
    )


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

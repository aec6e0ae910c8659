"""All manifests of a catalogue, indexed by name; what does not need a matrix is checked here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from msgspec import Struct, field

from rgraph import names
from rgraph.errors import Place, Problems
from rgraph.lock import Lock
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.components import ComponentFact, ComponentsManifest
from rgraph.manifest.external import ExternalManifest, ExternalsManifest
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.purls import parse_purl
from rgraph.render_names import OWN_FILES
from rgraph.steps.shells import dialect_of
from rgraph.suggest import did_you_mean
from rgraph.versions import parse_range

Manifest = LayerManifest | RecipeManifest | CatalogManifest | ComponentsManifest | ExternalsManifest
T = TypeVar("T")


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
    range: tuple[tuple[str, str], ...] = ()


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
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Files of `manifests/files/`."""
    notices: Mapping[str, str] = field(default_factory=dict)
    """Texts of `manifests/notices/`."""
    lock: Lock = field(default_factory=Lock)


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
    for file, manifest in documents:
        place = Place(file)
        match manifest:
            case LayerManifest():
                _named(layers, manifest.name, Layer(place, manifest), problems)
                _check_lifecycle(manifest, place.at("lifecycle"), problems)
            case RecipeManifest():
                _named(recipes, manifest.name, Recipe(place, manifest), problems)
            case ExternalsManifest():
                for name, each in manifest.externals.items():
                    found = _external(name, each, place.key("externals", name), lock, problems)
                    _named(externals, name, found, problems)
            case ComponentsManifest():
                for index, fact in enumerate(manifest.components):
                    _add_fact(facts, fact, place.at("components", index), problems)
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
    _check_settings(settings[1], Place(settings[0]), notices, problems)
    return Catalog(
        settings[1],
        Place(settings[0]),
        layers,
        externals,
        recipes,
        {key: tuple(each) for key, each in facts.items()},
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


def _check_state(written: ExternalManifest, place: Place, problems: Problems) -> None:
    """What images on top start with: it may be written into their Dockerfiles."""
    for key, text in (("user", written.user), ("workdir", written.workdir)):
        if not text.isprintable() or text.rstrip().endswith(("\\", "`")) or text.startswith("-"):
            problems.add(
                place.at(key),
                f"`{key}` is no single word of an instruction",
                "write it as USER or WORKDIR has it",
            )
    if not (written.workdir.startswith("/") or written.workdir[1:2] == ":"):
        problems.add(
            place.at("workdir"), f"`{written.workdir}` is no absolute folder", "write it from the root"
        )
    if written.shell and dialect_of(tuple(written.shell)) is None:
        problems.add(place.at("shell"), f"the shell `{written.shell[0]}` is not known")


CADENCES = ("weekly", "monthly", "quarterly", "yearly", "second-wednesday")
"""How often images may be due for a rebuild."""


def _check_lifecycle(layer: LayerManifest, place: Place, problems: Problems) -> None:
    lifecycle = layer.lifecycle
    if lifecycle is None:
        return
    if lifecycle.end_of_life and isinstance(made := names.day(lifecycle.end_of_life), names.Bad):
        problems.add(place.at("end_of_life"), made.what, made.help)
    if lifecycle.cadence and lifecycle.cadence not in CADENCES:
        what = f"`{lifecycle.cadence}` is no cadence"
        problems.add(
            place.at("cadence"),
            what,
            did_you_mean(lifecycle.cadence, CADENCES) or f"one of {', '.join(CADENCES)}",
        )


def _external(name: str, written: ExternalManifest, place: Place, lock: Lock, problems: Problems) -> External:
    def check(made: object, *path: str | int) -> None:
        if isinstance(made, names.Bad):
            problems.add(place.at(*path), made.what, made.help)

    reference = names.reference(written.reference)
    check(reference, "reference")
    for index, platform in enumerate(written.platforms):
        check(names.platform(platform), "platforms", index)
    for index, purl in enumerate(written.provides):
        check(names.purl(purl), "provides", index)
    if written.end_of_life:
        check(names.day(written.end_of_life), "end_of_life")
    _check_state(written, place, problems)
    systems = {platform.split("/")[0] for platform in written.platforms}
    if len(systems) != 1:
        problems.add(
            place.at("platforms"), "an External is for one operating system", "make two Externals of it"
        )
    if "windows" in systems and not written.os_version:
        problems.add(
            place, "a Windows image needs the build of its host", "add `os_version: 10.0.17763`, for instance"
        )
    digest = reference.digest if isinstance(reference, names.ImageReference) else ""
    locked = lock.externals.get(name)
    if not digest and locked and locked.requested == written.reference:
        digest = locked.digest
    return External(place, name, written, digest)


def _add_fact(
    facts: dict[FactKey, list[Fact]], fact: ComponentFact, place: Place, problems: Problems
) -> None:
    made = names.purl(fact.purl)
    if isinstance(made, names.Bad):
        problems.add(place.at("purl"), made.what, made.help)
    elif "@" in fact.purl:
        problems.add(place.at("purl"), f"`{fact.purl}` has a version", "write it under `versions`")
    comparisons = parse_range(fact.versions)
    if comparisons is None:
        problems.add(place.at("versions"), f"`{fact.versions}` is no range", "write `>=1.0, <3`")
    if not isinstance(made, names.Bad):
        component = parse_purl(made)
        key = component.type, component.namespace, component.name
        facts.setdefault(key, []).append(Fact(place, fact, comparisons or ()))


def _check_settings(
    settings: CatalogManifest, place: Place, notices: Mapping[str, str], problems: Problems
) -> None:
    def check(text: str, made: object, *path: str | int) -> None:
        if text and isinstance(made, names.Bad):
            problems.add(place.at(*path), made.what, made.help)

    check(settings.registry, names.registry(settings.registry), "registry")
    check(settings.staging, names.registry(settings.staging), "staging")
    check(settings.namespace, names.repository(settings.namespace), "namespace")
    for index, platform in enumerate(settings.platforms):
        check(platform, names.platform(platform), "platforms", index)
    if settings.license and settings.license.text and settings.license.text not in notices:
        problems.add(
            place.at("license", "text"),
            f"there is no file `{settings.license.text}` in manifests/notices/",
            did_you_mean(settings.license.text, notices),
            unsure=True,
        )

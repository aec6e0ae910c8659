"""What the manifests hold and nothing uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rgraph.audit.fitness.fitting import BIOCONDUCTOR
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject
from rgraph.catalog import Catalog, FactKey
from rgraph.errors import Place
from rgraph.image import ImageStep
from rgraph.licenses import ids_of
from rgraph.lock import LOCK_FILE
from rgraph.steps.download import Download, Source
from rgraph.steps.interface import Step
from rgraph.steps.package_managers import Apt
from rgraph.steps.r import UrlPackages
from rgraph.steps.windows import Certificate
from rgraph.versions import version_key

UNUSED = Rule("RG308", "unused", "warning", "The manifests hold something that no image uses.")


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG308."""
    yield from _recipes(subject)
    yield from _externals(subject)
    yield from _facts(subject)
    yield from _notices(subject.catalog)
    yield from _files(subject)
    yield from _locked(subject)


def _recipes(subject: Subject) -> Iterator[Finding]:
    used = {name for step in _all_steps(subject) for name in step.comment.split(": ")}
    for name, recipe in subject.catalog.recipes.items():
        if name not in used:
            what = f"no image uses the recipe `{name}`"
            help = "use it, or remove it, and where `use` names it"
            yield Finding(UNUSED, recipe.place.at("name"), what, name, help)


def _all_steps(subject: Subject) -> Iterator[ImageStep]:
    """Every distinct step, groups and their members too: the comments name the recipes that they are of."""
    seen: set[int] = set()
    for image in subject.images.values():
        stages = (rendered for stage in image.stages for rendered in stage.steps)
        for rendered in (*stages, *image.public, *image.private):
            if _identity(rendered.source) not in seen:
                seen.add(_identity(rendered.source))
                yield rendered.source
                yield from rendered.source.members


def _identity(step: ImageStep) -> int:
    # Images share resolved steps, and the catalogue keeps them alive.
    return id(step)


def _externals(subject: Subject) -> Iterator[Finding]:
    needed = {edge.to for image in subject.images.values() for edge in image.edges}
    for name, external in subject.catalog.externals.items():
        if name not in needed:
            what = f"no image stands on the External `{name}` or takes files from it"
            yield Finding(UNUSED, external.place, what, name, "remove it")


def _facts(subject: Subject) -> Iterator[Finding]:
    versions: dict[FactKey, set[str]] = {}
    used: set[Place] = set()
    for brought in subject.components:
        declared = brought.declared
        component = declared.component
        key = component.type, component.namespace, component.name
        versions.setdefault(key, set()).add(component.version)
        if declared.known is not None:
            used.add(declared.known.place)
    for key, facts in subject.catalog.facts.items():
        held = versions.get(key, set())
        for fact in facts:
            if fact.place not in used:
                written = fact.manifest
                yield _unused_fact(fact.place, written.purl, written.versions, held)
    # A step that takes a release of Bioconductor counts as having it.
    there = {*versions, *(BIOCONDUCTOR for key in versions if key[0] == "bioconductor")}
    for key, fits in subject.catalog.fits.items():
        if key not in there:
            first = fits[0]
            purl = first.manifest.purl
            what = f"what `{purl}` needs is of no use here: the catalogue has no such component"
            help = "keep it if the component will come; else remove it, or mend its purl"
            others = tuple((fit.place, "this is about it too") for fit in fits[1:])
            yield Finding(UNUSED, first.place.at("purl"), what, purl, help, (), (), others, "note")


def _unused_fact(place: Place, purl: str, range: str, held: set[str]) -> Finding:
    if not held:
        what = f"the licence fact of `{purl}` is about no component of the catalogue"
        return Finding(UNUSED, place.at("purl"), what, purl, "remove it, or mend its purl")
    has = ", ".join(sorted(held - {""}, key=version_key)) or "no version"
    what = (
        f"the licence fact of `{purl}` for {range or 'all versions'} holds for none: the catalogue has {has}"
    )
    help = "keep it if these versions will come, else remove it"
    if not range:
        help = "an earlier fact holds for all of them: remove one of the two"
    return Finding(UNUSED, place.at("purl"), what, purl, help, level="note")


def _notices(catalog: Catalog) -> Iterator[Finding]:
    facts = [fact.manifest for facts in catalog.facts.values() for fact in facts]
    expressions = [each.license for each in facts]
    expressions += [each.manifest.license for each in catalog.externals.values()]
    used = {each.notice for each in facts}
    used |= {f"{id}.txt" for expression in expressions for id in ids_of(expression)}
    if catalog.settings.license:
        used.add(catalog.settings.license.text)
    for name in catalog.notices:
        if name not in used:
            what = f"no fact leads to the notice file `{name}`"
            help = (
                "name it as `notice` of a fact, call it `ID.txt` for the licence that it is of, or remove it"
            )
            yield Finding(UNUSED, Place(f"manifests/notices/{name}"), what, name, help)


def _files(subject: Subject) -> Iterator[Finding]:
    used = {name for image in subject.images.values() for name in image.files}
    for name in subject.catalog.files:
        if name not in used:
            what = f"no image copies `{name}` or tests with it"
            yield Finding(UNUSED, Place(f"manifests/files/{name}"), what, name, "use it, or remove it")


def _locked(subject: Subject) -> Iterator[Finding]:
    lock, externals = subject.catalog.lock, subject.catalog.externals
    place, help = Place(LOCK_FILE), "remove the entry"
    for name, locked in lock.externals.items():
        if name not in externals:
            what = f"the lock has the digest of `{name}`, which is no External"
            yield Finding(UNUSED, place.key("externals", name), what, name, help)
        elif locked.requested != externals[name].manifest.reference:
            what = f"the lock has the digest of `{locked.requested}`, which `{name}` no longer is"
            yield Finding(UNUSED, place.key("externals", name), what, name, help)
    urls = {url for step in _all_steps(subject) for url in _urls(step.step)}
    for url in lock.downloads:
        if url not in urls:
            what = f"the lock has a checksum of {url}, which no step downloads"
            yield Finding(UNUSED, place.key("downloads", url), what, url, help)


def _urls(step: Step) -> Iterable[str]:
    match step:
        case Apt(repositories=repositories):
            return (each.key_url for each in repositories)
        case Download(fetch=fetch) | Certificate(fetch=fetch):
            return (url for _, url, _ in fetch.sources)
        case Source(fetch=fetch):
            return (url for _, url, _ in fetch.sources) if fetch else ()
        case UrlPackages(packages=packages):
            return (url for each in packages for _, url, _ in each.fetch.sources)
    return ()

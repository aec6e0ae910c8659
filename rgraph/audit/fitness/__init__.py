"""Rules of what goes together: facts of compatibility, and Windows images and their hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from rgraph.audit.fitness.fitting import Fitting, Found, Thing, any_fits, fits, key_of
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject
from rgraph.catalog import FitFact
from rgraph.errors import Place

INCOMPATIBLE = Rule(
    "RG401",
    "incompatible",
    "error",
    "An image holds a component together with a version of something else that does not fit it.",
)
MISSING = Rule(
    "RG402", "missing-requirement", "error", "An image holds a component but not what that cannot do without."
)
UNKNOWN = Rule(
    "RG403", "fit-unknown", "note", "Too little is known of a version to say whether it fits a component."
)
WINDOWS_HOSTS = Rule(
    "RG404",
    "windows-hosts-unknown",
    "warning",
    "There are Windows images, but the catalogue does not say which hosts must run them.",
)
RULES: tuple[Rule, ...] = (INCOMPATIBLE, MISSING, UNKNOWN, WINDOWS_HOSTS)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    if subject.catalog.fits:
        fitting = Fitting(subject)
        for key, facts in subject.catalog.fits.items():
            for thing, images in fitting.things(key):
                yield from _judged(subject, fitting, thing, facts, images)
    yield from _windows(subject)


class _Doubt(Struct):
    """What could not be judged of one fact."""

    about: list[str] = field(default_factory=list)
    images: dict[str, None] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)


def _judged(
    subject: Subject, fitting: Fitting, thing: Thing, facts: Iterable[FitFact], images: tuple[str, ...]
) -> Iterator[Finding]:
    """One declaration of a component against all facts about it."""
    undecided = []
    for fact in facts:
        match fits(thing.type, thing.version, fact.range):
            case True:
                yield from _needs(subject, fitting, thing, fact, images)
            case None:
                undecided.append(fact)
    if undecided:
        yield from _of_unknown_version(subject, fitting, thing, undecided, images)


def _needs(
    subject: Subject, fitting: Fitting, thing: Thing, fact: FitFact, images: tuple[str, ...]
) -> Iterator[Finding]:
    doubt = _Doubt()
    for need, comparisons in fact.needs.items():
        type = key_of(need)[0] if need.startswith("pkg:") else "generic"
        there, missing = fitting.found(need, images)
        for found in there:
            match any_fits(type, found.versions, comparisons):
                case False:
                    yield _incompatible(thing, fact, need, found)
                case None:
                    doubt.about.append(_doubtful(need, found, fact))
                    doubt.images.update(dict.fromkeys(found.images))
                    doubt.places += found.places
        if missing and need in fact.manifest.required:
            yield _missing(thing, fact, need, missing)
    if doubt.about:
        what = f"{_named(thing)}: whether it fits is not known: {'; '.join(doubt.about)}"
        related = ((fact.place, _source(fact)), *((place, "not known well enough") for place in doubt.places))
        help = "say the whole version there, where it is known"
        ids = subject.in_order(doubt.images)
        yield Finding(UNKNOWN, thing.place, what, thing.purl, help, ids, related=related)


def _incompatible(thing: Thing, fact: FitFact, need: str, found: Found) -> Finding:
    wanted = fact.manifest.needs[need]
    what = f"{_named(thing)} needs {_short(need)} {wanted}, but there is {found.shown}"
    related = (
        (fact.place.at("needs", need), _source(fact)),
        *((place, f"{_short(need)} {found.shown}") for place in found.places),
    )
    help = f"take versions that go together, or mend the fact if it is wrong: {fact.manifest.source}"
    return Finding(INCOMPATIBLE, thing.place, what, thing.purl, help, found.images, (need,), related)


def _missing(thing: Thing, fact: FitFact, need: str, images: tuple[str, ...]) -> Finding:
    wanted = fact.manifest.needs[need]
    range = f" {wanted}" if wanted else ""
    what = f"{_named(thing)} needs {_short(need)}{range}, which is not there"
    help = (
        "add it, or leave the component out there"
        if need.startswith("pkg:")
        else f"stand on an image that has the capability `{need}`, or name it in the catalogue under `hosts`"
    )
    related = ((fact.place.at("needs", need), _source(fact)),)
    return Finding(MISSING, thing.place, what, thing.purl, help, images, (need,), related)


def _of_unknown_version(
    subject: Subject, fitting: Fitting, thing: Thing, facts: list[FitFact], images: tuple[str, ...]
) -> Iterator[Finding]:
    """One finding for a component whose own version is not known, if any of the facts could matter."""
    concerned: dict[str, None] = {}
    for fact in facts:
        for need in fact.needs:
            there, missing = fitting.found(need, images)
            concerned.update(dict.fromkeys(id for found in there for id in found.images))
            if need in fact.manifest.required:
                concerned.update(dict.fromkeys(missing))
    if concerned:
        known = f"only `{thing.shown}` is known of it" if thing.shown else "nothing is known of it"
        count = "a fact" if len(facts) == 1 else f"{len(facts)} facts"
        what = f"the version of `{thing.name}` decides over {count} of compatibility, and {known}"
        related = tuple((fact.place, _source(fact)) for fact in facts)
        ids = subject.in_order(concerned)
        yield Finding(UNKNOWN, thing.place, what, thing.purl, "name its whole version", ids, related=related)


def _windows(subject: Subject) -> Iterator[Finding]:
    """The manifests' own check compares hosts with Externals where the catalogue names hosts."""
    settings = subject.catalog.settings
    if settings.windows_hosts:
        return
    images = tuple(id for id, image in subject.images.items() if image.state.os == "windows")
    if images:
        builds = sorted(
            {
                external.manifest.os_version
                for external in subject.catalog.externals.values()
                if external.manifest.os_version and subject.above(external.name)
            }
        )
        what = (
            f"`windows_hosts` names no host, so nothing says whether Windows images of build "
            f"{', '.join(builds)} can run"
        )
        help = f"write the builds of the hosts: `windows_hosts: [{', '.join(builds)}]`, for instance"
        yield Finding(WINDOWS_HOSTS, subject.catalog.settings_place, what, settings.name, help, images)


def _doubtful(need: str, found: Found, fact: FitFact) -> str:
    wanted = fact.manifest.needs[need]
    known = f"only `{found.shown}` is known" if found.shown else "no version is known"
    return f"it needs {_short(need)} {wanted}, of which {known}"


def _named(thing: Thing) -> str:
    return f"`{thing.name}` {thing.shown}" if thing.shown else f"`{thing.name}`"


def _short(need: str) -> str:
    """A need as people call it: the name of a component, with its type where that is not plain."""
    return f"`{need.removeprefix('pkg:').removeprefix('generic/')}`"


def _source(fact: FitFact) -> str:
    status = "" if fact.manifest.status == "verified" else f" ({fact.manifest.status})"
    return f"the fact: {fact.manifest.source}{status}"

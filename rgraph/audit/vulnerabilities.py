"""Vulnerabilities (RG7xx): what the given advisories say of the components, and what they cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from rgraph.advisories.interface import REPOSITORY, Advisories, Advisory
from rgraph.advisories.match import Match, Matcher, Vulnerability
from rgraph.advisories.naming import lowest
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject, plain_purl
from rgraph.errors import Place
from rgraph.inventory import Declared
from rgraph.steps.interface import Component

VULNERABLE = Rule(
    "RG701", "vulnerable-component", "error", "An advisory says that a component's version is affected."
)
NOT_REACHED = Rule(
    "RG702",
    "fix-not-reached",
    "error",
    "A pin says that it fixes a vulnerability, and an advisory that its version is affected.",
)
NOT_CONFIRMED = Rule(
    "RG703", "fix-not-confirmed", "note", "No given advisory confirms what a pin says that it fixes."
)
VERSION_UNKNOWN = Rule(
    "RG704",
    "version-unknown",
    "note",
    "Advisories are about a component whose version is not known, or cannot be compared with theirs.",
)
NOT_COVERED = Rule(
    "RG705", "not-covered", "note", "No given advisory could be about some components, whatever they hold."
)
SKIPPED = Rule("RG706", "advisory-skipped", "warning", "A file among the advisories could not be used.")
RULES = (VULNERABLE, NOT_REACHED, NOT_CONFIRMED, VERSION_UNKNOWN, NOT_COVERED, SKIPPED)

MAX_SKIPPED = 100
"""Files that are named one by one; one more finding counts the rest."""

_LONGEST = 160
"""Most characters that are shown of what an advisory says."""
_KNOWN_AS = "say under `known_as` in components.yaml what advisories call it"

_COVERED_BY = {
    "pypi": "give advisories of PyPI",
    "cran": "give advisories of CRAN",
    "bioconductor": "give advisories of Bioconductor",
    "deb": "give advisories of the distribution's release, and say `distribution` of the External below",
    "github": "give advisories that name repositories on GitHub",
}


class Held(Struct, frozen=True, eq=False):
    """A component in one version, wherever it is declared: what an advisory says holds for all places."""

    declared: Declared
    """At the first place."""
    bringers: tuple[str, ...]
    related: tuple[tuple[Place, str], ...]
    """The other places."""


def _held(subject: Subject) -> Iterator[Held]:
    found: dict[tuple[str, Component], tuple[list[Declared], dict[str, None]]] = {}
    for each in subject.all_components:
        key = each.declared.purl, each.declared.component
        places, bringers = found.setdefault(key, ([], {}))
        places.append(each.declared)
        bringers.update(dict.fromkeys(each.bringers))
    for places, bringers in found.values():
        first, *others = places
        yield Held(first, tuple(bringers), tuple((each.place, "it is declared here too") for each in others))


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family; none if the audit was given no advisories."""
    advisories = subject.advisories
    if advisories is None:
        return
    matcher = Matcher(advisories)
    uncovered: dict[str, list[Held]] = {}
    for held in _held(subject):
        yield from _fixes(subject, matcher, held)
        if matcher.called(held.declared):
            yield from _component(subject, matcher, held)
        else:
            uncovered.setdefault(held.declared.component.type, []).append(held)
    for type, components in sorted(uncovered.items()):
        yield _not_covered(subject, advisories, type, components)
    yield from _skipped(advisories)


def _component(subject: Subject, matcher: Matcher, held: Held) -> Iterator[Finding]:
    open_: list[Match] = []
    for match in matcher.matches(held.declared):
        if match.found == "affected":
            yield _vulnerable(subject, held, match)
        else:
            open_.append(match)
    if open_:
        yield _version_unknown(subject, held, open_)


def _vulnerable(subject: Subject, held: Held, match: Match) -> Finding:
    found = match.vulnerability
    facts = "".join(f", {each}" for each in (_grade(found), _way_out(match)) if each)
    text = next((each.summary for each in found.advisories if each.summary.strip()), "")
    what = f"{_named(held)} is affected by {_ids(found)}{facts}" + (f": {_plain(text)}" if text else "")
    return _finding(subject, VULNERABLE, held, what, found.ids, _help(match))


def _named(held: Held) -> str:
    """Name and version, or the lowest version that may be installed."""
    declared = held.declared
    if declared.component.version or not lowest(declared.component):
        return f"{declared.name} {declared.component.version}".strip()
    return f"{declared.name}, which may be {lowest(declared.component)},"


def _way_out(match: Match) -> str:
    if match.fixed:
        return f"fixed in {_plain(match.fixed)}" + (" (Ubuntu Pro)" if match.pro else "")
    return f"last seen in {_plain(match.last)}" if match.last else "no fixed version known"


def _help(match: Match) -> str:
    if match.fixed:
        pro = ", which needs a subscription to Ubuntu Pro" if match.pro else ""
        return f"take {_plain(match.fixed)} or later{pro}"
    if match.last:
        return f"take a version above {_plain(match.last)}; no advisory names one that is fixed"
    return "no advisory names a fixed version: replace it, or waive the finding with a reason"


def _grade(found: Vulnerability) -> str:
    grades = dict.fromkeys(_plain(each.grade) for each in found.advisories if each.grade)
    words = [each for each in grades if each.isalpha()]
    return next(iter([*words, *grades]), "")


def _fixes(subject: Subject, matcher: Matcher, held: Held) -> Iterator[Finding]:
    """What the pin says that it fixes, compared with the advisories of that name."""
    for id in dict.fromkeys(held.declared.component.fixes):
        known = matcher.named(id)
        about = [each for each in known if matcher.is_about(each, held.declared)]
        found = [each for each in (matcher.match(each, held.declared) for each in about) if each]
        bad = [each for each in found if each.found == "affected"]
        unsure = [each for each in found if each.found == "unknown"]
        if bad:
            what = f"{_named(held)} is said to fix {id} and is affected by it, {_way_out(bad[0])}"
            yield _finding(subject, NOT_REACHED, held, what, (id, *bad[0].vulnerability.ids), _help(bad[0]))
        elif not about or unsure:
            what, help = _unconfirmed(held, id, known, bool(unsure))
            names = (id, *(name for each in known for name in each.ids))
            yield _finding(subject, NOT_CONFIRMED, held, what, names, help)


def _unconfirmed(held: Held, id: str, known: tuple[Vulnerability, ...], unsure: bool) -> tuple[str, str]:
    name = _named(held)
    if unsure:
        if not lowest(held.declared.component):
            return f"{name} is said to fix {id}, and has no version to judge that by", "pin the version"
        return f"{name} is said to fix {id}, and the advisory gives no version to compare it with", ""
    if not known:
        return (
            f"{name} is said to fix {id}, which no given advisory knows",
            "mend the id, or give the advisories that have it",
        )
    abouts = sorted({about for each in known for one in each.advisories for about in _abouts(one)})
    what = f"{name} is said to fix {id}, which is about {_some(abouts) or 'no package'}"
    return what, f"mend the id, or, if it is made from that, {_KNOWN_AS}"


def _abouts(advisory: Advisory) -> Iterator[str]:
    for affected in advisory.affected or ():
        if affected.package:
            yield f"{_plain(affected.package.name)} ({_plain(affected.package.ecosystem)})"
        else:
            yield from (_plain(each.repo) for each in affected.ranges if each.repo)


def _version_unknown(subject: Subject, held: Held, matches: list[Match]) -> Finding:
    declared = held.declared
    ids = _some([each.vulnerability.id for each in matches])
    count = f"{len(matches)} known vulnerabilities" if len(matches) > 1 else "a known vulnerability"
    least = lowest(declared.component)
    help = "pin its version"
    if declared.component.type == "deb" and "distro=" not in declared.purl:
        what = f"{_named(held)} is of a release that is not known, and {count} may be in it: {ids}"
        help = "say `distribution` of the External below"
    elif declared.component.version:
        what = f"the version of {_named(held)} cannot be compared with those of {count}: {ids}"
        help = "pin a released version, or read these advisories and waive the finding"
    elif least:
        what = f"{declared.name} is {least} or above, and {count} may be in a later version: {ids}"
    else:
        pinned = declared.component.pinned_by
        has = f"only its {pinned}" if pinned else "no version"
        what = f"{declared.name} has {has}, so that nobody can say whether it has {count}: {ids}"
    # A waiver of one of several would hide the others, and those to come.
    names = matches[0].vulnerability.ids if len(matches) == 1 else ()
    return _finding(subject, VERSION_UNKNOWN, held, what, names, help)


def _not_covered(subject: Subject, advisories: Advisories, type: str, components: list[Held]) -> Finding:
    names = list(dict.fromkeys(map(_with_distribution, components)))
    kind = f"component{'s' if len(names) > 1 else ''} of type {type}"
    given = _some(list(dict.fromkeys(_shown(*each) for each in sorted(advisories.ecosystems))))
    what = (
        f"no given advisory could be about {len(names)} {kind}: {_some(names)} (given: {given or 'nothing'})"
    )
    images = subject.in_order(id for each in _once(components) for id in subject.holding(each))
    help = _COVERED_BY.get(type, _KNOWN_AS)
    return Finding(NOT_COVERED, components[0].declared.place, what, f"pkg:{type}/*", help, images)


def _with_distribution(held: Held) -> str:
    _, found, rest = held.declared.purl.partition("distro=")
    distribution = rest.partition("&")[0].partition("#")[0]
    return f"{held.declared.name} of {distribution}" if found else held.declared.name


def _shown(base: str, release: str) -> str:
    if base == REPOSITORY:
        return "repositories on GitHub"
    return f"{base} {release}" if release else base


def _once(components: Iterable[Held]) -> Iterable[tuple[str, ...]]:
    return dict.fromkeys(each.bringers for each in components)


def _skipped(advisories: Advisories) -> Iterator[Finding]:
    for problem in advisories.skipped[:MAX_SKIPPED]:
        said = _plain(problem.what)
        what = f"skipped, as it {said}" if said.startswith(("is ", "has ", "cannot ")) else f"skipped: {said}"
        yield Finding(SKIPPED, problem.place, what, problem.place.file, problem.help)
    rest = len(advisories.skipped) - MAX_SKIPPED
    if rest > 0:
        what = f"{rest} more files were skipped" if rest > 1 else "one more file was skipped"
        place = Place(advisories.source)
        yield Finding(SKIPPED, place, what, advisories.source, "is it the right folder?")


def _finding(subject: Subject, rule: Rule, held: Held, what: str, ids: Iterable[str], help: str) -> Finding:
    return Finding(
        rule,
        held.declared.place,
        what,
        plain_purl(held.declared.purl),
        help,
        subject.holding(held.bringers),
        tuple(dict.fromkeys(map(_plain, ids))),
        held.related,
    )


def _ids(found: Vulnerability) -> str:
    first, *others = map(_plain, found.ids)
    others.sort(key=lambda id: not id.startswith("CVE-"))  # the names that most people know
    return f"{first} ({_some(others)})" if others else first


def _some(texts: list[str]) -> str:
    """The first three of a list, and how many more there are."""
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return ", ".join(map(_plain, texts[:3])) + more


def _plain(text: str) -> str:
    """What an advisory says, on one line, without what cannot be seen, and not too long."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    joined = " ".join(text.split()).rstrip(".")
    return joined if len(joined) <= _LONGEST else f"{joined[: _LONGEST - 3]}..."

"""What is known of the licences in the images: nothing, not enough, without a text, without an offer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from rgraph.attribution import Attributed, Attributions
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Brought, Subject, plain_purl
from rgraph.catalog import External, Fact, FactKey
from rgraph.errors import Place

UNKNOWN = Rule(
    "RG201", "licence-unknown", "warning", "The catalogue knows no licence of a component or an External."
)
NEEDS_REVIEW = Rule(
    "RG202", "licence-needs-review", "warning", "A licence fact that images rely on waits for a person."
)
WITHOUT_TEXT = Rule("RG204", "licence-without-text", "warning", "A licence has no text to show in notices.")
OFFER_MISSING = Rule(
    "RG208",
    "source-offer-missing",
    "warning",
    "A licence asks for an offer of source code, and none is made.",
)
WITHOUT_COPYRIGHT = Rule(
    "RG209",
    "copyright-missing",
    "warning",
    "A licence's text has a place for a copyright line, and the component's is not known.",
)

_MOST_NAMED = 5


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG201, RG202, RG204, RG208 and RG209."""
    yield from _unknown(subject)
    yield from _unknown_externals(subject)
    yield from _needs_review(subject)
    asked = list(_asked(subject))
    yield from _without_text(asked, subject)
    yield from _offer_missing(asked, subject)
    yield from _without_copyright(asked, subject)


def bringers_of(group: Iterable[Brought]) -> tuple[str, ...]:
    """All bringers of some components, each once."""
    return tuple(dict.fromkeys(bringer for each in group for bringer in each.bringers))


def held(subject: Subject) -> Iterator[tuple[External, tuple[str, ...]]]:
    """The Externals that images stand on or take everything from, with these images."""
    for name, external in subject.catalog.externals.items():
        if images := subject.holders(name):
            yield external, images


def used_components(subject: Subject) -> Iterator[Brought]:
    """The components that some image holds: not those of Externals that lend only files."""
    return (each for each in subject.all_components if subject.holding(each.bringers))


def shown(brought: Brought) -> str:
    """A component with its version, as messages have it."""
    declared = brought.declared
    version = declared.component.version
    return f"{declared.name} {version}" if version else declared.name


def few(texts: Iterable[str]) -> str:
    """Some texts as part of a sentence: the first ones, and how many more."""
    found = list(dict.fromkeys(texts))
    more = len(found) - _MOST_NAMED
    end = f" and {more} more" if more > 0 else ""
    return ", ".join(found[:_MOST_NAMED]) + end


def _key(brought: Brought) -> tuple[FactKey, str]:
    component = brought.declared.component
    return (component.type, component.namespace, component.name), component.version


def _unknown(subject: Subject) -> Iterator[Finding]:
    groups: dict[tuple[FactKey, str], list[Brought]] = {}
    for brought in used_components(subject):
        if brought.declared.known is None:
            groups.setdefault(_key(brought), []).append(brought)
    for (key, version), group in groups.items():
        first = group[0].declared
        what = f"the licence of `{shown(group[0])}` ({first.component.type}) is not known"
        facts = subject.catalog.facts.get(key, ())
        help = "write a fact for it in a manifest of kind components"
        if facts:
            ranges = few(fact.manifest.versions for fact in facts)
            what += (
                f": the facts are for {ranges}"
                if version
                else f": no version is declared, facts need {ranges}"
            )
            help = (
                "write a fact for its version" if version else "declare its version, or write a fact for all"
            )
        places = dict.fromkeys(each.declared.place for each in group)
        others = tuple((place, "it comes here too") for place in places if place != first.place)
        plain = tuple(dict.fromkeys(plain_purl(each.declared.purl) for each in group))
        images = subject.holding(bringers_of(group))
        yield Finding(UNKNOWN, first.place, what, plain[0], help, images, plain[1:], others)


def _unknown_externals(subject: Subject) -> Iterator[Finding]:
    for external, images in held(subject):
        if not external.manifest.license:
            what = f"the licence of the External `{external.name}` is not known"
            help = "add `license`, an SPDX expression or `LicenseRef-NAME`"
            yield Finding(UNKNOWN, external.place, what, external.name, help, images)


def _by_fact(subject: Subject) -> Iterator[tuple[Fact, list[Brought]]]:
    """Each licence fact that images rely on, with the components that it is about."""
    groups: dict[Place, tuple[Fact, list[Brought]]] = {}
    for brought in used_components(subject):
        if (fact := brought.declared.known) is not None:
            groups.setdefault(fact.place, (fact, []))[1].append(brought)
    yield from groups.values()


def _needs_review(subject: Subject) -> Iterator[Finding]:
    for fact, group in _by_fact(subject):
        if fact.manifest.status == "needs-review":
            what = f"nobody has reviewed that `{fact.manifest.purl}` is under {fact.manifest.license}"
            help = "compare it with its source, then say `status: verified`, and `source`"
            plain = tuple(dict.fromkeys(plain_purl(each.declared.purl) for each in group))
            images = subject.holding(bringers_of(group))
            names = (*plain, *fact.manifest.known_as)
            yield Finding(NEEDS_REVIEW, fact.place, what, fact.manifest.purl, help, images, names)


class _Asked(Struct, frozen=True):
    """A component or External with the texts that it needs, and who brings it."""

    found: Attributed
    place: Place
    """Its fact, or the External."""
    whose: str
    """The fact's purl, or the External's name."""
    bringers: list[str]

    @property
    def offer(self) -> str:
        """Where its source is to be had, if its fact says so."""
        fact = self.found.declared.fact if self.found.declared else None
        return fact.source_offer if fact else ""


def _asked(subject: Subject) -> Iterator[_Asked]:
    """What images hold under a known licence, each declaration once."""
    attributions = Attributions(subject.catalog, subject.inventory, subject.texts)
    entries: dict[int, _Asked] = {}
    for node in (*(external.name for external, _ in held(subject)), *subject.images):
        for each in attributions.own(node):
            entry = entries.get(_identity(each))
            if entry is not None:
                entry.bringers.append(node)
            elif each.license:
                entries[_identity(each)] = _entry(subject, each, node)
    yield from entries.values()


def _entry(subject: Subject, attributed: Attributed, node: str) -> _Asked:
    known = attributed.declared.known if attributed.declared else None
    if known is None:
        return _Asked(attributed, subject.catalog.externals[node].place, node, [node])
    return _Asked(attributed, known.place, known.manifest.purl, [node])


def _identity(attributed: Attributed) -> int:
    # What several images declare at one place is one object, which `Attributions` keeps alive.
    return id(attributed)


def _without_text(asked: list[_Asked], subject: Subject) -> Iterator[Finding]:
    missing: dict[str, list[_Asked]] = {}
    for each in asked:
        for id in each.found.missing:
            missing.setdefault(id, []).append(each)
    for id, uses in missing.items():
        first = uses[0]
        whose = list(dict.fromkeys(f"`{each.whose}`" for each in uses))
        what = f"there is no text of {id}, under which {few(whose)} {'stand' if len(whose) > 1 else 'stands'}"
        help = f"put the text that its owner gives into manifests/notices/{id}.txt"
        if not id.startswith("LicenseRef-"):
            help = "put the text into a file of manifests/notices/, and say `notice: NAME.txt` in the facts"
        bringers = dict.fromkeys(bringer for each in uses for bringer in each.bringers)
        places = dict.fromkeys((each.place, f"`{each.whose}` is under it too") for each in uses)
        others = tuple((place.at("license"), how) for place, how in places if place != first.place)
        images = subject.holding(tuple(bringers))
        yield Finding(WITHOUT_TEXT, first.place.at("license"), what, id, help, images, (), others)


def _without_copyright(asked: list[_Asked], subject: Subject) -> Iterator[Finding]:
    by_fact: dict[Place, list[_Asked]] = {}
    for each in asked:
        if each.found.unsigned:
            by_fact.setdefault(each.place, []).append(each)
    for place, uses in by_fact.items():
        ids = few(id for each in uses for id in each.found.unsigned)
        what = f"`{uses[0].whose}` is under {ids}, which shows a copyright line, and none is known"
        help = (
            "add `copyright`, the line of the component's own licence file, or that file's text as `notice`"
        )
        images = subject.holding(tuple(dict.fromkeys(bringer for each in uses for bringer in each.bringers)))
        yield Finding(WITHOUT_COPYRIGHT, place, what, uses[0].whose, help, images)


def _offer_missing(asked: list[_Asked], subject: Subject) -> Iterator[Finding]:
    asking = [each for each in asked if each.found.asks_for_source and not each.offer]
    if not asking or subject.catalog.settings.source_offer.strip():
        return
    whose = list(dict.fromkeys(each.found.name if each.found.declared else each.whose for each in asking))
    what = f"the licences of {few(whose)} ask for an offer of their source code, and the catalogue makes none"
    if len(whose) == 1:
        what = f"the licence of {whose[0]} asks for an offer of its source code, and the catalogue makes none"
    help = "write the paragraph under `source_offer` here, or `source_offer` at each of the facts"
    bringers = dict.fromkeys(bringer for each in asking for bringer in each.bringers)
    places = dict.fromkeys((each.place, f"{each.found.license}, without an offer") for each in asking)
    place, name = subject.catalog.settings_place, subject.catalog.settings.name
    images = subject.holding(tuple(bringers))
    yield Finding(OFFER_MISSING, place, what, name, help, images, (), tuple(places))

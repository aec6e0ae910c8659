"""Licence facts, facts of compatibility and waivers: what is wrong with one, and what it says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date

from msgspec import structs

from rgraph import names
from rgraph.catalog.types import Fact, FactKey, FitFact, Waived
from rgraph.ecosystems import bad_bound
from rgraph.errors import Place, Problems
from rgraph.licenses import check_expression, ids_of
from rgraph.manifest.compatibility import Fit
from rgraph.manifest.components import ComponentFact
from rgraph.manifest.waivers import Waiver
from rgraph.names import Bad, Purl
from rgraph.purls import checked_purl, parse_purl
from rgraph.suggest import did_you_mean
from rgraph.versions import Range, parse_range

_RULE = re.compile(r"RG[1-9][0-9]{2}")
_OF_WAIVERS = ("RG901", "RG902")
"""Rules about the waivers themselves."""
_FAR = date(9999, 12, 31)


def add_fact(
    facts: dict[FactKey, list[Fact]],
    fact: ComponentFact,
    place: Place,
    notices: Mapping[str, str],
    problems: Problems,
) -> None:
    """Indexes a licence fact by its component."""
    key = _key(fact.purl, place, problems)
    comparisons = _range(fact.versions, key, place.at("versions"), problems)
    for index, purl in enumerate(fact.known_as):
        _unversioned(purl, place.at("known_as", index), "leave it out: `versions` says which", problems)
    if fact.end_of_life and isinstance(made := names.day(fact.end_of_life), Bad):
        problems.add(place.at("end_of_life"), made.what, made.help)
    expression = check_expression(fact.license)
    if isinstance(expression, Bad):
        problems.add(place.at("license"), expression.what, expression.help)
    else:
        fact = structs.replace(fact, license=expression)
    if fact.notice and fact.notice not in notices:
        what = f"there is no file `{fact.notice}` in manifests/notices/"
        problems.add(place.at("notice"), what, did_you_mean(fact.notice, notices), unsure=True)
    if key:
        facts.setdefault(key, []).append(Fact(place, fact, comparisons, _texts(fact, notices)))


def own_texts(expression: str, notice: str, notices: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the files in `manifests/notices/` that hold texts of an expression.

    The component's own notice stands for the whole expression. SPDX's ids have SPDX's texts: `MIT.txt`
    may be the catalogue's own licence, with its own copyright line.
    """
    if notice:
        return (notice,)
    own = (f"{id}.txt" for id in ids_of(expression) if id.startswith("LicenseRef-"))
    return tuple(name for name in own if name in notices)


def _texts(fact: ComponentFact, notices: Mapping[str, str]) -> str:
    found = own_texts(fact.license, fact.notice, notices)
    joined = "\0".join(f"{name}\0{notices.get(name, '')}" for name in found)
    return hashlib.sha256(joined.encode()).hexdigest() if found else ""


def add_fit(fits: dict[FactKey, list[FitFact]], fit: Fit, place: Place, problems: Problems) -> None:
    """Indexes a fact of compatibility by its component."""
    key = _key(fit.purl, place, problems)
    comparisons = _range(fit.versions, key, place.at("versions"), problems)
    needs: dict[str, Range] = {}
    for name, versions in fit.needs.items():
        other = _needed(name, place.key("needs", name), problems)
        needs[name] = _range(versions, other, place.at("needs", name), problems)
    for index, name in enumerate(fit.required):
        if name not in fit.needs:
            what = f"`{name}` is required but does not stand under `needs`"
            help = did_you_mean(name, fit.needs) or "write under `needs` which versions fit"
            problems.add(place.at("required", index), what, help)
    if not fit.needs:
        problems.add(place.at("needs"), "it needs nothing", "name what must fit, or leave the fact out")
    if key:
        fits.setdefault(key, []).append(FitFact(place, fit, comparisons, needs))


def waived(waiver: Waiver, place: Place, problems: Problems) -> Waived:
    """A waiver, its fields checked. Whether its rule exists is the audit's to say."""
    if not _RULE.fullmatch(waiver.rule):
        problems.add(place.at("rule"), f"`{waiver.rule}` is no id of a rule", "write it as `RG101`")
    if waiver.rule in _OF_WAIVERS:
        help = "remove or renew the waiver that it is about"
        problems.add(place.at("rule"), f"what {waiver.rule} finds cannot be waived", help)
    where = tuple(waiver.where) if isinstance(waiver.where, list) else (waiver.where,)
    for key, text in (("reason", waiver.reason), ("owner", waiver.owner), ("where", "".join(where))):
        if not text.strip():
            problems.add(place.at(key), f"`{key}` is empty", "say it, so that others can judge the waiver")
    until = names.day(waiver.until)
    if isinstance(until, Bad):
        problems.add(place.at("until"), until.what, until.help)
        return Waived(place, waiver, where, _FAR)
    return Waived(place, waiver, where, date.fromisoformat(until))


def _key(purl: str, place: Place, problems: Problems) -> FactKey | None:
    made = _unversioned(purl, place.at("purl"), "write it under `versions`", problems)
    return _key_of(made, place.at("purl"), problems) if made else None


def _needed(name: str, place: Place, problems: Problems) -> FactKey | None:
    """The component that a key of `needs` names; None if it is a capability or a part of the host."""
    if not name.startswith("pkg:"):
        return None
    made = _unversioned(name, place, "write it behind the colon, as a range", problems)
    return _key_of(made, place, problems) if made else None


def _key_of(purl: Purl, place: Place, problems: Problems) -> FactKey:
    component = parse_purl(purl)
    if component.qualifiers or component.subpath:
        what = f"`{purl}` has qualifiers or a subpath, and a fact holds whatever they are"
        problems.add(place, what, "leave out what stands behind `?` or `#`")
    if component.type == "deb" and component.namespace:
        help = f"write `pkg:deb/{component.name}`"
        problems.add(place, f"`{purl}` names a distribution, and a fact of a deb holds for all of them", help)
    return component.type, component.namespace, component.name


def _unversioned(purl: str, place: Place, help: str, problems: Problems) -> Purl | None:
    made = checked_purl(purl)
    if isinstance(made, Bad):
        problems.add(place, made.what, made.help)
        return None
    if "@" in purl:
        problems.add(place, f"`{purl}` has a version", help)
    return made


def _range(text: str, key: FactKey | None, place: Place, problems: Problems) -> Range:
    """A range of versions of a component, or of something without an ecosystem."""
    comparisons = parse_range(text)
    if comparisons is None:
        problems.add(place, f"`{text}` is no range", "write `>=1.0, <3`")
        return ()
    type = key[0] if key else ""
    # What equals a version need not have a place in the order: a tag, a commit.
    bad = bad_bound(type, tuple(each for each in comparisons if each[0] != "=="))
    if bad is not None:
        of = f" of {type}" if type else ""
        problems.add(place, f"`{bad}` is no version{of}", "only `==` takes what is no version")
    return comparisons

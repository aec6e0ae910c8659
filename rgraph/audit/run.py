"""One audit: all families, then waivers, then what the policy says of levels."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct, structs

from rgraph.audit.interface import LEVELS, Finding, Level
from rgraph.audit.subject import Subject
from rgraph.audit.table import FAMILIES, RULES
from rgraph.audit.waiving import RULES as WAIVER_RULES
from rgraph.audit.waiving import Accepted, Waivers
from rgraph.errors import Place, Problems


class Report(Struct, frozen=True):
    """What an audit found."""

    findings: tuple[Finding, ...]
    """By level, rule and place; each with its level in `level`."""
    accepted: tuple[Accepted, ...]
    """Findings that a waiver accepts, in the same order."""

    def at_least(self, level: Level) -> bool:
        """Whether anything was found that is as grave as `level`, or graver."""
        grave = LEVELS[: LEVELS.index(level) + 1]
        return any(finding.level in grave for finding in self.findings)


def audit(subject: Subject, selected: Collection[str] | None = None) -> Report:
    """The findings of a catalogue, or those that concern some of its images.

    Raises ManifestError for a waiver or a policy that names no rule.
    """
    _check_names(subject)
    waivers = Waivers(subject)
    findings: list[Finding] = []
    accepted: list[Accepted] = []
    chosen = None if selected is None else frozenset(selected)
    for finding in (finding for check in FAMILIES.values() for finding in check(subject)):
        levelled = _levelled(finding, subject)
        if levelled is None:
            continue
        waiver = waivers.accepting(levelled)
        if chosen is not None and chosen.isdisjoint(levelled.images):
            continue
        if waiver is None:
            findings.append(levelled)
        else:
            accepted.append(Accepted(levelled, waiver))
    if chosen is None:
        found = (_levelled(each, subject) for each in waivers.findings(_judged(subject)))
        findings += [each for each in found if each is not None]
    return Report(tuple(_in_order(findings)), tuple(sorted(accepted, key=lambda each: _order(each.finding))))


def _judged(subject: Subject) -> Iterable[str]:
    """Rules that could find something: advisories may be missing, and waivers cannot be waived."""
    own = {rule.id for rule in WAIVER_RULES}
    return (id for id in RULES if id not in own and (subject.advisories or not id.startswith("RG7")))


def _levelled(finding: Finding, subject: Subject) -> Finding | None:
    asked = subject.catalog.settings.policy.levels.get(finding.rule.id)
    if asked == "off":
        return None
    return structs.replace(finding, level=asked or finding.level or finding.rule.level)


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[int, str, str, tuple[tuple[int, str], ...], str]:
    path = tuple((item, "") if isinstance(item, int) else (-1, item) for item in finding.place.path)
    level = LEVELS.index(finding.level or finding.rule.level)
    return level, finding.rule.id, finding.place.file, path, finding.what


def _check_names(subject: Subject) -> None:
    problems = Problems()
    places: list[tuple[str, Place]] = [
        (waiver.manifest.rule, waiver.place.at("rule")) for waiver in subject.catalog.waivers
    ]
    policy = subject.catalog.settings.policy
    places += [(rule, subject.catalog.settings_place.key("policy", "levels", rule)) for rule in policy.levels]
    for rule, place in places:
        if rule not in RULES:
            problems.add(place, f"there is no rule `{rule}`", "`rgraph audit --explain list` shows all rules")
    problems.raise_any()

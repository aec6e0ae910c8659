"""Waivers: which findings they accept, and which of them are of no use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject
from rgraph.audit.text.patterns import pattern
from rgraph.catalog import Waived

EXPIRED = Rule("RG901", "waiver-expired", "error", "A waiver's last day has passed.")
USELESS = Rule("RG902", "waiver-useless", "warning", "A waiver accepts nothing that the audit finds.")
RULES = (EXPIRED, USELESS)


class Accepted(Struct, frozen=True):
    """A finding that a waiver accepts."""

    finding: Finding
    waiver: Waived


class Waivers:
    """The waivers of a catalogue on a day; it remembers which were of use."""

    def __init__(self, subject: Subject) -> None:
        self._today = subject.today
        self._all = subject.catalog.waivers
        self._used: set[int] = set()
        self._exact: dict[tuple[str, str], list[int]] = {}
        self._patterns: dict[str, list[tuple[str, int]]] = {}
        for index, waiver in enumerate(self._all):
            for each in waiver.where:
                if "*" in each:
                    self._patterns.setdefault(waiver.manifest.rule, []).append((each, index))
                else:
                    self._exact.setdefault((waiver.manifest.rule, each), []).append(index)

    def accepting(self, finding: Finding) -> Waived | None:
        """The waiver that accepts a finding; an expired one accepts nothing, but is of use."""
        meeting = sorted(self._meeting(finding))
        self._used.update(meeting)
        return next(
            (waiver for waiver in map(self._all.__getitem__, meeting) if self._today <= waiver.until), None
        )

    def _meeting(self, finding: Finding) -> set[int]:
        rule, names = finding.rule.id, (finding.subject, *finding.names, finding.place.file)
        found = {index for name in names for index in self._exact.get((rule, name), ())}
        return found | {
            index
            for text, index in self._patterns.get(rule, ())
            if any(pattern(text).fullmatch(name) for name in names)
        }

    def findings(self, judged: Iterable[str]) -> Iterator[Finding]:
        """What is wrong with the waivers of some rules, after all findings were shown to them."""
        rules = frozenset(judged)
        for index, waiver in enumerate(self._all):
            written = waiver.manifest
            subject = f"{written.rule} {' '.join(waiver.where)}"
            if self._today > waiver.until:
                what = f"the waiver of {written.rule} by {written.owner} ended on {waiver.until}"
                help = "mend what it accepts, or judge it again and set another day"
                yield Finding(EXPIRED, waiver.place.at("until"), what, subject, help)
            elif index not in self._used and written.rule in rules:
                what = f"the waiver accepts nothing: no finding of {written.rule} has such a name"
                yield Finding(USELESS, waiver.place.at("where"), what, subject, "remove it")

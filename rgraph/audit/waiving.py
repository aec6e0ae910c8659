"""Waivers: which findings they accept, and which of them are of no use."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from functools import cache

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject
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
        self._by_rule: dict[str, list[int]] = {}
        for index, waiver in enumerate(self._all):
            self._by_rule.setdefault(waiver.manifest.rule, []).append(index)

    def accepting(self, finding: Finding) -> Waived | None:
        """The waiver that accepts a finding; an expired one accepts nothing, but is of use."""
        found = None
        for index in self._by_rule.get(finding.rule.id, ()):
            waiver = self._all[index]
            if _meets(waiver.where, (finding.subject, *finding.names, finding.place.file)):
                self._used.add(index)
                if found is None and self._today <= waiver.until:
                    found = waiver
        return found

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


def _meets(where: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return any(_pattern(each).fullmatch(name) for each in where for name in names)


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # `*` alone is special: purls and references are full of the other signs that fnmatch knows.
    return re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]")))

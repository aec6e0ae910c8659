"""The findings of an audit as text, JSON and SARIF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from rgraph import __version__
from rgraph.advisories.interface import Advisories
from rgraph.audit.interface import LEVELS, Finding, Rule
from rgraph.audit.run import Report
from rgraph.audit.table import RULES
from rgraph.audit.waiving import Accepted
from rgraph.cli.common import (
    bold,
    coloured,
    columns,
    count,
    dimmed,
    json_lines,
    named,
    note,
    printable,
    shortened,
)
from rgraph.errors import Place
from rgraph.files.reader import locate
from rgraph.render.sarif import Positions, Run, sarif

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_MOST_SKIPPED = 20
"""Skipped advisories that are named on stderr; JSON and SARIF name all."""


_MOST_RELATED = 5
"""Other places that are shown of a finding; JSON and SARIF have all."""


class Audited(Struct, frozen=True, eq=False):
    """An audit, and what was audited."""

    root: Path
    report: Report
    date: str
    """The day, YYYY-MM-DD."""
    total: int
    """Images of the catalogue."""
    selected: int | None
    """Images that were asked for; None for the whole catalogue."""
    advisories: Advisories | None


def positions(audited: Audited, related: int | None = None) -> Positions:
    """Where all findings are, and so many other places of each; every file is read once."""
    report = audited.report
    findings = [*report.findings, *(each.finding for each in report.accepted)]
    places = {finding.place for finding in findings}
    return locate(
        audited.root, places | {place for finding in findings for place, _ in finding.related[:related]}
    )


def note_skipped(audited: Audited) -> None:
    """Says on stderr which advisories could not be read."""
    skipped = audited.advisories.skipped if audited.advisories else ()
    for each in skipped[:_MOST_SKIPPED]:
        note(printable(f"skipped: {each.place.file}: {each.what}"))
    if len(skipped) > _MOST_SKIPPED:
        note(f"... and {len(skipped) - _MOST_SKIPPED:,} more skipped")


def _rules() -> list[Rule]:
    return [RULES[id] for id in sorted(RULES)]


def rules_text() -> str:
    """All rules, a line each."""
    rows = [(rule.id, rule.level, rule.name, rule.summary) for rule in _rules()]
    table = columns(rows, ("rule", "level", "name", "what it finds"))
    return f"{table}\n\n{count(len(rows), 'rule')}; `rgraph audit --explain RG101` prints the page of one"


def audit_sarif(audited: Audited, pages: Mapping[str, str], prefix: str, waived: bool) -> str:
    """SARIF 2.1.0; `prefix` is the catalogue's folder in its repository."""
    report = audited.report
    run = Run(__version__, audited.date, RULES, pages, positions(audited), prefix, audited.advisories)
    return sarif(run, report.findings, report.accepted if waived else ())


def audit_json(audited: Audited) -> Iterator[str]:
    """For programs, a finding a line; with what waivers accept."""
    report, found = audited.report, positions(audited)
    images = _Images()
    head = {
        "schema": 1,
        "date": audited.date,
        "images": audited.total if audited.selected is None else audited.selected,
        "counts": {**_counts(report.findings), "waived": len(report.accepted)},
        "advisories": _advisories(audited.advisories),
    }
    lists: dict[str, Iterable[object]] = {
        "rules": _rules(),
        "findings": (_entry(each, found, images) for each in report.findings),
        "waived": ({**_entry(each.finding, found, images), **_waiver(each)} for each in report.accepted),
    }
    return json_lines(head, lists)


class _Images:
    """Lists of images as JSON: findings share them, and each may name thousands."""

    def __init__(self) -> None:
        self._encoded: dict[int, Raw] = {}

    def of(self, images: tuple[str, ...]) -> Raw:
        # The report keeps the tuples alive, so their ids stay theirs.
        if id(images) not in self._encoded:
            self._encoded[id(images)] = Raw(msgspec.json.encode(images))
        return self._encoded[id(images)]


def _entry(finding: Finding, found: Positions, images: _Images) -> dict[str, object]:
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "level": finding.level or finding.rule.level,
        **_where(finding.place, found),
        "what": finding.what,
        "help": finding.help,
        "subject": finding.subject,
        "names": finding.names,
        "images": images.of(finding.images),
        "related": [{**_where(place, found), "what": how} for place, how in finding.related],
    }


def _where(place: Place, found: Positions) -> dict[str, object]:
    line, column, _ = found[place]
    return {"file": place.file, "line": line, "column": column}


def _waiver(accepted: Accepted) -> dict[str, object]:
    written = accepted.waiver.manifest
    until = accepted.waiver.until.isoformat()
    return {"reason": written.reason.strip(), "owner": written.owner, "until": until}


def _advisories(advisories: Advisories | None) -> dict[str, object] | None:
    if advisories is None:
        return None
    skipped = [{"file": each.place.file, "what": each.what} for each in advisories.skipped]
    return {"source": advisories.source, "read": advisories.count, "skipped": skipped}


def _counts(findings: Iterable[Finding]) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(LEVELS, 0)
    for finding in findings:
        counts[finding.level or finding.rule.level] += 1
    return counts


class _Shown(Struct, frozen=True, eq=False):
    """A finding and the lines that may be the same for the next one."""

    finding: Finding
    below: tuple[str, ...]


def audit_text(audited: Audited, waived: bool) -> str:
    """For people: the gravest first, by rule; what several findings have in common stands once."""
    report, found = audited.report, positions(audited, _MOST_RELATED + 1)

    def concerned(finding: Finding) -> tuple[str, ...]:
        return (f"in {named(finding.images, audited.total)}",) if finding.images else ()

    shown = [_Shown(finding, concerned(finding)) for finding in report.findings]
    blocks = list(_groups(shown, found))
    if waived and report.accepted:
        accepted = [
            _Shown(each.finding, (*concerned(each.finding), _accepted(each))) for each in report.accepted
        ]
        blocks += [bold("Accepted by waivers"), *_groups(accepted, found)]
    return "\n\n".join([*blocks, "\n".join(_summary(audited, waived))])


def _accepted(accepted: Accepted) -> str:
    written = accepted.waiver.manifest
    reason = " ".join(written.reason.split())
    return f"waived until {accepted.waiver.until} by {written.owner}: {reason}"


def _groups(shown: Sequence[_Shown], found: Positions) -> Iterator[str]:
    """A block for each rule (and level)."""
    for (level, rule), group in groupby(
        shown, key=lambda each: (each.finding.level or each.finding.rule.level, each.finding.rule)
    ):
        members = list(group)
        number = f" ({len(members):,})" if len(members) > 1 else ""
        head = f"{coloured(level, _COLOURS[level])} {bold(f'{rule.id} {rule.name}')}{number}: {rule.summary}"
        yield "\n".join([head, *_findings(members, found)])


def _findings(shown: Sequence[_Shown], found: Positions) -> Iterator[str]:
    """The findings of a rule, those with the same help together, in the order of the files."""
    by_help: dict[str, list[_Shown]] = {}
    for each in sorted(shown, key=lambda each: (each.finding.place.file, *found[each.finding.place][:2])):
        by_help.setdefault(each.finding.help, []).append(each)
    for help, group in by_help.items():
        for below, run in groupby(group, key=lambda each: each.below):
            for each in run:
                yield from _finding(each.finding, found)
            yield from (f"    {printable(line)}" for line in below)
        if help:
            yield f"    help: {_clean(help)}"


def _finding(finding: Finding, found: Positions) -> Iterator[str]:
    subject = dimmed(f"[{printable(finding.subject)}]")
    yield f"  {_at(finding.place, found)}: {_clean(finding.what)}  {subject}"
    shown = finding.related if len(finding.related) <= _MOST_RELATED + 1 else finding.related[:_MOST_RELATED]
    for place, how in shown:
        yield f"    {_at(place, found)}: {_clean(how)}"
    if len(finding.related) > len(shown):
        yield f"    and {len(finding.related) - len(shown):,} more places"


def _at(place: Place, found: Positions) -> str:
    line, column, _ = found[place]
    return f"{place.file}:{line}:{column}"


def _clean(text: str) -> str:
    return printable(shortened(text))


def _summary(audited: Audited, waived: bool) -> Iterator[str]:
    report = audited.report
    for level, number in _counts(report.findings).items():
        if number:
            yield f"{coloured(count(number, level), _COLOURS[level])}: {_by_rule(report.findings, level)}"
    if not report.findings:
        yield "no findings"
    if report.accepted:
        hint = "" if waived else " (`--show-waived` shows them)"
        yield f"{len(report.accepted):,} waived{hint}"
    what = count(audited.total, "image")
    if audited.selected is not None:
        what = f"{audited.selected:,} of {what}, without what concerns the whole catalogue"
    yield f"audited {what}, as of {audited.date}"
    advisories = audited.advisories
    if advisories is None:
        yield "vulnerabilities were not looked for: `--advisories PATH` names advisories in OSV format"
    else:
        skipped = f", {len(advisories.skipped):,} skipped" if advisories.skipped else ""
        yield f"{advisories.count:,} advisories read from {printable(advisories.source)}{skipped}"
    if report.findings:
        yield f"`rgraph audit --explain {report.findings[0].rule.id}` explains a rule"


def _by_rule(findings: Iterable[Finding], level: str) -> str:
    """How often each rule found something of a level, in the order above."""
    counts: dict[str, int] = {}
    for finding in findings:
        if (finding.level or finding.rule.level) == level:
            counts[finding.rule.id] = counts.get(finding.rule.id, 0) + 1
    return ", ".join(f"{number:,} {rule}" for rule, number in counts.items())

"""The findings of an audit as SARIF 2.1.0 (OASIS Standard with errata 01), for GitHub code scanning too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from rgraph.advisories.interface import Advisories
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.table import FAMILIES
from rgraph.audit.waiving import Accepted
from rgraph.errors import Place

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE: Final = "SRCROOT"
_MOST_IMAGES: Final = 20
"""Images that a result names: one finding may concern thousands, and uploads have limits."""
_SECURITY: Final = frozenset({"safety", "vulnerabilities"})

Positions = Mapping[Place, tuple[int, int, str]]


class Run(Struct, frozen=True, eq=False):
    """What SARIF says of an audit beside its findings."""

    version: str
    """Version of rgraph."""
    date: str
    """The day of the audit, YYYY-MM-DD."""
    rules: Mapping[str, Rule]
    pages: Mapping[str, str]
    """Rule -> its page, in Markdown."""
    positions: Positions
    """Line, column and text of the line of each place."""
    prefix: str = ""
    """The catalogue's folder, relative to the repository that holds it."""
    advisories: Advisories | None = None


def sarif(run: Run, findings: Iterable[Finding], accepted: Iterable[Accepted] = ()) -> str:
    """The text of a SARIF file: findings, then those that a waiver accepts as suppressed results."""
    index = {id: position for position, id in enumerate(run.rules)}
    results = _Results(run, index)
    found = [results.of(finding) for finding in findings]
    found += [results.of(each.finding, each) for each in accepted]
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "rgraph",
                        "semanticVersion": run.version,
                        "rules": [_rule(rule, run.pages[id]) for id, rule in run.rules.items()],
                    }
                },
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _skipped(run)}],
                "originalUriBaseIds": {
                    _BASE: {"description": {"text": "The root of the repository that holds the catalogue."}}
                },
                "columnKind": "unicodeCodePoints",
                "properties": {"asOf": run.date},
                "results": found,
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()


def _rule(rule: Rule, page: str) -> dict[str, Any]:
    family = _family(rule)
    tags = [family, "security"] if family in _SECURITY else [family]
    severity = "recommendation" if rule.level == "note" else rule.level
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": _first_paragraph(page) or rule.summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": tags, "problem.severity": severity},
    }


def _family(rule: Rule) -> str:
    """The first digit of an id is the family's; what comes after the families is about waivers."""
    number = int(rule.id[2])
    return list(FAMILIES)[number - 1] if number <= len(FAMILIES) else "waivers"


def _first_paragraph(page: str) -> str:
    blocks = (block for block in page.split("\n\n") if not block.startswith("#"))
    return " ".join(next(blocks, "").split())


def _skipped(run: Run) -> list[dict[str, Any]]:
    """Advisories that could not be read: who reads the results must know that some were not looked at."""
    skipped = run.advisories.skipped if run.advisories else ()
    return [
        {"level": "warning", "message": {"text": f"{each.place.file} was skipped: {each.what}."}}
        for each in skipped
    ]


class _Results:
    """Findings as results, each with a fingerprint of its own."""

    def __init__(self, run: Run, index: Mapping[str, int]) -> None:
        self._run = run
        self._index = index
        self._seen: dict[str, int] = {}

    def of(self, finding: Finding, accepted: Accepted | None = None) -> dict[str, Any]:
        related = [
            {"id": number, "message": {"text": how}, **self._location(place)}
            for number, (place, how) in enumerate(finding.related, 1)
        ]
        return {
            "ruleId": finding.rule.id,
            "ruleIndex": self._index[finding.rule.id],
            "level": finding.level or finding.rule.level,
            "message": {"text": " ".join(_sentences(finding))},
            "locations": [self._location(finding.place)],
            **({"relatedLocations": related} if related else {}),
            # GitHub tells alerts apart by this one alone, and takes it from the content of the line if
            # there is none: a list of packages in one line would be one alert.
            "partialFingerprints": {"primaryLocationLineHash": self._fingerprint(finding)},
            # All results of a run have it or none (SARIF 2.1.0, 3.27.23).
            "suppressions": [_suppression(accepted)] if accepted else [],
            "properties": {
                "subject": finding.subject,
                "images": finding.images[:_MOST_IMAGES],
                "imageCount": len(finding.images),
            },
        }

    def _location(self, place: Place) -> dict[str, Any]:
        line, column, text = self._run.positions[place]
        region = {"startLine": line, "startColumn": column}
        if len(text.rstrip()) >= column:
            region |= {"endLine": line, "endColumn": _end(text.rstrip(), column, place.word)}
        file = f"{self._run.prefix}/{place.file}" if self._run.prefix else place.file
        artifact = {"uri": quote(file), "uriBaseId": _BASE}
        return {"physicalLocation": {"artifactLocation": artifact, "region": region}}

    def _fingerprint(self, finding: Finding) -> str:
        """Stays the same when lines move, versions change and days pass; alike findings are counted."""
        place = finding.place
        keys = (item for item in place.path if isinstance(item, str))
        parts = (finding.rule.id, place.file, *keys, place.word, finding.subject, *finding.names)
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        self._seen[digest] = self._seen.get(digest, 0) + 1
        return f"{digest}:{self._seen[digest]}"


def _end(text: str, column: int, word: str) -> int:
    """The column behind the word that is meant, or behind the line's last character."""
    end = column + len(word)
    return end if word and text[column - 1 : end - 1].lower() == word.lower() else len(text) + 1


def _sentences(finding: Finding) -> Iterator[str]:
    yield f"{finding.what}."
    if finding.help:
        yield f"Help: {finding.help}{'' if finding.help.endswith(('.', '?')) else '.'}"
    if finding.images:
        few = ", ".join(finding.images[:3])
        more = f" and {len(finding.images) - 3:,} more" if len(finding.images) > 3 else ""
        yield f"Images: {few}{more}."


def _suppression(accepted: Accepted) -> dict[str, Any]:
    waiver = accepted.waiver
    written = waiver.manifest
    reason = f"{written.reason.strip()} ({written.owner}, until {waiver.until})"
    return {"kind": "external", "status": "accepted", "justification": reason}

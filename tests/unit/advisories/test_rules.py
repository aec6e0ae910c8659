"""What the rules about advisories say, beside their cases in tests/audit/cases."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from rgraph import app
from rgraph.audit.interface import Finding
from rgraph.audit.vulnerabilities import MAX_SKIPPED
from rgraph.files.reader import locate

DAY = datetime.date(2026, 11, 21)


@pytest.fixture
def workspace(tmp_path: Path) -> app.Workspace:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    for name, text in (
        ("catalog", "kind: catalog\nname: small\n"),
        ("externals", 'kind: externals\nexternals: {debian: {reference: "debian:12"}}\n'),
        ("tools", "kind: base\nname: tools\nfrom: debian\nvariant: a\nsteps: [{pip: [tool==1.0]}]\n"),
    ):
        (manifests / f"{name}.yaml").write_text(text)
    return app.Workspace(tmp_path)


def given(root: Path, **files: str) -> Path:
    folder = root / "given"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text)
    return folder


def advisory(**more: object) -> str:
    affected = [{"package": {"ecosystem": "PyPI", "name": "tool"}, "versions": ["1.0"]}]
    return json.dumps({"id": "MADE-1", "affected": affected, **more})


def found(workspace: app.Workspace, advisories: Path | None) -> list[Finding]:
    report = app.audit(workspace, None, DAY, advisories)
    return [each for each in report.findings if each.rule.id.startswith("RG7")]


def test_without_advisories_nothing_is_said(workspace: app.Workspace) -> None:
    assert found(workspace, None) == []


def test_many_skipped_files_are_counted(workspace: app.Workspace) -> None:
    files = {f"f{number:03d}": "{" for number in range(MAX_SKIPPED + 3)}
    findings = found(workspace, given(workspace.root, good=advisory(), **files))
    skipped = [each for each in findings if each.rule.id == "RG706"]
    assert len(skipped) == MAX_SKIPPED + 1
    assert [each.what for each in skipped if each.subject == "given"] == ["3 more files were skipped"]
    # Their places lie outside of the catalogue's manifests, and can be shown all the same.
    places = locate(workspace.root, [each.place for each in findings])
    assert places[skipped[1].place][:2] == (1, 2)


def test_what_an_advisory_says_is_shown_without_control_characters(workspace: app.Workspace) -> None:
    text = advisory(id="MADE-\x1b[31m1", summary="one\r\n\x1b[2Jtwo\u202e " + "long " * 100)
    (finding,) = found(workspace, given(workspace.root, a=text))
    assert finding.what.isprintable()
    assert finding.what.startswith(
        "tool 1.0 is affected by MADE- [31m1, no fixed version known: one [2Jtwo long"
    )
    assert len(finding.what) < 300
    assert all(name.isprintable() for name in finding.names)


def test_all_ids_serve_waivers(workspace: app.Workspace) -> None:
    (finding,) = found(workspace, given(workspace.root, a=advisory(aliases=["CVE-0000-0001", "GHSA-made"])))
    assert finding.names == ("MADE-1", "CVE-0000-0001", "GHSA-made")
    assert finding.subject == "pkg:pypi/tool"
    assert finding.images == ("tools:a",)

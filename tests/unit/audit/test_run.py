"""Levels, waivers and selections of an audit."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from rgraph import app
from rgraph.audit.run import Report
from rgraph.errors import ManifestError

DAY = datetime.date(2026, 11, 21)
CATALOG = "kind: catalog\nname: c\npolicy:\n  unpinned: [apt]\n"
EXTERNALS = "kind: externals\nexternals:\n  debian: {reference: 'debian:12', distribution: debian-12}\n"
TOOLS = """\
kind: base
name: tools
matrix: {size: [small, large]}
from: debian
variant: ${{ size }}
steps:
  - apt: [curl, "${{ 'git' if size == 'large' }}"]
"""
CHILD = "kind: r\nname: child\nfrom: tools:large\nvariant: one\nsteps: [{apt: [nano]}]\n"


def audited(root: Path, ids: list[str] | None = None, *, day: datetime.date = DAY, **files: str) -> Report:
    """The audit of a small catalogue with some further or other files."""
    return audited_with(root, files, ids, day)


def audited_with(
    root: Path, files: dict[str, str], ids: list[str] | None = None, day: datetime.date = DAY
) -> Report:
    texts = {"catalog": CATALOG, "externals": EXTERNALS, "tools": TOOLS, "child": CHILD, **files}
    (root / "manifests").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (root / "manifests" / f"{name}.yaml").write_text(text)
    return app.audit(app.Workspace(root), ids, day, None)


def subjects(report: Report, rule: str = "RG101") -> list[str]:
    return [each.subject for each in report.findings if each.rule.id == rule]


def waivers(*entries: str) -> str:
    return "kind: waivers\nwaivers:\n" + "".join(
        f"  - {{reason: r, owner: o, {entry}}}\n" for entry in entries
    )


def test_a_finding_names_the_images_that_inherit_it(tmp_path: Path) -> None:
    report = audited(tmp_path)
    images = {each.subject: each.images for each in report.findings if each.rule.id == "RG101"}
    assert images["pkg:deb/debian/git"] == ("tools:large", "child:one")
    assert images["pkg:deb/debian/nano"] == ("child:one",)


def test_a_selection_keeps_what_concerns_its_images(tmp_path: Path) -> None:
    report = audited(tmp_path, ["tools:small"])
    assert subjects(report) == ["pkg:deb/debian/curl"]
    assert not subjects(report, "RG902")


def test_a_policy_sets_levels_and_turns_rules_off(tmp_path: Path) -> None:
    catalog = CATALOG + "  levels: {RG101: error, RG103: 'off'}\n"
    report = audited(tmp_path, catalog=catalog)
    assert {each.level for each in report.findings if each.rule.id == "RG101"} == {"error"}
    assert not subjects(report, "RG103")
    assert subjects(audited(tmp_path), "RG103")


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("pkg:deb/debian/curl", ["pkg:deb/debian/nano", "pkg:deb/debian/git"]),
        ("'pkg:deb/*'", []),
        ("['*/curl', '*/git']", ["pkg:deb/debian/nano"]),
        ("manifests/tools.yaml", ["pkg:deb/debian/nano"]),
        ("'*cur?'", ["pkg:deb/debian/nano", "pkg:deb/debian/curl", "pkg:deb/debian/git"]),
        ("'*cur[l]'", ["pkg:deb/debian/nano", "pkg:deb/debian/curl", "pkg:deb/debian/git"]),
    ],
)
def test_a_waiver_accepts_what_it_names(tmp_path: Path, where: str, left: list[str]) -> None:
    report = audited(tmp_path, waivers=waivers(f"rule: RG101, where: {where}, until: 2027-01-01"))
    assert sorted(subjects(report)) == sorted(left)
    accepted = [each.finding.subject for each in report.accepted]
    assert len(accepted) == 3 - len(left)
    assert bool(subjects(report, "RG902")) == (len(left) == 3)


def test_a_waiver_holds_on_its_last_day_and_not_after(tmp_path: Path) -> None:
    text = waivers("rule: RG101, where: '*', until: 2026-11-21")
    assert not subjects(audited(tmp_path, waivers=text))
    report = audited(tmp_path, day=datetime.date(2026, 11, 22), waivers=text)
    assert len(subjects(report)) == 3
    assert subjects(report, "RG901") == ["RG101 *"]
    assert not subjects(report, "RG902")


def test_of_two_waivers_the_one_that_holds_counts(tmp_path: Path) -> None:
    text = waivers(
        "rule: RG101, where: '*', until: 2020-01-01", "rule: RG101, where: '*/curl', until: 2027-01-01"
    )
    report = audited(tmp_path, waivers=text)
    assert [each.finding.subject for each in report.accepted] == ["pkg:deb/debian/curl"]


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"waivers": waivers("rule: RG199, where: '*', until: 2027-01-01")}, ("waivers", 0, "rule")),
        ({"catalog": CATALOG + "  levels: {RG199: note}\n"}, ("policy", "levels", "RG199")),
    ],
)
def test_a_rule_that_does_not_exist_is_an_error(
    tmp_path: Path, files: dict[str, str], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(ManifestError) as error:
        audited_with(tmp_path, files)
    (problem,) = error.value.problems
    assert problem.place.path == path
    assert "RG199" in problem.what


def test_findings_stand_by_level_then_rule(tmp_path: Path) -> None:
    report = audited(tmp_path)
    order = [("error", "warning", "note").index(each.level or "") for each in report.findings]
    assert order == sorted(order)
    assert report.at_least("note") == bool(report.findings)
    assert not Report((), ()).at_least("note")


def test_many_signs_for_any_text_take_no_longer(tmp_path: Path) -> None:
    licence = "LicenseRef-" + "a" * 200
    found = audited(
        tmp_path,
        catalog=CATALOG + f"  licenses: {{deny: ['LicenseRef-{'*a' * 12}*b', 'LicenseRef-{'*a' * 12}*']}}\n",
        facts=f"kind: components\ncomponents: [{{purl: pkg:deb/curl, license: {licence}}}]\n",
    )
    assert "RG203" in [each.rule.id for each in found.findings]

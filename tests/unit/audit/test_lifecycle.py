"""Days left and days since, on the days around an end."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from rgraph import app

END = datetime.date(2026, 6, 30)


@pytest.fixture
def workspace(tmp_path: Path) -> app.Workspace:
    texts = {
        "catalog": "kind: catalog\nname: c\npolicy: {end_of_life_notice: '30'}\n",
        "externals": "kind: externals\nexternals:\n"
        f"  debian: {{reference: 'debian:12', end_of_life: {END}}}\n",
        "layer": "kind: base\nname: b\nfrom: debian\nvariant: one\n",
    }
    (tmp_path / "manifests").mkdir()
    for name, text in texts.items():
        (tmp_path / "manifests" / f"{name}.yaml").write_text(text)
    return app.Workspace(tmp_path)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-31, []),
        (-30, [("RG502", "`debian` gets fixes until 2026-06-30: 30 days left")]),
        (-1, [("RG502", "`debian` gets fixes until 2026-06-30: 1 day left")]),
        (0, [("RG502", "`debian` gets fixes until 2026-06-30: today is the last day")]),
        (1, [("RG501", "`debian` has had no fixes since yesterday: its last day was 2026-06-30")]),
        (2, [("RG501", "`debian` has had no fixes for 2 days: its last day was 2026-06-30")]),
    ],
)
def test_the_day_itself_still_has_fixes(
    workspace: app.Workspace, days: int, expected: list[tuple[str, str]]
) -> None:
    report = app.audit(workspace, None, END + datetime.timedelta(days=days), None)
    found = [(each.rule.id, each.what) for each in report.findings if each.rule.id.startswith("RG5")]
    assert found == expected


def test_a_notice_of_no_days_warns_on_the_last_day_only(workspace: app.Workspace, tmp_path: Path) -> None:
    catalog = tmp_path / "manifests" / "catalog.yaml"
    catalog.write_text(catalog.read_text().replace("'30'", "'0'"))
    again = app.Workspace(tmp_path)
    before, last = (app.audit(again, None, END - datetime.timedelta(days=each), None) for each in (1, 0))
    assert "RG502" not in {each.rule.id for each in before.findings}
    assert "RG502" in {each.rule.id for each in last.findings}

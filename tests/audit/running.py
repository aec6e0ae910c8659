"""Cases of the audit: a small catalogue for each rule, and what the rule finds in it.

`cases/RG101/manifests/` is the catalogue. Beside it may stand `history/` (earlier states of which releases
were cut, as in tests/cases), `overlay/` (files laid over the catalogue after `generate`) and `advisories/`.
`expected.txt` holds the rule's findings, one a line:

    manifests/r/r.yaml:9:5: RG101 warning: what [subject] (images) | related place: how | waived
"""

from __future__ import annotations

import datetime
import shutil
from pathlib import Path

from rgraph import app
from rgraph.audit.interface import Finding
from rgraph.errors import Place
from rgraph.files.reader import locate
from tests.cases.running import exchange, release

CASES = Path(__file__).resolve().parent / "cases"
DAY = datetime.date(2026, 11, 21)
"""The day of every audit."""


def names() -> list[str]:
    """The cases, sorted."""
    return sorted(path.parent.name for path in CASES.glob("*/manifests"))


def found(case: str, root: Path) -> str:
    """The findings of the rule that a case is named for, in an empty folder."""
    source = CASES / case
    release(source, root)
    exchange(source / "manifests", root)
    app.generate(root)
    if (source / "overlay").exists():
        shutil.copytree(source / "overlay", root, dirs_exist_ok=True)
    advisories = source / "advisories"
    report = app.audit(app.Workspace(root), None, DAY, advisories if advisories.exists() else None)
    rule = case.partition("-")[0]
    every = [(each, "") for each in report.findings]
    every += [(each.finding, " | waived") for each in report.accepted]
    lines = [_line(each, root) + end for each, end in every if each.rule.id == rule]
    return "".join(f"{line}\n" for line in sorted(lines))


def _line(finding: Finding, root: Path) -> str:
    where = f"{_shown(finding.place, root)}: {finding.rule.id} {finding.level}: {finding.what}"
    related = "".join(f" | {_shown(place, root)}: {how}" for place, how in finding.related)
    return f"{where} [{finding.subject}] ({' '.join(finding.images)}){related}"


def _shown(place: Place, root: Path) -> str:
    line, column, _ = locate(root, [place])[place]
    return f"{place.file}:{line}:{column}"

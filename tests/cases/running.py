"""Golden cases: a small catalogue in `manifests/`, and in `expected/` all that rgraph makes of it.

A case with a `history/` was released before: each folder there is an earlier state of `manifests/`,
of which a release is cut, in the order of their names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from rgraph import app, releasing
from rgraph.cli.show_plan import plan_json
from rgraph.ledger import LEDGER_FILE

CASES = Path(__file__).resolve().parent
DATE = "20261121"
"""The day of every plan; releases of a history are of the days from 1 January 2026 on."""

Tree = dict[str, bytes]
"""Path relative to a folder -> contents."""


def names() -> list[str]:
    """The cases, sorted."""
    return sorted(path.parent.name for path in CASES.glob("*/manifests"))


def set_up(case: str, root: Path) -> None:
    """Puts the catalogue of a case into an empty folder, with its releases, and generates."""
    source = CASES / case
    release(source, root)
    exchange(source / "manifests", root)
    app.generate(root)


def release(source: Path, root: Path) -> None:
    """Cuts a release of each state in the `history/` of a case."""
    for number, state in enumerate(sorted(source.glob("history/*")), start=1):
        exchange(state, root)
        assert releasing.cut_release(root, f"202601{number:02}", None, "") is not None


def exchange(manifests: Path, root: Path) -> None:
    """Puts other manifests into a catalogue; its ledger stays."""
    ledger = root / LEDGER_FILE
    kept = ledger.read_bytes() if ledger.exists() else None
    shutil.rmtree(root / "manifests", ignore_errors=True)
    shutil.copytree(manifests, root / "manifests")
    if kept is not None:
        ledger.write_bytes(kept)


def made(case: str, root: Path) -> Tree:
    """What rgraph makes of a case, set up in an empty folder."""
    set_up(case, root)
    plan = plan_json(app.plan(root, [], [], "", DATE, None, "")) + "\n"
    found = {f"generated/{path}": content for path, content in tree(root / "generated").items()}
    found["plan.json"] = plan.encode()
    ledger = root / LEDGER_FILE
    if ledger.exists():
        found["releases.jsonl"] = ledger.read_bytes()
    return found


def tree(folder: Path) -> Tree:
    """All files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

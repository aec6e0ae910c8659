"""Laws of generated files: a fixed point, and the same bytes everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings

from rgraph import app
from tests.cases.running import CASES, tree
from tests.laws.strategies import Documents, catalogues, write

REPOSITORY = Path(__file__).resolve().parents[2]
CASE = CASES / "packages"


@given(catalogues())
@settings(max_examples=12, deadline=None)
def test_generate_is_a_fixed_point(documents: Documents) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(documents, root)
        first = app.generate(root)
        assert first.missing
        assert not first.changed
        assert not first.stray
        before = {path: path.stat().st_mtime_ns for path in (root / "generated").rglob("*")}
        assert not app.check_generated(root)
        assert list(app.diff_generated(root)) == []
        assert not app.generate(root)
        assert before == {path: path.stat().st_mtime_ns for path in (root / "generated").rglob("*")}


def run(root: Path, arguments: list[str], more: Mapping[str, str]) -> bytes:
    """The standard output of the program, in an environment of our own."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **more}
    made = subprocess.run(
        [sys.executable, "-m", "rgraph", "-C", str(root), *arguments],
        check=True,
        capture_output=True,
        env=environment,
        cwd=root,
    )
    return made.stdout


def copied(root: Path, backwards: bool) -> None:
    """The case's manifests, created in one order or the other, which is how a folder may list them."""
    files = sorted((CASE / "manifests").rglob("*"), reverse=backwards)
    for path in files:
        if path.is_file():
            target = root / "manifests" / path.relative_to(CASE / "manifests")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())


@pytest.mark.parametrize(
    ("environment", "backwards"),
    [
        ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"}, False),
        ({"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8"}, True),
        ({"PYTHONHASHSEED": "4294967295", "TZ": "America/Los_Angeles", "LANG": "tr_TR.ISO-8859-9"}, True),
        ({"PYTHONHASHSEED": "random", "PYTHONUTF8": "0", "LC_ALL": "POSIX", "COLUMNS": "20"}, False),
    ],
)
def test_the_same_everywhere(environment: dict[str, str], backwards: bool, tmp_path: Path) -> None:
    copied(tmp_path, backwards)
    run(tmp_path, ["generate"], environment)
    plan = run(tmp_path, ["plan", "--format", "json", "--date", "20261121"], environment)
    expected = tree(CASE / "expected")
    assert plan == expected.pop("plan.json")
    assert {f"generated/{path}": data for path, data in tree(tmp_path / "generated").items()} == expected


def test_the_folder_does_not_count(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "b c" / "é"]
    for root in roots:
        root.mkdir(parents=True)
        copied(root, False)
        app.generate(root)
    assert tree(roots[0] / "generated") == tree(roots[1] / "generated")

"""generate, generate --check, generate --diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.errors.running import Result, catalogue, run, written

GONE = "base/cpu/README.md"
CHANGED = "base/gpu/Dockerfile"
STRAY = "base/cpu/notes.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with all its files generated."""
    assert run(catalogue(tmp_path), "generate").code == 0
    return tmp_path


@pytest.fixture
def drifted(root: Path) -> Path:
    """The same, with one file of each kind that is not as it must be."""
    generated = root / "generated"
    (generated / GONE).unlink()
    with (generated / CHANGED).open("a") as stream:
        stream.write("RUN evil\n")
    (generated / STRAY).write_text("mine")
    return root


def test_a_first_run_names_what_it_wrote(tmp_path: Path) -> None:
    result = run(catalogue(tmp_path), "generate")
    assert result.code == 0
    assert result.err == ""
    names = set(written(tmp_path / "generated"))
    assert result.out.splitlines() == [f"wrote generated/{name}" for name in sorted(names)]
    for folder in ("base/cpu", "base/gpu", "r-base/cpu", "r-base/gpu"):
        for name in (
            "Dockerfile",
            "Dockerfile.combined",
            "LICENSE.txt",
            "ThirdPartyNotices.txt",
            "tests.json",
        ):
            assert f"{folder}/{name}" in names
    assert {"README.md", "docker-bake.json", "graph.svg"} <= names


def test_again_nothing_is_touched(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (root / "generated").rglob("*")}
    assert run(root, "generate") == Result(0, "", "generated/ is up to date\n")
    assert {path: path.stat().st_mtime_ns for path in (root / "generated").rglob("*")} == before


def test_check_without_drift(root: Path) -> None:
    assert run(root, "generate", "--check") == Result(0, "", "generated/ is up to date\n")
    assert run(root, "generate", "--diff").code == 0
    assert run(root, "generate", "--diff").out == ""


def test_check_names_each_file_and_writes_nothing(drifted: Path) -> None:
    before = written(drifted)
    result = run(drifted, "generate", "--check")
    assert result.code == 1
    assert result.out.splitlines() == [
        f"missing: generated/{GONE}",
        f"changed: generated/{CHANGED}",
        f"stray: generated/{STRAY}",
    ]
    assert "3 files differ" in result.err
    assert "rgraph generate" in result.err
    assert written(drifted) == before


def test_check_as_json(drifted: Path) -> None:
    result = run(drifted, "generate", "--check", "--format", "json")
    assert result.code == 1
    assert json.loads(result.out) == {"schema": 1, "missing": [GONE], "changed": [CHANGED], "stray": [STRAY]}


def test_generate_as_json(drifted: Path) -> None:
    result = run(drifted, "generate", "--format", "json")
    assert result.code == 0
    assert json.loads(result.out) == {"schema": 1, "missing": [GONE], "changed": [CHANGED], "stray": [STRAY]}
    assert run(drifted, "generate", "--check").code == 0


def test_diff_shows_each_file_and_writes_nothing(drifted: Path) -> None:
    before = written(drifted)
    result = run(drifted, "generate", "--diff")
    assert result.code == 1
    assert f"--- /dev/null\n+++ b/{GONE}\n" in result.out
    assert f"--- a/{CHANGED}\n+++ b/{CHANGED}\n" in result.out
    assert "\n-RUN evil\n" in result.out
    assert f"--- a/{STRAY}\n+++ /dev/null\n" in result.out
    assert written(drifted) == before


def test_generate_repairs(drifted: Path) -> None:
    result = run(drifted, "generate")
    assert result.out.splitlines() == [
        f"wrote generated/{GONE}",
        f"changed generated/{CHANGED}",
        f"removed generated/{STRAY}",
    ]
    assert run(drifted, "generate", "--check").code == 0


def test_releases_are_kept(root: Path) -> None:
    (root / "generated/releases").mkdir()
    (root / "generated/releases/20260101.v1.json").write_text("{}")
    assert run(root, "generate", "--check").code == 0
    assert run(root, "generate").code == 0
    assert (root / "generated/releases/20260101.v1.json").read_text() == "{}"


def test_an_image_that_is_gone_takes_its_folder_along(root: Path) -> None:
    (root / "manifests/r/r-base.yaml").unlink()
    assert run(root, "generate", "--check").code == 1
    assert run(root, "generate").code == 0
    assert not (root / "generated/r-base").exists()


def test_wrong_manifests_leave_generated_alone(drifted: Path) -> None:
    (drifted / "manifests/base/bad.yaml").write_text("kind: base\n")
    before = written(drifted)
    for option in ((), ("--check",), ("--diff",)):
        result = run(drifted, "generate", *option)
        assert (result.code, result.out) == (2, "")
    assert written(drifted) == before

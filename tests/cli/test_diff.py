"""diff: two releases, revisions of git, and the manifests as they are now."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.releases_made import A, B, C, changes, edit, three_releases, told
from tests.errors.running import Result, run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with three releases."""
    return three_releases(tmp_path / "catalogue")


def test_diff_of_releases(root: Path) -> None:
    result = run(root, "diff", A, B)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"{A} -> {B}: 4 changed"
    assert any(
        line.split()[:5] == ["CVE-2024-7264", "curl", "7.68.0-1ubuntu2.24", "all", "4"] for line in lines
    )
    assert any(line.startswith("upgraded  curl (deb)") for line in lines)
    assert any(line.startswith("cuda      nvidia/cuda:11.1.1") for line in lines)
    assert run(root, "diff", f"{A}..{B}") == result
    assert told(root, "diff", A, C)["removed"][0]["id"] == "r-base:gpu"
    assert "no longer in the catalogue" in run(root, "diff", A, C).out


def test_a_diff_turned_round(root: Path) -> None:
    back = told(root, "diff", B, A)
    assert [(each["change"], each["name"]) for each in back["components"]] == [("downgraded", "curl")]
    assert {each["became"] for each in back["images"]} == {"returned"}
    assert back["fixes"] == []


def test_diff_with_the_manifests(root: Path) -> None:
    assert run(root, "diff", "--exit-code") == Result(0, f"{C} -> now: 3 as before\n", "")
    edit(root, "r/r-base.yaml", "kind: r\n", "# a comment\nkind: r\n")
    assert run(root, "diff", "--exit-code").code == 0, "a comment is no difference"
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    result = run(root, "diff", "--exit-code")
    assert result.code == 1
    assert result.out.startswith(f"{C} -> now: 1 changed, 2 as before\n")
    assert run(root, "diff").code == 0
    only = run(root, "diff", "--image", "base:cpu", "--exit-code")
    assert (only.code, only.out) == (0, f"base:cpu did not change: {C} -> now\n")


def git(root: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


def test_diff_of_revisions(root: Path) -> None:
    git(root, "init")
    git(root, "add", "-A")
    git(root, "commit", "-m", "one")
    git(root, "tag", "one")
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    git(root, "commit", "-a", "-m", "two")
    edit(root, "r/r-base.yaml", "3.6.1", "3.6.2")
    found = told(root, "diff", "one", "HEAD")
    assert (found["before"], found["after"]) == (
        {"kind": "revision", "name": "one"},
        {"kind": "revision", "name": "HEAD"},
    )
    assert changes(found["images"][0]) == [("upgraded", "r-essentials", "3.5.0", "3.6.1")]
    for arguments in (["one"], ["--since", "one"], ["one.."]):
        found = told(root, "diff", *arguments)
        assert changes(found["images"][0]) == [("upgraded", "r-essentials", "3.5.0", "3.6.2")]
        assert found["after"] == {"kind": "now", "name": ""}
    assert changes(told(root, "diff", C, "HEAD")["images"][0]) == [
        ("upgraded", "r-essentials", "3.5.0", "3.6.1")
    ]
    assert told(root, "diff", "one", C)["images"] == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([A, "--since", B], "--since takes the place of A and B"),
        ([f"{A}..{B}", C], f"`{A}..{B}` names both sides"),
        (["20260109.v1"], "there is no release `20260109.v1`"),
    ],
)
def test_diff_of_nothing(arguments: list[str], what: str, root: Path) -> None:
    result = run(root, "diff", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {what}\n  help: ")

"""Records that are gone or were edited, wrong numbers of builds, hostile names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rgraph.app import Workspace, check_releases
from rgraph.errors import ManifestError
from tests.cli.releases_made import A, B, C, cut, edit, notes, three_releases, told
from tests.errors.running import catalogue, run, written


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with three releases."""
    return three_releases(tmp_path / "catalogue")


def test_a_record_that_is_gone(root: Path) -> None:
    (root / "generated/releases" / C / "release.json").unlink()
    assert told(root, "release", "list")["releases"][2]["recorded"] is False
    result = run(root, "release", "show", C)
    assert result.code == 2
    assert f"generated/releases/{C}/release.json is missing" in result.err
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    cut(root, "20260104.v1")
    page = (root / "generated/releases/20260104.v1/notes/r-base/cpu.md").read_text()
    assert f"Its content was that of {C}. What changed cannot be said: a record of it is missing." in page


@pytest.mark.parametrize("number", ["a b", "1/2", "x" * 65, "$(id)", "\u0665", "1\n"])
def test_what_is_no_build_number(number: str, tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    before = written(root)
    result = run(root, "release", "cut", "--build-number", number)
    assert result.code == 2
    assert "is no build number" in result.err
    assert written(root) == before


HOSTILE = "pkg:generic/%3Cscript%3E%7C%60%23%20x@1%7C2"


def test_hostile_names(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    cut(root, A)
    edit(root, "recipes/tool.yaml", "pkg:generic/tool@${{ version }}", f'"{HOSTILE}"')
    edit(root, "catalog.yaml", "name: example", 'name: "<b>|`\\n# x"')
    cut(root, B)
    page = notes(root, B)
    assert "<" not in page
    assert "\x1b" not in page
    assert [line for line in page.splitlines() if line.startswith("# ")] == [f"# Release {B}"]
    for line in page.splitlines():
        if line.startswith("| added"):
            assert line.count("|") == 7
    for command in (["diff", A, B], ["release", "show", B], ["release", "list"]):
        assert "\x1b" not in run(root, *command).out


def line_edited(text: str, old: str, new: str) -> str:
    *others, last = text.splitlines(keepends=True)
    assert old in last
    return "".join([*others, last.replace(old, new)])


def test_the_last_line_of_the_ledger_edited_by_hand(root: Path) -> None:
    """No later line has its hash: its record tells."""
    ledger = root / "manifests/releases.jsonl"
    print = json.loads(ledger.read_text().splitlines()[-1])["images"]["r-base:cpu"]["fingerprint"]
    other = f"sha256:{'0' * 64}"
    for old, new, what in (
        (print, other, "`r-base:cpu` has another fingerprint than in"),
        (f"cpu-{C}", f"gpu-{C}", "`r-base:cpu` has other tags than in"),
        ('"r-base:cpu"', '"r-base:gpu"', f"`{C}` has `r-base:gpu`, unlike"),
    ):
        whole = ledger.read_text()
        ledger.write_text(line_edited(whole, old, new))
        before = written(root)
        for command in (
            ["check"],
            ["generate"],
            ["generate", "--check"],
            ["release", "cut"],
            ["release", "notes"],
        ):
            result = run(root, *command)
            assert result.code == 2, command
            assert f"manifests/releases.jsonl:3:1: error: {what}" in result.err
            assert f"generated/releases/{C}/release.json" in result.err
            assert written(root) == before
        ledger.write_text(whole)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("3.5.0", "3.9.9", "it was changed after the cut"),
        ('"schema": 1', '"schema": 2', "schema 2 is not known"),
        ('"tag"', '"name"', "this is no record of a release"),
        ("{", "", "this is no record of a release"),
        ('"tag": "20260103.v1"', '"tag":  "20260103.v1"', "it was changed after the cut"),
    ],
)
def test_a_record_edited_by_hand(old: str, new: str, what: str, root: Path) -> None:
    path = root / "generated/releases" / C / "release.json"
    path.write_text(path.read_text().replace(old, new))
    before = written(root)
    for command in (
        ["check"],
        ["generate"],
        ["generate", "--check"],
        ["release", "cut"],
        ["release", "show"],
        ["diff"],
    ):
        result = run(root, *command)
        assert result.code == 2, command
        assert f"generated/releases/{C}/release.json:1:1: error: {what}" in result.err
        assert written(root) == before


def test_a_record_of_another_release(root: Path) -> None:
    folder = root / "generated/releases"
    (folder / C / "release.json").write_bytes((folder / B / "release.json").read_bytes())
    assert f"it is the record of `{B}`" in run(root, "release", "show", C).err


def test_all_records_are_checked(root: Path) -> None:
    check_releases(Workspace(root))
    for tag in (A, C):
        path = root / "generated/releases" / tag / "release.json"
        path.write_text(path.read_text().replace('"build": "', '"build": "0'))
    with pytest.raises(ManifestError) as caught:
        check_releases(Workspace(root))
    assert [each.place.file for each in caught.value.problems] == [
        f"generated/releases/{tag}/release.json" for tag in (A, C)
    ]

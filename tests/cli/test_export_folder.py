"""What an export does to the folder that it goes to, and what it leaves alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from rgraph.files.public_copy import MARKER
from tests.cases.running import set_up
from tests.cli.exported import edit, export, public, root
from tests.cli.test_killed import killed_at
from tests.errors.running import run, written

__all__ = ["root"]


def test_check_says_which_files_are_not_up_to_date(root: Path) -> None:
    assert export(root, "--check").code == 1
    export(root)
    result = export(root, "--check")
    ahead = "base:cpu, base:gpu and 2 more"
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        f"not released as it is: {ahead}; `rgraph release cut` first, for tags that hold it\n"
        "the public copy is up to date\n"
    )
    run(root, "release", "cut", "--date", "20260102")
    export(root)
    result = export(root, "--check")
    assert (result.code, result.out, result.err) == (0, "", "the public copy is up to date\n")
    before = public(root)
    edit(root, "r/r-base.yaml", "r-essentials=3.6.0", "r-essentials=3.6.1")
    (root.parent / "public/base/cpu/LICENSE.txt").unlink()
    result = export(root, "--check")
    assert result.code == 1
    lines = result.out.splitlines()
    assert "missing: base/cpu/LICENSE.txt" in lines
    assert "changed: r-base/gpu/Dockerfile" in lines
    assert "changed: base/cpu/Dockerfile" not in lines
    (root.parent / "public/base/cpu/LICENSE.txt").write_bytes(before["base/cpu/LICENSE.txt"])
    assert public(root) == before
    document = json.loads(export(root, "--check", "--format", "json").out)
    assert document["schema"] == 1
    assert "r-base/cpu/Dockerfile" in document["changed"]
    assert export(root).code == 0
    assert export(root, "--check").code == 0


def test_an_image_that_is_gone_leaves_nothing(root: Path) -> None:
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    assert "stray: r-base/gpu/Dockerfile" in export(root, "--check").out
    assert "removed r-base/gpu/Dockerfile" in export(root).out
    assert not (root.parent / "public/r-base/gpu").exists()


def test_what_is_not_rgraphs_stays(root: Path) -> None:
    target = root.parent / "public"
    target.mkdir()
    subprocess.run(["git", "init", "--quiet", target], check=True)
    git = written(target)
    assert export(root).code == 0
    foreign = {"CONTRIBUTING.md": b"ours", "r-base/gpu/more.txt": b"ours too", "empty/x/.keep": b""}
    for path, content in foreign.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    (target / "nothing").mkdir()
    (target / "link").symlink_to("/")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    assert export(root).code == 0
    found = public(root)
    assert foreign.items() <= found.items()
    assert git.items() <= found.items()
    assert found["link"] == b"/"
    assert (target / "nothing").is_dir()
    assert "r-base/gpu/Dockerfile" not in found
    assert export(root, "--check").code == 0


def test_an_old_file_that_somebody_changed_stays_and_is_named(root: Path) -> None:
    export(root)
    path = root.parent / "public/r-base/gpu/README.md"
    path.write_text("kept by hand\n")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    result = export(root)
    assert result.code == 0
    assert "left alone, as it was changed since: r-base/gpu/README.md" in result.err
    assert path.read_text() == "kept by hand\n"
    assert [each.name for each in path.parent.iterdir()] == ["README.md"]


def test_changes_by_hand_are_not_overwritten_but_by_force(root: Path) -> None:
    export(root)
    path = root.parent / "public/base/cpu/Dockerfile"
    path.write_text("edited\n")
    before = public(root)
    assert "changed: base/cpu/Dockerfile" in export(root, "--check").out
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    result = export(root)
    assert result.code == 1
    assert "rgraph did not write them so: base/cpu/Dockerfile" in result.err
    assert public(root) == before
    assert export(root, "--force").code == 0
    assert b"edited" not in path.read_bytes()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_stands_in_the_way_of_a_new_file_is_left_alone(root: Path, kind: str) -> None:
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu]", "device: [cpu, gpu]")
    path = root.parent / "public/r-base/gpu/README.md"
    path.parent.mkdir()
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/etc/hostname")
    before = public(root)
    result = export(root)
    assert result.code == 1
    assert "r-base/gpu/README.md" in result.err
    assert public(root) == before


def test_a_folder_that_became_a_link_is_not_followed(root: Path) -> None:
    export(root)
    target = root.parent / "public/base"
    shutil.move(target, root.parent / "elsewhere")
    target.symlink_to(root.parent / "elsewhere")
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    elsewhere = written(root.parent / "elsewhere")
    assert export(root).code != 0
    assert written(root.parent / "elsewhere") == elsewhere
    assert target.is_symlink()


@pytest.mark.parametrize(
    ("to", "says"),
    [
        (".", "holds the catalogue itself"),
        ("..", "holds the catalogue itself"),
        ("manifests", "is in manifests/"),
        ("manifests/public", "is in manifests/"),
        ("generated", "is in generated/"),
        ("generated/public", "is in generated/"),
        ("../link/public", "is in generated/"),
        ("../link", "is in generated/"),
        ("../missing/public", "there is no folder"),
        ("manifests/catalog.yaml", "is no folder"),
    ],
)
def test_folders_of_the_catalogue_are_refused(root: Path, to: str, says: str) -> None:
    run(root, "generate")
    (root.parent / "link").symlink_to(root / "generated")
    before = written(root)
    for options in ((), ("--force",), ("--check",)):
        result = export(root, *options, to=to)
        assert result.code == 2
        assert says in result.err
    assert written(root) == before


def test_a_folder_inside_the_catalogue_but_for_those_is_taken(root: Path) -> None:
    run(root, "generate")
    assert export(root, to="public").code == 0
    assert run(root, "generate", "--check").code == 0
    assert export(root, "--check", to="public").code == 0


def test_a_folder_that_is_no_copy_is_refused(root: Path) -> None:
    target = root.parent / "public"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    result = export(root)
    assert result.code == 1
    assert "is not empty, and rgraph did not make it" in result.err
    assert list(public(root)) == ["notes.txt"]
    assert export(root, "--force").code == 0
    assert public(root)["notes.txt"] == b"mine"
    assert export(root).code == 0


def test_the_copy_of_another_catalogue_is_refused(root: Path) -> None:
    export(root)
    edit(root, "catalog.yaml", "name: example", "name: other")
    result = export(root)
    assert result.code == 1
    assert "is the public copy of `example`, not of `other`" in result.err
    assert export(root, "--force").code == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2, "catalogue": "example"}', '{"files": 3}', "\xff"]
)
def test_a_marker_that_is_damaged_is_refused(root: Path, text: str) -> None:
    export(root)
    (root.parent / "public" / MARKER).write_text(text, "latin-1")
    result = export(root)
    assert result.code == 1
    assert "does not say what rgraph wrote here" in result.err
    assert export(root, "--force").code == 0
    assert export(root, "--check").code == 0


def test_a_marker_cannot_make_rgraph_remove_what_is_elsewhere(root: Path) -> None:
    export(root)
    target = root.parent / "public"
    (root.parent / "victim").write_text("")
    (target / ".git").mkdir()
    (target / ".git/config").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    marker = json.loads((target / MARKER).read_text())
    marker["files"] |= {"../victim": empty, "/etc/hostname": empty, ".git/config": empty}
    (target / MARKER).write_text(json.dumps(marker))
    assert export(root).code == 0
    assert (root.parent / "victim").exists()
    assert (target / ".git/config").exists()


def test_a_link_in_place_of_the_folder_is_refused(root: Path) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "public").symlink_to(root.parent / "elsewhere")
    result = export(root)
    assert result.code == 2
    assert "symbolic link" in result.err
    assert list((root.parent / "elsewhere").iterdir()) == []


def test_a_run_that_is_killed_anywhere_is_mended_by_the_next(tmp_path: Path) -> None:
    """Also if the manifests have changed in between: what a killed run left is still rgraph's."""
    root = tmp_path / "catalogue"
    root.mkdir()
    set_up("private", root)
    assert export(root).code == 0
    (tmp_path / "public/mine.txt").write_text("mine")
    old = yaml.safe_load((root / "manifests/catalog.yaml").read_text())

    def describe(text: str) -> None:
        (root / "manifests/catalog.yaml").write_text(yaml.safe_dump({**old, "license": {"expression": text}}))

    shutil.copytree(tmp_path / "public", tmp_path / "before")
    number = 0
    while True:
        number += 1
        describe("MIT")
        if not killed_at(number, root, "export", "../public"):
            break
        describe("Apache-2.0")
        result = export(root)
        assert result.code == 0, (number, result.err)
        found = public(root)
        assert found.pop("mine.txt") == b"mine"
        assert export(root, to="../fresh").code == 0
        assert found == written(tmp_path / "fresh"), number
        assert {each.name for each in tmp_path.iterdir()} == {"catalogue", "public", "before", "fresh"}
        for name in ("public", "fresh"):
            shutil.rmtree(tmp_path / name)
        shutil.copytree(tmp_path / "before", tmp_path / "public")
    assert number > 20


def test_a_write_that_fails_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(root)
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    before = public(root)
    replace, count = os.replace, 0

    def fail(source: Any, target: Any) -> None:
        nonlocal count
        count += "new-" in str(source)
        if count == 5 and "new-" in str(source):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    result = export(root)
    monkeypatch.undo()
    assert result.code == 2
    assert "no space left" in result.err
    assert public(root) == before
    first = export(root, to="../new")
    assert first.code == 0


def test_a_first_write_that_fails_leaves_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def fail(source: Any, target: Any) -> None:
        if "new-3" in str(source):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    assert export(root).code == 2
    monkeypatch.undo()
    assert not (root.parent / "public").exists()

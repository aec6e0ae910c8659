"""`rgraph init DIR`: the catalogue that it makes works at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rgraph.errors import UsageError
from rgraph.files.init import init_catalogue, template_files
from rgraph.files.transaction import WriteError

MADE = [
    "base/debian.yaml",
    "catalog.yaml",
    "components.yaml",
    "externals.yaml",
    "files/hello.R",
    "framework/r-data.yaml",
    "r/r-base.yaml",
    "recipes/locale.yaml",
]


def rgraph(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    command = [sys.executable, "-m", "rgraph", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def tree(folder: Path) -> list[str]:
    """The files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_makes_a_catalogue_that_checks_plans_and_generates(tmp_path: Path) -> None:
    target = tmp_path / "new" / "catalogue"
    done = rgraph("init", target)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [str(target / "manifests" / name) for name in MADE]
    assert tree(target) == [f"manifests/{name}" for name in MADE]

    checked = rgraph("-C", target, "check", "--format", "json")
    assert checked.returncode == 0
    numbers = json.loads(checked.stdout)
    assert {name: numbers[name] for name in ("layers", "images", "recipes", "externals")} == {
        "layers": 3,
        "images": 4,
        "recipes": 1,
        "externals": 1,
    }

    planned = rgraph("-C", target, "plan", "--format", "json", "--date", "20261121")
    assert planned.returncode == 0
    assert json.loads(planned.stdout)["waves"] == [
        ["debian:12"],
        ["r-base:4.2.2"],
        ["r-data:full", "r-data:small"],
    ]

    assert rgraph("-C", target, "generate").returncode == 0
    assert rgraph("-C", target, "generate", "--check").returncode == 0
    dockerfile = (target / "generated/r-data/full/Dockerfile").read_text(encoding="utf-8")
    assert '"data.table"' in dockerfile
    assert "data.table" not in (target / "generated/r-data/small/Dockerfile").read_text(encoding="utf-8")


def test_components_have_the_licences_of_the_template(tmp_path: Path) -> None:
    init_catalogue(tmp_path)
    rgraph("-C", tmp_path, "generate")
    notices = (tmp_path / "generated/r-data/full/ThirdPartyNotices.txt").read_text(encoding="utf-8")
    for name, license in (("r-base-core", "GPL-2.0-only OR GPL-3.0-only"), ("data.table", "MPL-2.0")):
        assert name in notices
        assert license in notices


@pytest.mark.parametrize("existing", ["folder", "file", "broken link"])
def test_leaves_a_catalogue_alone(tmp_path: Path, existing: str) -> None:
    manifests = tmp_path / "manifests"
    match existing:
        case "folder":
            manifests.mkdir()
        case "file":
            manifests.write_text("mine")
        case _:
            manifests.symlink_to("nowhere")
    with pytest.raises(UsageError, match="holds a catalogue already"):
        init_catalogue(tmp_path)
    assert os.listdir(tmp_path) == ["manifests"]


def test_says_so_and_exits_2(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    done = rgraph("init", tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"error: {tmp_path} holds a catalogue already\n  help: name another folder; nothing was changed\n"
    )


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    init_catalogue(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["README.md", "manifests"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_file_is_no_folder_for_a_catalogue(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WriteError, match="cannot write"):
        init_catalogue(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_left_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(WriteError, match="no space left on device"):
        init_catalogue(tmp_path)
    assert os.listdir(tmp_path) == []


def test_every_manifest_teaches() -> None:
    files = template_files()
    assert list(files) == MADE
    assert [name for name, content in files.items() if b"#" not in content] == []

"""The public copy: what is in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from rgraph.files.public_copy import MARKER
from rgraph.render_names import COMBINED, PRIVATE, TESTS
from tests.cli.exported import DAY, IMAGE_FILES, ROOT, edit, export, public, root
from tests.errors.running import run, written

__all__ = ["root"]


def test_it_holds_what_is_public_and_nothing_else(root: Path) -> None:
    assert export(root).code == 0
    folders = ["base/cpu", "base/gpu", "r-base/cpu", "r-base/gpu"]
    expected = {f"{folder}/{name}" for folder in folders for name in IMAGE_FILES}
    assert set(public(root)) == {*expected, "README.md", "LICENSE.txt", MARKER}
    run(root, "generate")
    generated = written(root / "generated")
    for path, content in public(root).items():
        if Path(path).name in IMAGE_FILES - {"README.md"} and "/" in path:
            assert content == generated[path], path


def test_the_readme_of_an_image_names_only_files_that_are_there(root: Path) -> None:
    export(root)
    text = public(root)["r-base/cpu/README.md"].decode()
    for name in (PRIVATE, COMBINED, TESTS, "docker-bake.json"):
        assert name not in text
    assert set(re.findall(r"`([A-Za-z.]+)`[:;]", text)) <= IMAGE_FILES
    for path, content in public(root).items():
        for target in re.findall(rb"\]\(([^)#:\s]+)\)", content):
            assert (root.parent / "public" / path).parent.joinpath(target.decode()).exists(), (path, target)


def test_files_that_a_public_part_copies_go_along_and_private_ones_do_not(root: Path) -> None:
    files = root / "manifests/files"
    (files / "public.txt").write_text("for all\n")
    (files / "private.txt").write_text("for us\n")
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write("  - copy: {files: [private.txt], to: /}\n")
    edit(root, "r/r-base.yaml", "steps:\n", "steps:\n  - copy: {files: [public.txt], to: /}\n")
    export(root)
    assert public(root)["r-base/cpu/public.txt"] == b"for all\n"
    assert not any("private.txt" in path or b"for us" in text for path, text in public(root).items())


def test_tags_and_notes_of_releases_are_in_it(root: Path) -> None:
    run(root, "release", "cut", *DAY)
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    run(root, "release", "cut", "--date", "20260203")
    export(root)
    found = public(root)
    index = found["README.md"].decode()
    newest, oldest = index.index("20260203.v1](releases"), index.index("20260102.v1](releases")
    assert newest < oldest
    for tag in ("20260102.v1", "20260203.v1"):
        notes = (root / f"generated/releases/{tag}/notes.md").read_bytes()
        assert found[f"releases/{tag}/notes.md"] == notes
        assert f"releases/{tag}/notes/r-base/cpu.md" in found
    assert not any(name in path for path in found for name in ("release.json", "import.cfg", "tests.json"))
    readme = found["base/cpu/README.md"].decode()
    rows = readme[readme.index("## All tags") :].splitlines()[4:7]
    assert rows == [
        "| `registry.example.com/team/base:cpu` | 20260203.v1 | 2026-02-03 | yes |",
        "| `registry.example.com/team/base:cpu-20260203.v1` | 20260203.v1 | 2026-02-03 | no |",
        "| `registry.example.com/team/base:cpu-20260102.v1` | 20260102.v1 | 2026-01-02 | no |",
    ]


def test_it_is_the_same_whatever_the_hash_seed(root: Path) -> None:
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "rgraph", "-C", root, "export", root.parent / seed],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            check=True,
            capture_output=True,
        )
    assert written(root.parent / "1") == written(root.parent / "2")

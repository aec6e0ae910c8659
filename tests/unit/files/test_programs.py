"""A file to copy that may be executed stays one: from disk or git, into `generated/` and its fingerprint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rgraph.engines.git import read_revision
from rgraph.errors import Problems
from rgraph.files.reader import read_sources
from rgraph.files.tree import read
from rgraph.files.writer import check, write
from rgraph.programs import Program
from tests.errors.running import catalogue
from tests.laws.strategies import FILES, Documents, prints
from tests.tools.repository import commit, repository


def nothing(_: str) -> bool:
    return False


def test_only_what_is_copied_has_a_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x")
    for mode, expected in ((0o644, bytes), (0o755, Program), (0o700, Program)):
        path.chmod(mode)
        assert type(read(str(path), "x", 10, Problems(), copied=True)) is expected
        assert type(read(str(path), "x", 10, Problems())) is bytes


def test_the_disk_and_git_agree(tmp_path: Path) -> None:
    root = catalogue(repository(tmp_path / "catalogue"))
    script = root / "manifests/files/run.sh"
    script.write_bytes(b"true\n")
    script.chmod(0o755)
    (root / "manifests/base/base.yaml").chmod(0o755)
    commit(root)
    for sources in (read_sources(root), read_sources(root, tree=read_revision(root, "HEAD"))):
        kinds = {name: type(content) for name, content in sources.files.items()}
        assert kinds == {"run.sh": Program, "train.py": bytes}
        assert {type(each.raw) for each in sources.documents} == {bytes}


def test_a_program_is_written_as_one_and_missed_where_it_is_none(tmp_path: Path) -> None:
    root = tmp_path / "generated"
    files = {"a": b"1", "b": Program(b"2")}
    write(root, files.items(), nothing)
    assert [os.access(root / name, os.X_OK) for name in files] == [False, True]
    assert not check(root, files.items(), nothing)
    (root / "a").chmod(0o755)
    assert not check(root, files.items(), nothing), "some file systems say so of all files"
    (root / "b").chmod(0o644)
    assert check(root, files.items(), nothing).changed == ("b",)
    write(root, files.items(), nothing)
    assert os.access(root / "b", os.X_OK)


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_who_may_read_may_execute(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write(tmp_path / "generated", [("b", Program(b"2"))], nothing)
    finally:
        os.umask(before)
    mode = (tmp_path / "generated/b").stat().st_mode & 0o777
    assert mode == 0o777 & ~umask & 0o755


def test_the_mode_is_part_of_the_fingerprint() -> None:
    documents: Documents = {
        "manifests/catalog.yaml": {"kind": "catalog", "name": "c"},
        "manifests/externals.yaml": {
            "kind": "externals",
            "externals": {"debian": {"reference": "debian:12"}},
        },
        "manifests/base/a.yaml": {
            "kind": "base",
            "name": "a",
            "from": "debian",
            "variant": "one",
            "steps": [{"copy": {"files": ["b.sh"], "to": "/"}}],
        },
    }
    plain = prints(documents)
    program = prints(documents, files={**FILES, "b.sh": Program(FILES["b.sh"])})
    other = prints(documents, files={**FILES, "a.txt": Program(FILES["a.txt"])})
    assert plain != program
    assert plain == other

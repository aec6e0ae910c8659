"""Some files replaced, all or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.files.rewriting import rewrite
from rgraph.files.transaction import WriteError

LIMIT = 1000


def test_files_are_replaced_and_keep_their_permissions(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o640)
    rewrite(tmp_path, {"a": (b"old", b"new"), "b": (b"old", b"newer")}, LIMIT)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"new", "b": b"newer"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}


@pytest.mark.parametrize("now", [b"other", None])
def test_a_file_that_changed_meanwhile_stops_all(tmp_path: Path, now: bytes | None) -> None:
    (tmp_path / "a").write_bytes(b"old")
    if now is not None:
        (tmp_path / "b").write_bytes(now)
    with pytest.raises(WriteError):
        rewrite(tmp_path, {"a": (b"old", b"new"), "b": (b"old", b"new")}, LIMIT)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert not [path for path in tmp_path.iterdir() if path.name not in ("a", "b")]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "a").symlink_to("real")
    with pytest.raises(WriteError):
        rewrite(tmp_path, {"a": (b"old", b"new")}, LIMIT)
    assert (tmp_path / "real").read_bytes() == b"old"


def test_nothing_to_replace_touches_nothing(tmp_path: Path) -> None:
    rewrite(tmp_path / "missing", {}, LIMIT)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot write in"):
        rewrite(tmp_path / "missing", {"a": (b"", b"x")}, LIMIT)

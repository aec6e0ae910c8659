"""Some files replaced, all or none."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import msgspec
import pytest

from rgraph.files.reader import JOURNAL
from rgraph.files.rewriting import repair, rewrite
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


def test_a_folder_that_cannot_be_written_in(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c").write_bytes(b"old")
    with pytest.raises(WriteError, match="changed by somebody else"):
        rewrite(tmp_path, {"a": (b"old", b"new"), "b": (b"old", b"new")}, LIMIT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal_before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
    try:
        with pytest.raises(WriteError, match="cannot write") as caught:
            rewrite(tmp_path, {"a": (b"old", b"new"), "b": (b"old", b"x" * 300)}, LIMIT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signal_before)
    assert caught.value.help == "nothing was changed"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}


def half(root: Path) -> None:
    """What a killed run leaves: a journal, staged files, and one of two files replaced."""
    (root / "a").write_bytes(b"new")
    (root / "b").write_bytes(b"old")
    files = {"a": (b"old", b"new"), "b": (b"old", b"newer")}
    (root / JOURNAL).write_bytes(msgspec.msgpack.encode(files))
    (root / f".{JOURNAL}-abc").write_bytes(b"half")
    (root / ".rgraph-staging-abc").mkdir()


def test_what_a_killed_run_replaced_is_put_back(tmp_path: Path) -> None:
    half(tmp_path)
    assert (tmp_path / JOURNAL).exists()
    assert repair(tmp_path, LIMIT) == ("a",)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", "b": b"old"}
    assert not (tmp_path / JOURNAL).exists()
    assert repair(tmp_path, LIMIT) == ()


def test_a_run_that_was_killed_at_its_end_was_a_whole_one(tmp_path: Path) -> None:
    half(tmp_path)
    (tmp_path / "b").write_bytes(b"newer")
    assert repair(tmp_path, LIMIT) == ()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"new", "b": b"newer"}


@pytest.mark.parametrize("now", [b"by hand", None])
def test_what_was_changed_since_then_is_left_alone(tmp_path: Path, now: bytes | None) -> None:
    half(tmp_path)
    (tmp_path / "b").unlink()
    if now is not None:
        (tmp_path / "b").write_bytes(now)
    assert repair(tmp_path, LIMIT) == ("a",)
    left = {"b": now} if now is not None else {}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old", **left}


@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x93"])
def test_a_journal_that_cannot_be_read(tmp_path: Path, raw: bytes) -> None:
    half(tmp_path)
    (tmp_path / JOURNAL).write_bytes(raw)
    with pytest.raises(WriteError, match="journal"):
        repair(tmp_path, LIMIT)
    assert (tmp_path / "a").read_bytes() == b"new"

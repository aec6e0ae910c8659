"""The ledger's file: replaced as a whole, and never over what somebody else wrote."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rgraph.files.record import content, exchange, remove_leftovers, write_record
from rgraph.files.transaction import WriteError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "releases.jsonl"


def test_exchange(path: Path) -> None:
    exchange(path, None, b"one")
    exchange(path, b"one", b"two")
    assert path.read_bytes() == b"two"
    exchange(path, b"two", None)
    assert content(path) is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("old", [None, b"", b"one\n"])
def test_what_somebody_else_wrote_stays(old: bytes | None, path: Path) -> None:
    path.write_bytes(b"one")
    for new in (b"two", None):
        with pytest.raises(WriteError, match="was changed meanwhile"):
            exchange(path, old, new)
    assert path.read_bytes() == b"one"


def test_a_mode_is_kept(path: Path) -> None:
    write_record(path, b"one")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    write_record(path, b"two")
    assert path.stat().st_mode & 0o777 == 0o600


def failing_sync(number: int, error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses the sync of that number, as a broken one does."""
    calls = [0]
    sync = os.fsync

    def fsync(handle: int) -> None:
        calls[0] += 1
        if calls[0] == number:
            raise OSError(error, os.strerror(error))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_disk_that_is_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"one")
    failing_sync(1, errno.ENOSPC, monkeypatch)
    with pytest.raises(WriteError, match="no space left on device") as caught:
        write_record(path, b"two")
    assert caught.value.help == "nothing was changed"
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == b"one"


def test_a_disk_that_does_not_say_that_it_has_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"one")
    failing_sync(2, errno.EIO, monkeypatch)
    with pytest.raises(WriteError, match="input/output error") as caught:
        write_record(path, b"two")
    assert "may not survive a crash" in caught.value.help
    assert path.read_bytes() == b"two"


def test_a_file_system_that_cannot_sync_folders(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_sync(2, errno.EINVAL, monkeypatch)
    write_record(path, b"two")
    assert path.read_bytes() == b"two"


def test_leftovers(path: Path) -> None:
    path.write_bytes(b"one")
    other = path.with_name(".releases.json")
    other.write_bytes(b"")
    path.with_name(".releases.jsonl-abc").write_bytes(b"half")
    remove_leftovers(path)
    assert sorted(each.name for each in path.parent.iterdir()) == [".releases.json", "releases.jsonl"]
    remove_leftovers(path.parent / "nowhere" / "releases.jsonl")

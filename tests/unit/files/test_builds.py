"""The folder of a build number: one run at a time, records whole, logs that outlive a full disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rgraph.builds.context import Context
from rgraph.builds.record import BuildRecord, BuiltImage, TestRecord
from rgraph.errors import ManifestError
from rgraph.files import contexts
from rgraph.files.builds import Log, opened
from rgraph.files.transaction import WriteError

IMAGE = BuiltImage("sha256:1", "built", "low:one--7", "", "sha256:3", 1.5, "logs/low--one.log", "")
RECORD = BuildRecord(number="7", pushed=False, images={"low:one": IMAGE})


def test_records_are_kept(tmp_path: Path) -> None:
    with opened(tmp_path, None, "7") as folder:
        assert (folder.build(), folder.tests()) == (None, None)
        folder.save(RECORD)
        folder.save(TestRecord(number="7", images={}))
    assert folder.path == tmp_path / ".rgraph/builds/7"
    with opened(tmp_path, None, "7", make=False) as again:
        assert again.build() == RECORD
        assert again.tests() == TestRecord(number="7", images={})


def test_git_does_not_see_them(tmp_path: Path) -> None:
    with opened(tmp_path, None, "7"):
        assert (tmp_path / ".rgraph/.gitignore").read_text() == "*\n"
    (tmp_path / ".rgraph/.gitignore").write_text("mine\n")
    with opened(tmp_path, None, "8"):
        assert (tmp_path / ".rgraph/.gitignore").read_text() == "mine\n"


def test_another_place(tmp_path: Path) -> None:
    with opened(tmp_path / "catalogue", tmp_path / "elsewhere", "7") as folder:
        assert folder.path == tmp_path / "elsewhere/7"
    assert not (tmp_path / "catalogue").exists()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    with (
        opened(tmp_path, None, "7"),
        pytest.raises(WriteError, match="another run of rgraph works on the build `7`"),
        opened(tmp_path, None, "7"),
    ):
        pass
    with opened(tmp_path, None, "7"), opened(tmp_path, None, "8"):
        pass


def test_leftovers_of_killed_runs_go(tmp_path: Path) -> None:
    with opened(tmp_path, None, "7") as folder:
        folder.save(RECORD)
    (folder.path / ".build.json-abc").write_text("half")
    with opened(tmp_path, None, "7"):
        assert sorted(os.listdir(folder.path)) == ["build.json", "logs"]


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    with opened(tmp_path, None, "7") as folder:
        (folder.path / "build.json").write_text("{}")
        with pytest.raises(ManifestError, match="no record of a build"):
            folder.build()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / ".rgraph").write_text("a file")
    with pytest.raises(WriteError, match="cannot make"), opened(tmp_path, None, "7"):
        pass


def test_a_log(tmp_path: Path) -> None:
    with opened(tmp_path, None, "7") as folder:
        for text in ("old\nold", "new \udcff"):
            log = folder.log("low:one")
            log.write(text)
            log.close()
        assert log.problem == ""
        assert (folder.path / "logs/low--one.log").read_bytes() == b"new ?\n"


def test_a_full_disk_ends_a_log_only() -> None:
    log = Log(Path("/dev/full"))
    log.write("one")
    log.write("two")
    log.close()
    assert log.problem == "no space left on device"


def test_a_log_that_cannot_be_made(tmp_path: Path) -> None:
    log = Log(tmp_path / "nowhere/log")
    log.write("one")
    log.close()
    assert log.problem == "no such file or directory"


def test_a_context_is_the_same_everywhere(tmp_path: Path) -> None:
    """Builders copy time stamps and modes into images."""
    context = Context("FROM scratch\n", {"a.txt": b"a", "deep/er/b.txt": b"\r\n"})
    old = os.umask(0o077)
    try:
        with contexts.written(context) as (dockerfile, folder):
            assert dockerfile.read_bytes() == b"FROM scratch\n"
            found = {path.relative_to(folder).as_posix(): path.stat() for path in folder.rglob("*")}
            assert {name for name in found if "." in name} == {"a.txt", "deep/er/b.txt"}
            assert {stat.st_mtime for stat in found.values()} == {315_619_200}
            assert {oct(stat.st_mode & 0o777) for stat in found.values()} == {"0o644", "0o755"}
            assert (folder / "deep/er/b.txt").read_bytes() == b"\r\n"
            assert dockerfile.parent != folder, "no step can copy it"
    finally:
        os.umask(old)
    assert not dockerfile.parent.exists()


def test_no_room_for_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with (
        pytest.raises(WriteError, match="cannot make a temporary folder"),
        contexts.written(Context("", {})),
    ):
        pass

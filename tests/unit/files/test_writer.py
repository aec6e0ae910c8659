"""Making a folder hold exactly what it must: all of it or nothing, touching only what differs."""

from __future__ import annotations

import fcntl
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rgraph.files.folder_lock import locked
from rgraph.files.transaction import WriteError
from rgraph.files.writer import Drift, check, diff, write

FILES = {"a.txt": b"one\n", "x/y/b.txt": b"two\n", "x/c.txt": "é\n".encode()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "catalogue").mkdir()
    return tmp_path / "catalogue" / "generated"


def releases(path: str) -> bool:
    return path.startswith("releases/")


def put(root: Path, files: dict[str, bytes] = FILES) -> Drift:
    return write(root, files.items(), releases)


def drift(root: Path, files: dict[str, bytes] = FILES) -> Drift:
    return check(root, files.items(), releases)


def tree(folder: Path) -> dict[str, bytes | str | None]:
    """Everything in a folder: contents of files, targets of links, None for folders."""
    found: dict[str, bytes | str | None] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def refused(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(WriteError) as raised:
        action()
    return raised.value.what, raised.value.help


def test_the_first_write_makes_everything(root: Path) -> None:
    assert put(root) == Drift(missing=("a.txt", "x/c.txt", "x/y/b.txt"))
    assert tree(root) == FILES | {"x": None, "x/y": None}
    assert os.listdir(root.parent) == ["generated"]


def test_a_second_write_touches_nothing(root: Path) -> None:
    put(root)
    before = {path: path.stat() for path in [root, *root.rglob("*")]}
    assert not put(root)
    assert {path: path.stat() for path in [root, *root.rglob("*")]} == before


def test_only_what_differs_is_touched(root: Path) -> None:
    put(root)
    os.utime(root / "a.txt", (1, 1))
    assert put(root, FILES | {"x/c.txt": b"new"}) == Drift(changed=("x/c.txt",))
    assert (root / "a.txt").stat().st_mtime == 1
    assert (root / "x/c.txt").read_bytes() == b"new"


def test_files_have_the_usual_permissions(root: Path) -> None:
    mask = os.umask(0o027)
    try:
        put(root)
    finally:
        os.umask(mask)
    assert oct((root / "a.txt").stat().st_mode)[-3:] == "640"
    assert oct((root / "x").stat().st_mode)[-3:] == "750"


def test_check_tells_each_kind_of_drift_and_writes_nothing(root: Path) -> None:
    put(root)
    (root / "a.txt").write_bytes(b"One\n")
    (root / "x/c.txt").unlink()
    (root / "x/old").write_bytes(b"")
    (root / "b").symlink_to("a.txt")
    before = tree(root.parent)
    assert drift(root) == Drift(missing=("x/c.txt",), changed=("a.txt",), stray=("b", "x/old"))
    assert tree(root.parent) == before


def test_check_of_a_folder_that_is_not_there(root: Path) -> None:
    assert drift(root) == Drift(missing=("a.txt", "x/c.txt", "x/y/b.txt"))
    assert not root.exists()


def test_strays_go_and_so_do_folders_that_become_empty(root: Path) -> None:
    put(root, FILES | {"old/deep/file": b"", "x/y/old": b""})
    (root / "empty/inner").mkdir(parents=True)
    assert put(root) == Drift(stray=("old/deep/file", "x/y/old"))
    assert tree(root) == FILES | {"x": None, "x/y": None}


def test_what_is_kept_is_left_alone(root: Path) -> None:
    (root / "releases/20260101.v1").mkdir(parents=True)
    (root / "releases/20260101.v1/notes.md").write_bytes(b"kept")
    (root / "releases/none").mkdir()
    before = tree(root)
    put(root)
    assert {name: found for name, found in tree(root).items() if name.startswith("releases")} == before
    assert not drift(root)


def test_a_kept_folder_may_be_a_link_but_nothing_is_written_through_it(root: Path) -> None:
    root.mkdir()
    (root.parent / "outside").mkdir()
    (root / "releases").symlink_to("../outside")
    put(root)
    assert os.readlink(root / "releases") == "../outside"
    assert refused(lambda: put(root, FILES | {"releases/x": b""})) == (
        "cannot write generated/releases/x: not a directory",
        "nothing was changed",
    )
    assert os.listdir(root.parent / "outside") == []


def test_a_link_is_replaced_and_its_target_left_alone(root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "c.txt").write_bytes(b"mine")
    root.mkdir()
    (root / "x").symlink_to(outside)
    (root / "a.txt").symlink_to(outside / "c.txt")
    assert drift(root) == Drift(missing=("x/c.txt", "x/y/b.txt"), changed=("a.txt",), stray=("x",))
    put(root)
    assert tree(root) == FILES | {"x": None, "x/y": None}
    assert tree(outside) == {"c.txt": b"mine"}


def test_a_link_counts_as_changed_even_if_its_target_has_the_contents(root: Path) -> None:
    put(root)
    (root / "a.txt").rename(root.parent / "a.txt")
    (root / "a.txt").symlink_to("../a.txt")
    assert drift(root) == Drift(changed=("a.txt",))


def test_a_file_with_a_second_name_elsewhere_is_not_written_through(root: Path) -> None:
    put(root)
    os.link(root / "a.txt", root.parent / "second")
    put(root, FILES | {"a.txt": b"new"})
    assert (root.parent / "second").read_bytes() == b"one\n"


def test_files_and_folders_change_places(root: Path) -> None:
    put(root, {"a": b"file", "b/c": b"in a folder"})
    assert put(root, {"a/c": b"1", "b": b"2"}) == Drift(missing=("a/c", "b"), stray=("a", "b/c"))
    assert tree(root) == {"a": None, "a/c": b"1", "b": b"2"}


def test_a_folder_with_something_kept_is_not_replaced_by_a_file(root: Path) -> None:
    put(root)
    (root / "releases").mkdir()
    (root / "releases/notes").write_bytes(b"kept")
    before = tree(root)
    assert refused(lambda: put(root, {"new": b"", "releases": b""})) == (
        "cannot write generated/releases: is a directory",
        "nothing was changed",
    )
    assert tree(root) == before


def test_special_files_are_strays_and_do_not_block(root: Path) -> None:
    root.mkdir()
    os.mkfifo(root / "a.txt")
    os.mkfifo(root / "pipe")
    assert drift(root).changed == ("a.txt",)
    assert put(root).stray == ("pipe",)
    assert not drift(root)


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../x", "a//b", "a/", "./a", "a\0b"])
def test_paths_that_lead_out_are_refused(root: Path, path: str) -> None:
    shown = path.replace("\0", "\\x00")
    expected = (f"`{shown}` is no path inside generated/", "")
    assert refused(lambda: put(root, {"good": b"", path: b""})) == expected
    assert os.listdir(root.parent) == []


def test_paths_that_contradict_each_other_are_refused(root: Path) -> None:
    pairs = [("a", b"1"), ("a", b"2")]
    assert refused(lambda: write(root, pairs, releases))[0] == "generated/a would be written twice"
    assert refused(lambda: put(root, {"a/b": b"", "a": b""}))[0] == (
        "generated/a would have to be a file and a folder"
    )
    assert os.listdir(root.parent) == []


def test_the_folder_itself_may_be_no_link_and_no_file(root: Path) -> None:
    (root.parent / "elsewhere").mkdir()
    root.symlink_to("elsewhere")
    assert refused(lambda: put(root)) == (
        f"{root} is a symbolic link",
        "rgraph follows none: make it a folder",
    )
    root.unlink()
    root.write_bytes(b"")
    assert refused(lambda: drift(root))[0] == f"cannot read {root}: not a directory"


def test_an_error_while_the_files_are_made_changes_nothing(root: Path) -> None:
    put(root)
    before = tree(root.parent)

    def broken() -> Iterator[tuple[str, bytes]]:
        yield "new", b"1"
        yield "a.txt", b"2"
        raise ValueError("no template")

    with pytest.raises(ValueError, match="no template"):
        write(root, broken(), releases)
    assert tree(root.parent) == before


def test_a_full_disk_changes_nothing(root: Path) -> None:
    put(root)
    before = tree(root.parent)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        expected = ("cannot write generated/big: file too large", "nothing was changed")
        assert refused(lambda: put(root, FILES | {"a.txt": b"new", "big": b"x" * 20_000})) == expected
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert tree(root.parent) == before


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), KeyboardInterrupt()])
def test_a_failure_half_way_is_undone(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    put(root, FILES | {"old/stray": b"", "x/y/old": b""})
    (root / "link").symlink_to("nowhere")
    before = tree(root.parent)
    really = os.replace

    def fail_at_the_last(source: str, target: str) -> None:
        if target.endswith("zz/last") and "new-" in source:
            raise error
        really(source, target)

    monkeypatch.setattr(os, "replace", fail_at_the_last)
    changes = {"a.txt": b"changed", "old": b"now a file", "n/e/w": b"", "zz/last": b""}
    if isinstance(error, OSError):
        expected = ("cannot write generated/zz/last: permission denied", "nothing was changed")
        assert refused(lambda: put(root, changes)) == expected
    else:
        with pytest.raises(KeyboardInterrupt):
            put(root, changes)
    assert tree(root.parent) == before


def test_a_failure_that_cannot_be_undone_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root)

    def fail(*_: str) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", fail)
    assert refused(lambda: put(root, {"a.txt": b"new"})) == (
        "cannot write generated/a.txt: read-only file system",
        "the folder is left half written: run the command again",
    )


def test_a_file_system_without_hard_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root)

    def no_links(source: str, _target: str, *, follow_symlinks: bool) -> None:
        os.stat(source, follow_symlinks=follow_symlinks)
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert put(root, FILES | {"a.txt": b"new", "b": b""}) == Drift(missing=("b",), changed=("a.txt",))
    assert tree(root)["a.txt"] == b"new"
    before = tree(root.parent)
    assert refused(lambda: put(root, FILES | {"a.txt": b"newer", "x": b""}))[1] == ""
    assert tree(root.parent) == before


def test_a_folder_that_cannot_be_written_in(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("rgraph.files.writer.mkdtemp", refuse)
    expected = (f"cannot write in {root.parent}: permission denied", "nothing was changed")
    assert refused(lambda: put(root)) == expected


def test_a_file_that_cannot_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root)
    really = os.open

    def refuse(path: str, flags: int) -> int:
        if path.endswith("a.txt"):
            raise PermissionError(13, "Permission denied")
        return really(path, flags)

    monkeypatch.setattr(os, "open", refuse)
    assert refused(lambda: drift(root))[0] == "cannot read generated/a.txt: permission denied"


def test_leftovers_of_a_run_that_was_killed_are_removed(root: Path) -> None:
    (root.parent / ".rgraph-staging-abc").mkdir()
    (root.parent / ".rgraph-staging-abc/new-0").write_bytes(b"x")
    put(root)
    assert os.listdir(root.parent) == ["generated"]


def test_two_runs_do_not_mix(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = os.open(root.parent, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(WriteError) as raised, locked(root.parent, patience=0.1):
            pytest.fail("the lock is held elsewhere")
        assert raised.value.what == f"another run of rgraph is writing in {root.parent}"
        assert raised.value.help == "wait for it to end, then try again"
        # It waits: the other run ends while this one sleeps.
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(other, fcntl.LOCK_UN))
        with locked(root.parent, patience=10):
            assert put(root).missing
    finally:
        os.close(other)


def test_the_lock_is_free_afterwards_and_leaves_nothing(root: Path) -> None:
    for _ in range(2):
        with locked(root.parent, patience=0):
            assert os.listdir(root.parent) == []


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(WriteError) as raised, locked(gone):
        pytest.fail("there is nothing to lock")
    assert raised.value.what == f"cannot open {gone}: no such file or directory"


def test_diff_shows_what_a_write_would_do(root: Path) -> None:
    put(root, {"a": b"1\n2\n", "bin": b"\xff", "empty": b"", "gone": b"x", "same": b"s"})
    files = {"a": b"1\n3", "bin": b"\xfe", "new": b"n\n", "none": b"", "same": b"s"}
    before = tree(root)
    assert "".join(diff(root, files.items(), releases)) == (
        "--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n\\ No newline at end of file\n"
        "Binary files a/bin and b/bin differ\n"
        "--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+n\n"
        "--- /dev/null\n+++ b/none\n"
        "--- a/empty\n+++ /dev/null\n"
        "--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n\\ No newline at end of file\n"
    )
    assert tree(root) == before
    put(root, files)
    assert list(diff(root, files.items(), releases)) == []

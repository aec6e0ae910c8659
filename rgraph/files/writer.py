"""Makes a folder hold exactly the given files, or says how it differs.

Files come as pairs of a path (relative, with `/`) and contents, one at a time: only the paths are
kept. Symbolic links in the folder are never followed. One that stands where a file or folder must be
is replaced, any other is a stray; what it points to is left alone.
"""

from __future__ import annotations

import difflib
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from msgspec import Struct

from rgraph.files.transaction import UNCHANGED, Transaction, WriteError
from rgraph.files.tree import OPEN_FLAGS, Kind, folders_above, kind_of, read_all, reason, shown
from rgraph.programs import Program

Files = Iterable[tuple[str, bytes]]
"""Path and contents of each file that there must be."""

Keep = Callable[[str], bool]
"""Whether a path is none of our business: it may be there or not."""

_STAGING: Final = ".rgraph-staging-"


class Drift(Struct, frozen=True):
    """How a folder differs from what it must hold; each sorted."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    """What must not be there."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.stray)


def check(root: Path, files: Files, keep: Keep) -> Drift:
    """Compares the folder with the files, and writes nothing. Raises WriteError if it cannot be read."""
    folder = _Folder(root)
    missing: list[str] = []
    changed: list[str] = []
    for path, _ in folder.differing(files):
        (changed if folder.holds(path) else missing).append(path)
    return _drift(missing, changed, folder.strays(keep))


def write(root: Path, files: Files, keep: Keep) -> Drift:
    """Makes the folder hold the files, and returns what was done.

    Files that are right already are not touched. All others are written beside the folder first and
    moved into place when the last of them is complete; if that fails, what was moved is moved back.
    Raises WriteError, then with nothing changed; whatever `files` raises passes through, also with
    nothing changed. The caller holds the lock of the folder around it (`folder_lock.locked`).
    """
    _remove_leftovers(root.parent)
    with _staging(root.parent) as stage:
        return _write(root, files, keep, stage)


def diff(root: Path, files: Files, keep: Keep) -> Iterator[str]:
    """What `write` would do, as a unified diff, line by line with their ends."""
    folder = _Folder(root)
    for path, content in folder.differing(files):
        yield from _unified(path, folder.read(path) if folder.holds(path) else None, content)
    for path in folder.strays(keep):
        yield from _unified(shown(path), folder.read(path), None)


def _write(root: Path, files: Files, keep: Keep, stage: Callable[[], str]) -> Drift:
    folder = _Folder(root)
    missing: list[str] = []
    changed: list[str] = []
    staged: list[tuple[str, str]] = []
    for path, content in folder.differing(files):
        (changed if folder.holds(path) else missing).append(path)
        staged.append((_stage(stage(), len(staged), f"{root.name}/{path}", content), path))
    strays = folder.strays(keep)
    empty = folder.empty(keep)
    if staged or strays or empty:
        with Transaction(os.fspath(root), stage()) as transaction:
            # First what must go: it may stand where a folder must be.
            for path in strays:
                transaction.remove(path)
            for path in empty:
                transaction.remove_folder(path)
            for source, path in staged:
                transaction.put(source, path)
    return _drift(missing, changed, strays)


def _drift(missing: list[str], changed: list[str], strays: list[str]) -> Drift:
    return Drift(tuple(sorted(missing)), tuple(sorted(changed)), tuple(sorted(map(shown, strays))))


def _stage(staging: str, number: int, path: str, content: bytes) -> str:
    source = os.path.join(staging, f"new-{number}")
    try:
        with open(source, "xb", buffering=0) as stream:
            view = memoryview(content)
            while view:
                view = view[stream.write(view) :]
            if isinstance(content, Program):
                mode = os.fstat(stream.fileno()).st_mode
                os.fchmod(stream.fileno(), mode | (mode & 0o444) >> 2)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {reason(error)}", UNCHANGED) from error
    return source


@contextmanager
def _staging(parent: Path) -> Iterator[Callable[[], str]]:
    """A folder on the same file system, made when it is first asked for and removed in the end."""
    made: list[str] = []

    def stage() -> str:
        if not made:
            try:
                made.append(mkdtemp(prefix=_STAGING, dir=parent))
            except OSError as error:
                raise WriteError(f"cannot write in {parent}: {reason(error)}", UNCHANGED) from error
        return made[0]

    try:
        yield stage
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers(parent: Path) -> None:
    """Removes the staging folders of runs that were killed; nobody else has one while we hold the lock."""
    with os.scandir(parent) as entries:
        leftovers = [e.path for e in entries if e.name.startswith(_STAGING) and kind_of(e) == "folder"]
    for folder in leftovers:
        shutil.rmtree(folder, ignore_errors=True)


class _Folder:
    """What a folder holds, compared with what it must hold."""

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._name = root.name
        self._present = dict(_walk(self._root))
        self._wanted: set[str] = set()

    def differing(self, files: Files) -> Iterator[tuple[str, bytes]]:
        """Those of the files that are not there as they must be."""
        for path, content in files:
            self._want(path)
            if self._present.get(path) != "file" or not self._has(path, content):
                yield path, content
        clash = min(folders_above(self._wanted) & self._wanted, default=None)
        if clash is not None:
            raise WriteError(f"{self._name}/{clash} would have to be a file and a folder")

    def holds(self, path: str) -> bool:
        """Whether something other than a folder stands at the path."""
        return self._present.get(path, "folder") != "folder"

    def strays(self, keep: Keep) -> list[str]:
        """What must not be there, folders left out; sorted."""
        return sorted(
            path
            for path, kind in self._present.items()
            if kind != "folder" and path not in self._wanted and not _is_kept(path, kind, keep)
        )

    def empty(self, keep: Keep) -> list[str]:
        """Folders that will hold nothing once the strays are gone, the inner before the outer."""
        kept = {path for path, kind in self._present.items() if _is_kept(path, kind, keep)}
        needed = folders_above(self._wanted | kept) | kept
        folders = (path for path, kind in self._present.items() if kind == "folder")
        return sorted((path for path in folders if path not in needed), reverse=True)

    def read(self, path: str) -> bytes:
        """The contents of a regular file; nothing for anything else."""
        if self._present.get(path) != "file":
            return b""
        with self._open(path) as handle:
            return read_all(handle, os.fstat(handle).st_size)

    def _has(self, path: str, content: bytes) -> bool:
        with self._open(path) as handle:
            status = os.fstat(handle)
            # One that may be executed and need not does no harm: some file systems say so of all files.
            if isinstance(content, Program) and not status.st_mode & stat.S_IXUSR:
                return False
            return status.st_size == len(content) and read_all(handle, status.st_size) == content

    @contextmanager
    def _open(self, path: str) -> Iterator[int]:
        try:
            handle = os.open(os.path.join(self._root, path), OPEN_FLAGS)
        except OSError as error:
            raise WriteError(f"cannot read {self._name}/{shown(path)}: {reason(error)}") from error
        try:
            yield handle
        finally:
            os.close(handle)

    def _want(self, path: str) -> None:
        if not path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
            raise WriteError(f"`{shown(path)}` is no path inside {self._name}/")
        if path in self._wanted:
            raise WriteError(f"{self._name}/{path} would be written twice")
        self._wanted.add(path)


def _walk(root: str) -> Iterator[tuple[str, Kind]]:
    """Paths of everything in a folder, relative to it, and what each is."""
    if os.path.islink(root):
        raise WriteError(f"{root} is a symbolic link", "rgraph follows none: make it a folder")
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        for name, kind in _entries(os.path.join(root, prefix) if prefix else root):
            yield prefix + name, kind
            if kind == "folder":
                waiting.append(f"{prefix}{name}/")


def _entries(folder: str) -> list[tuple[str, Kind]]:
    try:
        with os.scandir(folder) as found:
            return [(entry.name, kind_of(entry)) for entry in found]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WriteError(f"cannot read {shown(folder)}: {reason(error)}") from error


def _is_kept(path: str, kind: Kind, keep: Keep) -> bool:
    """A kept folder may be a symbolic link, too: it is not ours to judge."""
    return keep(path) or (kind in ("folder", "link") and keep(f"{path}/"))


def _unified(path: str, old: bytes | None, new: bytes | None) -> Iterator[str]:
    before = "/dev/null" if old is None else f"a/{path}"
    after = "/dev/null" if new is None else f"b/{path}"
    try:
        lines = [_lines((content or b"").decode()) for content in (old, new)]
    except UnicodeDecodeError:
        yield f"Binary files {before} and {after} differ\n"
        return
    found = False
    for line in difflib.unified_diff(lines[0], lines[1], before, after):
        found = True
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    if not found:
        yield f"--- {before}\n+++ {after}\n"


def _lines(text: str) -> list[str]:
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])

"""The folder of a public copy, in which other files may stand: a repository with a history of its own.

A file in it, the marker, says what rgraph wrote there: path and hash of each file. Nothing else is ever
overwritten or removed. Before anything moves, the marker says of both states, the one that is and the one
that is to come, what is rgraph's: so a run that is killed leaves what the next one can mend.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct, field, structs

from rgraph.errors import RefusedError, UsageError
from rgraph.files import writer
from rgraph.files.folder_lock import locked
from rgraph.files.record import remove_leftovers, write_record
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import OPEN_FLAGS, folders_above, read_all, reason, shown
from rgraph.files.writer import Drift, Files

MARKER: Final = ".rgraph-export.json"

_FEW = 10
"""Files that a message names."""


class Marker(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What rgraph wrote into a folder."""

    schema: Literal[1] = 1
    catalogue: str
    """Name of the catalogue that it is a copy of."""
    files: dict[str, str] = field(default_factory=dict)
    """Path -> SHA-256 of what was written there."""
    before: dict[str, list[str]] = field(default_factory=dict)
    """While a run is at work, and after one that was killed: what else may stand there, and is rgraph's."""

    def wrote(self, path: str, digest: str) -> bool:
        """Whether rgraph wrote a content to a path."""
        return self.files.get(path) == digest or digest in self.before.get(path, ())

    @property
    def paths(self) -> set[str]:
        """Where rgraph wrote."""
        return {*self.files, *self.before}


class Copied(Struct, frozen=True):
    """What was done."""

    drift: Drift
    left: tuple[str, ...] = ()
    """Files that there is no more reason for, and that somebody changed since: they are left alone."""


def outside(root: Path, target: Path) -> Path:
    """The folder of a public copy of the catalogue `root`, as an absolute path.

    Raises UsageError if it is one of the catalogue's own or holds it, or if it cannot be made.
    """
    target = Path(os.path.abspath(target))
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}", "make it, or name another")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is no folder", "name one that is empty, or that is to be made")
    real, own = target.resolve(), root.resolve()
    for name in ("manifests", "generated"):
        inner = (own / name).resolve()
        if real == inner or inner in real.parents:
            raise UsageError(f"{target} is in {name}/ of the catalogue", "a public copy stands elsewhere")
    if real == own or real in own.parents:
        raise UsageError(f"{target} holds the catalogue itself", "a public copy stands elsewhere")
    return target


def write_copy(folder: Path, catalogue: str, files: Callable[[], Files], force: bool) -> Copied:
    """Makes a folder hold a public copy; the folder above it must exist.

    Raises RefusedError if the folder is not empty and no copy of this catalogue, or if a file that is not
    rgraph's stands in the way; with `force` such files are replaced. Raises WriteError, then with
    nothing changed; whatever `files` raises passes through.
    """
    with locked(folder.parent):
        remove_leftovers(folder / MARKER)
        marker = _read(folder, catalogue, force) or Marker(catalogue=catalogue)
        copy = _Copy(folder, structs.replace(marker, catalogue=catalogue), force)
        with copy.prepared():
            drift = writer.write(folder, copy.guarded(files(), copy.prepare), copy.keep)
        return Copied(drift, copy.left)


def check_copy(folder: Path, catalogue: str, files: Callable[[], Files]) -> Drift:
    """How a public copy differs from what it must hold. Raises RefusedError if the folder holds none."""
    marker = _read(folder, catalogue, False)
    if marker is None:
        raise RefusedError(f"{folder} holds no public copy", "`rgraph export` makes one")
    copy = _Copy(folder, marker, True)
    return writer.check(folder, copy.guarded(files(), lambda: None), copy.keep)


def _read(folder: Path, catalogue: str, force: bool) -> Marker | None:
    """The marker of a folder; None if it has none, and may be written into."""
    if folder.is_symlink():
        raise WriteError(f"{folder} is a symbolic link", "rgraph follows none: name the folder itself")
    content = _content(folder / MARKER)
    if content is None:
        if not force and any(name != ".git" for name in _names(folder)):
            what = f"{folder} is not empty, and rgraph did not make it"
            raise RefusedError(what, "name an empty folder; `--force` writes into this one")
        return None
    try:
        marker = msgspec.json.decode(content, type=Marker)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if force:
            return None
        what = f"{folder / MARKER} does not say what rgraph wrote here: {error}"
        raise RefusedError(what, "restore it from version control; `--force` does without it") from None
    if marker.catalogue != catalogue and not force:
        what = f"{folder} is the public copy of `{marker.catalogue}`, not of `{catalogue}`"
        raise RefusedError(what, "name another folder; `--force` makes it this catalogue's")
    return marker


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WriteError(f"cannot read {folder}: {reason(error)}") from error


class _Copy:
    """A folder, what rgraph wrote there, and what it is about to write."""

    def __init__(self, folder: Path, marker: Marker, force: bool) -> None:
        self._folder = folder
        self._marker = marker
        self._force = force
        self._wanted: dict[str, str] = {}
        self._differs = False
        self._conflicts: list[str] = []
        self._folders = folders_above(marker.paths)
        self._removable: dict[str, bool] = {}
        self._undo: Callable[[], None] | None = None

    def guarded(self, files: Files, ready: Callable[[], None]) -> Files:
        """The files, then the marker; `ready` is called when all of them are known and before any is moved.

        Raises RefusedError behind the last if one is in somebody's way.
        """
        for path, content in files:
            self._note(path, content)
            yield path, content
        if self._conflicts and not self._force:
            raise _in_the_way(self._folder, sorted(self._conflicts))
        ready()
        yield MARKER, _encoded(self._next)

    @property
    def _next(self) -> Marker:
        return Marker(catalogue=self._marker.catalogue, files=dict(sorted(self._wanted.items())))

    def prepare(self) -> None:
        """Notes in the marker what is about to be rgraph's, if anything will change."""
        gone = any(self._is_removable(path) for path in self._marker.paths - self._wanted.keys())
        if not (self._differs or gone):
            return
        before = {path: list(digests) for path, digests in sorted(self._marker.before.items())}
        for path, digest in self._marker.files.items():
            before.setdefault(path, []).append(digest)
        old = _content(self._folder / MARKER)
        made = not self._folder.exists()
        if made:
            _make(self._folder)
        self._undo = lambda: _restore(self._folder, old, made)
        write_record(self._folder / MARKER, _encoded(structs.replace(self._next, before=before)))

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """Takes back what `prepare` did if an error follows."""
        try:
            yield
        except BaseException:
            if self._undo:
                self._undo()
            raise

    def _note(self, path: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._wanted[path] = digest
        present = _content(self._folder / path)
        if present is None:
            self._differs = True
            if os.path.lexists(self._folder / path):
                self._conflicts.append(path)
        elif present != content:
            self._differs = True
            if not self._marker.wrote(path, hashlib.sha256(present).hexdigest()):
                self._conflicts.append(path)

    def keep(self, path: str) -> bool:
        """Whether what stands at a path is no business of rgraph's."""
        path = path.removesuffix("/")
        if path == MARKER or path in self._wanted:
            return False
        if path in self._folders:
            return not _is_folder(self._folder / path)
        return not self._is_removable(path)

    def _is_removable(self, path: str) -> bool:
        """Whether rgraph wrote it, and nobody changed it since."""
        if path not in self._marker.paths or path.split("/")[0] == ".git":
            return False
        if path not in self._removable:
            present = _content(self._folder / path)
            self._removable[path] = present is not None and self._marker.wrote(
                path, hashlib.sha256(present).hexdigest()
            )
        return self._removable[path]

    @property
    def left(self) -> tuple[str, ...]:
        """Files of earlier copies that stay, as somebody changed them."""
        return tuple(sorted(path for path, removable in self._removable.items() if not removable))


def _encoded(marker: Marker) -> bytes:
    return msgspec.json.format(msgspec.json.encode(marker), indent=2) + b"\n"


def _content(path: Path) -> bytes | None:
    """The contents of a regular file; None for anything else."""
    try:
        handle = os.open(path, OPEN_FLAGS)
    except OSError:
        return None
    try:
        status = os.fstat(handle)
        return read_all(handle, status.st_size) if stat.S_ISREG(status.st_mode) else None
    finally:
        os.close(handle)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _make(folder: Path) -> None:
    try:
        folder.mkdir()
    except OSError as error:
        raise WriteError(f"cannot make {folder}: {reason(error)}", UNCHANGED) from error


def _restore(folder: Path, marker: bytes | None, made: bool) -> None:
    """Gives a folder its marker back, and takes it away if it was not there."""
    if marker is not None:
        write_record(folder / MARKER, marker)
    else:
        (folder / MARKER).unlink(missing_ok=True)
    if made:
        try:
            folder.rmdir()
        except OSError:
            return


def _in_the_way(folder: Path, paths: Sequence[str]) -> RefusedError:
    more = len(paths) - _FEW
    names = ", ".join(map(shown, paths[:_FEW])) + (f" and {more} more" if more > 0 else "")
    return RefusedError(
        f"{folder} holds files that would be replaced, and rgraph did not write them so: {names}",
        "nothing was written: move the changes to the manifests, or the files away; `--force` replaces them",
    )

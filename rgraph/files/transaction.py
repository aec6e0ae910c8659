"""Changes to a folder that are made all together or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from rgraph.errors import RgraphError
from rgraph.files.tree import reason, shown

UNCHANGED: Final = "nothing was changed"


class WriteError(RgraphError):
    """Files cannot be compared or written."""

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class Transaction:
    """Moves files into and out of a folder; an error or an interruption moves them all back.

    `aside` is a folder on the same file system that is removed afterwards; what is replaced or
    removed is moved there. Raises WriteError if a change fails.
    """

    def __init__(self, root: str, aside: str) -> None:
        self._root = root
        self._aside = aside
        self._path = ""
        self._ready: set[str] = set()
        # Noted before each change: undoing one that was not made yet does no harm.
        self._undo: list[tuple[Callable[..., object], tuple[str, ...]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        undone = self._roll_back()
        if isinstance(error, OSError) or not undone:
            why = reason(error) if isinstance(error, OSError) else "interrupted"
            help = UNCHANGED if undone else "the folder is left half written: run the command again"
            name = f"{os.path.basename(self._root)}/{shown(self._path)}"
            raise WriteError(f"cannot write {name}: {why}", help) from error

    def remove(self, path: str) -> None:
        """Takes a file, a link or the like away."""
        self._path = path
        self._move_aside(os.path.join(self._root, path))

    def remove_folder(self, path: str) -> None:
        """Takes an empty folder away."""
        self._path = path
        target = os.path.join(self._root, path)
        self._undo.append((os.mkdir, (target,)))
        os.rmdir(target)

    def put(self, source: str, path: str) -> None:
        """Moves a file to its place; what stands there is replaced in one step."""
        self._path = path
        target = os.path.join(self._root, path)
        self._make_folder(os.path.dirname(target))
        if self._back_up(target):
            os.replace(source, target)
        else:
            self._undo.append((os.unlink, (target,)))
            os.replace(source, target)

    def _back_up(self, target: str) -> bool:
        """Keeps what stands at a path; whether it still stands there."""
        backup = self._backup()
        try:
            os.link(target, backup, follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError:
            if stat.S_ISDIR(os.lstat(target).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
            # Not every file system has hard links: then there is a moment without the file.
            self._move_aside(target)
            return False
        self._undo.append((os.replace, (backup, target)))
        return True

    def _move_aside(self, target: str) -> None:
        backup = self._backup()
        self._undo.append((os.replace, (backup, target)))
        os.rename(target, backup)

    def _backup(self) -> str:
        return os.path.join(self._aside, f"old-{len(self._undo)}")

    def _make_folder(self, folder: str) -> None:
        """Makes a folder and those above it, down from the root; none of them may be a link."""
        if folder in self._ready:
            return
        if folder != self._root:
            self._make_folder(os.path.dirname(folder))
        try:
            if not stat.S_ISDIR(os.lstat(folder).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        except FileNotFoundError:
            self._undo.append((os.rmdir, (folder,)))
            os.mkdir(folder)
        self._ready.add(folder)

    def _roll_back(self) -> bool:
        """Undoes everything, the last first; whether all of it could be undone."""
        complete = True
        for action, arguments in reversed(self._undo):
            try:
                action(*arguments)
            except (FileNotFoundError, FileExistsError):
                continue
            except OSError:
                complete = False
        return complete

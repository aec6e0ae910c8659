"""Files that must survive anything: the ledger."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason

_NO_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""What file systems answer that cannot sync a folder: they have no other way to be sure."""


def write_record(path: Path, content: bytes) -> None:
    """Replaces a file as a whole, durably: after a crash it has its old content or its new one.

    Raises WriteError, then with the old content in place; or with the new one, if the disk will not say
    that it has it.
    """
    temporary, replaced = "", False
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            handle, temporary = mkstemp(prefix=_prefix(path), dir=path.parent)
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
            os.replace(temporary, path)
            replaced = True
            sync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        help = "it may not survive a crash: is the disk well?" if replaced else UNCHANGED
        raise WriteError(f"cannot write {path}: {reason(error)}", help) from error
    finally:
        if temporary and not replaced and os.path.exists(temporary):
            os.unlink(temporary)


def exchange(path: Path, old: bytes | None, new: bytes | None) -> None:
    """Puts new content in the place of the old, durably; None is no file.

    Raises WriteError as `write_record` does, and with nothing changed if the file no longer holds the
    old content: something that keeps no lock has written it.
    """
    if content(path) != old:
        raise WriteError(f"{path} was changed meanwhile", f"{UNCHANGED}: try again")
    if new is not None:
        write_record(path, new)
        return
    try:
        path.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise WriteError(f"cannot remove {path}: {reason(error)}") from error


def content(path: Path) -> bytes | None:
    """What a file holds; None if it is not there. Raises WriteError if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteError(f"cannot read {path}: {reason(error)}") from error


def remove_leftovers(path: Path) -> None:
    """Removes what killed runs left of writing a file; the caller keeps all others from writing it."""
    # What cannot be removed does no harm: its name begins with a point, and nothing reads it.
    with suppress(OSError):
        for each in path.parent.iterdir():
            if each.name.startswith(_prefix(path)):
                each.unlink()


def sync_folder(folder: Path) -> None:
    """Makes sure that the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync(handle)
    finally:
        os.close(handle)


def sync(handle: int) -> None:
    """Makes sure that an open folder is on the disk, where the file system can say so."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def _prefix(path: Path) -> str:
    return f".{path.name}-"

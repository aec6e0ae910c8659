"""Reading folders and files with care: no symbolic link is followed, nothing blocks, sizes are bounded."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from rgraph.errors import Place, Problems
from rgraph.programs import Program

Kind = Literal["file", "folder", "link", "special", "submodule"]
"""`submodule` only in a revision of git: on a disk it is a folder."""

MAX_FOLDERS: Final = 30
"""Deepest nesting of folders below the catalogue's own."""

LINK_HELP: Final = "rgraph follows none: put the file itself here"

OPEN_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""For reading what may be anything: a link is refused, and a FIFO without a writer does not block."""


def scan(folder: str, file: str, problems: Problems) -> Iterator[tuple[str, str, Kind]]:
    """Entries of a folder: name, path, what it is. `file` is the folder's name in messages.

    A folder that cannot be read, or stands below MAX_FOLDERS others, is noted as a problem.
    """
    if is_too_deep(file, problems):
        return
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry.name, entry.path, kind_of(entry)
    except OSError as error:
        problems.add(Place(file), f"the folder cannot be read: {reason(error)}")


def is_too_deep(file: str, problems: Problems) -> bool:
    """Whether a folder stands below MAX_FOLDERS others, which is noted."""
    if file.count("/") <= MAX_FOLDERS:
        return False
    problems.add(Place(file), f"folders are nested deeper than {MAX_FOLDERS} levels")
    return True


def is_elsewhere(kind: Kind, file: str, problems: Problems) -> bool:
    """Whether something stands for what lies elsewhere, which is noted: nothing of the kind is followed."""
    if kind == "link":
        problems.add(Place(file), "is a symbolic link", LINK_HELP)
    elif kind == "submodule":
        problems.add(Place(file), "is a submodule: its files are in another repository", LINK_HELP)
    return kind in ("link", "submodule")


def is_too_large(size: int, limit: int, file: str, problems: Problems) -> bool:
    """Whether a file has more bytes than are read, which is noted."""
    if size <= limit:
        return False
    shown_size = size // 2**20
    problems.add(Place(file), f"has {shown_size} MiB, more than the {limit // 2**20} MiB that are read")
    return True


def kind_of(entry: os.DirEntry[str]) -> Kind:
    """What an entry of a folder is, without following links."""
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "special"


def read(path: str, file: str, limit: int, problems: Problems, *, copied: bool = False) -> bytes | None:
    """The contents of a regular file. None if it cannot be had, which is noted under the name `file`.

    One that is `copied` and that its owner may execute is a Program.

    The checks are made on the open file, so that it cannot be exchanged in between.
    """
    try:
        handle = os.open(path, OPEN_FLAGS)
    except OSError as error:
        if not is_elsewhere("link" if os.path.islink(path) else "file", file, problems):
            problems.add(Place(file), f"cannot be read: {reason(error)}")
        return None
    try:
        data = _read_open(handle, file, limit, problems)
        is_program = copied and data is not None and os.fstat(handle).st_mode & stat.S_IXUSR
        return Program(data) if data is not None and is_program else data
    finally:
        os.close(handle)


def _read_open(handle: int, file: str, limit: int, problems: Problems) -> bytes | None:
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            problems.add(Place(file), "is not a regular file", "only files and folders may stand here")
            return None
        if is_too_large(status.st_size, limit, file, problems):
            return None
        return read_all(handle, status.st_size)
    except OSError as error:
        problems.add(Place(file), f"cannot be read: {reason(error)}")
        return None


def read_all(handle: int, size: int) -> bytes:
    """The contents of an open file that has `size` bytes, or what it has by now."""
    data = os.read(handle, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    while len(parts[-1]) and sum(map(len, parts)) < size:
        parts.append(os.read(handle, size))
    return b"".join(parts)


def shown(path: str) -> str:
    """A path that can be printed whatever bytes its names hold."""
    if path.isprintable():
        return path
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in path)


def reason(error: OSError) -> str:
    """What the system says, as part of a sentence."""
    return (error.strerror or type(error).__name__).lower()


def folders_above(paths: Iterable[str]) -> set[str]:
    """All folders that some paths (with `/`) stand in, the outer ones too."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found

"""The folder of one build number: its records, its logs, its lock.

Everything below `.rgraph/` can be thrown away: what is in staging is found again by its content.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rgraph.builds.record import (
    BUILD,
    BUILDS,
    LOGS,
    TESTS,
    BuildRecord,
    TestRecord,
    encode,
    log_name,
    read_build,
    read_tests,
)
from rgraph.errors import Place, Problems
from rgraph.files.folder_lock import locked
from rgraph.files.record import content, remove_leftovers, write_record
from rgraph.files.transaction import WriteError
from rgraph.files.tree import reason

_PATIENCE: Final = 1.0
"""Seconds: a build takes longer than anybody wants to wait for without being told."""
_IGNORE: Final = b"*\n"


class BuildFolder:
    """The records and logs of a build number, held by one run at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def build(self) -> BuildRecord | None:
        """The record of the build; None if there is none. Raises ManifestError if it is damaged."""
        problems, path = Problems(), self.path / BUILD
        data = content(path)
        found = None if data is None else read_build(data, Place(str(path)), problems)
        problems.raise_any()
        return found

    def tests(self) -> TestRecord | None:
        """The record of the tests; None if there is none. Raises ManifestError if it is damaged."""
        problems, path = Problems(), self.path / TESTS
        data = content(path)
        found = None if data is None else read_tests(data, Place(str(path)), problems)
        problems.raise_any()
        return found

    def save(self, record: BuildRecord | TestRecord) -> None:
        """Writes a record, whole and durably. Raises WriteError."""
        write_record(self.path / (BUILD if isinstance(record, BuildRecord) else TESTS), encode(record))

    def log(self, id: str) -> Log:
        """A new log for an image, in place of its old one."""
        return Log(self.path / log_name(id))


class Log:
    """A log, written line by line; a disk that takes no more does not stop what is logged."""

    def __init__(self, path: Path) -> None:
        self.problem = ""
        """Why it is not complete; empty if it is."""
        self._path = path
        self._stream = None
        try:
            self._stream = path.open("wb", buffering=0)
        except OSError as error:
            self.problem = reason(error)

    def write(self, line: str) -> None:
        """Adds a line, unless the log has come to its end before."""
        if self._stream is None or self.problem:
            return
        data = memoryview(f"{line}\n".encode(errors="replace"))
        try:
            while data:
                data = data[self._stream.write(data) or 0 :]
        except OSError as error:
            self.problem = reason(error)

    def close(self) -> None:
        """Closes it."""
        if self._stream is not None:
            # Some file systems say only now that the disk is full.
            try:
                self._stream.close()
            except OSError as error:
                self.problem = self.problem or reason(error)


def is_there(root: Path, builds: Path | None, number: str) -> bool:
    """Whether there is a folder of a build number; `builds` as for `opened`."""
    return ((builds if builds is not None else root / BUILDS) / number).is_dir()


@contextmanager
def opened(root: Path, builds: Path | None, number: str, *, make: bool = True) -> Iterator[BuildFolder]:
    """Holds the folder of a build number of the catalogue in `root`, alone.

    `builds` is where such folders are; None for the usual place. With `make` it is made if it is not there.
    The lock is the kernel's: it ends with the process, however that ends. Raises WriteError if the folder
    cannot be made or another run holds it.
    """
    base = builds if builds is not None else root / BUILDS
    path = base / number
    if make:
        _make(root, base if builds is not None else None, path)
    try:
        with locked(path, _PATIENCE):
            for name in (BUILD, TESTS):
                remove_leftovers(path / name)
            yield BuildFolder(path)
    except WriteError as error:
        if error.what.startswith("another run"):
            what = f"another run of rgraph works on the build `{number}`"
            raise WriteError(what, "wait for it to end, or give this one another --build-number") from None
        raise


def _make(root: Path, builds: Path | None, path: Path) -> None:
    try:
        (path / LOGS).mkdir(parents=True, exist_ok=True)
        if builds is None:
            _ignore(root / BUILDS.partition("/")[0])
    except OSError as error:
        raise WriteError(f"cannot make {path}: {reason(error)}") from error


def _ignore(folder: Path) -> None:
    """Tells git that nothing of the folder is to be committed."""
    path = folder / ".gitignore"
    with (
        suppress(FileExistsError),
        os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644), "wb") as stream,
    ):
        stream.write(_IGNORE)

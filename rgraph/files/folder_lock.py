"""One writer at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rgraph.files.transaction import WriteError
from rgraph.files.tree import reason

PATIENCE: Final = 10.0
"""Seconds that a run waits for another one."""


@contextmanager
def locked(folder: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Holds the exclusive lock of a folder.

    The lock is the kernel's, on the folder itself: it leaves no file behind and ends with the process.
    Where the file system has no locks, runs are not kept apart. Raises WriteError if the folder cannot
    be opened, or another run holds the lock for longer than `patience` seconds.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise WriteError(f"cannot open {folder}: {reason(error)}") from error
    try:
        _wait_for(handle, patience, folder)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, patience: float, folder: Path) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                what = f"another run of rgraph is writing in {folder}"
                raise WriteError(what, "wait for it to end, then try again") from None
            time.sleep(0.05)
        except OSError:
            return
        else:
            return

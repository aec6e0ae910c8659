"""Which containers of an engine are left over: those that nobody who still runs has made."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def run_name(what: str, folder: Path) -> str:
    """A name for all runs of a command over a folder of this machine; several may share an engine."""
    said = f"{os.uname().nodename}\0{folder.resolve()}"
    return f"{what}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


@contextmanager
def swept(folder: Path, sweep: Callable[[], None]) -> Iterator[None]:
    """Takes away what killed runs over a folder have left, unless another run over it goes on.

    Each run holds a shared lock on the folder, which ends with its process; who gets it alone sweeps first.
    Where the file system has no locks, or the folder cannot be opened, nothing is swept.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        if _got(handle, fcntl.LOCK_EX | fcntl.LOCK_NB):
            sweep()
        # Waits for one that sweeps now.
        _got(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def _got(handle: int, how: int) -> bool:
    try:
        fcntl.flock(handle, how)
    except OSError:
        return False
    return True

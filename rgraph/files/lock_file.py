"""Writing `manifests/rgraph.lock`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rgraph.errors import Problems
from rgraph.files.folder_lock import locked
from rgraph.files.reader import MAX_RECORD_SIZE
from rgraph.files.record import remove_leftovers, write_record
from rgraph.files.trees import Disk
from rgraph.lock import LOCK_FILE, Lock, read_lock
from rgraph.locking import lock_text


def rewrite_lock(root: Path, change: Callable[[Lock], Lock]) -> bool:
    """Puts a change into the lock of a catalogue as it is now; whether that made it another one.

    Raises ManifestError if it is damaged, WriteError.
    """
    with locked(root):
        remove_leftovers(root / LOCK_FILE)
        disk, problems = Disk(root), Problems()
        there = disk.kind(LOCK_FILE) is not None
        raw = disk.read(LOCK_FILE, LOCK_FILE, MAX_RECORD_SIZE, problems) if there else None
        before = read_lock(raw, problems)
        problems.raise_any()
        after = change(before)
        if after == before:
            return False
        write_record(root / LOCK_FILE, lock_text(after).encode())
        return True

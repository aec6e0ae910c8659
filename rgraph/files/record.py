"""Files that must survive anything: the ledger."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason


def write_record(path: Path, content: bytes) -> None:
    """Replaces a file as a whole, durably: after a crash it has its old content or its new one.

    Raises WriteError, then with the old content in place.
    """
    temporary = ""
    try:
        handle, temporary = mkstemp(prefix=f".{path.name}-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise WriteError(f"cannot write {path}: {reason(error)}", UNCHANGED) from error

"""Some files of a folder replaced, all or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

from rgraph.errors import Problems
from rgraph.files.transaction import UNCHANGED, Transaction, WriteError
from rgraph.files.tree import read, reason


def rewrite(root: Path, files: Mapping[str, tuple[bytes, bytes]], limit: int) -> None:
    """Replaces files: path below `root` -> content that it has, content that it gets.

    They keep their permissions. Raises WriteError, then with nothing changed: also if a file does not
    have its content any more. The caller holds the lock of the folder (`folder_lock.locked`).
    """
    if not files:
        return
    try:
        aside = mkdtemp(prefix=".rgraph-staging-", dir=root)
    except OSError as error:
        raise WriteError(f"cannot write in {root}: {reason(error)}", UNCHANGED) from error
    try:
        staged = [
            (_stage(aside, number, root, path, after), path)
            for number, (path, (_, after)) in enumerate(files.items())
        ]
        for path, (before, _) in files.items():
            if read(os.path.join(root, path), path, limit, Problems()) != before:
                raise WriteError(f"{path} was changed by somebody else meanwhile", UNCHANGED)
        with Transaction(os.fspath(root), aside) as transaction:
            for source, path in staged:
                transaction.put(source, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _stage(aside: str, number: int, root: Path, path: str, content: bytes) -> str:
    staged = os.path.join(aside, f"new-{number}")
    try:
        with open(staged, "xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(staged, os.stat(os.path.join(root, path)).st_mode & 0o7777)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {reason(error)}", UNCHANGED) from error
    return staged

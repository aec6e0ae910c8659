"""Some files of a folder replaced, all or none, whenever the process may end.

What is about to be replaced stands first in a journal, the file `.rgraph-bump` in the folder. It goes
away with the last file; where it is still there, a run was killed, and `repair` puts back what that run
had replaced.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec

from rgraph.errors import Problems
from rgraph.files.reader import JOURNAL
from rgraph.files.record import remove_leftovers, sync_folder, write_record
from rgraph.files.transaction import UNCHANGED, Transaction, WriteError
from rgraph.files.tree import read, reason

_STAGING: Final = ".rgraph-staging-"

Contents = Mapping[str, tuple[bytes, bytes]]
"""Path below the folder -> content before, content after."""


def rewrite(root: Path, files: Contents, limit: int) -> None:
    """Replaces files, which keep their permissions; `limit` is the most bytes that one may have.

    Raises WriteError, then with nothing changed: also if a file does not have its content any more. The
    caller holds the lock of the folder (`folder_lock.locked`), and has called `repair`.
    """
    if not files:
        return
    for path, (before, _) in files.items():
        if _content(root, path, limit) != before:
            raise WriteError(f"{path} was changed by somebody else meanwhile", UNCHANGED)
    journal = root / JOURNAL
    write_record(journal, msgspec.msgpack.encode(files))
    try:
        _replace(root, {path: after for path, (_, after) in files.items()})
    except BaseException:
        if not any(_content(root, path, limit) == after for path, (_, after) in files.items()):
            _remove(journal)
        raise
    _remove(journal)


def repair(root: Path, limit: int) -> tuple[str, ...]:
    """Puts back what a killed run had replaced, unless it had replaced all; gives the paths of these files.

    A file that somebody has changed since then is left alone. Raises WriteError.
    """
    journal = root / JOURNAL
    remove_leftovers(journal)
    for each in root.glob(f"{_STAGING}*"):
        shutil.rmtree(each, ignore_errors=True)
    if not journal.exists():
        return ()
    try:
        files = msgspec.msgpack.decode(journal.read_bytes(), type=dict[str, tuple[bytes, bytes]])
    except (OSError, msgspec.DecodeError) as error:
        raise WriteError(
            f"cannot read {JOURNAL}, the journal of a run that was killed",
            "see what it left in manifests/ (with git, for instance), then remove the file",
        ) from error
    done = [path for path, (_, after) in files.items() if _content(root, path, limit) == after]
    back = () if len(done) == len(files) else tuple(done)
    _replace(root, {path: files[path][0] for path in back})
    _remove(journal)
    return back


def _content(root: Path, path: str, limit: int) -> bytes | None:
    return read(os.path.join(root, path), path, limit, Problems())


def _remove(journal: Path) -> None:
    try:
        journal.unlink(missing_ok=True)
        sync_folder(journal.parent)
    except OSError as error:
        raise WriteError(f"cannot remove {journal}: {reason(error)}") from error


def _replace(root: Path, files: Mapping[str, bytes]) -> None:
    # No file is synced by itself, which takes milliseconds for each: the journal is.
    try:
        aside = mkdtemp(prefix=_STAGING, dir=root)
    except OSError as error:
        raise WriteError(f"cannot write in {root}: {reason(error)}", UNCHANGED) from error
    try:
        staged = list(_staged(aside, root, files.items()))
        with Transaction(os.fspath(root), aside) as transaction:
            for source, path in staged:
                transaction.put(source, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _staged(aside: str, root: Path, files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, str]]:
    for number, (path, content) in enumerate(files):
        staged = os.path.join(aside, f"new-{number}")
        try:
            with open(staged, "xb") as stream:
                stream.write(content)
            os.chmod(staged, os.stat(os.path.join(root, path)).st_mode & 0o7777)
        except OSError as error:
            raise WriteError(f"cannot write {path}: {reason(error)}", UNCHANGED) from error
        yield staged, path

"""Folders of releases: written whole before the ledger says that the release is there, and read back.

A run that is killed in between leaves a folder that no line of the ledger speaks of. It counts as a
stray: the next `generate` or cut removes it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from rgraph.errors import Problems
from rgraph.files import tree
from rgraph.files.record import sync_folder
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason

RELEASES: Final = "releases"

LARGEST: Final = 2**30
"""Bytes of a file that is read: 10,000 images make about 2**27."""

_STAGING: Final = ".rgraph-staging-"
"""The writer of `generated/` removes what killed runs leave of this name."""


@contextmanager
def written(
    generated: Path, tag: str, files: Mapping[str, bytes], stands: Callable[[], bool]
) -> Iterator[None]:
    """Holds the folder of a release in its place, complete and on the disk.

    On an error it is taken away, unless the release `stands`: the ledger has it then. A folder that is
    there already is one of a cut that was killed: it is replaced. Raises WriteError, then with nothing
    changed. The caller holds the lock of the catalogue's folder.
    """
    for folder in (generated, generated / RELEASES):
        if folder.is_symlink():
            raise WriteError(f"{folder} is a symbolic link", "rgraph follows none: make it a folder")
    made: list[Path] = []
    try:
        stage = Path(mkdtemp(prefix=_STAGING, dir=generated.parent))
        try:
            _fill(stage / tag, files)
            releases = _folders(generated, made)
            if os.path.lexists(releases / tag):
                os.rename(releases / tag, stage / "killed")
            os.rename(stage / tag, releases / tag)
            made.append(releases / tag)
            for folder in (releases, generated, generated.parent):
                sync_folder(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except BaseException as error:
        _remove(made)
        if isinstance(error, OSError):
            what = f"cannot write {generated.name}/{RELEASES}/{tag}: {reason(error)}"
            raise WriteError(what, UNCHANGED) from error
        raise
    try:
        yield
    except BaseException:
        if not stands():
            _remove(made)
        raise


def has(generated: Path, tag: str, name: str) -> bool:
    """Whether there is a file of a release."""
    return os.path.lexists(generated / RELEASES / tag / name)


def read(generated: Path, tag: str, name: str, problems: Problems) -> bytes | None:
    """A file of a release; None if there is none, or if it cannot be read, which is noted."""
    path = os.path.join(generated, RELEASES, tag, name)
    if not os.path.lexists(path):
        return None
    return tree.read(path, f"{generated.name}/{RELEASES}/{tag}/{name}", LARGEST, problems)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folders = {folder}
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        folders.update(each for each in target.parents if each.is_relative_to(folder))
        with target.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    for each in folders:
        sync_folder(each)


def _folders(generated: Path, made: list[Path]) -> Path:
    """`generated/releases/`; those of its folders that had to be made are noted."""
    for folder in (generated, generated / RELEASES):
        if not folder.is_dir():
            folder.mkdir()
            made.append(folder)
    return generated / RELEASES


def _remove(made: list[Path]) -> None:
    """Removes folders, the last made first; those above only if nothing else is in them."""
    for folder in reversed(made):
        if folder.parent.name == RELEASES:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            try:
                folder.rmdir()
            except OSError:
                return

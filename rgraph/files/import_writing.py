"""Writing what an import made: a whole catalogue or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from rgraph.errors import UsageError
from rgraph.files.reader import MANIFESTS
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason
from rgraph.programs import Program


def check_free(target: Path) -> None:
    """Raises UsageError if there is a catalogue already: none is ever overwritten."""
    if os.path.lexists(target / MANIFESTS):
        what = f"{target}/{MANIFESTS} is there already"
        raise UsageError(what, "name another folder with --into DIR; nothing was changed")


@contextmanager
def staged(parent: Path | None) -> Iterator[Path]:
    """An empty folder that is removed in the end; inside `parent`, or where temporary files are."""
    try:
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        stage = mkdtemp(prefix=".rgraph-import-", dir=parent)
    except OSError as error:
        raise WriteError(f"cannot write {parent}: {reason(error)}", UNCHANGED) from error
    try:
        yield Path(stage)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def fill(stage: Path, files: Mapping[str, bytes]) -> None:
    """Writes files below `stage`/manifests, in place of what was there."""
    shutil.rmtree(stage / MANIFESTS, ignore_errors=True)
    try:
        for path, content in files.items():
            file = stage / MANIFESTS / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            if isinstance(content, Program):
                file.chmod(file.stat().st_mode | 0o111)
    except OSError as error:
        raise WriteError(f"cannot write {stage}: {reason(error)}", UNCHANGED) from error


def publish(stage: Path, target: Path) -> None:
    """Moves `stage`/manifests to the target: it appears as a whole or not at all."""
    check_free(target)
    try:
        os.rename(stage / MANIFESTS, target / MANIFESTS)
    except OSError as error:
        raise WriteError(f"cannot write {target}: {reason(error)}", UNCHANGED) from error

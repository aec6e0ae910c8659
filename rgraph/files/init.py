"""`rgraph init`: the catalogue that a newcomer starts with."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import mkdtemp

from rgraph.errors import UsageError
from rgraph.files.reader import MANIFESTS
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import reason


def template_files() -> dict[str, bytes]:
    """Path below `manifests/` and content of each file of the first catalogue."""
    return dict(sorted(_walk(files("rgraph") / "init_template" / MANIFESTS, "")))


def init_catalogue(target: Path) -> list[str]:
    """Makes `target`/manifests/; the files made, with `target`, sorted.

    The folder appears as a whole or not at all. Raises UsageError if there is a catalogue already,
    WriteError if the files cannot be written.
    """
    if os.path.lexists(target / MANIFESTS):
        raise UsageError(f"{target} holds a catalogue already", "name another folder; nothing was changed")
    template = template_files()
    stage = ""
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = mkdtemp(prefix=".rgraph-init-", dir=target)
        for path, content in template.items():
            file = Path(stage, MANIFESTS, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        os.rename(Path(stage, MANIFESTS), target / MANIFESTS)
    except OSError as error:
        raise WriteError(f"cannot write {target}: {reason(error)}", UNCHANGED) from error
    finally:
        if stage:
            shutil.rmtree(stage, ignore_errors=True)
    return [str(target / MANIFESTS / path) for path in template]


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()

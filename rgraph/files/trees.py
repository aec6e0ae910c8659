"""What a catalogue is read from: a folder of the disk, or a revision of git as it was stored."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

from rgraph.errors import Problems
from rgraph.files.tree import Kind, read, scan

COPIED: Final = "manifests/files/"
"""What stands below it goes into images as it is: may it be executed here, then there, too."""


class Tree(Protocol):
    """Files and folders by their path relative to the catalogue's folder, with `/`.

    `file` is a path as messages show it. What cannot be had is noted in `problems` under that name.
    """

    @property
    def label(self) -> str:
        """What messages call it."""

    def kind(self, path: str) -> Kind | None:
        """What stands at a path; None if nothing does."""

    def scan(self, path: str, file: str, problems: Problems) -> Iterator[tuple[str, str, Kind]]:
        """Entries of a folder: name, path, what it is."""

    def read(self, path: str, file: str, limit: int, problems: Problems) -> bytes | None:
        """The contents of a regular file of at most `limit` bytes; None if it cannot be had."""

    def known(self, path: str) -> bytes | None:
        """The contents of a file that the reader need not parse again; None for all others."""


class Disk:
    """The folder of a catalogue."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def label(self) -> str:
        """The folder."""
        return str(self._root)

    def kind(self, path: str) -> Kind | None:
        """What stands at a path, without following a link there."""
        full = self._full(path)
        if os.path.islink(full):
            return "link"
        if os.path.isdir(full):
            return "folder"
        if os.path.isfile(full):
            return "file"
        return "special" if os.path.lexists(full) else None

    def scan(self, path: str, file: str, problems: Problems) -> Iterator[tuple[str, str, Kind]]:
        """Entries of a folder."""
        for name, _, kind in scan(self._full(path), file, problems):
            yield name, f"{path}/{name}", kind

    def read(self, path: str, file: str, limit: int, problems: Problems) -> bytes | None:
        """The contents of a file."""
        return read(self._full(path), file, limit, problems, copied=path.startswith(COPIED))

    def known(self, path: str) -> bytes | None:
        """Nothing is known of a disk, which may change at any time."""
        return None

    def _full(self, path: str) -> str:
        return os.path.join(self._root, path)

"""A catalogue's files as something else than a disk holds them: all of them in memory, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from rgraph.errors import ManifestError, Problem, Problems
from rgraph.files.tree import Kind, is_elsewhere, is_too_deep, is_too_large


class Entry(Struct, frozen=True):
    """What stands at a path."""

    kind: Kind
    size: int = 0
    """In bytes, of a file."""
    content: bytes | None = None
    """Of a file; None for one that is larger than any file that is read."""
    known: bool = False
    """Whether the reader has parsed these bytes before."""


class Snapshot:
    """A Tree (see `trees.py`) of given entries, read as a disk is: with its limits and its messages."""

    def __init__(self, label: str, entries: Mapping[str, Entry]) -> None:
        self._label = label
        self._entries = entries
        self._folders: dict[str, list[str]] = {}
        for path in entries:
            folder, _, name = path.rpartition("/")
            self._folders.setdefault(folder, []).append(name)

    @property
    def label(self) -> str:
        """What messages call it, for instance a revision."""
        return self._label

    def kind(self, path: str) -> Kind | None:
        """What stands at a path."""
        entry = self._entries.get(path)
        return entry.kind if entry else None

    def scan(self, path: str, file: str, problems: Problems) -> Iterator[tuple[str, str, Kind]]:
        """Entries of a folder; if it lies too deep, that is noted."""
        if is_too_deep(file, problems):
            return
        for name in self._folders.get(path, ()):
            below = f"{path}/{name}"
            yield name, below, self._entries[below].kind

    def read(self, path: str, file: str, limit: int, problems: Problems) -> bytes | None:
        """The contents of a file; a link, a submodule or a file that is too large is noted."""
        entry = self._entries.get(path)
        if entry is None or is_elsewhere(entry.kind, file, problems):
            return None
        return None if is_too_large(entry.size, limit, file, problems) else entry.content

    def known(self, path: str) -> bytes | None:
        """The contents of a file that was parsed before."""
        entry = self._entries.get(path)
        return entry.content if entry and entry.known else None


class RevisionError(ManifestError):
    """The manifests of an earlier revision are wrong, or this rgraph reads them no more."""

    def __init__(self, tree: Snapshot, problems: tuple[Problem, ...]) -> None:
        self.tree = tree
        self.help = "name a revision whose manifests are right"
        super().__init__(problems)

    def __str__(self) -> str:
        return f"the catalogue of {self.tree.label} does not read:\n{super().__str__()}"

"""What can go wrong, as values: a Problem says where, what and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

Path = tuple[str | int, ...]
"""Keys and indexes from the top of a document to one of its values."""


class Place(Struct, frozen=True):
    """A place in a file of the catalogue.

    `path` is enough to find line and column: the reader looks them up when a message is shown
    (positions are not kept while reading, they cost more than the reading itself).
    """

    file: str
    """Path of the file, relative to the catalogue's folder, with `/`."""
    path: Path = ()
    """Where in the document; empty for the whole file."""
    on_key: bool = False
    """Whether the place is the last key of `path` and not its value."""
    line: int = 0
    """1-based, when it is known without the document; else 0."""
    column: int = 0
    """1-based, when it is known without the document; else 0."""
    word: str = ""
    """A word to look for below the place: the first value that has it is meant."""

    def key(self, *path: str | int) -> Place:
        """The place of a key below this one."""
        return Place(self.file, (*self.path, *path), on_key=True)

    def at(self, *path: str | int) -> Place:
        """The place of a value below this one."""
        return Place(self.file, (*self.path, *path))


class Problem(Struct, frozen=True):
    """One thing that a person must mend."""

    place: Place
    what: str
    """What is wrong, one sentence without a full stop."""
    help: str = ""
    """What would be right; empty if there is nothing useful to say."""
    unsure: bool = False
    """Whether it may only follow from another problem: a name that leads to nothing may stand in a
    file that cannot be read."""


class RgraphError(Exception):
    """Base of all errors that a user can cause or must know of."""

    exit_code = 2


class ManifestError(RgraphError):
    """The manifests are wrong; every problem found in the run is in `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_order))
        super().__init__("\n".join(f"{p.place.file}: {p.what}" for p in self.problems))


class RefusedError(RgraphError):
    """A check that the catalogue's own policy asks for has failed; nothing was changed."""

    exit_code = 1

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class UsageError(RgraphError):
    """The command was asked for something that does not exist or does not go together."""

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class Problems:
    """Collects problems, so that one run reports all of them."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: Place, what: str, help: str = "", *, unsure: bool = False) -> None:
        """Notes one problem."""
        self._found.append(Problem(place, what, help, unsure))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Notes problems that were found elsewhere."""
        self._found.extend(problems)

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def raise_any(self) -> None:
        """Raises ManifestError if anything was noted."""
        if self._found:
            raise ManifestError(self._found)


def _order(problem: Problem) -> tuple[str, int, tuple[tuple[int, str], ...], str]:
    path = tuple((item, "") if isinstance(item, int) else (-1, item) for item in problem.place.path)
    return problem.place.file, problem.place.line, path, problem.what

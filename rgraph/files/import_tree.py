"""Reading what is to be imported: files of a folder that nobody has vouched for.

No symbolic link is followed, nothing blocks, sizes are bounded, and nothing is run.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from rgraph.errors import Place, Problem, Problems, UsageError
from rgraph.files.reader import MANIFESTS, MAX_FILE_SIZE
from rgraph.files.tree import read, scan, shown
from rgraph.importing.contexts import WITH_MODE, Listing, ignoring, is_ignored
from rgraph.importing.discovery import LEFT_OUT, has_from, is_named
from rgraph.importing.parsing import MAX_SIZE, text_but_comments

MAX_FILES: Final = 20_000
"""Most Dockerfiles of one import."""
MAX_CONTEXT: Final = 100_000
"""Most files of a build context that are looked at."""
MAX_ENTRIES: Final = 2_000_000
"""Most entries of folders that are looked at."""
_KINDS: Final = {"link": "a symbolic link", "special": "no regular file"}
_MODES: Final = (0o644, 0o664, 0o755, 0o775)
"""What a checkout of git gives a file: of its mode, no more than whether it can be executed counts."""
_ODD: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


class Text(Struct, frozen=True):
    """A file that was read."""

    path: str
    """Relative to the root, with `/`."""
    text: str
    sha256: str
    """Of its bytes."""


class Tree(Struct, frozen=True):
    """The Dockerfiles below some paths."""

    root: Path
    """The folder that all paths are relative to."""
    texts: tuple[Text, ...]
    """Sorted by path."""
    problems: tuple[Problem, ...]
    """Of files that cannot be read; their places are relative to the root, too."""


def read_dockerfiles(paths: Sequence[Path], into: Path | None = None, root: Path | None = None) -> Tree:
    """All Dockerfiles below folders, and files that are named themselves.

    Paths are relative to `root`, else to what holds all that is named. The folders of a catalogue of
    rgraph (and `into`, where one will be) are left out. Raises UsageError if a path does not exist.
    """
    for path in paths:
        if root is None and not os.path.lexists(path):
            raise UsageError(f"there is no {shown(str(path))}", "name a folder or a Dockerfile")
    root = root or root_of(paths)
    problems = Problems()
    found: dict[str, str] = {}
    skipped = {os.path.realpath(into / name) for name in (MANIFESTS, "generated")} if into else set()
    for path in paths:
        if path.is_dir():
            for full in _walk(str(path), skipped, problems, root):
                found[_relative(full, root)] = full
        else:
            found[_relative(str(path), root)] = str(path)
    if len(found) > MAX_FILES:
        raise UsageError(f"{len(found):,} Dockerfiles, more than {MAX_FILES:,}", "import a folder at a time")
    texts = [read_text(full, path, problems, comments=True) for path, full in sorted(found.items())]
    return Tree(root, tuple(text for text in texts if text is not None), tuple(problems))


def root_of(paths: Sequence[Path]) -> Path:
    """The folder that holds all paths: itself, if it is one folder."""
    folders = [path if path.is_dir() else path.parent for path in paths]
    if len(folders) == 1:
        return folders[0]
    return Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))


def read_text(
    full: str, path: str, problems: Problems, limit: int = MAX_SIZE, *, comments: bool = False
) -> Text | None:
    """A text file; None if it cannot be had or is no text, which is noted.

    `comments`: it is a Dockerfile, whose comments need not be UTF-8.
    """
    raw = read(full, path, limit, problems)
    if raw is None:
        return None
    if raw[:2] in _ODD:
        problems.add(Place(path, line=1, column=1), f"is {_ODD[raw[:2]]}, not UTF-8", "save it as UTF-8")
        return None
    plain = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        text = plain.decode()
    except UnicodeDecodeError as error:
        if comments and (lenient := text_but_comments(plain)) is not None:
            return Text(path, lenient, hashlib.sha256(raw).hexdigest())
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(Place(path, line=line, column=1), "is not UTF-8", "is it a binary file?")
        return None
    return Text(path, text, hashlib.sha256(raw).hexdigest())


def text_of(path: str, text: str) -> Text:
    """A text that stands in no file of its own."""
    return Text(path, text, hashlib.sha256(text.encode()).hexdigest())


class Contexts:
    """The files of build contexts below a root; each folder is looked through once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._sizes: dict[str, dict[str, int]] = {}
        self._lost: dict[str, dict[str, str]] = {}

    def listing(self, folder: str, dockerfile: str) -> Listing:
        """What a build in a folder can copy: all files but those that .dockerignore leaves out.

        What no file of a catalogue can keep (symbolic links, modes, empty folders) is named as lost. `.git`
        is not there. A context with too many files has none.
        """
        if folder not in self._sizes:
            self._lost[folder] = {}
            self._sizes[folder] = dict(self._walk(folder))
        sizes, lost = self._sizes[folder], self._lost[folder]
        if name := self._ignore_file(folder, dockerfile, sizes):
            found = read_text(os.path.join(self._root, name), name, Problems())
            patterns = list(ignoring(found.text)) if found else []
            sizes = {path: size for path, size in sizes.items() if not is_ignored(path, patterns)}
            lost = {path: what for path, what in lost.items() if not is_ignored(path, patterns)}
        return Listing(folder, sizes, lost)

    def _ignore_file(self, folder: str, dockerfile: str, sizes: Mapping[str, int]) -> str:
        """The one beside the Dockerfile, else that of the context; relative to the root."""
        own = f"{dockerfile}.dockerignore"
        if os.path.isfile(os.path.join(self._root, own)):
            return own
        return f"{folder}/.dockerignore".lstrip("/") if ".dockerignore" in sizes else ""

    def _walk(self, folder: str) -> Iterator[tuple[str, int]]:
        top = os.path.join(self._root, folder)
        lost = self._lost[folder]
        waiting = [""]
        count = 0
        while waiting and count <= MAX_CONTEXT:
            inside = waiting.pop()
            entries = sorted(scan(os.path.join(top, inside), inside, Problems()), reverse=True)
            if inside and not entries:
                lost[inside.rstrip("/")] = "an empty folder"
            for name, path, kind in entries:
                below = f"{inside}{name}"
                if kind == "folder" and name != ".git":
                    waiting.append(f"{below}/")
                elif kind in _KINDS:
                    lost[shown(below)] = _KINDS[kind]
                elif kind == "file" and below.isprintable():
                    count += 1
                    status = os.stat(path, follow_symlinks=False)
                    if status.st_size > MAX_FILE_SIZE:
                        lost[below] = f"larger than {MAX_FILE_SIZE // 2**20} MiB"
                        continue
                    if (mode := stat.S_IMODE(status.st_mode)) not in _MODES:
                        lost[below] = f"{WITH_MODE} {mode:04o}"
                    yield below, status.st_size
                elif kind == "file":
                    lost[shown(below)] = "a file with a name that cannot be shown"


def _walk(top: str, skipped: set[str], problems: Problems, root: Path) -> Iterator[str]:
    waiting = [top]
    seen = 0
    while waiting:
        folder = waiting.pop()
        label = _relative(folder, root)
        entries = sorted(scan(folder, label if label != "." else "", problems))
        names = {name for name, _, _ in entries}
        # The manifests and the generated files of a catalogue are no source of another one.
        ours = {MANIFESTS, "generated"} if _is_catalogue(folder, names) else set()
        seen += len(entries)
        if seen > MAX_ENTRIES:
            raise UsageError(f"more than {MAX_ENTRIES:,} files", "import a folder at a time")
        for name, path, kind in entries:
            if kind == "folder":
                if name not in LEFT_OUT and name not in ours and os.path.realpath(path) not in skipped:
                    waiting.append(path)
            elif is_named(name) != "no":
                yield from _one(name, path, kind, problems, root)


def _one(name: str, path: str, kind: str, problems: Problems, root: Path) -> Iterator[str]:
    if kind == "link":
        target = os.path.realpath(path)
        # A link to another Dockerfile of the same tree adds nothing; any other may lead anywhere.
        if not target.startswith(os.path.realpath(root) + os.sep) or not os.path.isfile(target):
            problems.add(Place(_relative(path, root)), "is a symbolic link that leads out of the folder")
    elif kind == "file" and (is_named(name) == "yes" or _has_from(path)):
        yield path


def _has_from(path: str) -> bool:
    return has_from(read(path, path, MAX_SIZE, Problems()) or b"")


def _is_catalogue(folder: str, names: set[str]) -> bool:
    return MANIFESTS in names and os.path.isfile(os.path.join(folder, MANIFESTS, "catalog.yaml"))


def _relative(path: str, root: Path) -> str:
    found = os.path.relpath(os.path.abspath(path), os.path.abspath(root)).replace(os.sep, "/")
    return shown(found)

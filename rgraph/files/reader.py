"""Everything that stands under `manifests/`, read once: YAML as plain data, other files as they are."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rgraph.errors import Place, Problem, Problems, UsageError
from rgraph.files.second_half import in_halves
from rgraph.files.tree import is_elsewhere, read, shown
from rgraph.files.trees import Disk, Tree
from rgraph.files.yaml_nodes import compose, load
from rgraph.files.yaml_text import Faults, decode, split_lines, unprintable
from rgraph.files.yaml_walk import Positions

MANIFESTS: Final = "manifests"
JOURNAL: Final = ".rgraph-bump"
"""Stands beside `manifests/` while files there are replaced (rewriting.py)."""
MAX_MANIFESTS: Final = 20_000
"""Most manifests of a catalogue."""
MAX_MANIFEST_SIZE: Final = 8 * 2**20
"""Largest manifest or notice, in bytes."""
MAX_FILE_SIZE: Final = 64 * 2**20
"""Largest file to copy, in bytes. Larger things are downloaded by the build."""
MAX_RECORD_SIZE: Final = 2 * 2**30
"""Largest lock or ledger, in bytes."""


class Document(Struct, frozen=True):
    """One manifest as plain data."""

    file: str
    """Path relative to the catalogue's folder, with `/`: `manifests/base/base.yaml`."""
    data: Any
    """dict, list, str, bool; None if the tree says that the bytes are known."""
    raw: bytes
    """Its bytes."""


class Sources(Struct, frozen=True):
    """What stands under `manifests/`."""

    documents: tuple[Document, ...]
    """The manifests, sorted by file."""
    files: dict[str, bytes]
    """What stands under `manifests/files/`, by path relative to it."""
    notices: dict[str, str]
    """Texts of `manifests/notices/*.txt`, by name."""
    lock: bytes | None
    """`manifests/rgraph.lock`."""
    ledger: bytes | None
    """`manifests/releases.jsonl`."""


def read_sources(root: Path, noted: Problems | None = None, tree: Tree | None = None) -> Sources:
    """Reads the catalogue in `root`, or that of another tree.

    Manifests are all `*.yaml` and `*.yml` in `manifests/` and its folders, except `files/` and
    `notices/`; hidden files and other files are left alone. Problems of all files go into `noted`, and
    what could be read is returned; without it ManifestError is raised with them. Raises UsageError if
    there is no catalogue.
    """
    tree = tree or Disk(root)
    top = tree.kind(MANIFESTS)
    if top is None:
        raise UsageError(
            f"{tree.label} holds no catalogue: there is no folder `manifests`", "make one: `rgraph init DIR`"
        )
    problems = Problems() if noted is None else noted
    with _no_collector():
        if is_elsewhere(top, MANIFESTS, problems):
            problems.raise_any()
        sources = Sources(
            documents=tuple(_documents(tree, problems)),
            files=dict(_files(tree, f"{MANIFESTS}/files", problems)),
            notices=dict(_notices(tree, f"{MANIFESTS}/notices", problems)),
            lock=_record(tree, "rgraph.lock", problems),
            ledger=_record(tree, "releases.jsonl", problems),
        )
    if noted is None:
        problems.raise_any()
    return sources


def locate(
    root: Path, places: Iterable[Place], tree: Tree | None = None
) -> dict[Place, tuple[int, int, str]]:
    """Line and column (1-based) of each place, and the text of its line; in `root`, or in another tree.

    Reads the files again, for positions are not kept. A path that leads nowhere gives the nearest
    thing above; a file that cannot be read, or lies outside the catalogue, gives (1, 1, "").
    """
    by_file: dict[str, list[Place]] = {}
    for place in places:
        by_file.setdefault(place.file, []).append(place)
    groups = list(by_file.values())
    raw = partial(_raw_of, tree) if tree else partial(_raw, root)
    with _no_collector():
        parts = in_halves(groups, lambda some: [_locate(raw(each[0].file), each) for each in some], _Lines)
    lines = (line for part in parts for found in part for line in found)
    return dict(zip((place for group in groups for place in group), lines, strict=True))


_Lines = list[list[tuple[int, int, str]]]
"""For each file: for each place in it its line, column and the line's text."""


@contextmanager
def _no_collector() -> Iterator[None]:
    """Nodes are many and hold no cycles: the garbage collector would take most of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _documents(tree: Tree, problems: Problems) -> list[Document]:
    paths = sorted(_manifests(tree, MANIFESTS, MANIFESTS, problems))
    if len(paths) > MAX_MANIFESTS:
        what = f"holds {len(paths)} manifests, more than the {MAX_MANIFESTS} that are read"
        problems.add(Place(MANIFESTS), what, "is it the right folder?")
        return []
    known = {file: raw for file, path in paths if (raw := tree.known(path)) is not None}
    documents = [Document(file, None, raw) for file, raw in known.items()]
    others = [each for each in paths if each[0] not in known]
    for part in in_halves(others, partial(_read_all, tree), _Part):
        problems.extend(part.problems)
        documents += part.documents
    return sorted(documents, key=lambda each: each.file) if known else documents


class _Part(Struct, frozen=True):
    """Some of the documents, and what is wrong with the others."""

    documents: list[Document]
    problems: list[Problem]


def _read_all(tree: Tree, paths: Sequence[tuple[str, str]]) -> _Part:
    documents: list[Document] = []
    problems = Problems()
    for file, path in paths:
        raw = tree.read(path, file, MAX_MANIFEST_SIZE, problems)
        if raw is not None and (data := load(file, raw, problems)) is not None:
            documents.append(Document(file, data, raw))
    return _Part(documents, list(problems))


def _manifests(tree: Tree, folder: str, file: str, problems: Problems) -> Iterator[tuple[str, str]]:
    """(name in messages, path) of each manifest in a folder and its folders."""
    for name, path, kind in tree.scan(folder, file, problems):
        if name.startswith(".") or (file == MANIFESTS and name in ("files", "notices") and kind == "folder"):
            continue
        below = f"{file}/{shown(name)}"
        if is_elsewhere(kind, below, problems):
            continue
        if kind == "folder":
            yield from _manifests(tree, path, below, problems)
        elif name.lower().endswith((".yaml", ".yml")) and _has_plain_name(name, below, problems):
            yield below, path


def _files(tree: Tree, top: str, problems: Problems) -> Iterator[tuple[str, bytes]]:
    if tree.kind(top) != "folder":
        return
    for file, path in _all_files(tree, top, top, problems):
        content = tree.read(path, file, MAX_FILE_SIZE, problems)
        if content is not None:
            yield file.removeprefix("manifests/files/"), content


def _all_files(tree: Tree, folder: str, file: str, problems: Problems) -> Iterator[tuple[str, str]]:
    for name, path, kind in sorted(tree.scan(folder, file, problems)):
        below = f"{file}/{shown(name)}"
        if is_elsewhere(kind, below, problems):
            continue
        if kind == "folder":
            yield from _all_files(tree, path, below, problems)
        elif _has_plain_name(name, below, problems):
            yield below, path


_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
"""Characters that no text of a licence has; a form feed is one that GNU's have between pages."""


def _notices(tree: Tree, top: str, problems: Problems) -> Iterator[tuple[str, str]]:
    if tree.kind(top) != "folder":
        return
    for name, path, _ in sorted(tree.scan(top, top, problems)):
        file = f"{top}/{shown(name)}"
        if name.startswith(".") or not name.endswith(".txt"):
            continue
        raw = tree.read(path, file, MAX_MANIFEST_SIZE, problems)
        if raw is None:
            continue
        try:
            text = raw.removeprefix(b"\xef\xbb\xbf").decode().replace("\r\n", "\n")
            if found := _CONTROL.search(text):
                line = text.count("\n", 0, found.start()) + 1
                place = Place(file, line=line, column=found.start() - text.rfind("\n", 0, found.start()))
                problems.add(place, *unprintable("the line holds", found[0]))
            yield name, text
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            problems.add(Place(file, line=line, column=1), "is not UTF-8", "save the file as UTF-8")


def _record(tree: Tree, name: str, problems: Problems) -> bytes | None:
    path = f"{MANIFESTS}/{name}"
    return tree.read(path, path, MAX_RECORD_SIZE, problems) if tree.kind(path) else None


def _has_plain_name(name: str, file: str, problems: Problems) -> bool:
    if name.isprintable():
        return True
    problems.add(Place(file), "its name holds a character that cannot be seen", "rename the file")
    return False


def _locate(source: bytes, places: list[Place]) -> list[tuple[int, int, str]]:
    """Where the places of one file are."""
    text, raw = _text(source)
    lines = [_shown_line(line) for line in split_lines(text)]
    try:
        node = compose(text, raw) if any(place.path and not place.line for place in places) else None
    except Faults:
        node = None
    positions = Positions(node) if node else None
    found = []
    for place in places:
        line, column = place.line, max(place.column, 1)
        if not line:
            line, column = positions.of(place) if positions and place.path else (1, 1)
        found.append((line, column, lines[line - 1] if line <= len(lines) else ""))
    return found


def _raw(root: Path, file: str) -> bytes:
    parts = file.split("/")
    folders = (os.path.join(root, *parts[:end]) for end in range(1, len(parts)))
    if ".." in parts or file.startswith("/") or any(map(os.path.islink, folders)):
        return b""
    return read(os.path.join(root, *parts), file, MAX_MANIFEST_SIZE, Problems()) or b""


def _raw_of(tree: Tree, file: str) -> bytes:
    return tree.read(file, file, MAX_MANIFEST_SIZE, Problems()) or b""


def _text(raw: bytes) -> tuple[str, bytes]:
    try:
        return decode(raw)
    except Faults:
        return raw.decode(errors="replace"), raw


def _shown_line(line: str) -> str:
    """A line that can be printed, with every character in its own column."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)

"""Pieces of scalars in a YAML file replaced, every other byte kept.

A piece is looked for in the scalar's source, between the marks that the parser gives: plain, quoted,
folded or literal, over one line or many. That only the wanted values changed is then shown by reading
the new file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rgraph.errors import Path, Problems
from rgraph.files.yaml_nodes import compose, load
from rgraph.files.yaml_text import Faults, decode
from rgraph.files.yaml_walk import PLAIN, WORDS


class Piece(Struct, frozen=True):
    """A piece of a scalar that becomes another."""

    path: Path
    start: int
    """Index in the scalar's value."""
    old: str
    new: str


class Edited(Struct, frozen=True):
    """A file after its edits."""

    raw: bytes
    data: Any
    """Its plain data."""
    positions: tuple[tuple[Piece, tuple[int, int]], ...]
    """Line and column (1-based) of each piece in the file as it was."""


class CannotEdit(Exception):
    """A piece that cannot be replaced without touching other bytes."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(what)


_BOM: Final = b"\xef\xbb\xbf"
_HARMLESS: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._+-]*[0-9A-Za-z])?")
"""A text that means nothing but itself within any scalar, whatever stands around it: then the new file
need not be read to know what it says.
"""
_BREAK: Final = re.compile("\r\n|\r|\n")


def edit(raw: bytes, pieces: Iterable[Piece]) -> Edited:
    """The file with its pieces replaced; it must be one that the reader has taken. Raises CannotEdit."""
    by_path: dict[Path, list[Piece]] = {}
    for piece in pieces:
        by_path.setdefault(piece.path, []).append(piece)
    try:
        text, plain = decode(raw)
        root = compose(text, plain)
    except Faults as faults:
        raise CannotEdit((), faults.found[0].what) from None
    if root is None:
        raise CannotEdit((), "the file is empty")
    source = _Source(text)
    spans = [span for path, each in by_path.items() for span in source.spans(_scalar(root, path), path, each)]
    made = source.replaced(spans)
    new = (_BOM if raw.startswith(_BOM) else b"") + made.encode()
    if not source.escapes and all(_HARMLESS.fullmatch(text) for _, _, text in spans):
        for path, each in by_path.items():
            node = _scalar(root, path)
            node.value = _changed(node.value, each)
        return Edited(new, _plain_data(root), tuple(source.positions.items()))
    data = load("", new, Problems())
    if not _is_meant(root, data, (), by_path):
        raise CannotEdit(next(iter(by_path), ()), "the new text would not read as it is meant")
    return Edited(new, data, tuple(source.positions.items()))


def _plain_data(node: Node) -> Any:
    """The data of nodes that the reader has taken."""
    if isinstance(node, MappingNode):
        return {key.value: _plain_data(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain_data(each) for each in node.value]
    return WORDS[node.value] if node.tag == PLAIN and node.value in WORDS else node.value


def _is_meant(node: Node, data: Any, path: Path, changed: Mapping[Path, list[Piece]]) -> bool:
    """Whether the data of the new file is what the old file's nodes say, but for what was to change."""
    if isinstance(node, MappingNode):
        return (
            isinstance(data, dict)
            and [key.value for key, _ in node.value] == list(data)
            and all(
                _is_meant(value, data[key.value], (*path, key.value), changed) for key, value in node.value
            )
        )
    if isinstance(node, SequenceNode):
        return (
            isinstance(data, list)
            and len(node.value) == len(data)
            and all(_is_meant(each, data[i], (*path, i), changed) for i, each in enumerate(node.value))
        )
    if path in changed:
        return bool(_changed(node.value, changed[path]) == data)
    if node.tag == PLAIN and node.value in WORDS:
        return WORDS[node.value] is data
    return bool(node.value == data)


def _changed(value: str, pieces: Sequence[Piece]) -> str:
    for piece in sorted(pieces, key=lambda each: each.start, reverse=True):
        value = value[: piece.start] + piece.new + value[piece.start + len(piece.old) :]
    return value


def _scalar(root: Node, path: Path) -> ScalarNode:
    node: Node | None = root
    for item in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == item), None)
        elif isinstance(node, SequenceNode) and isinstance(item, int) and item < len(node.value):
            node = node.value[item]
        else:
            node = None
    if not isinstance(node, ScalarNode):
        raise CannotEdit(path, "there is no text at this place any more")
    return node


class _Source:
    """The text of a file, and what becomes of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(match.end() for match in _BREAK.finditer(text))]
        self.positions: dict[Piece, tuple[int, int]] = {}
        self.escapes = False
        """Whether a scalar that changes holds a backslash that may be an escape."""

    def spans(self, node: ScalarNode, path: Path, pieces: Sequence[Piece]) -> list[tuple[int, int, str]]:
        """Start, end and new text of each piece of a scalar; of a plain one that then needs quotes, of
        all of it.
        """
        start, end = node.start_mark.index, node.end_mark.index
        if node.style in ("|", ">"):
            # What stands behind the sign is no text.
            first = _BREAK.search(self._text, start)
            start = first.end() if first else end
        self.escapes |= node.style == '"' and "\\" in self._text[start:end]
        found = []
        for piece in pieces:
            index = self._index(node.value, start, end, piece)
            self.positions[piece] = self._position(index)
            found.append((index, index + len(piece.old), piece.new))
        if not node.style and _is_plain(node.value) and not _is_plain(_changed(node.value, pieces)):
            return [(start, end, self._quoted(start, end, found, path))]
        return found

    def _index(self, value: str, start: int, end: int, piece: Piece) -> int:
        """Where a piece of a scalar stands in the file: as the same among its equals."""
        if value[piece.start : piece.start + len(piece.old)] != piece.old:
            raise CannotEdit(piece.path, f"`{piece.old}` does not stand at this place any more")
        inside = _occurrences(value, piece.old, 0, len(value))
        outside = _occurrences(self._text, piece.old, start, end)
        if len(inside) != len(outside):
            raise CannotEdit(piece.path, f"`{piece.old}` is written with escapes, or parted by a line break")
        return outside[inside.index(piece.start)]

    def _position(self, index: int) -> tuple[int, int]:
        line = bisect_right(self._lines, index)
        return line, index - self._lines[line - 1] + 1

    def _quoted(self, start: int, end: int, spans: Sequence[tuple[int, int, str]], path: Path) -> str:
        """A plain scalar in quotes, with its pieces replaced."""
        if any("\n" in new or "\r" in new for _, _, new in spans):
            raise CannotEdit(path, "the new text holds a line break")
        text = self._text[start:end]
        for first, last, new in sorted(spans, reverse=True):
            text = text[: first - start] + new + text[last - start :]
        return "'" + text.replace("'", "''") + "'"

    def replaced(self, spans: Sequence[tuple[int, int, str]]) -> str:
        """The text with spans replaced."""
        parts = []
        done = 0
        for start, end, new in sorted(spans):
            if start < done:
                raise CannotEdit((), "two edits overlap")
            parts += [self._text[done:start], new]
            done = end
        return "".join([*parts, self._text[done:]])


def _occurrences(text: str, piece: str, start: int, end: int) -> list[int]:
    found = []
    index = text.find(piece, start, end)
    while index >= 0:
        found.append(index)
        index = text.find(piece, index + 1, end)
    return found


# One component's pins are written alike in most files.
@lru_cache(maxsize=1000)
def _is_plain(value: str) -> bool:
    """Whether a text can stand without quotes, in a list in brackets too."""
    if value in WORDS:
        return False
    for begin, close in (("- ", "\n"), ("[", "]\n")):
        text = f"{begin}{value}{close}"
        try:
            node = compose(text, text.encode())
        except Faults:
            return False
        items = node.value if isinstance(node, SequenceNode) else []
        if len(items) != 1 or items[0].tag != PLAIN or items[0].value != value:
            return False
    return True

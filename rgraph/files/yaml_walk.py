"""The slow walks over the nodes of one file: what is wrong in it, and where a path leads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from rgraph.errors import Path, Place
from rgraph.files.yaml_text import Fault, is_seen, line_and_column, unprintable

PLAIN: Final = "plain"
QUOTED: Final = "quoted"
LIST: Final = "list"
MAPPING: Final = "mapping"
"""Marks of nodes that have no tag of their own (a tag has a `:` or a `!` in it)."""

WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
"""Plain scalars that are not text."""

MAX_DEPTH: Final = 50
"""Deepest nesting of mappings and lists. A real manifest has about ten levels."""

MAX_FAULTS: Final = 100
"""Most problems reported of one file."""


def find_faults(text: str, root: Node) -> list[Fault]:
    """All faults of a file's nodes, at most MAX_FAULTS, each with its path and position."""
    walk = _Walk(text)
    walk.node(root, (), 1)
    return walk.found


def too_deep(mark: Any, path: Path = ()) -> Fault:
    """The fault of a mapping or list below MAX_DEPTH others."""
    help = "a manifest needs about ten levels"
    return Fault(f"nested deeper than {MAX_DEPTH} levels", help, mark.line + 1, mark.column + 1, path)


class Positions:
    """Where the places of one file are."""

    def __init__(self, root: Node) -> None:
        self._root = root
        self._words: dict[int, _Words] = {}

    def of(self, place: Place) -> tuple[int, int]:
        """1-based line and column of what a place's path leads to, or of the first value below that has its
        word.

        Where it leads to nothing, of the nearest thing above: its key if it has one, for that is what a
        person looks for when something is missing below it.
        """
        node, mark = self._root, self._root.start_mark
        for index, item in enumerate(place.path):
            step = _step(node, item)
            if step is None:
                break
            key, node = step
            arrived = index == len(place.path) - 1 and not place.on_key
            mark = node.start_mark if key is None or arrived else key.start_mark
        if place.word:
            mark = self._below(node).mark(_plain(place.word)) or mark
        return mark.line + 1, mark.column + 1

    def _below(self, node: Node) -> _Words:
        if id(node) not in self._words:
            self._words[id(node)] = _Words(node)
        return self._words[id(node)]


class _Words:
    """The scalars below a node by the words in them: a step may have thousands, each asked for once."""

    def __init__(self, node: Node) -> None:
        self._texts = [(_plain(scalar.value), scalar.start_mark) for scalar in _scalars(node)]
        self._having: dict[str, list[int]] = {}
        for index, (text, _) in enumerate(self._texts):
            for run in dict.fromkeys(_RUN.findall(text)):
                self._having.setdefault(run, []).append(index)

    def mark(self, word: str) -> Any:
        """Mark of the first scalar that has a word; None if none has it."""
        pattern = re.compile(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])")
        # A text that has the word has all its parts, so the rarest leads there soonest.
        possible = min((self._having.get(run, []) for run in _RUN.findall(word)), key=len, default=None)
        for index in range(len(self._texts)) if possible is None else possible:
            text, mark = self._texts[index]
            if pattern.search(text):
                return mark
        return None


_RUN: Final = re.compile(r"[a-z0-9]+")


def _scalars(node: Node) -> Iterator[ScalarNode]:
    """The scalars below a node, in their order."""
    if isinstance(node, ScalarNode):
        yield node
    else:
        for item in node.value:
            for each in item if isinstance(item, tuple) else (item,):
                yield from _scalars(each)


def _plain(text: str) -> str:
    """A text in which names of packages can be found: purls have them in lower case, with dashes."""
    return text.lower().replace("_", "-")


def _step(node: Node, item: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == item), None)
    if isinstance(node, SequenceNode) and isinstance(item, int) and 0 <= item < len(node.value):
        return None, node.value[item]
    return None


class _Walk:
    def __init__(self, text: str) -> None:
        self.found: list[Fault] = []
        self._text = text

    def node(self, node: Node, path: Path, depth: int) -> None:
        if node.tag not in (PLAIN, QUOTED, LIST, MAPPING):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")[:60]
            help = "remove the tag; `true` and `false` are booleans, all else is text"
            self._add(f"the tag `{tag}` is not allowed", help, node, path)
        if isinstance(node, ScalarNode):
            self._text_of(node, path, on_key=False)
        elif depth > MAX_DEPTH:
            self.found.append(too_deep(node.start_mark, path))
        elif isinstance(node, MappingNode):
            self._pairs(node, path, depth + 1)
        else:
            for index, item in enumerate(node.value):
                if self._full():
                    return
                self.node(item, (*path, index), depth + 1)

    def _pairs(self, node: MappingNode, path: Path, depth: int) -> None:
        lines: dict[str, int] = {}
        for key, value in node.value:
            if self._full():
                return
            if not self._key(key, path):
                continue
            below = (*path, key.value)
            if key.value in lines:
                what = f"the key `{key.value[:60]}` stands twice, first in line {lines[key.value]}"
                self._add(what, "remove one of them", key, below, on_key=True)
            lines.setdefault(key.value, key.start_mark.line + 1)
            self.node(value, below, depth)

    def _full(self) -> bool:
        return len(self.found) >= MAX_FAULTS

    def _key(self, key: Node, path: Path) -> bool:
        """Notes what is wrong with a key; whether it can serve as one at all."""
        if not isinstance(key, ScalarNode) or key.tag not in (PLAIN, QUOTED):
            self._add("a key that is not text", "write a word or quoted text before the `:`", key, path)
        elif key.tag == PLAIN and key.value == "<<":
            self._add("merge keys (`<<`) are not allowed", "write it out, or make a recipe", key, path)
        elif key.tag == PLAIN and key.value in WORDS:
            shown = f"`{key.value}`" if key.value else "nothing"
            help = f'write "{key.value}" in quotes' if key.value else "write a key before the `:`"
            self._add(f"a key that is not text but {shown}", help, key, path)
        else:
            self._text_of(key, (*path, key.value), on_key=True)
            return True
        return False

    def _text_of(self, node: ScalarNode, path: Path, on_key: bool) -> None:
        hidden = next((c for c in node.value if not is_seen(c, in_key=on_key)), None)
        if hidden is None:
            return
        begin = "the key holds" if on_key else "the value holds"
        index = self._text.find(hidden, node.start_mark.index, node.end_mark.index)
        where = line_and_column(self._text, index) if index >= 0 else None
        line, column = where or (node.start_mark.line + 1, node.start_mark.column + 1)
        self.found.append(Fault(*unprintable(begin, hidden), line, column, path, on_key))

    def _add(self, what: str, help: str, node: Node, path: Path, on_key: bool = False) -> None:
        mark = node.start_mark
        self.found.append(Fault(what, help, mark.line + 1, mark.column + 1, path, on_key))

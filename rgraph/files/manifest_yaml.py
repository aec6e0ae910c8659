"""Plain data of a manifest as YAML that people like to read, and that the reader reads back as the same data.

Short mappings and lists of texts stand in brackets on one line; longer lists of words fill lines, longer
mappings and lists of sentences take a line an entry; texts of several lines are literal blocks. Keys keep
their order. Nothing depends on anything but the data: the same data always gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rgraph.errors import Path
from rgraph.files.yaml_text import is_seen
from rgraph.files.yaml_walk import WORDS

WIDTH: Final = 110
"""Longest line that is made where something can be broken, in characters."""

_SAFE: Final = re.compile(r"[A-Za-z0-9/_.(^+][A-Za-z0-9/_.()^+=@$~;<>!*&'\"|%\\?-]*")
"""A text that stands for itself in a list in brackets, too, whatever stands around it."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.($^+-][^\x00-\x1f]*")
"""A text that may stand without quotes where a line ends with it, if nothing in it ends a plain text."""
_ENDS_PLAIN: Final = re.compile(r": |:$| #|^- |^-$|^---|^\.\.\.|\s$|:\t|\t#")
_ESCAPED: Final = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_LONGEST: Final = 20_000
"""Longest text that is broken into lines, in characters."""
_BLOCK_KEYS: Final = frozenset({"steps", "private", "stages", "group", "externals", "include"})
"""What stands below these keys takes a line an entry, however short it is."""


class NotWritable(ValueError):
    """Data that no manifest can hold: a text with a character that cannot be seen, or no plain data."""


def manifest_yaml(data: Mapping[str, Any], comments: Mapping[Path, str] | None = None) -> str:
    """The text of a manifest. `comments` stand above what their path leads to; () is the head of the file.

    Raises NotWritable if the reader could not take the data.
    """
    written = _Writer(comments or {})
    head = written.comment((), 0)
    return "\n".join([*head, *written.mapping(data, (), 0)]) + "\n"


def lines_of(data: Mapping[str, Any]) -> int:
    """The lines that a manifest takes, without comments."""
    return manifest_yaml(data).count("\n")


class _Writer:
    def __init__(self, comments: Mapping[Path, str]) -> None:
        self._comments = comments

    def comment(self, path: Path, indent: int) -> list[str]:
        """The lines of the comment of a place."""
        text = self._comments.get(path, "")
        return [f"{' ' * indent}# {line}".rstrip() for line in map(_seen, text.split("\n"))] if text else []

    def mapping(self, data: Mapping[str, Any], path: Path, indent: int) -> Iterator[str]:
        """The lines of a mapping's entries."""
        for name, value in data.items():
            below = (*path, name)
            yield from self.comment(below, indent)
            yield from self._entry(f"{' ' * indent}{_key(name)}:", value, below, indent)

    def _entry(self, head: str, value: Any, path: Path, indent: int) -> Iterator[str]:
        """A key with its value; `head` is all of the line up to the colon."""
        if isinstance(value, str):
            yield from _text(head, value, indent)
        elif not isinstance(value, (dict, list)):
            yield head if value is None else f"{head} {_word(value)}"
        elif not value:
            yield f"{head} {'{}' if isinstance(value, dict) else '[]'}"
        elif not self._is_block(value, path) and (inline := _inline(value, WIDTH - len(head) - 1)):
            yield f"{head} {inline}"
        elif isinstance(value, dict):
            yield head
            yield from self.mapping(value, path, indent + 2)
        elif _is_words(value) and not self._is_commented(path):
            yield from _filled(f"{head} [", value)
        else:
            yield head
            yield from self._items(value, path, indent + 2)

    def _items(self, items: Sequence[Any], path: Path, indent: int) -> Iterator[str]:
        for index, value in enumerate(items):
            below = (*path, index)
            yield from self.comment(below, indent)
            head = f"{' ' * indent}-"
            if isinstance(value, dict) and value and not self._is_block(value, below):
                inline = _inline(value, WIDTH - indent - 2)
                if inline and len(value) > 1:
                    yield f"{head} {inline}"
                    continue
                if path[-1:] == ("include",) and not any(
                    isinstance(each, (dict, list)) for each in value.values()
                ):
                    yield from _row(f"{head} {{", value)
                    continue
            if isinstance(value, dict) and value:
                lines = self.mapping(value, below, indent + 2)
                yield f"{head} {next(lines)[indent + 2 :]}"
                yield from lines
            else:
                yield from self._entry(head, value, below, indent)

    def _is_block(self, value: dict[str, Any] | list[Any], path: Path) -> bool:
        """Whether a value must take a line an entry: it is one of steps, or holds one, or has comments."""
        if path and path[-1] in _BLOCK_KEYS:
            return True
        if isinstance(value, list):
            return any(isinstance(each, dict) for each in value) or self._is_commented(path)
        return any(name in _BLOCK_KEYS for name in value) or self._is_commented(path)

    def _is_commented(self, path: Path) -> bool:
        return any(len(each) > len(path) and each[: len(path)] == path for each in self._comments)


def _seen(line: str) -> str:
    """A line of a comment; what cannot be seen becomes a space."""
    return "".join(character if character.isprintable() else " " for character in line)


def _is_words(items: Sequence[Any]) -> bool:
    """Whether a list is of words, several of which stand in a line, and not of sentences or mappings."""
    return all(
        isinstance(each, str) and (" " not in each or "${{" in each) and "\n" not in each for each in items
    )


def _filled(head: str, items: Sequence[str]) -> Iterator[str]:
    """A list in brackets over several lines, the later ones below the first entry."""
    line, indent = head, len(head)
    for index, item in enumerate(items):
        word = _in_brackets(item) + ("]" if index == len(items) - 1 else ",")
        if len(line) + len(word) > WIDTH and len(line) > indent:
            yield line.rstrip()
            line = " " * indent
        *full, line = _broken(line + word, indent + 2, item)
        yield from full
        line += " "
    yield line.rstrip()


def _row(head: str, row: Mapping[str, Any]) -> Iterator[str]:
    """A row of a matrix in brackets over several lines."""
    line, indent = head, len(head)
    for index, (name, value) in enumerate(row.items()):
        word = f"{_key(name)}: {_in_brackets(value)}" + ("}" if index == len(row) - 1 else ",")
        if len(line) + len(word) > WIDTH and len(line) > indent:
            yield line.rstrip()
            line = " " * indent
        line += word + " "
    yield line.rstrip()


def _broken(line: str, indent: int, text: str) -> list[str]:
    """A line that ends with a text in quotes, over several if it is too long: a break there is a space."""
    if len(line) <= WIDTH or not _can_break(text):
        return [line]
    found = []
    while len(line) > WIDTH and (at := line.rfind(" ", indent + 1, WIDTH)) > indent:
        found.append(line[:at])
        line = " " * indent + line[at + 1 :]
    return [*found, line]


def _can_break(text: str) -> bool:
    """Whether the spaces of a text can become breaks of lines."""
    if len(text) > _LONGEST:
        return False
    return " " in text and "  " not in text and text == text.strip() and "\n" not in text and "\t" not in text


def _folded(text: str, indent: int) -> list[str]:
    """A long text as a folded block."""
    found, line = [">-"], ""
    for word in text.split(" "):
        if line and indent + len(line) + len(word) + 1 > WIDTH:
            found.append(" " * indent + line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*found, " " * indent + line]


def _inline(value: Any, room: int, depth: int = 0) -> str:
    """A value on one line; empty if it does not fit, or would not be read with ease."""
    if not isinstance(value, (dict, list)):
        if isinstance(value, str) and "\n" in value:
            return ""
        text = _in_brackets(value)
        return text if len(text) <= room else ""
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    if depth > _DEEPEST:
        return ""
    parts = []
    left = room - 2
    pairs = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for name, each in pairs:
        key = "" if name is None else f"{_key(name)}: "
        inner = _inline(each, left - len(key), depth + 1)
        if not inner:
            return ""
        left -= len(key) + len(inner) + 2
        parts.append(f"{key}{inner}")
    text = ", ".join(parts)
    return ("{" + text + "}" if isinstance(value, dict) else f"[{text}]") if len(text) + 2 <= room else ""


_DEEPEST: Final = 2


def _word(value: Any) -> str:
    """A value that is neither text, mapping nor list."""
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return "null"
    raise NotWritable(f"{type(value).__name__} is no plain data of a manifest")


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise NotWritable("a key is a text")
    return name if _SAFE.fullmatch(name) and name not in WORDS else _quoted(name, in_key=True)


def _in_brackets(value: Any) -> str:
    if not isinstance(value, str):
        return _word(value)
    return value if _SAFE.fullmatch(value) and value not in WORDS and _ends_well(value) else _quoted(value)


def _ends_well(text: str) -> bool:
    return not _ENDS_PLAIN.search(text)


def _text(head: str, value: str, indent: int) -> Iterator[str]:
    """A text behind its key or dash."""
    if "\n" in value and (block := _literal(value, indent + 2)):
        yield f"{head} {block[0]}"
        yield from block[1:]
    elif len(head) + 1 + len(value) > WIDTH and _can_break(value) and value.isprintable():
        first, *rest = _folded(value, indent + 2)
        yield f"{head} {first}"
        yield from rest
    elif (
        value not in WORDS
        and "${{" not in value
        and value.isprintable()
        and _PLAIN.fullmatch(value)
        and _ends_well(value)
    ):
        yield f"{head} {value}"
    else:
        yield from _broken(f"{head} {_quoted(value)}", indent + 2, value)


def _quoted(text: str, *, in_key: bool = False) -> str:
    """A text in quotes: single ones where double ones would need escapes for what is written often."""
    _check(text, in_key)
    if ('"' in text or "\\" in text) and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_ESCAPED.get(character, character) for character in text) + '"'


def _check(text: str, in_key: bool = False) -> None:
    if text.isprintable():
        return
    hidden = next((each for each in text if not is_seen(each, in_key=in_key)), None)
    if hidden is not None:
        raise NotWritable(f"a text holds U+{ord(hidden):04X}, which cannot be seen")


def _literal(text: str, indent: int) -> list[str]:
    """A text as a literal block: its head, then its lines; nothing if no block can hold it."""
    _check(text)
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    if not body or not body.split("\n")[0].strip():
        return []
    chomp = "-" if not ends else "" if ends == 1 else "+"
    first = "2" if body[0] in " \t" else ""
    lines = [f"{' ' * indent}{line}" if line else "" for line in body.split("\n")]
    return [f"|{first}{chomp}", *lines, *[""] * (ends - 1)]

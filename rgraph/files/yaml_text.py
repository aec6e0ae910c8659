"""The text of a YAML file before it is parsed: encoding, positions, characters that cannot be seen."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from rgraph.errors import Path


class Fault(Struct, frozen=True):
    """Something wrong in one YAML file."""

    what: str
    help: str = ""
    line: int = 0
    """1-based; 0 for the whole file."""
    column: int = 0
    """1-based, in characters."""
    path: Path = ()
    """Where in the document, as far as it is known."""
    on_key: bool = False


class Faults(Exception):
    """A file that cannot be used, with everything found."""

    def __init__(self, found: Iterable[Fault]) -> None:
        self.found = tuple(found)
        super().__init__(f"{len(self.found)} faults")


# YAML 1.1 ends a line at these, so a comment that holds one would go on as content.
_HIDDEN_BREAK: Final = re.compile("[\x85\u2028\u2029]")
_BREAK: Final = re.compile("\r\n|\r|\n")
# What YAML 1.1 admits (section 5.1, c-printable) is the complement. Compiled only when it is needed.
_FORBIDDEN: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"

# Byte order marks; and a NUL in one of the first two bytes, as ASCII text has it in UTF-16.
_WIDE: Final = re.compile(rb"\xff\xfe|\xfe\xff|\x00|.\x00", re.DOTALL)


def decode(raw: bytes) -> tuple[str, bytes]:
    """The text, and its bytes without a byte order mark (UTF-8 files may begin with one).

    Raises Faults if it is not UTF-8 or holds a character that ends a line only for YAML.
    """
    if _WIDE.match(raw):
        raise Faults([Fault("the file is UTF-16 or UTF-32, not UTF-8", "save the file as UTF-8", 1, 1)])
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line, column = line_and_column(raw[: error.start].decode(), error.start)
        what = f"the byte 0x{raw[error.start]:02X} is not UTF-8"
        raise Faults([Fault(what, "save the file as UTF-8", line, column)]) from None
    if not text.isascii() and (found := _HIDDEN_BREAK.search(text)):
        raise Faults([_at(text, found.start(), "the file holds")])
    return text, raw


def forbidden(text: str) -> Fault:
    """The first character that no YAML file may hold."""
    found = re.search(_FORBIDDEN, text)
    return _at(text, found.start() if found else 0, "the file holds")


def unprintable_in_line(text: str, line: int) -> Fault | None:
    """The first character of a line (0-based) that cannot be seen, other than a tab."""
    lines = split_lines(text)
    content = lines[line] if line < len(lines) else ""
    for column, character in enumerate(content):
        if character != "\t" and not character.isprintable():
            return Fault(*unprintable("the line holds", character), line + 1, column + 1)
    return None


def unprintable(begin: str, character: str) -> tuple[str, str]:
    """What to say of a character that cannot be seen: the sentence, and the help."""
    name = unicodedata.name(character, "a control character")
    space = unicodedata.category(character) == "Zs"
    help = "write a plain space" if space else "remove it, or write what was meant"
    return f"{begin} U+{ord(character):04X} ({name}), which cannot be seen", help


def is_seen(character: str, *, in_key: bool) -> bool:
    """Whether a character may stand in a text: one that can be seen, or a break or tab in a value."""
    return character.isprintable() or (not in_key and character in "\n\t")


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """1-based line and column of the character at an index."""
    lines = split_lines(text[:index])
    return len(lines), len(lines[-1]) + 1


def split_lines(text: str) -> list[str]:
    """The lines as the YAML parser counts them; at least one."""
    return _BREAK.split(text)


def _at(text: str, index: int, begin: str) -> Fault:
    return Fault(*unprintable(begin, text[index : index + 1] or "\0"), *line_and_column(text, index))

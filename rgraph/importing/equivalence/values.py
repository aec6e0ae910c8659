"""Words, paths and commands as they are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from rgraph.importing.shell_tokens import Part, Word

SIGN = "\x01"
"""Before a character that the shell may replace."""
_QUOTED, _BARE, _END = "\x02", "\x04", "\x03"
_QUOTED_EXPANSION, _BARE_EXPANSION = "\x05", "\x06"


def quoted(name: str) -> str:
    """A variable in double quotes."""
    return f"{_QUOTED}{name}{_END}"


def value_of(word: Word, look_up: Callable[[Part], str | None]) -> str:
    """A word without its quotes; what the shell replaces is marked by control characters, which no text of
    a command that was read can hold.
    """
    found = ""
    for part in word.parts:
        match part.kind:
            case "text":
                found += part.text
            case "sign":
                found += SIGN + part.text
            case "variable":
                value = look_up(part)
                if value is None:
                    value = quoted(part.text) if part.quoted else f"{_BARE}{part.text}{_END}"
                found += value
            case "expansion":
                mark = _QUOTED_EXPANSION if part.quoted else _BARE_EXPANSION
                found += f"{mark}{part.text}{_END}"
    return found


def is_text(value: str) -> bool:
    """Whether the shell replaces nothing in it."""
    return not any(mark in value for mark in "\x01\x02\x04\x05\x06\x07")


def is_one_word(value: str) -> bool:
    """Whether it is one word for certain, and no pattern."""
    return not any(mark in value for mark in "\x01\x04\x06\x07")


class Line(Struct, frozen=True):
    """A command as it is compared."""

    words: tuple[str, ...]
    folder: str = ""
    """The working folder; empty where it means nothing to the command."""


class Path:
    """A folder: absolute, or below the one that the RUN starts in (`.`)."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def to(self, target: str) -> Path | None:
        """Where `cd` leads to; None if that is not certain."""
        found = self.file(target.rstrip("/") if len(target) > 1 else target)
        return Path(found) if found is not None else None

    def file(self, target: str) -> str | None:
        """A file as seen from here; None if that is not certain.

        A name that begins with a variable may be absolute or not, one with `..` may lead through links.
        """
        target = target.removeprefix("./")
        if not target or target[0] in "-\x01\x02\x04\x05\x06\x07" or not is_one_word(target):
            return None
        if ".." in target.split("/"):
            return None
        if target.startswith("/"):
            return target
        if target == ".":
            return self._text
        if self._text.startswith("\x07"):
            return None
        return f"{self._text.rstrip('/')}/{target}"


Redirects = tuple[tuple[str, str], ...]


class Walk(Protocol):
    """What a program's function sees of the RUN."""

    rules: set[str]
    folder: Path
    fresh: set[str]

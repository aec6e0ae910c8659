"""Words of a Dockerfile: quotes, and the variables that BuildKit replaces.

Source: the Dockerfile reference, "Environment replacement": `$NAME`, `${NAME}`, and `:-`, `-`, `:+`, `+`,
`:?`, `?`, `#`, `##`, `%`, `%%`, `/` and `//` within the braces.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

MAX_DEPTH: Final = 40
"""Deepest nesting of `${A:-${B:-...}}`."""

MAX_LENGTH: Final = 65_536
"""Longest word, once its variables are replaced: some that hold each other would fill a memory."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?]")


class Replaced(Struct, frozen=True):
    """A word with its variables replaced."""

    text: str
    unset: tuple[str, ...]
    """Variables without a value for which nothing else was given."""


class WordError(ValueError):
    """A word that cannot be read."""


def unquoted(word: str, escape: str = "\\") -> str:
    """A word without its quotes; variables stay."""
    return _Reader(word, escape, None).word("", 0)


def replaced(word: str, values: Mapping[str, str], escape: str = "\\") -> Replaced:
    """A word without quotes, its variables replaced. Raises WordError."""
    reader = _Reader(word, escape, values)
    text = reader.word("", 0)
    return Replaced(text, tuple(dict.fromkeys(reader.unset)))


class _Reader:
    def __init__(self, text: str, escape: str, values: Mapping[str, str] | None) -> None:
        self._text = text
        self._escape = escape
        self._values = values
        self._at = 0
        self._grown = 0
        self.unset: list[str] = []

    def word(self, stop: str, depth: int) -> str:
        """Up to the end, or to a character of `stop`, which is left."""
        if depth > MAX_DEPTH:
            raise WordError(f"`${{` within each other, deeper than {MAX_DEPTH}")
        parts: list[str] = []
        while self._at < len(self._text) and self._text[self._at] not in stop:
            character = self._next()
            if character == "'":
                parts.append(self._single())
            elif character == '"':
                parts.append(self._double(depth))
            elif character == self._escape and self._at < len(self._text):
                parts.append(self._next())
            elif character == "$" and self._values is not None:
                parts.append(self._variable(depth))
            else:
                parts.append(character)
        return "".join(parts)

    def _next(self) -> str:
        self._at += 1
        return self._text[self._at - 1]

    def _single(self) -> str:
        end = self._text.find("'", self._at)
        if end < 0:
            raise WordError("a quote that is not closed")
        found = self._text[self._at : end]
        self._at = end + 1
        return found

    def _double(self, depth: int) -> str:
        parts: list[str] = []
        while self._at < len(self._text):
            character = self._next()
            if character == '"':
                return "".join(parts)
            if character == self._escape and self._text[self._at : self._at + 1] in ('"', "$", self._escape):
                parts.append(self._next())
            elif character == "$" and self._values is not None:
                parts.append(self._variable(depth))
            else:
                parts.append(character)
        raise WordError("a quote that is not closed")

    def _variable(self, depth: int) -> str:
        braces = self._text[self._at : self._at + 1] == "{"
        match = _NAME.match(self._text, self._at + braces)
        if match is None:
            if braces:
                raise WordError("`${` without a name")
            return "$"
        name = match[0]
        self._at = match.end()
        if not braces:
            return self._value(name)
        start = self._at
        mark = re.compile(r":?[-+?]|##?|%%?|//?|\}").match(self._text, start)
        if mark is None:
            raise WordError(f"`${{{name}` is not closed")
        self._at = mark.end()
        if mark[0] == "}":
            return self._value(name)
        pattern = self.word("}/" if mark[0] in ("/", "//") else "}", depth + 1)
        replacement = ""
        if mark[0] in ("/", "//") and self._text[self._at : self._at + 1] == "/":
            self._at += 1
            replacement = self.word("}", depth + 1)
        if self._text[self._at : self._at + 1] != "}":
            raise WordError(f"`${{{name}` is not closed")
        self._at += 1
        return self._modified(name, mark[0], pattern, replacement)

    def _modified(self, name: str, mark: str, word: str, replacement: str) -> str:
        assert self._values is not None
        value = self._values.get(name)
        present = bool(value) if mark.startswith(":") else value is not None
        if mark[-1] == "-":
            # What the word itself lacked counts only if the word is taken.
            return self._bounded(value or "") if present else word
        if mark[-1] == "+":
            return word if present else ""
        if mark[-1] == "?":
            if not present:
                raise WordError(f"`{name}` must be given: {word[:80]}")
            return self._bounded(value or "")
        text = self._value(name)
        if mark[0] == "/":
            return _substituted(text, word, replacement, every=mark == "//")
        return _trimmed(text, word, mark)

    def _value(self, name: str) -> str:
        assert self._values is not None
        if name not in self._values:
            self.unset.append(name)
        return self._bounded(self._values.get(name, ""))

    def _bounded(self, value: str) -> str:
        self._grown += len(value)
        if self._grown > MAX_LENGTH:
            raise WordError(f"it grows longer than {MAX_LENGTH:,} characters")
        return value


def _trimmed(text: str, pattern: str, mark: str) -> str:
    """Without what matches at its beginning (`#`) or end (`%`); the longest if the mark is doubled."""
    cuts = range(len(text) + 1)
    longest = len(mark) == 2
    if mark[0] == "#":
        for cut in reversed(cuts) if longest else cuts:
            if fnmatch.fnmatchcase(text[:cut], pattern):
                return text[cut:]
        return text
    for cut in cuts if longest else reversed(cuts):
        if fnmatch.fnmatchcase(text[cut:], pattern):
            return text[:cut]
    return text


def _substituted(text: str, pattern: str, replacement: str, *, every: bool) -> str:
    found = re.compile(fnmatch.translate(pattern).removesuffix(r"\Z").removesuffix(r"\z"), re.DOTALL)
    return found.sub(lambda _: replacement, text, count=0 if every else 1) if pattern else text

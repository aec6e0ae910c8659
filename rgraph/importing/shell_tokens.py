"""Words and operators of a shell's text, as far as they can be told for certain.

Source: POSIX shell command language, 2.2 "Quoting", 2.3 "Token recognition".
"""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from rgraph.steps.commands import readable


class NotUnderstood(Exception):
    """The text holds something whose meaning this module does not know."""


class Part(Struct, frozen=True):
    """A piece of a word."""

    kind: Literal["text", "sign", "variable", "expansion"]
    """`sign`: an unquoted character that the shell may replace (`*`, `~`); `expansion`: what is neither
    `$NAME` nor `${NAME}`, with its signs."""
    text: str
    quoted: bool = False
    """Of variables and expansions: whether they stand in double quotes."""


class Word(Struct, frozen=True):
    """A word of a command, as written and as read."""

    raw: str
    parts: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """Its text, if the shell replaces nothing in it."""
        if len(self.parts) == 1 and self.parts[0].kind == "text":
            return self.parts[0].text
        return (
            None if any(part.kind != "text" for part in self.parts) else "".join(p.text for p in self.parts)
        )


class Token(Struct, frozen=True):
    """A word or an operator."""

    text: str
    operator: bool
    word: Word | None = None


_OPERATORS = ("&&", "||", ";;", ">>", "<<", "<&", ">&", "<>", ">|", "&>", ";", "|", "&", "(", ")", "<", ">")
_ONLY_IN_BASH = ("((", "<(", ">(", "|&", "&>>", "<<<", ";&")
"""What bash reads as one, where other shells read two operators or refuse the text."""
_SIGNS = frozenset("*?[]{}~")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_TEXT = 100_000
"""Longer texts are kept as they are: nobody writes such a command by hand."""
MAX_DEPTH = 40


def tokens(text: str) -> tuple[Token, ...]:
    """Words and operators of a text. Raises NotUnderstood."""
    if len(text) > MAX_TEXT or not readable(text.replace("\t", " ")):
        raise NotUnderstood
    found: list[Token] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character in " \t":
            position += 1
            continue
        if character == "#" or text.startswith(_ONLY_IN_BASH, position):
            raise NotUnderstood
        operator = next((each for each in _OPERATORS if text.startswith(each, position)), "")
        if operator:
            found.append(Token(operator, True))
            position += len(operator)
            continue
        word, position = read_word(text, position)
        if position < len(text) and text[position] in "<>" and word.raw.isdigit():
            operator = next(each for each in _OPERATORS if text.startswith(each, position))
            found.append(Token(word.raw + operator, True))
            position += len(operator)
            continue
        found.append(Token(word.raw, False, word))
    return tuple(found)


class _Reader:
    """Collects the parts of one word."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def add(self, text: str) -> None:
        if self.parts and self.parts[-1].kind == "text":
            self.parts[-1] = Part("text", self.parts[-1].text + text)
        else:
            self.parts.append(Part("text", text))


def read_word(text: str, start: int) -> tuple[Word, int]:
    """The word that begins at an index, and the index behind it. Raises NotUnderstood."""
    reader, position = _Reader(), start
    while position < len(text) and text[position] not in " \t;|&()<>":
        character = text[position]
        if character == "'":
            end = text.find("'", position + 1)
            if end < 0:
                raise NotUnderstood
            reader.add(text[position + 1 : end])
            position = end + 1
        elif character == '"':
            position = _double_quoted(text, position + 1, reader)
        elif character == "\\":
            if position + 1 == len(text):
                raise NotUnderstood
            reader.add(text[position + 1])
            position += 2
        elif character in "$`":
            position = _expansion(text, position, reader, quoted=False)
        else:
            if character in _SIGNS and not (character == "~" and _is_inside(text, start, position)):
                reader.parts.append(Part("sign", character))
            else:
                reader.add(character)
            position += 1
    return Word(text[start:position], _comma_signs(reader.parts)), position


def _is_inside(text: str, start: int, position: int) -> bool:
    """Whether a tilde stands where none is replaced: not first, nor behind `:` or `=`."""
    return position > start and text[position - 1] not in ":="


def _comma_signs(parts: list[Part]) -> tuple[Part, ...]:
    """In bash, `{a,b}` is two words, and a quoted comma is none of the two's: such words are refused."""
    opened = any(part.kind == "sign" and part.text == "{" for part in parts)
    if opened and any(part.kind == "text" and ("," in part.text or ".." in part.text) for part in parts):
        raise NotUnderstood
    return tuple(parts)


def _double_quoted(text: str, position: int, reader: _Reader) -> int:
    reader.add("")
    while position < len(text):
        character = text[position]
        if character == '"':
            return position + 1
        if character == "\\" and position + 1 < len(text):
            escaped = text[position + 1]
            reader.add(escaped if escaped in '$`"\\' else "\\" + escaped)
            position += 2
        elif character in "$`":
            position = _expansion(text, position, reader, quoted=True)
        else:
            reader.add(character)
            position += 1
    raise NotUnderstood


def _expansion(text: str, position: int, reader: _Reader, quoted: bool) -> int:
    if text[position] == "`":
        end = text.find("`", position + 1)
        if end < 0 or "\\" in text[position:end]:
            raise NotUnderstood
        reader.parts.append(Part("expansion", text[position : end + 1], quoted))
        return end + 1
    rest = text[position + 1 : position + 2]
    if match := _NAME.match(text, position + 1):
        reader.parts.append(Part("variable", match[0], quoted))
        return match.end()
    if rest in ("{", "("):
        end = _closing(text, position + 1)
        inner = text[position + 2 : end]
        if rest == "{" and _NAME.fullmatch(inner):
            reader.parts.append(Part("variable", inner, quoted))
        else:
            reader.parts.append(Part("expansion", text[position : end + 1], quoted))
        return end + 1
    if rest and (rest in "?@*#!$-" or rest.isdigit()):
        reader.parts.append(Part("expansion", "$" + rest, quoted))
        return position + 2
    if rest == "[" or (rest in ("'", '"') and not quoted):
        raise NotUnderstood  # in bash, `$[1+1]` counts
    reader.add("$")
    return position + 1


_PAIRS = {"{": "}", "(": ")"}


def _closing(text: str, start: int) -> int:
    """Index of the sign that closes the one at `start`; quotes within are stepped over."""
    stack: list[str] = []
    position = start
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 1
        elif stack and character == stack[-1]:
            stack.pop()
            if not stack:
                return position
        elif character == "'" and (not stack or stack[-1] != '"'):
            position = text.find("'", position + 1)
            if position < 0:
                raise NotUnderstood
        elif character == '"':
            stack.append('"')
        elif character in _PAIRS and (not stack or stack[-1] != '"' or text[position - 1] == "$"):
            stack.append(_PAIRS[character])
        elif character in "`#" and character == "`":
            raise NotUnderstood
        if len(stack) > MAX_DEPTH:
            raise NotUnderstood
        position += 1
    raise NotUnderstood

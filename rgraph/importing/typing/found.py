"""What the families of typed steps see of a RUN, and what they give back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from rgraph.importing.equivalence.values import Line, is_text
from rgraph.importing.shell import Command


class View(Struct, frozen=True):
    """The commands of a RUN, and how each is compared."""

    commands: tuple[Command, ...]
    lines: tuple[Line | None, ...]
    """None for a command that becomes several lines or none."""
    values: Mapping[str, str]
    """Variables that ENV has set before."""

    def words(self, index: int) -> tuple[str, ...]:
        """The words by which a command is compared; empty behind the last and where there is no one line."""
        line = self.lines[index] if 0 <= index < len(self.lines) else None
        return line.words if line is not None else ()

    def text(self, index: int) -> str:
        """A command as written."""
        return escaped(self.commands[index].text)


class Found(Struct, frozen=True):
    """A typed step, and the commands that it stands for."""

    data: dict[str, Any]
    count: int
    """So many commands from where it was looked for."""
    also: tuple[int, ...] = ()
    """Later commands that it does too."""


def escaped(text: str) -> str:
    """A text as it stands in a manifest: `${{` would begin an expression, and spaces that look like plain
    ones are only seen as one.
    """
    made = text.replace("${{", "${{ '$' }}{{")
    return made if made.isascii() else _ODD_SPACE.sub(lambda odd: f"${{{{ '\\u{ord(odd[0]):04x}' }}}}", made)


_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Unicode's space separators (category Zs), but for the plain space."""


def as_written(value: str) -> str | None:
    """A word as compared, as a text of a manifest in which `${NAME}` is the shell's; None if it cannot be."""
    if "$" in value:
        return None
    text = re.sub("\x02([A-Za-z0-9_]+)\x03", r"${\1}", value)
    return text if is_text(text) else None


def all_written(values: Sequence[str]) -> list[str] | None:
    """Several words."""
    found = [as_written(value) for value in values]
    return [text for text in found if text is not None] if None not in found else None


def environment(words: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """Variables in front of a command, and the command; None if a value cannot be written."""
    env: dict[str, str] = {}
    while words and words[0].startswith("\x07") and "=" in words[0]:
        name, _, value = words[0][1:].partition("=")
        text = as_written(value)
        if not text:
            return None
        env[name], words = text, words[1:]
    return env, words


def parts(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Words cut at the marks that part options from names."""
    found: list[list[str]] = [[]]
    for word in words:
        if word == "\x07":
            found.append([])
        else:
            found[-1].append(word)
    return [tuple(each) for each in found]

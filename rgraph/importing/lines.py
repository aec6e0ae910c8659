"""Physical lines of a Dockerfile: directives, and which lines make an instruction.

The parser says what an instruction is; of one that it refuses it does not say the line, and it bounds neither
the length of an instruction nor their number. Both are found here, by the rules of the Dockerfile
reference ("Format", "Parser directives", "Here-documents").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct

_DIRECTIVE: Final = re.compile(r"#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(.+?)[ \t]*")
_HEREDOC: Final = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_.]*)\2")
_TAKES_HEREDOCS: Final = re.compile(r"[ \t]*(?:ONBUILD[ \t]+)?(?:RUN|COPY|ADD)[ \t]", re.IGNORECASE)


class Logical(Struct, frozen=True):
    """The lines of one instruction, 1-based, both included."""

    start: int
    end: int


def split(text: str) -> list[str]:
    """The lines of a text: parted by line feeds, without a carriage return at their end."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines and not lines[-1] else lines


def directives(lines: Sequence[str]) -> dict[str, str]:
    """Parser directives, names in lower case: comments of their form before anything else."""
    found: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None or match[1].lower() in found:
            break
        found[match[1].lower()] = match[2]
    return found


def is_comment(line: str) -> bool:
    """Whether the parser leaves a line out as a comment."""
    return line.lstrip(" \t").startswith("#")


def counted(lines: Sequence[str]) -> int:
    """How many lines are neither empty nor comments."""
    return sum(1 for line in lines if line.strip() and not is_comment(line))


def instructions(lines: Sequence[str], escape: str) -> Iterator[Logical]:
    """The lines of each instruction, in order."""
    position = 0
    while position < len(lines):
        if not lines[position].strip(" \t") or is_comment(lines[position]):
            position += 1
            continue
        start = position
        position = _continued(lines, position, escape)
        if _TAKES_HEREDOCS.match(lines[start]):
            position = _bodies(lines, start, position)
        yield Logical(start + 1, position)


def continues(line: str, escape: str) -> bool:
    """Whether a line ends in the character that continues it; spaces and tabs behind it do not count."""
    return line.rstrip(" \t").endswith(escape)


def _continued(lines: Sequence[str], position: int, escape: str) -> int:
    """The index behind the last line; comments and empty lines within do not end an instruction."""
    going = True
    end = position
    while position < len(lines) and going:
        line = lines[position]
        position += 1
        if end > 0 and end != position - 1 and (is_comment(line) or not line.strip(" \t")):
            continue
        going = continues(line, escape)
        end = position
    return position if going else end


def _bodies(lines: Sequence[str], start: int, position: int) -> int:
    """The index behind the here-documents that begin in some lines."""
    for dash, _, name in _HEREDOC.findall("\n".join(lines[start:position])):
        while position < len(lines):
            line = lines[position]
            position += 1
            if (line.lstrip("\t") if dash else line) == name:
                break
    return position

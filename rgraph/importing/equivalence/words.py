"""Words of instructions other than RUN, as the builder reads them.

Source: Dockerfile reference, "Environment replacement", "Escape", "Parser directives"; BuildKit's
frontend/dockerfile/shell, `ProcessWord`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
VARIABLE, OTHER, END = "\x02", "\x05", "\x03"
"""Marks around the name of a variable, or around what `${...}` else holds."""


LONGEST = 65_536
"""Most characters that the value of a variable may grow to."""


def is_too_long(value: str, values: Mapping[str, str]) -> bool:
    """Whether a value that was read would be too long with its variables replaced."""
    names = re.findall(f"{VARIABLE}([^{END}]*){END}", value)
    return len(value) + sum(len(values.get(name, "")) for name in names) > LONGEST


def read_word(raw: str, escape: str) -> str | None:
    """A word without quotes, variables between marks; None if its meaning is not certain."""
    if not raw.replace("\t", "").isprintable():
        return None
    found, position, quote = "", 0, ""
    while position < len(raw):
        character = raw[position]
        if quote == "'":
            if character == "'":
                quote = ""
            else:
                found += character
            position += 1
        elif character == quote:
            quote, position = "", position + 1
        elif character in "'\"" and not quote:
            quote, position = character, position + 1
        elif character == escape:
            if position + 1 == len(raw):
                return None
            escaped = raw[position + 1]
            kept = quote and escaped not in ('"', "$", escape)
            found += escape + escaped if kept else escaped
            position += 2
        elif character == "$":
            variable, position = _variable(raw, position)
            if variable is None:
                return None
            found += variable
        else:
            found += character
            position += 1
    return None if quote else found


def _variable(raw: str, position: int) -> tuple[str | None, int]:
    if match := _NAME.match(raw, position + 1):
        return f"{VARIABLE}{match[0]}{END}", match.end()
    if raw[position + 1 : position + 2] == "{":
        end = _closing(raw, position + 2)
        inner = raw[position + 2 : end]
        if end < 0 or re.search(r"['\"\\`]", inner):
            return None, position
        mark = VARIABLE if _NAME.fullmatch(inner) else OTHER
        return f"{mark}{inner}{END}", end + 1
    return None, position


def _closing(raw: str, position: int) -> int:
    """Index of the brace that closes; -1 if none does."""
    depth = 1
    for index in range(position, len(raw)):
        depth += {"{": 1, "}": -1}.get(raw[index], 0)
        if depth == 0:
            return index
    return -1


def variables(value: str) -> set[str]:
    """Names of the variables in a value as read."""
    names = set(re.findall(f"{VARIABLE}([^{END}]*){END}", value))
    others = re.findall(f"{OTHER}([^{END}]*){END}", value)
    names |= {match[0] for text in others if (match := _NAME.match(text))}
    return names | {name for text in others for name in re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", text)}

"""Reading the text of PowerShell or cmd, roughly: words, quotes, comments, and what parts commands.

Source: PowerShell's about_Parsing and about_Quoting_Rules. Any text can be read, in linear time.
"""

from __future__ import annotations

import re

from rgraph.audit.text.shell_words import Opened

_TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\r,]|[`^]\r?\n)+)
  | (?P<comment>\#[^\n]*)
  | (?P<single>'[^']*'?)
  | (?P<double>"(?:[^"`]|`.)*"?)
  | (?P<end>&&|\|\||[;\n])
  | (?P<part>[|&(){}])
  | (?P<plain>[^\s,;|&(){}'"]+)
    """,
    re.VERBOSE | re.DOTALL,
)


_NAME_END = re.compile(r"[A-Za-z0-9_]")


def windows_commands(text: str) -> list[Opened]:
    """The commands of a text; those of one statement, brackets included, have the same `pipeline`."""
    found = [Opened(1)]
    depth, at = 0, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            at += 1
            continue
        at = match.end()
        kind, token = match.lastgroup, match[0]
        if kind in ("part", "end"):
            called = token == "(" and found[-1].words and _NAME_END.match(text, at - 2)
            depth = max(0, depth + (token in "({") - (token in ")}"))
            statement = found[-1].pipeline
            if not called:  # the arguments of a method belong to it
                found.append(Opened(statement + (kind == "end" and depth == 0)))
        elif kind in ("single", "double"):
            found[-1].words.append(token[1:].removesuffix(token[0]))
        elif kind == "plain":
            found[-1].words.append(token)
    return [command for command in found if command.words]

"""Commands that people write: `run`, and the commands within other steps."""

from __future__ import annotations

import re
import unicodedata

from rgraph.steps.context import Context
from rgraph.steps.interface import Dialect, Run, Step
from rgraph.steps.shells import unsafe_command

_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Blanks of Unicode, which a shell takes for letters."""


def readable(text: str) -> bool:
    """Whether a command has only characters that print, or blanks: a no-break space may be a mistake, but
    commands stand in the escape hatch as their authors wrote them.
    """
    return _BLANKS.sub("", text).isprintable()


def commands(context: Context, written: list[str] | str) -> tuple[str, ...]:
    """A list of commands, each fit to be joined with the others."""
    found: list[str] = []
    for text, here in context.placed(written, readable):
        if not found and re.match(r"\s*(?:--|\[\s*\")", text):
            here.problem("RUN would read this as a flag or a list", "write one verbatim text: `run: ...`")
        if reason := unsafe_command(text):
            here.problem(f"the command {reason}", "write each command on its own, whole, without comments")
        found.append(text)
    return tuple(found)


class Commands(Step, frozen=True):
    """Commands of the escape hatch: a list, or one verbatim text."""

    commands: tuple[str, ...]
    verbatim: bool = False

    def render(self, dialect: Dialect) -> Run:
        """The commands as they are."""
        return Run(self.commands, verbatim=self.verbatim)


def resolve_run(context: Context, body: list[str] | str) -> Commands:
    """A `run` step."""
    if isinstance(body, list):
        before = len(context.problems)
        found = commands(context, body)
        if not found and len(context.problems) == before:
            context.problem("no commands", "write one a line, each with `- ` before it")
        return Commands(found)
    value = context.value(body)
    if isinstance(value, list):
        return Commands(commands(context, body))
    return Commands((_verbatim(context, value if isinstance(value, str) else ""),), verbatim=True)


def _is_readable(character: str) -> bool:
    # A space that is no plain one can only come from an expression, where it is seen.
    return character.isprintable() or character == "\t" or unicodedata.category(character) == "Zs"


def _verbatim(context: Context, text: str) -> str:
    text = text.strip("\n")
    if not text.strip():
        context.problem("no command", "write what to run")
    for line in text.split("\n"):
        if not readable(line.replace("\t", " ")):
            context.problem("a line holds a character that does not print", "remove it")
            return ""
    return text

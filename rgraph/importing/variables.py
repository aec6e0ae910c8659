"""Variables in the words by which instructions name files of the build context.

Source: the Dockerfile reference, "Environment replacement", "Scope" and "Using ARG variables": ENV beats ARG,
an ARG without a default has the value of the one before FROM, and a stage on a stage has what that one has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import structs

from rgraph.importing.contexts import ELSEWHERE, copied, with_words
from rgraph.importing.edges import Resolution
from rgraph.importing.model import Instruction, ParsedFile, SourceImage
from rgraph.importing.words import WordError, replaced

_NAME: Final = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
RULE = "arguments-in-copy"


def with_values(file: ParsedFile, source: SourceImage, resolution: Resolution) -> ParsedFile:
    """The file with values in place of variables in what COPY and ADD take from the context, where they are
    known; itself, if there are none.
    """
    stages = list(file.stages)
    behind: dict[int, _Scope] = {}
    for index in resolution.needed:
        first = next(iter(resolution.origins[index]), None)
        below = behind.get(first.stage) if first and first.kind == "stage" and first.type == "from" else None
        scope = below.copy() if below else _Scope(source.args, resolution.values, file.escape)
        made = tuple(scope.read(each) for each in stages[index].instructions)
        behind[index] = scope
        if any(one is not other for one, other in zip(made, stages[index].instructions, strict=True)):
            stages[index] = structs.replace(stages[index], instructions=made)
    if all(one is other for one, other in zip(stages, file.stages, strict=True)):
        return file
    return structs.replace(file, stages=tuple(stages))


class _Scope:
    """What variables are at a place in a stage."""

    def __init__(self, given: Mapping[str, str], before: Mapping[str, str], escape: str) -> None:
        self._given = given
        self._before = before
        self._escape = escape
        self._args: dict[str, str | None] = {}
        """None if an argument has no value."""
        self._env: dict[str, str | None] = {}
        """None if a variable is set, and nobody knows to what."""

    def copy(self) -> _Scope:
        """One of its own, with the same values."""
        made = _Scope(self._given, self._before, self._escape)
        made._args, made._env = dict(self._args), dict(self._env)
        return made

    def read(self, each: Instruction) -> Instruction:
        """An instruction, with values for its variables if it takes files from the context."""
        if each.keyword == "ARG":
            for word in each.words:
                self._arg(word)
        elif each.keyword == "ENV":
            values = self._known()
            for name, written in zip(each.words[::2], each.words[1::2], strict=False):
                self._env[name] = self._value(written, values)
        elif each.keyword in ("COPY", "ADD") and any("$" in word for word in copied(each)):
            return self._copy(each)
        return each

    def _arg(self, word: str) -> None:
        name, sign, default = word.partition("=")
        value = self._given.get(name)
        if value is None:
            value = self._value(default, self._known()) if sign else self._before.get(name)
        self._args[name] = value

    def _known(self) -> dict[str, str]:
        found = {**self._args, **self._env}
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, written: str, values: Mapping[str, str]) -> str | None:
        names = set(_NAME.findall(written))
        if any(name not in values and (name in self._env or name not in self._args) for name in names):
            # What the image below sets, only that image says.
            return None
        try:
            found = replaced(written, values, self._escape)
        except WordError:
            return None
        return None if found.unset else found.text

    def _copy(self, each: Instruction) -> Instruction:
        """Unchanged, if a variable has no value that is known."""
        *sources, to = each.words
        values = self._known()
        words = []
        for word in sources:
            value = word if "$" not in word or ELSEWHERE.match(word) else self._value(word, values)
            if not value or (value != word and set(value) & set("$\"'\\`")):
                return each
            words.append(value)
        spaced = not each.json and any(" " in word for word in words)
        if spaced and set("".join((*sources, to))) & set("\"'\\"):
            # As a list, quotes would be part of a name.
            return each
        return with_words(each, [*words, to], json=each.json or spaced)

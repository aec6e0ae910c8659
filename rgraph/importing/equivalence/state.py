"""What instructions leave behind that later ones depend on: variables, build arguments, the shell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from rgraph.importing.equivalence.instructions import Item, items
from rgraph.importing.equivalence.lines import OWN, Known
from rgraph.importing.equivalence.words import END, VARIABLE, is_too_long, variables
from rgraph.importing.model import Instruction
from rgraph.steps.interface import Dialect
from rgraph.steps.shells import dialect_of

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./^-]+")


class State(Struct, frozen=True):
    """What holds at one place of a stage."""

    dialect: Dialect | None
    """None: a shell that rgraph does not know."""
    values: Mapping[str, str] = {}
    """Variables that ENV has set to a text without variables."""
    arguments: frozenset[str] = frozenset()
    """Build arguments with a default of one plain word, which no ENV has set."""
    profile: bool = False
    """Whether the shell reads files of its own first (`bash -l`), which may set anything."""
    declared: frozenset[str] = frozenset()
    """All names that an ENV or ARG has named, whatever their values."""

    @staticmethod
    def start(windows: bool) -> State:
        """At the beginning of a stage."""
        return State("cmd" if windows else "posix")

    @property
    def posix(self) -> bool:
        """Whether RUN speaks to a POSIX shell."""
        return self.dialect == "posix"

    def known(self) -> Known:
        """What is certain about variables in a RUN here."""
        if self.profile or "BASH_ENV" in self.declared:
            return Known(declared=self.declared)
        return Known(self.values, self.arguments, self.declared)

    def over(self, instructions: Sequence[Instruction], escape: str) -> State:
        """What holds behind some instructions."""
        state = self
        for item in items(instructions, escape):
            state = state.after(item)
        return state

    def after(self, item: Item) -> State:
        """What holds behind an instruction."""
        match item.keyword:
            case "ENV":
                return self._after_env(item)
            case "ARG":
                return self._after_arg(item)
            case "SHELL":
                words = _words_of(item)
                profile = any(re.fullmatch(r"-[a-z]*[li][a-z]*|--login", word) for word in words[1:])
                return replace(self, dialect=dialect_of(words), profile=profile)
        return self

    def _after_env(self, item: Item) -> State:
        values = dict(self.values)
        if not all(isinstance(pair, tuple) and len(pair) == 2 for pair in item.values):
            # What could not be read may name anything, also what counts most.
            declared = self.declared.union({"BASH_ENV", OWN})
            return replace(self, values={}, arguments=frozenset(), declared=declared)
        new: dict[str, str | None] = {}
        for pair in item.values:
            assert isinstance(pair, tuple)
            new[pair[0]] = self._certain(pair[1])
        for name, value in new.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        arguments, declared = self.arguments - new.keys(), self.declared.union(new)
        return replace(self, values=values, arguments=arguments, declared=declared)

    def _certain(self, value: str) -> str | None:
        if is_too_long(value, self.values):
            return None
        text = re.sub(f"{VARIABLE}([^{END}]*){END}", lambda match: self.values.get(match[1], match[0]), value)
        return text if text.isprintable() and not variables(text) else None

    def _after_arg(self, item: Item) -> State:
        arguments, declared = set(self.arguments), set(self.declared)
        for pair in item.values:
            if isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str):
                declared.add(pair[0])
                plain = isinstance(pair[1], str) and _PLAIN.fullmatch(pair[1]) and pair[0] not in self.values
                (arguments.add if plain else arguments.discard)(pair[0])
            else:
                arguments, declared = set(), declared | {"BASH_ENV", OWN}
        return replace(self, arguments=frozenset(arguments), declared=frozenset(declared))


def _words_of(item: Item) -> tuple[str, ...]:
    """Words of an instruction in exec form, as `instructions._item` keeps it."""
    first = item.values[0] if item.values else ()
    if not isinstance(first, tuple) or "\0" not in first:
        return ()
    return tuple(word for word in first[first.index("\0") + 1 :] if isinstance(word, str))

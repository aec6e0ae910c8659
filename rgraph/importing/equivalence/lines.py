"""Commands of a RUN in a form in which what means the same is written the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from rgraph.importing.equivalence.changes import (
    changes,
    is_lost_by,
    is_of_the_shell,
    is_scope,
    refuse,
    simple_commands,
    texts_of,
    words_of,
)
from rgraph.importing.equivalence.programs import PROGRAMS
from rgraph.importing.equivalence.values import Line, Path, quoted, value_of
from rgraph.importing.shell import Command, CommandList, Opaque, Pipeline, Simple, Subshell
from rgraph.importing.shell_tokens import NotUnderstood, Part, Word

__all__ = ["Known", "lines"]


class Known(Struct, frozen=True):
    """What is certain about variables where a RUN stands."""

    values: Mapping[str, str] = {}
    """Set by ENV of the same stage, to a text without variables."""
    arguments: frozenset[str] = frozenset()
    """Build arguments with a default of one plain word."""
    declared: frozenset[str] = frozenset()
    """All names that an ENV or ARG of the stage names."""


OWN: Final = "FILE"
"""The one variable that rgraph itself writes into a RUN."""


class _Walk:
    def __init__(self, known: Known, commands: CommandList, *, ours: bool = False) -> None:
        refuse(commands.commands)
        self.lines: list[Line] = []
        self.rules: set[str] = set()
        self.folder = Path(".")
        self.fresh: set[str] = set()
        """Folders that this RUN has made and that were not there before."""
        self.local: dict[str, str | None] = {}
        """Variables that this RUN sets: their value, None if it is not certain."""
        self.unknown = 0
        changing = changes(commands.commands)
        self.known = Known(declared=known.declared) if changing else known
        self.surely = not changing
        self._unseen = ours and OWN not in known.declared and _is_only_quoted(OWN, commands.commands)
        """Whether nothing but this text's own commands could see that `OWN` is set."""
        if "u" in commands.stops.removeprefix("set") and _unset(commands.commands, self.known, changing):
            raise NotUnderstood
        if commands.stops:
            self.rules.add("set-e")

    def all(self, commands: tuple[Command, ...]) -> None:
        for command in commands:
            match command:
                case Simple():
                    self._simple(command)
                case Subshell():
                    self._subshell(command)
                case Pipeline():
                    self._pipeline(command)
                case Opaque():
                    self._opaque(command)

    def _subshell(self, command: Subshell) -> None:
        folder, local = self.folder, dict(self.local)
        self.rules.add("subshell")
        scope = is_scope(command, OWN if self._unseen else "")
        self.lines += [Line(("\x07(",))] if scope else []
        self.all(command.items)
        self.lines += [Line(("\x07)",))] if scope else []
        self.folder, self.local = folder, local

    def _pipeline(self, command: Pipeline) -> None:
        words: list[str] = []
        if checked := self._checked(command):
            self.lines.append(checked)
            return
        for each in command.commands:
            line = self._line(each)
            words += [
                *(["\x07|"] if words else []),
                *line.words,
                *(["\x07in", line.folder] if line.folder else []),
            ]
        self.lines.append(Line(tuple(words)))

    def _checked(self, command: Pipeline) -> Line | None:
        """`echo "SUM  FILE" | sha256sum -c -`."""
        if len(command.commands) != 2 or any(each.redirects or each.assignments for each in command.commands):
            return None
        first, second = (tuple(map(self.value, each.words)) for each in command.commands)
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](\S+)", first[1]) if len(first) == 2 else None
        options = {"--check": "-c"}
        if not match or first[0] != "echo" or second[0] != "sha256sum":
            return None
        if {options.get(word, word) for word in second[1:]} - {"-", "--quiet", "--strict", "--status"} != {
            "-c"
        }:
            return None
        file = self.folder.file(match[2])
        return Line(("\x07checked", match[1], file)) if file else None

    def _opaque(self, command: Opaque) -> None:
        self.lines.append(Line(("\x07text", command.text), str(self.folder)))
        if is_lost_by(command):
            self._lost()

    def _lost(self) -> None:
        """Some command may have changed folder and variables: nothing that is known of them holds."""
        self.unknown += 1
        self.folder = Path(f"\x07{self.unknown}")
        self.known = Known(declared=self.known.declared)
        self.local = dict.fromkeys(self.local)

    def value(self, word: Word) -> str:
        """A word as it is compared."""
        return value_of(word, self._look_up)

    def _look_up(self, part: Part) -> str | None:
        """What stands for a variable; None if that is not certain."""
        if is_of_the_shell(part.text):
            return None
        if part.text in self.local:
            found = self.local[part.text]
            if found is None or (not part.quoted and not _PLAIN.fullmatch(found)):
                return None
            self.rules.add("variable-of-run")
            return found
        found = self.known.values.get(part.text)
        if found is not None and (part.quoted or _PLAIN.fullmatch(found)):
            self.rules.add("variable-of-env")
            return found
        if part.text in self.known.arguments and not part.quoted:
            self.rules.add("build-argument")
            return quoted(part.text)
        return None

    def _simple(self, command: Simple) -> None:
        if not command.words:
            self._assign(command)
            return
        first = command.words[0].literal
        if first == "cd" and len(command.words) == 2 and not command.assignments and not command.redirects:
            self._enter(self.value(command.words[1]))
            return
        line = self._line(command)
        if is_lost_by(command):
            self.lines.append(Line(("\x07moves", *line.words), line.folder))
            self._lost()
            return
        self.lines.append(line)
        self._note_folders(line)

    def _note_folders(self, line: Line) -> None:
        """Any command but `mkdir` may have put something into a folder that was fresh."""
        if line.words[0] == "\x07mkdir":
            self.fresh.add(line.words[1])
        elif line.words[0] != "\x07mkdir -p":
            self.fresh.clear()

    def _assign(self, command: Simple) -> None:
        if command.redirects:
            self.lines.append(Line(("\x07text", command.text), str(self.folder)))
            self._lost()
            return
        for name, word in command.assignments:
            value = self._assigned(word) if self.surely else None
            # Never left out of what others wrote: the name may come exported from the base image, and any
            # program may read it.
            if value is None or name != OWN or not self._unseen:
                self.lines.append(Line(("\x07set", name, self.value(word) if value is None else value)))
            self.local[name] = value

    def _assigned(self, word: Word) -> str | None:
        """The value of an assignment, whose words are neither split nor matched with files."""
        kinds = {part.kind for part in word.parts}
        if "expansion" in kinds or "sign" in kinds:
            return None
        parts = tuple(Part(part.kind, part.text, True) for part in word.parts)
        if any(part.kind == "variable" and self.local.get(part.text, "") is None for part in parts):
            return None
        return value_of(Word(word.raw, parts), self._look_up)

    def _enter(self, target: str) -> None:
        entered = self.folder.to(target)
        if entered is None:
            self.lines.append(Line(("cd", target), str(self.folder)))
            self._lost()
            return
        self.lines.append(Line(("cd", str(entered))))
        self.folder = entered

    def _line(self, command: Simple) -> Line:
        env = []
        for name, word in command.assignments:
            value = self._assigned(word)
            if value is not None and self.known.values.get(name) == value and name not in self.local:
                self.rules.add("environment")
                continue
            env.append(f"{name}={self.value(word) if value is None else value}")
        env.sort()
        words = tuple(self.value(word) for word in command.words)
        redirects = tuple((sign, self.value(word)) for sign, word in command.redirects)
        make: Callable[..., Line | None] | None = PROGRAMS.get(words[0].rsplit("/", 1)[-1]) if words else None
        made = make(words, redirects, self) if make else None
        if made is None:
            more = tuple(item for redirect in redirects for item in ("\x07" + redirect[0], redirect[1]))
            made = Line((*words, *more), str(self.folder))
        if env:
            made = Line((*(f"\x07{each}" for each in env), *made.words), made.folder)
        return made


_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./^-]+")
"""A text that is one word however it is quoted."""


def _is_only_quoted(name: str, commands: tuple[Command, ...]) -> bool:
    """Whether a variable stands nowhere but in double quotes, where its value is put in its place."""
    words = [word for each in simple_commands(commands) for word in words_of(each)]
    bare = any(
        part.kind == "variable" and part.text == name and not part.quoted
        for word in words
        for part in word.parts
    )
    return not bare and not any(re.search(rf"\b{name}\b", text) for text in texts_of(commands))


def _unset(commands: tuple[Command, ...], known: Known, changing: bool) -> bool:
    """Whether `set -u` could end the build: a variable is used that may not be set."""
    names = known.values.keys() | known.arguments
    for command in commands:
        for each in command.commands if isinstance(command, Pipeline) else (command,):
            if not isinstance(each, Simple):
                return True
            parts = [part for word in words_of(each) for part in word.parts]
            if any(part.kind == "expansion" and _USING.search(part.text) for part in parts):
                return True
            if any(part.kind == "variable" and part.text not in names for part in parts):
                return True
            if not each.words and not changing:
                names |= {name for name, _ in each.assignments}
    return False


_USING = re.compile(r"\$[A-Za-z_0-9{@*!]|\$\(\(")


def lines_of_each(commands: CommandList, known: Known) -> tuple[tuple[Line, ...], ...]:
    """The lines that each command becomes, those in subshells one by one: see `flat`."""
    walk = _Walk(known, commands)
    found: list[tuple[Line, ...]] = []

    def each(some: tuple[Command, ...]) -> None:
        for command in some:
            start = len(walk.lines)
            if isinstance(command, Subshell):
                folder, local = walk.folder, dict(walk.local)
                each(command.items)
                walk.folder, walk.local = folder, local
            else:
                walk.all((command,))
                found.append(tuple(walk.lines[start:]))

    each(commands.commands)
    return tuple(found)


def flat(commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Commands with those of subshells in their place."""
    return tuple(
        each
        for command in commands
        for each in (flat(command.items) if isinstance(command, Subshell) else (command,))
    )


def lines(
    commands: CommandList, known: Known, *, ours: bool = False
) -> tuple[tuple[Line, ...], frozenset[str]]:
    """Commands as lines, and the names of the rules that were used on the way.

    `ours`: rgraph has written the text, and its own variable counts only where something may see it.
    """
    walk = _Walk(known, commands, ours=ours)
    walk.all(commands.commands)
    return tuple(walk.lines), frozenset(walk.rules)

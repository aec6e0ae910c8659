"""The commands of a text that a shell runs, as far as rules ask: program, arguments, what leads to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rgraph.audit.text.powershell_words import windows_commands
from rgraph.audit.text.shell_words import Opened, simple_commands

SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh"})
_MAX_SCRIPTS: Final = 4
"""Deepest `sh -c "sh -c ..."` that is read."""

_KEYWORDS = frozenset({"if", "then", "else", "elif", "do", "while", "until", "!", "{", "}", "fi", "done"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\+?=(.*)", re.DOTALL)

_WRAPPERS: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    "sudo": (frozenset({"-u", "-g", "-h", "-p", "-C", "-r", "-t", "-U", "--user", "--group"}), 0),
    "env": (frozenset({"-u", "-C", "--unset", "--chdir"}), 0),
    "exec": (frozenset({"-a"}), 0),
    "command": (frozenset(), 0),
    "builtin": (frozenset(), 0),
    "time": (frozenset({"-f", "-o"}), 0),
    "nohup": (frozenset(), 0),
    "nice": (frozenset({"-n"}), 0),
    "ionice": (frozenset({"-c", "-n"}), 0),
    "timeout": (frozenset({"-k", "-s"}), 1),
    "stdbuf": (frozenset({"-i", "-o", "-e"}), 0),
    "eatmydata": (frozenset(), 0),
    "busybox": (frozenset(), 0),
    "chroot": (frozenset(), 1),
    "gosu": (frozenset(), 1),
    "su-exec": (frozenset(), 1),
    "setpriv": (frozenset(), 0),
    "xargs": (frozenset({"-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E"}), 0),
}
"""Programs that run another one: their options that take a value, and how many words come before it."""


def listed_words(text: str) -> frozenset[str]:
    """The words of a text, for tables of options."""
    return frozenset(text.split())


class Command(Struct, frozen=True):
    """A simple command."""

    words: tuple[str, ...]
    """The program and its arguments, without quotes, assignments and what only runs it (`sudo`, `env`)."""
    variables: tuple[tuple[str, str], ...]
    """Assignments before it."""
    wrappers: tuple[str, ...]
    """What runs it, outermost first."""
    stdin: str
    """Its here-document or here-string, or the `<(...)` that it reads."""
    pipeline: int
    """Commands whose output another one reads have the same number; of PowerShell, those of a statement."""

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return re.split(r"[/\\]", self.words[0])[-1].removesuffix(".exe") if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """All words but the program."""
        return self.words[1:]

    def has(self, *options: str) -> bool:
        """Whether it has one of some options, with or without `=VALUE`."""
        return any(word.partition("=")[0] in options for word in self.arguments)

    def letters(self, values: str = "") -> str:
        """Its one-letter options; those of `values` take the rest of their word, or the next, as value."""
        found = ""
        for word in self.arguments:
            if word == "--":
                break
            if re.match(r"-[A-Za-z0-9]", word):
                for letter in word[1:]:
                    found += letter
                    if letter in values:
                        break
        return found

    def positionals(self, values: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Its arguments without options; `values` are options whose value is the next word."""
        found: list[str] = []
        skip = rest = False
        for word in self.arguments:
            if skip:
                skip = False
            elif rest or not word.startswith("-") or word == "-":
                found.append(word)
            elif word == "--":
                rest = True
            else:
                skip = word in values
        return tuple(found)

    def option(self, name: str) -> str | None:
        """The value of an option, in the next word or after `=`."""
        for index, word in enumerate(self.arguments):
            if word == name:
                return self.arguments[index + 1] if index + 1 < len(self.arguments) else ""
            if word.startswith(f"{name}="):
                return word[len(name) + 1 :]
        return None


def read_commands(text: str, windows: bool = False, first: int = 0) -> tuple[Command, ...]:
    """The commands of one command text or of one verbatim text behind RUN; pipelines count from `first`.

    Those of `$(...)`, `sh -c TEXT`, `eval` and a shell's here-document are among them.
    """
    return tuple(_numbered(_of_text(_instruction(text, "`" if windows else "\\"), windows, 0), first))


def _numbered(commands: Iterator[tuple[tuple[int, ...], Command]], first: int) -> Iterator[Command]:
    """Scripts within scripts count their pipelines anew: numbers of their own for all of them."""
    numbers: dict[tuple[int, ...], int] = {}
    for key, command in commands:
        number = numbers.setdefault(key, first + len(numbers))
        yield Command(command.words, command.variables, command.wrappers, command.stdin, number)


_Keyed = tuple[tuple[int, ...], Command]


def _of_text(text: str, windows: bool, depth: int, key: tuple[int, ...] = ()) -> Iterator[_Keyed]:
    exec_form = _exec_form(text)
    if exec_form:
        opened = Opened(0)
        opened.words = exec_form
        found = [opened]
    else:
        found = windows_commands(text) if windows else simple_commands(text)
    for index, each in enumerate(found):
        for command in _unwrapped(each):
            yield (*key, each.pipeline), command
            script = _script(command) if depth < _MAX_SCRIPTS else ""
            if script:
                powershell = command.program.lower() in ("powershell", "pwsh")
                yield from _of_text(script, windows or powershell, depth + 1, (*key, each.pipeline, index))


def _instruction(text: str, escape: str) -> str:
    """A text behind RUN, without its flags and the comments that the builder leaves out."""
    flags = re.match(rf"(?:--[a-z]+=\S+(?:\s|{re.escape(escape)}\n)+)*", text)
    text = text[flags.end() if flags else 0 :]
    lines = text.split("\n")
    kept = [lines[0]]
    index = 1
    while index < len(lines) and kept[-1].rstrip().endswith(escape):
        line = lines[index].strip()
        if line and not line.startswith("#"):
            kept.append(lines[index])
        index += 1
    return "\n".join(
        [line.rstrip() if line.rstrip().endswith(escape) else line for line in kept] + lines[index:]
    )


def _exec_form(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return []
    try:
        words = json.loads(text.replace("\\\n", "\n"))
    except (ValueError, RecursionError):
        return []
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else []


def _unwrapped(opened: Opened) -> Iterator[Command]:
    """The command itself; of `find -exec`, also the one that it runs."""
    words: Sequence[str] = opened.words
    variables: list[tuple[str, str]] = []
    wrappers: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word in _KEYWORDS:
            at += 1
        elif match := _ASSIGNMENT.fullmatch(word):
            variables.append((match[1], match[2]))
            at += 1
        elif (name := word.rsplit("/", 1)[-1]) in _WRAPPERS:
            wrappers.append(name)
            at = _behind(words, at + 1, *_WRAPPERS[name])
        elif word.startswith("$") and words[at + 1 : at + 2] == ["="]:  # PowerShell
            variables.append((word[1:].removeprefix("env:"), "".join(words[at + 2 : at + 3])))
            at += 2
        else:
            break
    found = Command(tuple(words[at:]), tuple(variables), tuple(wrappers), opened.stdin, opened.pipeline)
    if found.words or found.variables or found.wrappers or found.stdin:
        yield found
    if found.program == "find":
        for option in ("-exec", "-execdir"):
            if option in found.words:
                run = Opened(opened.pipeline)
                run.words = list(found.words[found.words.index(option) + 1 :])
                if "find" not in run.words:
                    yield from _unwrapped(run)


def _behind(words: Sequence[str], at: int, values: frozenset[str], count: int) -> int:
    """The index of the first word behind a wrapper's options and its own words."""
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in values else 1
    return at + count


_WINDOWS_CODE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("powershell", "pwsh"), ("-command", "-c")),
    "cmd": ("/c", "/k"),
}
_CODE = re.compile(r"-[a-z]*c")


def _script(command: Command) -> str:
    """The text that a command gives to a shell; empty if none."""
    program = command.program
    if not program:
        return _of_shell(command.stdin)  # RUN <<EOF
    if program in SHELLS:
        for index, word in enumerate(command.arguments):
            if _CODE.fullmatch(word):
                code = "".join(command.arguments[index + 1 : index + 2])
                return "" if code.startswith(("$(", "`")) else code  # read where they stand
        return _of_shell(command.stdin) if reads_program(command) else ""
    if program == "su":
        return command.option("-c") or command.option("--command") or ""
    if program == "eval":
        return " ".join(command.arguments)
    options = _WINDOWS_CODE.get(program.lower(), ())
    for index, word in enumerate(command.arguments):
        if word.lower() in options:
            return " ".join(command.arguments[index + 1 :])
    return ""


def _of_shell(document: str) -> str:
    """A here-document, unless its first line names another interpreter than a shell."""
    first = document.partition("\n")[0]
    if first.startswith("#!") and not any(first.split()[-1].endswith(shell) for shell in SHELLS):
        return ""
    return "" if document.startswith(("<(", "$(", "`")) else document


_INTERPRETERS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    **dict.fromkeys(SHELLS, ("c", frozenset({"-o", "+o", "-O"}))),
    "python": ("cm", frozenset({"-W", "-X"})),
    "perl": ("enpE", frozenset()),
    "ruby": ("enp", frozenset()),
    "node": ("ep", frozenset({"-r"})),
    "php": ("rfBR", frozenset()),
    "R": ("ef", frozenset()),
    "Rscript": ("e", frozenset()),
    "r": ("e", frozenset()),
}
"""Interpreter -> letters of options that say what to run, and options whose value is the next word."""


def reads_program(command: Command) -> bool:
    """Whether a command is an interpreter that runs what comes in by its standard input."""
    name = re.sub(r"(?<=python)[0-9.]+$", "", command.program)
    if name not in _INTERPRETERS:
        return False
    code, values = _INTERPRETERS[name]
    if command.has("--file", "--eval"):
        return False
    letters = command.letters()
    if name in SHELLS and "s" in letters:
        return True
    given = command.positionals(values)
    if given:
        return given[0] in ("-", "/dev/stdin")
    return not any(letter in letters for letter in code)

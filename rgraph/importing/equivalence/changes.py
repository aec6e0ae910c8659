"""Which commands may change variables, the folder, or what commands mean.

Source: POSIX shell command language, 2.6 "Word expansions", 2.14 "Special built-in utilities"; the manual
of bash, "Shell Builtin Commands", "Shell Arithmetic", "Shell Variables". What is not known to leave
variables alone counts as changing them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.importing.shell import Command, Opaque, Pipeline, Simple, Subshell, is_path
from rgraph.importing.shell_tokens import NotUnderstood, Word

_CHANGING: Final = frozenset(
    {".", "alias", "builtin", "command", "declare", "enable", "eval", "export", "getopts", "let", "local"}
    | {"mapfile", "printf", "read", "readarray", "readonly", "set", "shift", "shopt", "source", "trap"}
    | {"typeset", "unalias", "unset", "wait"}
)
"""Commands that may change variables or what commands mean. (`printf -v` and `wait -p` do, in bash.)"""
_SPECIAL: Final = frozenset({":", "break", "continue", "exec", "exit", "return", "times"})
"""Commands for which `NAME=value` in front stays set behind them, beside those above."""
_MOVING: Final = frozenset(
    {".", "builtin", "cd", "command", "eval", "exec", "exit", "popd", "pushd", "return", "source"}
)
_HIDDEN: Final = _SPECIAL | {"hash", "popd", "pushd", "ulimit", "umask"}
"""Commands that do something to the shell itself, beside those that change variables."""
_OF_THE_SHELL: Final = re.compile(
    "BASH.*|CDPATH|COLUMNS|COMP_.*|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GLOBIGNORE|GROUPS|IFS|LINENO|LINES|"
    "OLDPWD|OPT(ARG|ERR|IND)|PIPESTATUS|POSIXLY_CORRECT|PPID|PWD|RANDOM|REPLY|SECONDS|SHELLOPTS|SHLVL|SRANDOM|UID|_"
)
"""Variables that the shell itself sets, or by which it reads words and folders in another way."""
_CHANGING_TEXT: Final = re.compile(
    rf"(?:^|[\s;&|({{!`])(?:{'|'.join(map(re.escape, sorted(_CHANGING)))}|for|select)(?:\s|$)"
)
_ASSIGNING_TEXT: Final = re.compile(
    r"[A-Za-z0-9_\]]\+?=|:=|\(\(|\$\[|(?:^|[\s;&|({!`])(?:cd|pushd|popd|exec|return)(?:[\s;)}]|$)"
)
_NAMELESS: Final = re.compile(r"(?:^|[;&|({!`]|\b(?:then|do|else|elif|if|while|until)\s)\s*[$`]")
"""A command whose name is the value of a variable: it may be any."""
_QUOTES: Final = str.maketrans("", "", "\"'\\")
_HARMLESS: Final = re.compile(
    r"\$[?@*#!$0-9-]|\$\{#[A-Za-z_]\w*\}|\$\{[A-Za-z_]\w*(?::?[-+?]|%%?|##?|//?|\^\^?|,,?)(?:(?!\$[{(\[]).)*\}|"
    r"\$\((?!\().*\)|`.*`|\$\(\((?:[\s0-9+*/%()-]|\$\(nproc[^()]*\)|`nproc[^`]*`)*\)\)",
    re.DOTALL,
)
"""Expansions that set nothing: not `${V:=x}`, `$((V=3))`, `${A:V=1}`. `$(...)` has a shell of its own."""


def simple_commands(commands: tuple[Command, ...]) -> Iterator[Simple]:
    """The simple commands of a list, those in subshells and pipelines too."""
    for command in commands:
        match command:
            case Simple():
                yield command
            case Subshell(items=items):
                yield from simple_commands(items)
            case Pipeline(commands=several):
                yield from several


def words_of(command: Simple) -> list[Word]:
    """All words of a command: names, values, targets of redirections."""
    return [*command.words, *(word for _, word in command.assignments + command.redirects)]


def _opaque(commands: tuple[Command, ...]) -> Iterator[str]:
    for command in commands:
        match command:
            case Opaque(text=text):
                yield text
            case Subshell(items=items):
                yield from _opaque(items)


def texts_of(commands: tuple[Command, ...]) -> list[str]:
    """Texts in which variables may be used or set unseen."""
    words = [word for each in simple_commands(commands) for word in words_of(each)]
    return [
        *_opaque(commands),
        *(part.text for word in words for part in word.parts if part.kind == "expansion"),
    ]


def refuse(commands: tuple[Command, ...]) -> None:
    """Raises NotUnderstood where a variable is set that means something to the shell itself."""
    for each in simple_commands(commands):
        if any(_OF_THE_SHELL.fullmatch(name) for name, _ in each.assignments):
            raise NotUnderstood


def is_of_the_shell(name: str) -> bool:
    """Whether the value of a variable may not be the one that was given to it."""
    return _OF_THE_SHELL.fullmatch(name) is not None


def changes(commands: tuple[Command, ...]) -> bool:
    """Whether commands may change variables in a way that is not followed, or what commands mean."""
    return any(map(_changing_text, _opaque(commands))) or any(map(_changes, simple_commands(commands)))


def _changing_text(text: str) -> bool:
    return any(
        _CHANGING_TEXT.search(each) or _NAMELESS.search(each) for each in (text, text.translate(_QUOTES))
    )


def _changes(command: Simple) -> bool:
    parts = [part for word in words_of(command) for part in word.parts]
    if any(part.kind == "expansion" and not _HARMLESS.fullmatch(part.text) for part in parts):
        return True
    if not command.words:
        return False
    first = command.words[0].literal
    if first is None or (first in _CHANGING and not _only_asks(command)):
        return True
    return bool(command.assignments) and first in _SPECIAL


def _only_asks(command: Simple) -> bool:
    """`command -v NAME`."""
    words = [word.literal for word in command.words]
    return words[:2] in (["command", "-v"], ["command", "-V"]) and not command.assignments


def is_scope(command: Subshell, unseen: str) -> bool:
    """Whether a subshell hides more than a folder: a variable (but `unseen`), `exit`, `umask`, ..."""
    if changes(command.items) or any(_opaque(command.items)):
        return True
    return any(
        each.words[0].literal in _HIDDEN
        if each.words
        else any(name != unseen for name, _ in each.assignments)
        for each in simple_commands(command.items)
    )


def is_lost_by(command: Simple | Opaque) -> bool:
    """Whether a command may change the folder, or variables that were known."""
    if isinstance(command, Opaque):
        texts = (command.text, command.text.translate(_QUOTES))
        return _changing_text(command.text) or any(map(_ASSIGNING_TEXT.search, texts))
    if not command.words or _only_asks(command):
        return False
    first = command.words[0]
    return first.literal in _MOVING or (first.literal is None and not is_path(first))

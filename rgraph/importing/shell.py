"""The commands of a RUN as a POSIX shell reads them, as far as can be told for certain.

Source: POSIX shell command language, 2.9 "Shell commands". What this module does not understand it
refuses; the caller then keeps the text as it is.
"""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct

from rgraph.importing.shell_tokens import MAX_DEPTH, NotUnderstood, Token, Word, read_word, tokens


class Simple(Struct, frozen=True):
    """A simple command."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[tuple[str, Word], ...]
    """Operator, with the number before it, and target."""
    text: str
    """As written, with single blanks between the words."""


class Subshell(Struct, frozen=True):
    """`( a && b )`."""

    items: tuple[Command, ...]
    text: str


class Pipeline(Struct, frozen=True):
    """Simple commands joined by `|`."""

    commands: tuple[Simple, ...]
    text: str


class Opaque(Struct, frozen=True):
    """A command that is only known as a text: `if`, `for`, `{ ...; }`, `a || b`."""

    text: str


Command = Simple | Subshell | Pipeline | Opaque


_REDIRECTS = frozenset({">", ">>", "<", ">&", "<&", ">|", "<>", "&>"})
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_ASSIGNMENT_OF_BASH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\[|\+=)")
_OPENING = {"if": "fi", "for": "done", "while": "done", "until": "done", "case": "esac", "{": "}"}
_REFUSED = frozenset({"function", "select", "[[", "time", "coproc", "!"})
_NEXT_COMMAND = frozenset({"then", "do", "else", "elif"})


class CommandList(Struct, frozen=True):
    """Commands of which each runs only if the one before succeeded."""

    commands: tuple[Command, ...]
    stops: str = ""
    """`set -e`, `set -ex`, ... if that is what stops at the first failure, and not `&&`."""


def read(text: str) -> CommandList:
    """The commands of a text that are joined by `&&`, or by `;` behind `set -e`. Raises NotUnderstood."""
    every = tokens(text)
    if len(_split(every, "||")) > 1:
        raise NotUnderstood  # `a && b || c && d` is no list of which each runs only after the one before
    parts = _split(every, ";")
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    if len(parts) == 1:
        return CommandList(_and_list(parts[0], 0))
    first = [token.text for token in parts[0]]
    if not first or first[0] != "set" or len(first) != 2 or not _STOPPING.fullmatch(first[1]):
        raise NotUnderstood
    found: list[Command] = []
    for part in parts[1:]:
        commands = _and_list(part, 0)
        if len(commands) > 1 and part is not parts[-1]:
            raise NotUnderstood  # `set -e` does not stop where `a` of `a && b` fails
        found += commands
    if not all(isinstance(each, (Simple, Pipeline)) for each in found) or _may_go_on(found):
        raise NotUnderstood
    return CommandList(tuple(found), " ".join(first))


_TELLING = frozenset({".", "alias", "builtin", "command", "eval", "set", "shopt", "source", "trap"})
_ONLY_PRINTING = re.compile(r"[-+]x|-[ex]+")


def _may_go_on(commands: list[Command]) -> bool:
    """Whether a command may end what `set -e` has begun."""
    every = [
        each
        for command in commands
        for each in (command.commands if isinstance(command, Pipeline) else [command])
    ]
    for each in every:
        if not isinstance(each, Simple):
            continue
        words = [word.literal for word in each.words]
        if words and words[0] is None and not is_path(each.words[0]):
            return True
        plain = len(words) == 2 and words[0] == "set" and _ONLY_PRINTING.fullmatch(words[1] or "")
        if words and words[0] in _TELLING and not plain:
            return True
    return False


_STOPPING = re.compile(r"-(?=[a-z]*e)[eux]+")


def _split(every: tuple[Token, ...] | list[Token], operator: str) -> list[list[Token]]:
    """Parts between an operator that stands outside of any compound command."""
    found: list[list[Token]] = [[]]
    closers: list[str] = []
    start = True
    for token in every:
        if not closers and token.operator and token.text == operator:
            found.append([])
            start = True
            continue
        found[-1].append(token)
        start = _nested(token, closers, start)
    if closers:
        raise NotUnderstood
    return found


def _nested(token: Token, closers: list[str], start: bool) -> bool:
    """Keeps the list of open compound commands; whether the next token begins a command."""
    if token.operator:
        if token.text == "(":
            closers.append(")")
        elif token.text == ")":
            if closers and closers[-1] == ")":
                closers.pop()
            elif "esac" not in closers:
                raise NotUnderstood
        elif token.text == "<<":
            raise NotUnderstood
        return token.text in ("(", "&&", "||", ";", "|", "&", ";;", ")")
    if not start:
        return False
    if token.text in _REFUSED:
        raise NotUnderstood
    if closers and token.text == closers[-1]:
        closers.pop()
        return False
    if token.text in _OPENING:
        closers.append(_OPENING[token.text])
        return token.text not in ("for", "case")
    if _ASSIGNMENT.match(token.text):
        return True
    return token.text in _NEXT_COMMAND


def _and_list(every: list[Token], depth: int) -> tuple[Command, ...]:
    return tuple(_command(part, depth) for part in _split(every, "&&"))


def _command(part: list[Token], depth: int) -> Command:
    if not part or depth > MAX_DEPTH:
        raise NotUnderstood
    text = join(part)
    first = part[0]
    if any(a.operator and b.operator and (a.text, b.text) == ("(", ")") for a, b in pairwise(part)):
        raise NotUnderstood  # a function: from here on its name means something else
    if first.operator and first.text == "(":
        if part[-1].text != ")" or len(_split(part, "|")) > 1 or not _one_subshell(part):
            return Opaque(text)
        inner = part[1:-1]
        if len(_split(inner, ";")) > 1 or len(_split(inner, "||")) > 1:
            return Opaque(text)
        return Subshell(_and_list(inner, depth + 1), text)
    operators = {token.text for token in part if token.operator}
    if "|" in operators and first.text not in _OPENING and not operators & {"(", ")", ";", "&", "||", ";;"}:
        piped = [_command(each, depth + 1) for each in _split(part, "|")]
        if all(isinstance(each, Simple) for each in piped):
            return Pipeline(tuple(each for each in piped if isinstance(each, Simple)), text)
        return Opaque(text)
    if any(operator.lstrip("0123456789") not in _REDIRECTS for operator in operators):
        if operators & {"&", ";"} and first.text not in _OPENING:
            raise NotUnderstood
        return Opaque(text)
    if first.text in _OPENING:
        return Opaque(text)
    return _simple(part, text)


def _one_subshell(part: list[Token]) -> bool:
    depth = 0
    for index, token in enumerate(part):
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.operator else 0
        if depth == 0:
            return index == len(part) - 1
    return False


def _simple(part: list[Token], text: str) -> Simple:
    assignments: list[tuple[str, Word]] = []
    words: list[Word] = []
    redirects: list[tuple[str, Word]] = []
    index = 0
    while index < len(part):
        token = part[index]
        if token.operator:
            target = part[index + 1].word if index + 1 < len(part) else None
            if target is None:
                raise NotUnderstood
            redirects.append((token.text, target))
            index += 2
            continue
        assert token.word is not None
        match = _ASSIGNMENT.match(token.text)
        if match and not words:
            value, end = (
                read_word(token.text, match.end()) if match.end() < len(token.text) else (Word("", ()), 0)
            )
            if end and end != len(token.text):
                raise NotUnderstood
            assignments.append((match[1], value))
        elif not words and _ASSIGNMENT_OF_BASH.match(token.text):
            raise NotUnderstood  # `V+=x`: an assignment in bash, a command elsewhere
        else:
            words.append(token.word)
        index += 1
    return Simple(tuple(assignments), tuple(words), tuple(redirects), text)


def is_path(word: Word) -> bool:
    """Whether the name of a command is a path, whatever its variables are: none of the shell's own."""
    return any(part.kind == "text" and "/" in part.text for part in word.parts)


def join(part: list[Token] | tuple[Token, ...]) -> str:
    """Tokens as one text, in which white space means nothing any more."""
    return " ".join(token.text for token in part)

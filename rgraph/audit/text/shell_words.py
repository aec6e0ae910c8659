"""Reading the text of a POSIX shell: its simple commands, word by word.

Source: POSIX.1-2017, Shell Command Language, 2.2 "Quoting", 2.3 "Token Recognition", 2.7 "Redirection",
and of bash `<(...)`, `<<<` and `|&`. Nothing is expanded. Any text can be read, also one that no shell
would take; the time is linear in the text.
"""

from __future__ import annotations

import re

MAX_DEPTH = 10
"""Deepest `$(...)` within others that is read; what is deeper counts as plain words."""

_PLAIN = re.compile(r"[^\s'\"\\`$;&|<>()]+")
_IN_QUOTES = re.compile(r"[^\"\\`$]+")
_REDIRECTION = re.compile(r"&>>?|<<<|<<-?|<&|<>|>>|>&|>\||<(?!\()|>(?!\()")
_BRACES = re.compile(r"[^{}]+")


class Opened:
    """A simple command while it is read."""

    def __init__(self, pipeline: int) -> None:
        self.words: list[str] = []
        """Without quotes; `$(...)`, backticks and `<(...)` stay as written."""
        self.stdin = ""
        """Its here-document or here-string, or the `<(...)` that it reads."""
        self.has_document = False
        self.pipeline = pipeline
        """Commands whose output another one reads have the same number."""


def simple_commands(text: str) -> list[Opened]:
    """All simple commands of a text; those within `$(...)` stand before the one that has them."""
    reader = _Reader(text)
    while reader.at < len(text):
        reader.commands("")
    return reader.found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: list[Opened] = []
        self._pipelines = 0
        self._ends: list[str] = []
        self._documents: list[tuple[str, bool, Opened]] = []
        """Here-documents whose bodies follow after the line: name, whether tabs go, the command."""

    def commands(self, end: str) -> None:
        """Reads commands until `end`, which is read too."""
        self._ends.append(end)
        command = self._command()
        parentheses = cases = 0
        while self.at < len(self.text):
            sign = self.text[self.at]
            if sign == end and not (sign == ")" and (parentheses or cases)):
                self.at += 1
                break
            if sign in " \t\r" or self.text.startswith("\\\n", self.at):
                self.at += 1 if sign != "\\" else 2
            elif sign == "#":
                self._skip_comment()
            elif sign in "<>&" and (match := _REDIRECTION.match(self.text, self.at)):
                self._redirection(match[0], command)
            elif sign in ";&|()\n":
                parentheses = max(0, parentheses + (sign == "(") - (sign == ")"))
                command = self._operator(sign, command)
            else:
                word = self._word()
                cases += (word == "case" and not command.words) - (word == "esac" and cases > 0)
                self._add(word, command)
        self._close(command)
        self._ends.pop()

    def _command(self, same: Opened | None = None) -> Opened:
        if same is None:
            self._pipelines += 1
        return Opened(same.pipeline if same else self._pipelines)

    def _close(self, command: Opened) -> None:
        if command.words or command.stdin or command.has_document:
            self.found.append(command)

    def _add(self, word: str, command: Opened) -> None:
        following = self.text[self.at : self.at + 1]
        if not (word.isdigit() and following and following in "<>"):  # else it is a file's number: `2>`
            command.words.append(word)

    def _skip_comment(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end

    def _operator(self, sign: str, command: Opened) -> Opened:
        self._close(command)
        self.at += 1
        if sign == "\n":
            self._bodies()
        if sign == "(" and not command.words:
            return self._command(command)
        if sign == ")" or (sign == "|" and not self.text.startswith("|", self.at)):
            if self.text.startswith("&", self.at):
                self.at += 1
            return self._command(command)
        while self.text[self.at : self.at + 1] in (";", "&", "|") and not self._redirects():
            self.at += 1
        return self._command()

    def _redirects(self) -> bool:
        return self.text.startswith("&>", self.at)

    def _redirection(self, operator: str, command: Opened) -> None:
        self.at += len(operator)
        while self.text[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        target = self._word()
        if operator in ("<<", "<<-"):
            command.has_document = True
            self._documents.append((target, operator == "<<-", command))
        elif operator == "<<<" or (operator == "<" and target.startswith("<(")):
            command.stdin = target

    def _bodies(self) -> None:
        """The bodies of the here-documents of the line that has just ended."""
        for name, tabs, command in self._documents:
            lines = []
            while self.at < len(self.text):
                end = self.text.find("\n", self.at)
                line = self.text[self.at : end if end >= 0 else len(self.text)]
                self.at += len(line) + 1
                line = line.lstrip("\t") if tabs else line
                if line == name:
                    break
                lines.append(line)
            command.stdin = "\n".join(lines)
        self._documents.clear()

    def _word(self) -> str:
        parts: list[str] = []
        start = self.at
        while self.at < len(self.text):
            if match := _PLAIN.match(self.text, self.at):
                parts.append(match[0])
                self.at = match.end()
                continue
            sign = self.text[self.at]
            if sign in "<>" and self.text.startswith("(", self.at + 1):
                parts.append(self._nested(2, ")"))
            elif sign in " \t\r\n;&|<>()" or sign == self._ends[-1]:
                break
            else:
                parts.append(self._special(sign))
        if self.at == start:  # where a target is missing
            return ""
        return "".join(parts)

    def _special(self, sign: str) -> str:
        """A quoted part, an escaped sign or an expansion."""
        if sign == "'":
            end = self.text.find("'", self.at + 1)
            end = len(self.text) if end < 0 else end
            part = self.text[self.at + 1 : end]
            self.at = end + 1
            return part
        if sign == '"':
            return self._double_quoted()
        if sign == "\\":
            part = self.text[self.at + 1 : self.at + 2]
            self.at += 2
            return "" if part == "\n" else part
        return self._expansion(sign)

    def _double_quoted(self) -> str:
        self.at += 1
        parts = []
        while self.at < len(self.text):
            if match := _IN_QUOTES.match(self.text, self.at):
                parts.append(match[0])
                self.at = match.end()
                continue
            sign = self.text[self.at]
            if sign == '"':
                self.at += 1
                break
            if sign == "\\":
                part = self.text[self.at + 1 : self.at + 2]
                parts.append("" if part == "\n" else part if part in '$`"\\' else f"\\{part}")
                self.at += 2
            else:
                parts.append(self._expansion(sign))
        return "".join(parts)

    def _expansion(self, sign: str) -> str:
        if sign == "`":
            return self._nested(1, "`") if "`" not in self._ends else self._one()
        if self.text.startswith("$((", self.at):
            return self._arithmetic()
        if self.text.startswith("$(", self.at):
            return self._nested(2, ")")
        if self.text.startswith("${", self.at):
            return self._braces()
        return self._one()

    def _one(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _nested(self, opening: int, end: str) -> str:
        """`$(...)`, `<(...)` or backticks, as written; the commands within are read."""
        if len(self._ends) > MAX_DEPTH:
            self.at += opening
            return self.text[self.at - opening : self.at]
        start = self.at
        self.at += opening
        self.commands(end)
        return self.text[start : self.at]

    def _arithmetic(self) -> str:
        start, depth = self.at, 0
        while self.at < len(self.text):
            sign = self._one()
            depth += (sign == "(") - (sign == ")")
            if sign == ")" and depth == 0:
                break
        return self.text[start : self.at]

    def _braces(self) -> str:
        """`${...}`; commands within are not read."""
        start, depth = self.at, 0
        self.at += 1
        while self.at < len(self.text):
            if match := _BRACES.match(self.text, self.at):
                self.at = match.end()
                continue
            depth += 1 if self._one() == "{" else -1
            if depth == 0:
                break
        return self.text[start : self.at]

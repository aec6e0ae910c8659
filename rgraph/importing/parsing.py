"""Dockerfiles to stages and instructions, with BuildKit's own parser; what is wrong, with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rgraph.errors import Place, Problem
from rgraph.importing.checking import check
from rgraph.importing.lines import Logical, counted, directives, instructions, is_comment, split
from rgraph.importing.model import Instruction, ParsedFile, ParsedStage

if TYPE_CHECKING:
    from dockerfile import Command  # type: ignore[import-not-found]

MAX_SIZE: Final = 2**20
"""Largest Dockerfile, in bytes. Known ones have less than 200 kB."""
MAX_LINES: Final = 20_000
MAX_LINE: Final = 65_535
"""Longest line: the parser takes no longer one."""
MAX_INSTRUCTION: Final = 8_000
"""Most lines of one instruction: the parser's time grows with their square."""

_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f]")
"""Characters that no line of a Dockerfile has a use for."""


def parse(path: str, text: str) -> ParsedFile | tuple[Problem, ...]:
    """A Dockerfile as parsed, or all that is wrong with it.

    The text must have no lone surrogates. The time that it takes is bounded by the limits above.
    """
    lines = split(text)
    found = directives(lines)
    escape = found.get("escape", "\\")
    refused = _refused(path, lines, escape) or _other_frontend(path, lines)
    if refused is not None:
        return (refused,)
    logical = list(instructions(lines, escape))
    for each in logical:
        if each.end - each.start >= MAX_INSTRUCTION:
            what = f"an instruction of {each.end - each.start + 1} lines, more than {MAX_INSTRUCTION}"
            return (Problem(Place(path, line=each.start, column=1), what, "is it a Dockerfile?"),)
    if not logical:
        return (Problem(Place(path, line=1, column=1), "holds no instruction", "is it a Dockerfile?"),)
    commands = _commands(text)
    if isinstance(commands, str):
        return (_located(path, lines, logical, escape, commands),)
    parsed = [_instruction(command) for command in commands]
    problems = check(path, lines, parsed, escape)
    if problems:
        return problems
    before, stages = _stages(parsed)
    return ParsedFile(path, escape, _syntax(lines), before, stages, counted(lines))


def text_but_comments(raw: bytes) -> str | None:
    """The text of a file in which only comments are not UTF-8, with U+FFFD there; None if more is.

    No comment reaches an image. What begins with `#` in a here-document is none.
    """
    text = raw.decode(errors="replace")
    lines = split(text)
    odd = {number for number, line in enumerate(raw.split(b"\n"), start=1) if not _is_utf8(line)}
    if any(number > len(lines) or not is_comment(lines[number - 1]) for number in odd):
        return None
    within = (
        number
        for each in instructions(lines, directives(lines).get("escape", "\\"))
        if "<<" in "".join(lines[each.start - 1 : each.end])
        for number in range(each.start, each.end + 1)
    )
    return None if odd.intersection(within) else text


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def instructions_of(text: str, escape: str = "\\") -> tuple[Instruction, ...]:
    """The instructions of a text that rgraph itself has rendered. Raises ValueError.

    `escape` continues lines, if the text has no directive that says what does.
    """
    commands = _commands(text if escape == "\\" else f"# escape={escape}\n{text}")
    if isinstance(commands, str):
        raise ValueError(commands)
    return tuple(map(_instruction, commands))


def _refused(path: str, lines: Sequence[str], escape: str) -> Problem | None:
    if len(lines) > MAX_LINES:
        return Problem(Place(path, line=1, column=1), f"has {len(lines):,} lines, more than {MAX_LINES:,}")
    if escape not in ("\\", "`"):
        what = f"the directive `escape` says `{escape[:20]}`"
        return Problem(Place(path, line=1, column=1), what, "it can be `\\` or a backtick")
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE or len(line.encode()) > MAX_LINE:
            what = f"the line has more than {MAX_LINE:,} bytes"
            return Problem(Place(path, line=number, column=1), what, "docker refuses it: part it")
        if found := _CONTROL.search(line):
            what = f"the line holds the character U+{ord(found[0]):04X}, which cannot be seen"
            column = found.start() + 1
            return Problem(
                Place(path, line=number, column=column), what, "is it a Dockerfile, and no binary file?"
            )
    return None


def _syntax(lines: Sequence[str]) -> str:
    """What the directive `# syntax=` says; BuildKit looks for it behind a `#!` line too."""
    start = 1 if lines and lines[0].startswith("#!") else 0
    return directives(lines[start:]).get("syntax", "")


_PLAIN_FRONTEND: Final = re.compile(r"(?:docker\.io/)?docker/dockerfile(?::(?:latest|1(?:\.[0-9]+)*))?")
"""The stable frontend: `latest`, which is also what no tag means, is its newest 1.x."""


def _other_frontend(path: str, lines: Sequence[str]) -> Problem | None:
    """A file for a frontend of which it is not known that it reads what BuildKit's own reads."""
    syntax = _syntax(lines)
    if not syntax or _PLAIN_FRONTEND.fullmatch(syntax.split()[0]):
        return None
    line = next(n for n, text in enumerate(lines, start=1) if syntax in text)
    what = f"is written for the frontend `{_shown(syntax)}`"
    help = "if docker/dockerfile:1, or a 1.x version without `labs`, builds the same, name that one"
    return Problem(Place(path, line=line, column=1), what, help)


def _shown(syntax: str) -> str:
    """The name of a frontend for people."""
    return syntax if len(syntax) <= 60 else f"{syntax[:60]}..."


def _commands(text: str) -> Sequence[Command] | str:
    """What the parser gives, or its complaint."""
    # Late: loads a library of several megabytes, and its threads do not survive a fork.
    import dockerfile

    try:
        found: Sequence[Command] = dockerfile.parse_string(text)
    except (dockerfile.GoParseError, ValueError) as error:
        return str(error)
    return found


def _located(
    path: str, lines: Sequence[str], logical: Sequence[Logical], escape: str, complaint: str
) -> Problem:
    """The first instruction that the parser refuses when it stands alone: it does not say which one."""
    head = f"# escape={escape}\n"
    for each in logical:
        alone = _commands(head + "\n".join(lines[each.start - 1 : each.end]) + "\n")
        if isinstance(alone, str):
            return Problem(Place(path, line=each.start, column=1), alone, _help(alone))
    return Problem(Place(path, line=1, column=1), complaint)


def _help(complaint: str) -> str:
    if complaint.startswith("unterminated heredoc"):
        return "its end word must stand alone on a line"
    if "must have two arguments" in complaint:
        return "write NAME=VALUE"
    return ""


def _instruction(command: Command) -> Instruction:
    keyword, words, is_json = command.cmd.upper(), tuple(command.value), command.json
    text = _broken_array(command.original) if is_json else None
    if text is not None:
        words, is_json = _without_array((command.sub_cmd or keyword).upper(), text), False
    return Instruction(
        keyword=keyword,
        flags=tuple(command.flags),
        words=words,
        json=is_json,
        heredocs=tuple((each.name, each.content) for each in command.heredocs),
        original=command.original,
        line=command.start_line,
        end=command.end_line,
        onbuild=(command.sub_cmd or "").upper(),
    )


_BEFORE_ARRAY: Final = re.compile(
    r"""\s*(?:ONBUILD\s+)?[A-Z]+\s+(?:--(?:[^\s"'\\]|"[^"]*"|'[^']*'|\\.)+\s+)*(?:CMD\s+)?(?=\[)""",
    re.IGNORECASE,
)


def _broken_array(original: str) -> str | None:
    """The arguments of an instruction, if they begin like an array and are none.

    The parser takes `["a"] # b` for an array and leaves out what follows. BuildKit reads the whole rest as
    JSON and, where it is none, as any other text: frontend/dockerfile/parser, `parseJSON`.
    """
    head = _BEFORE_ARRAY.match(original)
    text = original[head.end() :].strip() if head else ""
    try:
        made = json.loads(text) if text else []
    except ValueError:
        return text
    return None if isinstance(made, list) and all(isinstance(each, str) for each in made) else text


def _without_array(keyword: str, text: str) -> tuple[str, ...]:
    """The words of arguments that are no array."""
    if keyword in ("ADD", "COPY", "VOLUME"):
        return tuple(re.split("[\t\v\f\r ]+", text))
    return ("CMD", text) if keyword == "HEALTHCHECK" else (text,)


def _stages(
    parsed: Sequence[Instruction],
) -> tuple[tuple[tuple[str, str | None, int], ...], tuple[ParsedStage, ...]]:
    """ARG before the first FROM, and the stages."""
    starts = [index for index, each in enumerate(parsed) if each.keyword == "FROM"]
    args: list[tuple[str, str | None, int]] = []
    for each in parsed[: starts[0]]:
        for word in each.words:
            name, mark, value = word.partition("=")
            args.append((name, value if mark else None, each.line))
    stages = []
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(parsed)], strict=True)):
        head = parsed[start]
        platform = next((flag[11:] for flag in head.flags if flag.startswith("--platform=")), "")
        name = head.words[2] if len(head.words) > 2 else ""
        inside = tuple(parsed[start + 1 : end])
        stages.append(ParsedStage(name, number, head.words[0], platform, inside, head.line))
    return tuple(args), tuple(stages)

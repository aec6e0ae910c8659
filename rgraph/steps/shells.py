"""Writing RUN instructions and values so that nothing in a value can act as an instruction.

Sources: Dockerfile reference ("Format", "Escape", "Environment replacement"); POSIX shell, 2.2
"Quoting"; PowerShell, about_Quoting_Rules.
"""

from __future__ import annotations

import json
import re
import shlex

from rgraph.steps.interface import Dialect, Run

_REFERENCE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\})")
_INDENT = "    "

POWERSHELL_STRICT = "$ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"
"""Without the first, a failed command goes on; without the second, downloads crawl."""


def dialect_of(shell: tuple[str, ...]) -> Dialect | None:
    """The dialect of a SHELL; None if rgraph does not know it."""
    program = re.split(r"[/\\]", shell[0])[-1].lower().removesuffix(".exe") if shell else ""
    if program in {"sh", "bash", "dash", "ash", "zsh"}:
        return "posix"
    if program in {"powershell", "pwsh"}:
        return "powershell"
    return "cmd" if program == "cmd" else None


def word(text: str) -> str:
    """A text as one word of a POSIX shell; `$NAME` and `${NAME}` are still replaced."""
    if "$" not in text:
        return shlex.quote(text)
    quoted, start = "", 0
    for match in _REFERENCE.finditer(text):
        quoted += _double_quoted(text[start : match.start()]) + match[0]
        start = match.end()
    return f'"{quoted}{_double_quoted(text[start:])}"'


def _double_quoted(text: str) -> str:
    return re.sub(r'([\\"`$])', r"\\\1", text)


def powershell_text(text: str) -> str:
    """A text as a PowerShell string; `$NAME` and `$env:NAME` are replaced only if it has a `$`."""
    if "$" not in text:
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace("`", "``").replace('"', '`"') + '"'


_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./\\~-]+")


def argument(dialect: Dialect, text: str) -> str:
    """A text as one argument of a program, in any dialect."""
    if dialect == "posix" or _PLAIN.fullmatch(text):
        return text if _PLAIN.fullmatch(text) and "\\" not in text else word(text)
    return powershell_text(text) if dialect == "powershell" else f'"{text}"'


_SIMPLE = re.compile(r"(?:[A-Za-z0-9_@%+:,./=-]|\$[A-Za-z_]|\$\{[A-Za-z_][A-Za-z0-9_]*\})+")


def instruction_value(text: str, dialect: Dialect) -> str:
    """A value of ENV, LABEL or ARG: quoted where needed; `$NAME` is the builder's, `$$` a dollar."""
    if _SIMPLE.fullmatch(text):
        return text
    escape = "\\" if dialect == "posix" else "`"
    text = text.replace(escape, escape * 2).replace('"', escape + '"').replace("$$", escape + "$")
    return f'"{text}"'


def json_array(items: tuple[str, ...]) -> str:
    """The exec form of an instruction."""
    return json.dumps(list(items), ensure_ascii=False)


def run(parts: list[Run], dialect: Dialect) -> str:
    """One RUN instruction of the commands of one step, or of several in a group."""
    if len(parts) == 1 and parts[0].verbatim:
        return f"RUN {parts[0].commands[0]}"
    mounts = tuple(dict.fromkeys(mount for part in parts for mount in part.mounts))
    commands = [command for part in parts for command in part.commands]
    flags = "".join(f"{mount} " for mount in mounts)
    if dialect == "posix":
        return f"RUN {flags}{_joined(commands, ' && ', chr(92))}"
    if dialect == "cmd" and not any(part.powershell for part in parts):
        return f"RUN {flags}{_joined(commands, ' && ', '`')}"
    script = _joined([_checked(command) for command in commands], " ; ", "`")
    if dialect == "powershell":
        return f"RUN {flags}{POWERSHELL_STRICT} `\n{_INDENT}{script}"
    # cmd reads quotes in its own way; the exec form passes the script on as it is.
    lines = f"{POWERSHELL_STRICT} {script}".split("\n")
    escaped = "\n".join(json.dumps(line, ensure_ascii=False)[1:-1] for line in lines)
    return f'RUN {flags}["powershell", "-NoProfile", "-Command", "{escaped}"]'


def _checked(command: str) -> str:
    """A native program's failure does not stop PowerShell by itself."""
    return f"{command} ; if ($LASTEXITCODE) {{ exit $LASTEXITCODE }}"


def _joined(commands: list[str], joiner: str, escape: str) -> str:
    """Commands on lines of their own; the joiner stands first on a line, as in shell style guides."""
    lines = [command.replace("\n", f" {escape}\n{_INDENT * 2}") for command in commands]
    return f" {escape}\n{_INDENT}{joiner.lstrip()}".join(lines)


def unsafe_command(command: str) -> str | None:
    """Why a command cannot be joined with others; None if it can."""
    if command.endswith(("\\", "`")):
        return "ends in a line continuation, which would swallow what follows"
    quote, previous = "", " "
    for character in command:
        if quote:
            quote = "" if character == quote and not (quote == '"' and previous == "\\") else quote
        elif character in "'\"" and previous != "\\":
            quote = character
        elif character == "#" and previous.isspace():
            return "holds a comment, which would swallow the commands behind it"
        previous = "" if previous == "\\" and character == "\\" else character
    return "has a quote that is not closed" if quote else None


_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")


def unsafe_verbatim(text: str, escape: str) -> str | None:
    """Why a verbatim text would not stay one RUN instruction; None if it does.

    BuildKit reads further lines only after a line continuation or within a here-document
    (Dockerfile reference, "Here-Documents").
    """
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        logical = lines[index]
        while _continues(logical, escape) and index + 1 < len(lines):
            index += 1
            while lines[index].lstrip().startswith("#") and index + 1 < len(lines):
                index += 1
            logical = logical.rstrip()[:-1] + lines[index]
        if _continues(logical, escape):
            return "ends in a line continuation, which would swallow the next instruction"
        index += 1
        for _, delimiter in _HEREDOC.findall(logical):
            while index < len(lines) and lines[index].lstrip("\t") != delimiter:
                index += 1
            if index == len(lines):
                return f"has a here-document without its end `{delimiter}`"
            index += 1
        if index < len(lines):
            return f"goes on after the instruction's end, at `{lines[index].strip()[:40]}`"
    return None


def _continues(line: str, escape: str) -> bool:
    return line.rstrip().endswith(escape)

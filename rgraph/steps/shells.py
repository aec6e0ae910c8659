"""Writing RUN instructions and values so that nothing in a value can act as an instruction.

Sources: Dockerfile reference ("Format", "Escape", "Environment replacement"); POSIX shell, 2.2
"Quoting"; PowerShell, about_Quoting_Rules.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from itertools import accumulate

from rgraph.manifest.base import OnError
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
        return "powershell-strict" if "ErrorActionPreference" in " ".join(shell) else "powershell"
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


_POWERSHELL_REFERENCE = re.compile(r"\$(?:env:)?[A-Za-z_][A-Za-z0-9_]*|\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*\}")


def powershell_text(text: str) -> str:
    """A text as a PowerShell string; `$NAME` and `$env:NAME` are still replaced, `$(...)` is not run.

    PowerShell takes typographic quotes for plain ones (about_Quoting_Rules).
    """
    if "$" not in text:
        return "'" + re.sub("['\u2018-\u201b]", r"\g<0>\g<0>", text) + "'"
    quoted, start = "", 0
    for match in _POWERSHELL_REFERENCE.finditer(text):
        quoted += _in_powershell(text[start : match.start()]) + match[0]
        start = match.end()
    return f'"{quoted}{_in_powershell(text[start:])}"'


def _in_powershell(text: str) -> str:
    return re.sub('["`$\u201c-\u201e]', r"`\g<0>", text)


_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./\\~-]+")


def argument(dialect: Dialect, text: str) -> str:
    """A text as one argument of a program, in any dialect."""
    if dialect == "posix":
        return word(text)
    if _PLAIN.fullmatch(text) and "%" not in text:
        return text
    return _cmd_argument(text) if dialect == "cmd" else powershell_text(text)


def _cmd_argument(text: str) -> str:
    """A text for cmd, which ends a quoted part at each `"` and replaces `%NAME%` even within one.

    Where it holds either, carets take their meaning from all signs of cmd's, and the backslashes are
    for the program ("Parsing C command-line arguments", Microsoft C documentation).
    """
    quoted = '"' + re.sub(r"(\\+)$", r"\1\1", re.sub(r'(\\*)"', r'\1\1\\"', text)) + '"'
    if '"' not in text and "%" not in text:
        return quoted
    return re.sub(r'[()%!^"<>&|]', r"^\g<0>", quoted)


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


def run(part: Run, dialect: Dialect) -> str:
    """One RUN instruction of the commands of a step."""
    commands = part.commands
    if part.verbatim:
        return f"RUN {commands[0]}"
    escape = "\\" if dialect == "posix" else "`"
    flags = "".join([f"{mount} {escape}\n{_INDENT}" for mount in part.mounts])
    if dialect == "posix":
        return f"RUN {flags}{_joined([*map(as_one, commands)] if len(commands) > 1 else commands, escape)}"
    if dialect == "cmd" and not part.powershell:
        whole = [f"({each})" if _CMD_COMPOUND.search(each) else each for each in commands]
        return f"RUN {flags}{_joined(whole if len(commands) > 1 else commands, escape)}"
    if part.errors != "stop":
        return f"RUN {flags}{_going_on(commands, dialect, part.errors)}"
    return f"RUN {flags}{_powershell(commands, dialect)}"


def _powershell(commands: Sequence[str], dialect: Dialect) -> str:
    script = "; `\n".join(_checked(command) for command in commands).replace("\n", f"\n{_INDENT}")
    strict = f"{POWERSHELL_STRICT} `\n{_INDENT}{script}"
    if dialect == "cmd":
        return _executed(strict, "-NoProfile")
    # powershell.exe takes plain quotes away when it reads its command line.
    return re.sub(r'(?<!\\)"', r'\\"', script if dialect == "powershell-strict" else strict)


def _executed(script: str, *flags: str) -> str:
    """Cmd reads quotes in its own way; the exec form passes the script on as it is."""
    escaped = "\n".join(json.dumps(line, ensure_ascii=False)[1:-1] for line in script.split("\n"))
    return f'[{", ".join(json.dumps(each) for each in ("powershell", *flags, "-Command"))}, "{escaped}"]'


def _going_on(commands: Sequence[str], dialect: Dialect, errors: OnError) -> str:
    """A script that PowerShell runs to its end whatever fails."""
    head = ("$ErrorActionPreference = 'Continue'",) if dialect == "powershell-strict" else ()
    every = (*head, *commands, *(("exit 0",) if errors == "ignore" else ()))
    script = f"; `\n{_INDENT}".join(every)
    return _executed(script) if dialect == "cmd" else re.sub(r'(?<!\\)"', r'\\"', script)


_CMD_COMPOUND = re.compile(r"[&|]|^\s*(?:if|for)\b", re.IGNORECASE)
"""Commands of cmd that `&&` would not end."""
_CMDLET = re.compile(r"[A-Z][A-Za-z]*-[A-Z]\w*\b|\$\w+ = |if \(|\[")


def _checked(command: str) -> str:
    """A command of PowerShell stops by itself when it fails, a program does not."""
    command = command.replace("\n", f" `\n{_INDENT}")
    return command if _CMDLET.match(command) else f"{command}; if ($LASTEXITCODE) {{ exit $LASTEXITCODE }}"


_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_SEQUENCE = re.compile(r";|\|\||(?<![&>|<])&(?![&>])")
_DEPTH = {"if": 1, "for": 1, "while": 1, "until": 1, "case": 1, "fi": -1, "done": -1, "esac": -1}


def as_one(command: str) -> str:
    """A command that `&&` takes as a whole: in `a && b || c` a failed `a` would run `c` and be forgotten."""
    if ";" not in command and "||" not in command and "&" not in command:
        return command
    bare = _QUOTED.sub("''", command)
    if not _SEQUENCE.search(bare) or _is_compound(bare):
        return command
    return f"{{ {command}{'' if bare.rstrip().endswith((';', '&')) else ';'} }}"


def _is_compound(bare: str) -> bool:
    """Whether a command without its quoted parts is one `if`, `for`, `while`, `until` or `case`."""
    depths = list(accumulate(_DEPTH.get(each, 0) for each in re.split(r"[\s;]+", bare)))
    return min(depths[:-1], default=0) > 0 and depths[-1] == 0


def _joined(commands: Sequence[str], escape: str) -> str:
    """Commands on lines of their own; `&&` stands first on a line, as in shell style guides."""
    lines = [command.replace("\n", f" {escape}\n{_INDENT * 2}") for command in commands]
    return f" {escape}\n{_INDENT}&& ".join(lines)


_TELLING = re.compile(r"['\"#]|<<")
"""Signs without which a command needs no closer look."""


def unsafe_command(command: str) -> str | None:
    """Why a command cannot be joined with others; None if it can."""
    if command.rstrip().endswith(("\\", "`")):
        return "ends in a line continuation, which would swallow what follows"
    if not _TELLING.search(command):
        return None
    quote, previous = "", " "
    for character in command:
        if quote:
            quote = "" if character == quote and not (quote == '"' and previous == "\\") else quote
        elif character in "'\"" and previous != "\\":
            quote = character
        elif character == "#" and previous.isspace():
            return "holds a comment, which would swallow the commands behind it"
        previous = "" if previous == "\\" and character == "\\" else character
    if quote:
        return "has a quote that is not closed"
    return "opens a here-document, whose lines cannot stand in a list" if _heredocs(command) else None


_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*")+""")
_HEREDOC = re.compile(r"\d*<<(-?)([^<]+)")


def _heredocs(line: str) -> list[tuple[str, bool]]:
    """Names of the here-documents that a line opens, and whether tabs may stand before their ends.

    As BuildKit finds them (its parser, `heredocsFromLine`): each is a word of its own, outside quotes.
    """
    if "<<" not in line:
        return []
    if _WORD.sub("", line).strip():
        return []  # a quote that is not closed: BuildKit then finds none
    found = [match for each in _WORD.findall(line) if (match := _HEREDOC.fullmatch(each))]
    return [(re.sub(r"['\"\\]", "", match[2]), bool(match[1])) for match in found]


def unsafe_verbatim(text: str, escape: str) -> str | None:
    """Why a verbatim text would not stay one RUN instruction; None if it does.

    BuildKit reads further lines only after a line continuation, leaving out empty lines and comments,
    or within a here-document (Dockerfile reference, "Here-Documents").
    """
    lines = text.split("\n")
    logical, index = lines[0], 1
    while _continues(logical, escape):
        while index < len(lines) and (not lines[index].strip() or lines[index].lstrip().startswith("#")):
            index += 1
        if index == len(lines):
            return "ends in a line continuation, which would swallow the next instruction"
        logical = logical.rstrip()[:-1] + lines[index]
        index += 1
    for name, tabs in _heredocs(logical):
        while index < len(lines) and (lines[index].lstrip("\t") if tabs else lines[index]) != name:
            index += 1
        if index == len(lines):
            return f"has a here-document without its end `{name}`"
        index += 1
    if any(line.strip() for line in lines[index:]):
        rest = next(line.strip() for line in lines[index:] if line.strip())
        return f"goes on after the instruction's end, at `{rest[:40]}`"
    return None


def _continues(line: str, escape: str) -> bool:
    return line.rstrip().endswith(escape)

"""Scripts of Windows PowerShell, as far as they are compared.

Sources: about_PowerShell_exe (`-Command`), about_Quoting_Rules, about_Parsing; "Parsing C command-line
arguments" (Microsoft C documentation); Microsoft.PowerShell.Management and .Utility for the cmdlets.
"""

from __future__ import annotations

import json
import re

from msgspec import Struct

from rgraph.steps.interface import Dialect


class Script(Struct, frozen=True):
    """Statements in a form in which what means the same is written the same."""

    statements: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    """Each as PowerShell reads it."""
    ending: str
    """`ok`: it ends well whatever failed; `last`: as its last statement does."""
    stops: bool
    """Whether it stops at the first error."""


_STARTED = re.compile(r"powershell(?:\.exe)? +-Command +(.+)", re.IGNORECASE | re.DOTALL)
_OF_CMD = re.compile(r'[%^&|<>!]|\\"')
"""What cmd, or the program's own reading of its command line, could take for something else."""


def read_script(text: str, dialect: Dialect | None) -> Script | None:
    """The script of a RUN; None if it is none, or not understood for certain."""
    if text.startswith("["):
        return _of_words(text)
    if dialect == "cmd":
        match = _STARTED.fullmatch(text.strip(" \t"))
        if not match or _OF_CMD.search(match[1]) or match[1].count('"') % 2:
            return None
        return _read(_arguments(match[1]), stops=False)
    if dialect != "powershell-strict":
        return None
    if match := _STARTED_WITHIN.fullmatch(text.strip(" \t")):
        # `$env:temp` is then replaced outside, by a path without blanks.
        return (
            _read(match[1], stops=False)
            if set(_VARIABLE.findall(match[1].lower())) <= {"$env:temp"}
            else None
        )
    return _going_on(text) if text.startswith(_GOING_ON) else None


_STARTED_WITHIN = re.compile(r'powershell(?:\.exe)? +-Command +"([^"`]*)"', re.IGNORECASE)
"""A PowerShell within one: it does not stop at errors, and the last statement decides over both."""
_VARIABLE = re.compile(r"\$[\w:]*")
_GOING_ON = "$ErrorActionPreference = 'Continue';"


def _going_on(text: str) -> Script | None:
    # powershell.exe takes plain quotes away when it reads its command line; `\"` stays one.
    script = re.sub(r'\\"', '"', text.removeprefix(_GOING_ON))
    return _read(script, stops=False)


def _of_words(text: str) -> Script | None:
    try:
        words = json.loads(text)
    except ValueError:
        return None
    if not isinstance(words, list) or [str(word).lower() for word in words[:1]] != ["powershell"]:
        return None
    return _read(str(words[2]), stops=False) if len(words) == 3 and words[1] == "-Command" else None


def _arguments(text: str) -> str:
    """What `-Command` gets: its arguments without their quotes, with single blanks between them."""
    pieces = re.split('("[^"]*")', text)
    plain = (p[1:-1] if p.startswith('"') else re.sub(r"[ \t]+", " ", p) for p in pieces)
    return "".join(plain).strip(" ")


def _read(text: str, *, stops: bool) -> Script | None:
    found: list[tuple[str, ...]] = []
    texts: list[str] = []
    file, ending = "", "last"
    for raw in _split(text, ";"):
        tokens = _split(re.sub(r"\|\s*Out-Null\s*$", "", raw), " \t")
        if not tokens:
            continue
        if raw.lower().startswith("$file = "):
            file = _file(tokens[2:])
            if not file:
                return None
            continue
        if any(re.search(r"[(){}@`|&<>]", token) for token in tokens if token[0] not in "'\""):
            return None
        statement = _statement(tuple(_value(token, file) for token in tokens))
        if statement is None:
            return None
        ending = "ok" if statement[0] in ("echo", "exit") else "last"
        if statement[0] == "exit" and statement != ("exit", "0"):
            return None
        if statement[0] not in ("echo", "exit"):
            found.append(statement)
            texts.append(" ".join(tokens))
    return Script(tuple(_without_force(found)), tuple(texts), ending, stops) if found else None


def _split(text: str, separators: str) -> list[str]:
    """Parts of a text between separators that stand outside of quotes; empty ones are left out."""
    pattern = rf"""((?:[^'"{separators}]|'[^']*'|"[^"]*")+)"""
    return [part.strip(" \t") for part in re.findall(pattern, text) if part.strip(" \t")]


def _file(tokens: list[str]) -> str:
    """The value of `$FILE = ...`."""
    if len(tokens) == 3 and tokens[:2] == ["Join-Path", "$env:TEMP"]:
        return _value(f"$env:TEMP\\{tokens[2][1:-1]}", "")
    return _value(tokens[0], "") if len(tokens) == 1 and tokens[0][0] in "'\"" else ""


def _value(token: str, file: str) -> str:
    """A token without quotes; folders written with two backslashes are the same as with one."""
    if token == "$FILE" and file:
        return file
    if re.fullmatch(r"'[^'$]*'", token) or re.fullmatch(r'"[^"$`]*"|"\$env:[A-Za-z]+\\[^"$`]*"', token):
        token = token[1:-1]
    token = re.sub(r"(?<!^)(?<!:)\\\\", r"\\", token) if not token.startswith("\\") else token
    token = re.sub(r"^([A-Za-z]:)\\\\", r"\1\\", token)
    return token.lower() if re.match(r"\$env:temp\\", token, re.IGNORECASE) else token


_FETCHING = frozenset({"wget", "curl", "iwr", "invoke-webrequest"})
"""`wget` and `curl` are other names of Invoke-WebRequest in Windows PowerShell."""
_SAYING = frozenset({"echo", "write-host", "write-output"})


def _statement(tokens: tuple[str, ...]) -> tuple[str, ...] | None:
    name, rest = tokens[0].lower(), list(tokens[1:])
    if name in _FETCHING:
        return _fetch(rest)
    if name in _SAYING:
        return ("echo",) if all(re.fullmatch(r"[\w.:/-]+", word) for word in rest) else None
    if name == "remove-item":
        paths = [word for word in rest if word.lower() not in ("-force", "-path")]
        forced = any(word.lower() == "-force" for word in rest)
        return ("remove", paths[0], "force" if forced else "") if len(paths) == 1 else None
    if name == "import-certificate":
        said = {key.lower(): value for key, value in zip(rest[::2], rest[1::2], strict=False)}
        if len(rest) == 4 and said.keys() == {"-filepath", "-certstorelocation"}:
            return ("certificate", said["-filepath"], said["-certstorelocation"])
        return None
    if name == "exit":
        return ("exit", *rest)
    return tokens if re.fullmatch(r"[A-Za-z]+-[A-Za-z]+", tokens[0]) else None


def _fetch(rest: list[str]) -> tuple[str, ...] | None:
    """`-UseBasicParsing` is about reading a page, which is not done where it goes to a file."""
    words = [
        each
        for word in rest
        for each in (word.split(":", 1) if word.lower().startswith("-outfile:") else [word])
    ]
    url = file = ""
    waiting = iter(words)
    for word in waiting:
        if word.lower() == "-outfile":
            file = file or next(waiting, "")
        elif word.lower() == "-uri":
            url = url or next(waiting, "")
        elif word.lower() == "-usebasicparsing":
            continue
        elif word.startswith("-") or url:
            return None
        else:
            url = word
    file = file.lower() if re.match(r"\$env:temp\\", file, re.IGNORECASE) else file
    return ("fetch", url, file) if url and file and "$" not in url else None


def _without_force(statements: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """A file that the script itself has fetched is neither hidden nor read-only."""
    own = {each[2] for each in statements if each[0] == "fetch"}
    return [
        ("remove", each[1], "") if each[0] == "remove" and each[1] in own else each for each in statements
    ]


_TEXT = r"'([^'$\u2018-\u201b]*)'"
_TYPE = r"(String|ExpandString|DWord|QWord|MultiString|Binary)"
_SET = re.compile(rf"Set-ItemProperty -Path {_TEXT} -Name {_TEXT} -Value {_TEXT} -Type {_TYPE}(?: ?;)?")
_NEW = re.compile(
    rf"New-ItemProperty -Force -Path {_TEXT} -Name {_TEXT} -Value {_TEXT} -PropertyType {_TYPE}"
    r"(?: \| Out-Null)?(?: ?;)?"
)


def registry_value(text: str) -> tuple[str, str, str, str] | None:
    """Key, name, value and type, if a text is one command that sets a value of the registry, whether it
    was there or not; both cmdlets fail if the key is not there.
    """
    single = _blanks(text)
    match = _SET.fullmatch(single) or _NEW.fullmatch(single)
    if match is None or not match[1].upper().startswith(("HKLM:", "HKCU:", "HKLM\\", "REGISTRY::")):
        return None
    return match[1], match[2], match[3], match[4]


def _blanks(text: str) -> str:
    """Single blanks outside of quotes."""
    pieces = re.split("('[^']*')", text.strip(" \t"))
    return "".join(piece if piece.startswith("'") else re.sub(r"[ \t]+", " ", piece) for piece in pieces)

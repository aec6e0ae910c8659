"""Instructions other than RUN as steps: ENV, ARG, LABEL, USER, WORKDIR, EXPOSE, VOLUME, SHELL, COPY."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from rgraph.importing.equivalence.words import OTHER, VARIABLE, read_word, variables
from rgraph.importing.model import Instruction
from rgraph.importing.typing.found import escaped

Data = dict[str, Any]


def value(raw: str, escape: str) -> str | None:
    """A value of ENV, LABEL or ARG in a manifest: `$NAME` is the builder's, `$$` a dollar; None if it
    cannot be said there.
    """
    read = read_word(raw, escape)
    if read is None or not read.replace(VARIABLE, "").replace(OTHER, "").replace("\x03", "").isprintable():
        return None
    pieces = re.split(f"([{VARIABLE}{OTHER}][^\x03]*)\x03", read)
    text = "".join(
        "${" + each[1:] + "}" if each[:1] in _MARKS else each.replace("$", "$$") for each in pieces
    )
    return escaped(text)


_MARKS = (VARIABLE, OTHER)


class Escapes(Struct, frozen=True):
    """The escape character of the file, and the one of what rgraph writes."""

    theirs: str
    ours: str


def plain(raw: str, escapes: Escapes, *, blanks: bool = False) -> str | None:
    """A word that rgraph writes as it is: without quotes, blanks or dollars that are none of a variable's."""
    read = read_word(raw, escapes.theirs)
    refused = r"['\"`$<\[\]]" if blanks else r"[\s'\"`$<\[\]]"
    if not read or re.search(refused, read) or escapes.ours in read or read.endswith("\\"):
        return None
    text = re.sub(f"{VARIABLE}([^\x03]*)\x03", r"${\1}", read)
    return escaped(text) if "\x05" not in text else None


def settings(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    """The step for neighbouring instructions of one kind; None if no typed step can say it."""
    maker = _MAKERS.get(group[0].keyword)
    return (
        maker(group, escapes) if maker and not any(each.heredocs or each.onbuild for each in group) else None
    )


def _pairs(group: Sequence[Instruction], escapes: Escapes) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for each in group:
        for name, raw in zip(each.words[::2], each.words[1::2], strict=False):
            text = value(raw, escapes.theirs)
            if text is None or name in found:
                return None
            found[name] = text
    return found


def _env(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    pairs = _pairs(group, escapes)
    return {"env": {name: _path(name, text) for name, text in pairs.items()}} if pairs else None


_FOLDER = r"[^:$]+"


def _path(name: str, text: str) -> str | dict[str, str]:
    """`PATH: {prepend: ...}` where that is all that happens."""
    if name != "PATH":
        return text
    if match := re.fullmatch(rf"({_FOLDER}(?::{_FOLDER})*):\$\{{PATH\}}", text):
        return {"prepend": match[1]}
    if match := re.fullmatch(rf"\$\{{PATH\}}:({_FOLDER}(?::{_FOLDER})*)", text):
        return {"append": match[1]}
    return text


def _label(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    pairs = _pairs(group, escapes)
    return {"label": dict(pairs)} if pairs else None


def _arg(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    found: dict[str, str | None] = {}
    for word in (word for each in group for word in each.words):
        name, sign, raw = word.partition("=")
        text = value(raw, escapes.theirs) if sign else None
        if (sign and text is None) or name in found:
            return None
        found[name] = text
    if all(text is None for text in found.values()):
        return {"arg": list(found)}
    return {"arg": dict(found)}


def _words(group: Sequence[Instruction], escapes: Escapes) -> list[str] | None:
    words = [plain(word, escapes) for each in group for word in each.words]
    return [word for word in words if word] if all(words) else None


def _one(kind: str, group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    words = _words(group, escapes)
    return {kind: words[0]} if words and len(words) == 1 and not group[0].flags else None


def _user(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    return _one("user", group, escapes)


def _workdir(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    return _one("workdir", group, escapes)


def _expose(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    words = _words(group, escapes)
    return {"expose": words} if words else None


def _volume(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    words = _words(group, escapes)
    return {"volume": words} if words else None


def _shell(group: Sequence[Instruction], _escapes: Escapes) -> Data | None:
    return {"shell": [escaped(word) for word in group[0].words]}


def _copy(group: Sequence[Instruction], escapes: Escapes) -> Data | None:
    instruction = group[0]
    flags = {flag.partition("=")[0][2:]: flag.partition("=")[2] for flag in instruction.flags}
    further = [escaped(flag) for flag in instruction.flags if not flag.startswith(("--from=", "--chown="))]
    if len(flags) < len(instruction.flags) or len(instruction.words) < 2:
        return None
    # rgraph writes paths with blanks as a list.
    words = [plain(word, escapes, blanks=instruction.json) for word in instruction.words]
    if not all(words):
        return None
    *files, to = [str(word) for word in words]
    owner: Data = {"owner": flags["chown"]} if "chown" in flags else {}
    if further:
        owner["options"] = further
    if "from" in flags:
        path = files[0] if len(files) == 1 else files
        return {"take": {"from": flags["from"], "path": path, "to": to, **owner}}
    return {"copy": {"files": files, "to": to, **owner}}


_MAKERS = {
    "ARG": _arg,
    "COPY": _copy,
    "ENV": _env,
    "EXPOSE": _expose,
    "LABEL": _label,
    "SHELL": _shell,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}


def instruction(one: Instruction, escapes: Escapes) -> Data:
    """An instruction as it stands, for what no typed step says."""
    text = " ".join(one.original.split("\n")).strip(" ")
    if escapes.theirs != escapes.ours and one.keyword in ("ADD", "COPY") and not one.heredocs:
        words = [plain(word, escapes) for word in one.words]
        if all(words):
            text = " ".join((one.keyword, *one.flags, *map(str, words)))
    return {"instruction": escaped(text)}


def joinable(group: Sequence[Instruction], escape: str) -> bool:
    """Whether the last instruction of neighbouring ones says the same as a part of one with the others:
    it uses none of the variables that they set, and sets none of them again.
    """
    *before, last = group
    if last.keyword not in ("ARG", "ENV", "EXPOSE", "LABEL", "VOLUME"):
        return False
    if last.keyword in ("EXPOSE", "VOLUME"):
        return True
    names = {name for each in before for name in _names(each)}
    used = {name for raw in _values(last) for name in variables(read_word(raw, escape) or "")}
    return not names & (used | set(_names(last)))


def _names(one: Instruction) -> list[str]:
    return [word.partition("=")[0] for word in one.words] if one.keyword == "ARG" else list(one.words[::2])


def _values(one: Instruction) -> list[str]:
    return [word.partition("=")[2] for word in one.words] if one.keyword == "ARG" else list(one.words[1::2])

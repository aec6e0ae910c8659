"""Whether two lists of commands do the same. Rules: docs/import-rules.md."""

from __future__ import annotations

import re

from rgraph.importing.equivalence.values import SIGN, Line


def match(original: tuple[Line, ...], regenerated: tuple[Line, ...]) -> frozenset[str] | None:
    """Names of the rules by which the regenerated commands do what the original ones do; None if they do
    something else, or may.
    """
    rules: set[str] = set()
    before = _without_implied_folders(_removed_early(original, rules))
    after = _without_implied_folders(_removed_early(regenerated, rules))
    index = 0
    for position, line in enumerate(after):
        if index < len(before) and _same(before[index], line, rules):
            index += 1
        elif _made_for_next(line, after[position + 1 : position + 2]):
            rules.add("existing-folder")
        else:
            return None
    return frozenset(rules) if index == len(before) else None


def _same(before: Line, after: Line, rules: set[str]) -> bool:
    if before == after:
        return True
    if before.words[0] == "\x07mkdir" and after.words == ("\x07mkdir -p", before.words[1]):
        rules.add("mkdir-p")
        return True
    return False


def _made_for_next(line: Line, following: list[Line]) -> bool:
    """`mkdir -p D` in front of what needs D: the original did without, so D was there."""
    if line.words[0] != "\x07mkdir -p" or not following:
        return False
    words = following[0].words
    if words[0] == "\x07unpack":
        return words[2] == line.words[1]
    return words[0] == "\x07download" and words[-1].rpartition("/")[0] == line.words[1]


def _removed_early(lines: tuple[Line, ...], rules: set[str]) -> list[Line]:
    """Moves the removal of a downloaded file up to behind the last command that could see it."""
    found: list[Line] = []
    loaded: set[str] = set()
    for line in lines:
        words = line.words
        if words[0] == "\x07download":
            loaded.add(words[-1])
        elif words[0] == "rm" and words[-2] == "\x07" and words[-1] in loaded and SIGN not in words[-1]:
            loaded.discard(words[-1])
            place = len(found)
            while not _sees(found[place - 1], words[-1]):
                place -= 1
            if place != len(found):
                rules.add("removal")
            elif words != ("rm", "\x07", words[-1]):
                rules.add("options")
            found.insert(place, Line(("rm", "\x07", words[-1])))
            continue
        found.append(line)
    return found


def _sees(line: Line, file: str) -> bool:
    """Whether a command may look at a file: names it, or a folder that holds it."""
    if line.words[0] in ("\x07text", "\x07moves") or any(map(_UNKNOWN.search, line.words)):
        return True
    if line.folder and (file.startswith(line.folder.rstrip("/") + "/") or line.folder.startswith("\x07")):
        return True
    if _only_folders(line.words):
        return False
    name = file.rpartition("/")[2]
    return any(name in word or _holds(word, file) for word in line.words)


_UNKNOWN = re.compile("[\x02\x04\x05\x06]")
"""A variable or an expansion: it may name any file."""


def _only_folders(words: tuple[str, ...]) -> bool:
    """`find PLACE -type d ...`, which never gives a file."""
    index = words.index("-type") if words[0] == "find" and "-type" in words else -1
    return index > 0 and words[index + 1 : index + 2] == ("d",) and "-o" not in words


def _holds(word: str, file: str) -> bool:
    plain = word.partition(SIGN)[0] if SIGN in word else word.rstrip("/") + "/"
    return word.startswith("/") and file.startswith(plain)


def _without_implied_folders(lines: list[Line]) -> list[Line]:
    """Leaves out each `cd` to a folder that must be there anyway: what follows happens in it, or this RUN
    has made it.
    """
    made = {"/"} | {line.words[1] for line in lines if line.words[0] in ("\x07mkdir", "\x07mkdir -p")}
    made |= {line.words[-1] for line in lines if line.words[0] == "\x07clone"}
    return [
        line
        for index, line in enumerate(lines)
        if line.words[0] != "cd"
        or line.folder
        or not (line.words[1] in made or any(_needs(later, line.words[1]) for later in lines[index + 1 :]))
    ]


def _needs(line: Line, folder: str) -> bool:
    inside = folder.rstrip("/") + "/"
    if (line.folder + "/").startswith(inside):
        return True
    if line.words[0] == "\x07named":
        return (line.words[2] + "/").startswith(inside)
    if line.words[0] == "\x07download":
        return line.words[-1].startswith(inside)
    return line.words[0] == "\x07unpack" and (line.words[1].startswith(inside) or line.words[2] == folder)

"""What BuildKit checks behind its parser: known instructions, their arguments, their order.

Source: the Dockerfile reference, and the messages of `docker build`. For an unknown instruction, which is
mostly the rest of a line that did not continue, the line to mend is looked for.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final

from rgraph.errors import Place, Problem, Problems
from rgraph.importing.lines import continues, is_comment
from rgraph.importing.model import Instruction

KEYWORDS: Final = (
    *(
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
    ),
    *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
"""All instructions of the Dockerfile reference."""

_ONE: Final = ("exactly one argument", lambda words: len(words) == 1)
_SOME: Final = ("at least one argument", any)
_ARGUMENTS: Final[dict[str, tuple[str, Callable[[Sequence[str]], bool]]]] = {
    "FROM": (
        "an image, or an image, AS and a name",
        lambda words: (len(words) == 1 and bool(words[0])) or (len(words) == 3 and words[1].upper() == "AS"),
    ),
    "ARG": _SOME,
    "ENV": _SOME,
    "EXPOSE": _SOME,
    "LABEL": _SOME,
    "RUN": _SOME,
    "USER": _ONE,
    "VOLUME": _SOME,
    "WORKDIR": _ONE,
    "STOPSIGNAL": _ONE,
    "SHELL": _SOME,
    "HEALTHCHECK": (
        "NONE, or CMD and a command",
        lambda words: bool(words) and (words[0].upper() == "NONE" or words[0].upper() == "CMD"),
    ),
}
"""What stands behind an instruction: in words, and whether it does."""


def _anything(_: Sequence[str]) -> bool:
    return True


def check(path: str, lines: Sequence[str], parsed: Sequence[Instruction], escape: str) -> tuple[Problem, ...]:
    """All that is wrong with the instructions of a file."""
    problems = Problems()
    unknown = [index for index, each in enumerate(parsed) if each.keyword not in KEYWORDS]
    for index in unknown:
        # What follows one is mostly the rest of the same line.
        if index - 1 not in unknown:
            _unknown(path, lines, parsed[index], escape, problems)
    if unknown:
        return tuple(problems)
    started = False
    for each in parsed:
        place = Place(path, line=each.line, column=1)
        started = started or each.keyword == "FROM"
        if not started and each.keyword != "ARG":
            problems.add(place, f"{each.keyword} stands before the first FROM", "only ARG may")
        _arguments(place, each, problems)
    if not started and not len(problems):
        problems.add(Place(path, line=1, column=1), "holds no FROM", "is it a Dockerfile?")
    return tuple(problems)


def _arguments(place: Place, each: Instruction, problems: Problems) -> None:
    keyword = each.onbuild or each.keyword
    if each.keyword == "ONBUILD" and keyword in ("", "FROM", "MAINTAINER", "ONBUILD", "ONBUILD"):
        problems.add(place, f"ONBUILD takes no {keyword or 'nothing'}", "it takes another instruction")
        return
    if keyword not in KEYWORDS:
        problems.add(place, f"`{keyword[:60]}` is no instruction", _near(keyword))
        return
    if keyword in ("COPY", "ADD"):
        if len(each.words) < 2:
            problems.add(place, f"{keyword} needs a source and a destination")
        return
    wanted, fits = _ARGUMENTS.get(keyword, ("", _anything))
    if not fits(each.words) and not each.heredocs:
        problems.add(place, f"{keyword} needs {wanted}")
    elif keyword == "SHELL" and not each.json:
        problems.add(place, "SHELL needs a list", 'write `SHELL ["/bin/bash", "-c"]`')


def _unknown(path: str, lines: Sequence[str], each: Instruction, escape: str, problems: Problems) -> None:
    text = lines[each.line - 1] if each.line <= len(lines) else ""
    column = len(text) - len(text.lstrip()) + 1
    word = _visible(re.split("[ \t]", text.strip(" \t"), maxsplit=1)[0] or each.keyword)
    problems.add(
        Place(path, line=each.line, column=column),
        f"`{word}` is no instruction",
        _cause(lines, each, escape),
    )


def _cause(lines: Sequence[str], each: Instruction, escape: str) -> str:
    """Which line to mend, and how."""
    first = lines[each.line - 1] if each.line <= len(lines) else ""
    before = next(
        (n for n in range(each.line - 1, 0, -1) if lines[n - 1].strip() and not is_comment(lines[n - 1])), 0
    )
    previous = lines[before - 1] if before else ""
    stripped = previous.rstrip()
    if stripped.endswith(escape) and not continues(previous, escape):
        odd = next(c for c in previous[len(stripped) :] if c not in " \t")
        return f"line {before} does not continue: {_name(odd)} stands behind its `{escape}`, and is no space"
    odd = next((c for c in first.lstrip() if c.isspace() and c not in " \t"), "")
    if odd and first.split()[0].upper() in KEYWORDS:
        return f"the line holds {_name(odd)} in place of a space"
    near = _near(each.keyword)
    if near and not continues(first, escape):
        return near
    if before and not continues(previous, escape):
        return f"does it belong to the instruction before? Then line {before} must end in `{escape}`"
    return near


def _near(word: str) -> str:
    close = difflib.get_close_matches(word.upper()[:60], KEYWORDS, n=1)
    return f"did you mean `{close[0]}`?" if close else ""


def _name(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    return f"U+{ord(character):04X}{f' ({name})' if name else ''}"


def _visible(text: str) -> str:
    return "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in text)[:60]

"""RUN instructions as steps: typed where that regenerates the same, else as they stand."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

from rgraph.importing.equivalence import Different, Equal, Known, State, compare_run
from rgraph.importing.equivalence.lines import OWN, flat, lines_of_each
from rgraph.importing.model import Instruction
from rgraph.importing.shell import CommandList, read
from rgraph.importing.shell_tokens import NotUnderstood
from rgraph.importing.typing import apt, conda, downloads, pip, r, sources, windows
from rgraph.importing.typing.found import Found, View, escaped
from rgraph.importing.typing.rendering import joined, rendered
from rgraph.steps.interface import Dialect, Os

Family = Callable[[View, int], Found | None]

FAMILIES: Final[tuple[Family, ...]] = (
    apt.packages,
    apt.key,
    conda.packages,
    pip.packages,
    r.packages,
    sources.source,
    downloads.download,
)
"""Asked in this order at each command."""

Data = dict[str, Any]
MAX_ATTEMPTS = 12
"""Typed members of one RUN that are tried; who has more keeps the rest as commands."""


def verbatim(instruction: Instruction) -> Data:
    """The instruction as it stands, flags and here-documents too."""
    behind = instruction.original.strip(" \t\n")[len("RUN") :].strip(" \t\n")
    return {"run": escaped(behind), "provides": []}


def run_step(instruction: Instruction, state: State, os: Os) -> Data:
    """The step that stands for one RUN."""
    plain = not instruction.flags and not instruction.json and not instruction.heredocs
    if not plain or not instruction.words:
        return verbatim(instruction)
    text = instruction.words[0]
    names = {*_NAME.findall(text), "DEBIAN_FRONTEND"}
    values = tuple(sorted((name, state.values[name]) for name in names & state.values.keys()))
    arguments = frozenset(names & state.arguments)
    declared = frozenset({*names, "BASH_ENV", OWN} & state.declared)
    typed = _typed_run(text, state.dialect, state.profile, values, arguments, declared, os)
    return copy.deepcopy(typed) if typed is not None else verbatim(instruction)


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@lru_cache(maxsize=4096)
def _typed_run(
    text: str,
    dialect: Dialect | None,
    profile: bool,
    values: tuple[tuple[str, str], ...],
    arguments: frozenset[str],
    declared: frozenset[str],
    os: Os,
) -> Data | None:
    """The typed step for a text, or the one of its commands; None if the text must stay as it is.

    Remembered, as Dockerfiles that stand side by side have most of their RUNs in common.
    """
    state = State(dialect, dict(values), arguments, profile, declared)
    if dialect != "posix":
        typed = windows.windows_step(text, dialect)
        return typed if typed and _proved(text, typed, state, os) else None
    try:
        candidates = _candidates(read(text), state.known())
    except NotUnderstood:
        return None
    return next((data for data in candidates if _proved(text, data, state, os)), None)


def _proved(text: str, data: Data, state: State, os: Os) -> bool:
    """Whether a step regenerates the same; one of commands alone must do so word by word."""
    dialect = state.dialect or "posix"
    made = rendered(data, dialect, os)
    if made is None or not made.startswith("RUN "):
        return False
    result = compare_run(text, joined(made, dialect), state)
    return isinstance(result, Equal) if "run" in data else not isinstance(result, Different)


def _candidates(commands: CommandList, known: Known) -> list[Data]:
    """Steps to try, the best first."""
    view = _view(commands, known)
    found = _members(view, frozenset())
    typed = [place for place, member in found if "run" not in member.data]
    tries: list[Data] = []
    if typed and len(typed) <= MAX_ATTEMPTS:
        tries += [_grouped(view, each) for each in (_without_needless_folders(view, found), found)]
        own = frozenset(place for place in range(len(view.lines)) if _sets_own(view, place))
        tries += [_grouped(view, _members(view, own))] if own else []
        if len(typed) > 1:
            tries += [_grouped(view, _members(view, frozenset({place}))) for place in typed]
            tries += [_grouped(view, _members(view, frozenset(typed) - {place})) for place in typed]
    return [*tries, _commands(view, range(len(view.lines)))]


def _view(commands: CommandList, known: Known) -> View:
    each = lines_of_each(commands, known)
    one = tuple(lines[0] if len(lines) == 1 else None for lines in each)
    return View(flat(commands.commands), one, known.values)


def _sets_own(view: View, index: int) -> bool:
    """Whether a command sets the variable that rgraph writes, which a typed step behind it sets again."""
    return view.words(index)[:2] == ("\x07set", OWN)


Members = list[tuple[int, Found]]


def _members(view: View, left: frozenset[int]) -> Members:
    """The RUN cut into typed steps and commands; nothing is looked for at the indexes in `left`."""
    found: Members = []
    done: set[int] = set()
    index = 0
    while index < len(view.lines):
        if index in done:
            index += 1
            continue
        typed = None if index in left else _typed(view, index)
        if (
            typed is None
            and _sets_own(view, index)
            and _typed(view, index + 1)
            and not left & {index, index + 1}
        ):
            index += 1
            continue
        if typed is None or done & set(range(index, index + typed.count)):
            found.append((index, Found({"run": [index]}, 1)))
            index += 1
            continue
        found.append((index, typed))
        done |= set(typed.also)
        index += typed.count
    return found


def _typed(view: View, index: int) -> Found | None:
    return next((found for family in FAMILIES if (found := family(view, index)) is not None), None)


def _without_needless_folders(view: View, members: Members) -> Members:
    """Leaves out each `cd` whose folder no command needs before a step that goes there itself."""
    kept: Members = []
    for position, (index, member) in enumerate(members):
        words = view.words(index)
        if "run" in member.data and words[:1] == ("cd",):
            for later, following in members[position + 1 :]:
                line = view.lines[later]
                if "source" in following.data or "download" in following.data:
                    break
                if "run" in following.data and (line is None or line.folder):
                    kept.append((index, member))
                    break
            continue
        kept.append((index, member))
    return kept


def _grouped(view: View, members: Members) -> Data:
    """Members as one step: the only one, or a group in which neighbouring commands are one `run`."""
    steps: list[Data] = []
    run: list[int] = []
    for index, member in members:
        if "run" in member.data:
            run.append(index)
            continue
        if run:
            steps.append(_commands(view, run))
            run = []
        steps.append(member.data)
    if run:
        steps.append(_commands(view, run))
    return steps[0] if len(steps) == 1 else {"group": steps}


def _commands(view: View, indexes: Sequence[int]) -> Data:
    return {"run": [view.text(index) for index in indexes], "provides": []}

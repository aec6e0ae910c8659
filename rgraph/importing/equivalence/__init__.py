"""Whether regenerated instructions build the image that the original ones build.

What counts as the same is said by few rules, each with a name and a reason in docs/import-rules.md. What
no rule covers is different.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from rgraph.importing.equivalence.instructions import Item, items
from rgraph.importing.equivalence.lines import Known, lines
from rgraph.importing.equivalence.matching import match
from rgraph.importing.equivalence.powershell import Script, read_script, registry_value
from rgraph.importing.equivalence.state import State
from rgraph.importing.model import Instruction
from rgraph.importing.shell import join, read
from rgraph.importing.shell_tokens import NotUnderstood, tokens

__all__ = ["Different", "Equal", "Equivalent", "Known", "Result", "State", "compare", "compare_run"]


class Equal(Struct, frozen=True):
    """The same, but for white space, line continuations and comments."""


class Equivalent(Struct, frozen=True):
    """The same by rules."""

    rules: tuple[str, ...]
    """Their names, sorted."""


class Different(Struct, frozen=True):
    """Not the same, or not for certain."""

    original: str
    """The first instruction that has no equal; empty if there is one too many."""
    regenerated: str


Result = Equal | Equivalent | Different


def compare(
    original: Sequence[Instruction],
    regenerated: Sequence[Instruction],
    escapes: tuple[str, str] = ("\\", "\\"),
    *,
    windows: bool = False,
    state: State | None = None,
) -> Result:
    """Two lists of instructions of a stage, without FROM.

    `escapes` are the files' escape characters, `windows` whether the base image is one of Windows, `state`
    what holds before the first instruction, if the lists are not a stage's beginning.
    """
    known = state or State.start(windows)
    before, after = items(original, escapes[0]), items(regenerated, escapes[1])
    rules: set[str] = set()
    for index in range(max(len(before), len(after))):
        one = before[index] if index < len(before) else None
        other = after[index] if index < len(after) else None
        if one is None or other is None:
            return Different(one.written if one else "", other.written if other else "")
        result = _compare_items(one, other, known)
        if isinstance(result, Different):
            return result
        rules |= set(result.rules) if isinstance(result, Equivalent) else set()
        known = known.after(one)
    return Equivalent(tuple(sorted(rules))) if rules else Equal()


def _compare_items(one: Item, other: Item, state: State) -> Result:
    different = Different(one.written, other.written)
    if state.dialect == "cmd" and one.keyword == "RUN" == other.keyword:
        one, other = _with_script(one), _with_script(other)
    if (one.keyword, one.values) != (other.keyword, other.values):
        return different
    if one.run is None or other.run is None:
        if one.run is not other.run:
            return different
        return Equal() if _one_line(one.written) == _one_line(other.written) else Equivalent(("setting",))
    result = compare_run(one.run, other.run, state)
    return different if isinstance(result, Different) else result


def _with_script(item: Item) -> Item:
    """A RUN of Windows whose exec form is compared as a script too."""
    return (
        item
        if item.run is not None or item.executed is None
        else Item("RUN", (), item.written, item.executed)
    )


def _one_line(text: str) -> str:
    return re.sub("[ \\t\\n]+", " ", text).strip(" ")


def compare_run(original: str, regenerated: str, state: State) -> Result:
    """Two texts of RUN in shell form, continued lines joined."""
    if original.strip(" \t\n") == regenerated.strip(" \t\n"):
        return Equal()
    if state.dialect == "powershell-strict":
        value = registry_value(original)
        if value is not None and value == registry_value(regenerated):
            return Equivalent(("registry",))
    if not state.posix:
        before_, after_ = (read_script(each, state.dialect) for each in (original, regenerated))
        if before_ is None or after_ is None or not _same_script(before_, after_):
            return Different(original, regenerated)
        return Equivalent(("powershell-script",))
    known = state.known()
    try:
        if join(tokens(original)) == join(tokens(regenerated)):
            return Equal()
        before, used = lines(read(original), known)
        after, used_too = lines(read(regenerated), known, ours=True)
    except NotUnderstood:
        return Different(original, regenerated)
    rules = match(before, after)
    if rules is None:
        return Different(original, regenerated)
    return Equivalent(tuple(sorted(rules | used | used_too)) or ("quoting",))


def _same_script(before: Script, after: Script) -> bool:
    return (before.statements, before.ending, before.stops) == (after.statements, after.ending, after.stops)

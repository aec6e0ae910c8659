"""Instructions in a form in which what means the same is written the same."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct

from rgraph.importing.equivalence.words import END, OTHER, VARIABLE, is_too_long, read_word, variables
from rgraph.importing.model import Instruction


class Item(Struct, frozen=True):
    """One instruction, or several of a kind that stand together and mean one thing."""

    keyword: str
    values: tuple[object, ...]
    written: str
    """For people: as it stands in the file."""
    run: str | None = None
    """The text of a RUN in shell form without here-documents."""
    executed: str | None = None
    """The words of a RUN in exec form without flags, as JSON."""


MERGED = frozenset({"ARG", "ENV", "EXPOSE", "LABEL", "VOLUME"})
"""Instructions that may stand in one or in several."""
_READ = frozenset({"ADD", "COPY", "EXPOSE", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"})


def items(instructions: Sequence[Instruction], escape: str) -> tuple[Item, ...]:
    """Instructions, with those that mean one thing together."""
    found: list[Item] = []
    group: list[Instruction] = []
    for each in instructions:
        apart = each.keyword not in MERGED or each.onbuild or _values([each], escape) is None
        if group and (apart or each.keyword != group[0].keyword):
            found.append(_item(group, escape))
            group = []
        group.append(each)
        if apart:
            found.append(_item(group, escape))
            group = []
    if group:
        found.append(_item(group, escape))
    return tuple(found)


def _item(group: list[Instruction], escape: str) -> Item:
    first = group[0]
    written = "\n".join(each.original for each in group)
    values = None if first.onbuild else _values(group, escape)
    if values is not None:
        return Item(first.keyword, values, written)
    if first.keyword == "RUN" and not first.json and not first.heredocs:
        text = first.words[0] if first.words else ""
        return Item("RUN", tuple(sorted(first.flags)), written, text)
    words = tuple((*each.flags, "\0", *each.words, each.heredocs, each.json, each.onbuild) for each in group)
    executed = json.dumps(first.words) if first.keyword == "RUN" and first.json and not first.flags else None
    return Item(first.keyword, words, written, executed=executed)


def _values(group: list[Instruction], escape: str) -> tuple[object, ...] | None:
    keyword = group[0].keyword
    if keyword in ("ENV", "LABEL"):
        pairs = [pair for each in group for pair in [_pairs(each, escape)]]
        known = [pair for pair in pairs if pair is not None]
        if len(known) < len(pairs):
            return None
        merged = _merged(known, keyword == "ENV")
        return None if merged is None else tuple(sorted(merged.items()))
    if keyword == "ARG":
        return _arguments(group, escape)
    if keyword in _READ:
        words = [read_word(word, escape) for each in group for word in each.words]
        if None in words or any(each.heredocs for each in group):
            return None
        flags = tuple(sorted(flag for each in group for flag in each.flags))
        return (flags, *(sorted(set(map(str, words))) if keyword in ("EXPOSE", "VOLUME") else words))
    return None


def _pairs(instruction: Instruction, escape: str) -> list[tuple[str, str]] | None:
    words = instruction.words
    found = [
        (read_word(name, escape), read_word(value, escape))
        for name, value in zip(words[::2], words[1::2], strict=False)
    ]
    if len(words) % 2 or any(name is None or value is None for name, value in found):
        return None
    return [(str(name), str(value)) for name, value in found]


def _merged(group: list[list[tuple[str, str]]], replacing: bool) -> dict[str, str] | None:
    """Instructions one after the other as one: in ENV, `$NAME` is the value before the instruction.

    None if values that hold each other grow beyond all use.
    """
    found: dict[str, str] = {}
    for pairs in group:
        if replacing and any(is_too_long(value, found) for _, value in pairs):
            return None
        new = {name: _replaced(value, found) if replacing else value for name, value in pairs}
        found |= new
    return found


def _replaced(value: str, before: dict[str, str]) -> str:
    """A value with what stands for variables that were set just before.

    `${X:-y}` of such a variable stays as it is and gets a mark, so that it equals nothing else.
    """
    value = re.sub(f"{VARIABLE}([^{END}]*){END}", lambda match: before.get(match[1], match[0]), value)
    names = variables("".join(re.findall(f"{OTHER}[^{END}]*{END}", value)))
    return value + "".join(f"\x07{name}={before[name]}" for name in sorted(names & before.keys()))


def _arguments(group: list[Instruction], escape: str) -> tuple[object, ...] | None:
    """Build arguments with their defaults, in which those that the group has declared before are marked.

    Sorted, if each is declared once and none uses another of its own instruction; else in order.
    """
    every: list[list[tuple[str, str | None]]] = []
    for each in group:
        pairs = []
        for word in each.words:
            name, sign, default = word.partition("=")
            value = read_word(default, escape) if sign else None
            if sign and value is None:
                return None
            pairs.append((name, value))
        every.append(pairs)
    found: dict[str, str | None] = {}
    for pairs in every:
        new = {name: None if value is None else _after(value, found.keys()) for name, value in pairs}
        used = {name for _, value in pairs for name in variables(value or "")}
        if len(new) < len(pairs) or new.keys() & (found.keys() | used):
            return tuple(pair for pairs in every for pair in (*pairs, ("", None)))
        found |= new
    return tuple(sorted(found.items(), key=lambda each: each[0]))


def _after(value: str, declared: AbstractSet[str]) -> str:
    """A default with a mark for each variable that was declared before it: it is that one, and no other."""
    return value + "".join(f"\x07{name}" for name in sorted(variables(value) & declared))

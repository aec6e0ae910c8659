"""The axes of a matrix as folding finds them: what differs from row to row gets a name, once."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct, structs

from rgraph.expressions import Value

Vector = tuple[Value, ...]
"""A value for each row; None where the row has none, which may be anything."""

RESERVED: Final = frozenset(
    {
        "release",
        "variant",
        "include",
        "exclude",
        "not",
        "and",
        "or",
        "if",
        "else",
        "in",
        "is",
        "true",
        "false",
        "none",
    }
)
"""Names that an axis or parameter cannot have, or that mean something else in an expression."""
_FILTERS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("major", lambda text: text.split(".")[0]),
    ("minor", lambda text: ".".join(text.split(".")[:2])),
    ("replace('.', '')", lambda text: text.replace(".", "")),
    ("replace('.', '-')", lambda text: text.replace(".", "-")),
    ("replace('.', '_')", lambda text: text.replace(".", "_")),
    ("lower", lambda text: text.lower()),
)
_SHORTER: Final = tuple(each for each in _FILTERS if each[0] in ("major", "minor"))
_VERSION: Final = re.compile(r"v?[0-9]+[.][0-9]")
"""A version that is raised in its place, so that a condition on it would fall silently."""
_LONGEST_LITERAL: Final = 100
_MOST_LISTED: Final = 3
_MANY: Final = 5
"""Axes from which on a condition is better than one more."""


class Axis(Struct, frozen=True):
    """An axis: its name, and its value in each row."""

    name: str
    values: Vector
    spoken: bool = False
    """Whether something takes its value, so that each row must give it; else false may be left out."""
    fixed: bool = False
    """Whether a condition counts on rows that have no value."""


class Axes:
    """The axes found so far. What is asked for twice gets one axis."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._axes: list[Axis] = []

    def mark(self) -> tuple[Axis, ...]:
        """What there is now, for `reset`."""
        return tuple(self._axes)

    def reset(self, mark: tuple[Axis, ...]) -> None:
        """Forgets what came after a mark."""
        self._axes = list(mark)

    def __len__(self) -> int:
        return len(self._axes)

    def __iter__(self) -> Iterator[Axis]:
        return iter(self._axes)

    def text(self, wanted: Vector, hint: str) -> str:
        """An expression that gives a text in each row."""
        makers = (self._same, self._derived, self._composed, self._chosen)
        found = next(filter(None, (make(wanted) for make in makers)), "")
        return found or self._new(wanted, hint, spoken=True)

    def flag(self, wanted: Vector, hint: str) -> str:
        """A condition: true or false in each row."""
        return self._condition(wanted) or self._new(wanted, hint, spoken=False)

    def value(self, wanted: Vector, hint: str) -> str:
        """An expression that gives true or false in each row, as a value."""
        for at, axis in enumerate(self._axes):
            if _fits(axis.values, wanted) and None not in axis.values:
                self._axes[at] = structs.replace(axis, spoken=True)
                return axis.name
        return self._condition(wanted, told=True) or self._new(wanted, hint, spoken=True)

    def matrix_rows(self) -> list[dict[str, Value]]:
        """What each row of the matrix says."""
        return [
            {
                axis.name: value
                for axis in self._axes
                if (value := axis.values[row]) is not None and (axis.spoken or value is not False)
            }
            for row in range(self.rows)
        ]

    def _same(self, wanted: Vector) -> str:
        for axis in self._axes:
            if _fits(axis.values, wanted) and not _lacks(axis.values, wanted):
                return axis.name
        for at, axis in enumerate(self._axes):
            # A row that has no value of its own can have this one.
            if not axis.fixed and _fits(axis.values, wanted) and _share(axis.values, wanted):
                merged = tuple(a if a is not None else b for a, b in zip(axis.values, wanted, strict=True))
                self._axes[at] = structs.replace(axis, values=merged)
                return axis.name
        return ""

    def _derived(self, wanted: Vector) -> str:
        for axis in self._axes:
            if not all(isinstance(value, str) for value in axis.values if value is not None):
                continue
            for filter, function in _FILTERS:
                made = tuple(function(value) if isinstance(value, str) else None for value in axis.values)
                if _fits(made, wanted) and not _lacks(made, wanted):
                    return f"{axis.name} | {filter}"
        return ""

    def _composed(self, wanted: Vector) -> str:
        """Two axes, one behind the other."""
        texts = [axis for axis in self._axes if all(isinstance(value, str) for value in axis.values)]
        for first, second in itertools.permutations(texts, 2):
            for joint in ("", "-", ".", "_"):
                pairs = zip(first.values, second.values, strict=True)
                if _fits([f"{a}{joint}{b}" for a, b in pairs], wanted):
                    between = f"'{joint}' ~ " if joint else ""
                    return f"{first.name} ~ {between}{second.name}"
        return ""

    def _chosen(self, wanted: Vector) -> str:
        """One of two texts, by a condition on what there is."""
        given = [value for value in wanted if isinstance(value, str)]
        values = list(dict.fromkeys(given))
        # A row that says a version is easier to add to than a condition; too many values in a row are not.
        few = min((given.count(value) for value in values), default=0) < 2
        if few and "" not in values and len(self._axes) < _MANY:
            return ""
        if len(values) != 2 or not all(map(is_literal, values)):
            return ""
        first, second = sorted(values, key=lambda value: (not value, wanted.index(value)))
        condition = self._condition(tuple(None if value is None else value == first for value in wanted))
        if not condition:
            return ""
        return f"'{first}' if {condition}" + (f" else '{second}'" if second else "")

    def _condition(self, wanted: Vector, *, told: bool = False) -> str:
        found: list[tuple[int, int, str]] = []
        for at, axis in enumerate(self._axes):
            values = tuple(False if value is None else value for value in axis.values)
            made = ""
            if not all(isinstance(value, bool) for value in values):
                made = _lasting(axis, wanted)
            elif _fits(values, wanted) and not told:
                made = axis.name
            elif _fits(tuple(not value for value in values), wanted):
                made = f"not {axis.name}"
            if made:
                found.append((len(made), at, made))
        if not found:
            return ""
        _, at, made = min(found)
        self._axes[at] = structs.replace(self._axes[at], fixed=True)
        return made

    def _new(self, wanted: Vector, hint: str, *, spoken: bool) -> str:
        taken = {axis.name for axis in self._axes}
        name = unused(hint, taken)
        self._axes.append(Axis(name, wanted, spoken))
        return name


def _fits(has: Sequence[Value], wanted: Vector) -> bool:
    return all(
        b is None or a is None or (a == b and type(a) is type(b)) for a, b in zip(has, wanted, strict=True)
    )


def _lacks(has: Sequence[Value], wanted: Vector) -> bool:
    return any(a is None and b is not None for a, b in zip(has, wanted, strict=True))


def _share(has: Sequence[Value], wanted: Vector) -> bool:
    both = [a for a, b in zip(has, wanted, strict=True) if a is not None and b is not None]
    return len(set(map(str, both))) > 1


def _lasting(axis: Axis, wanted: Vector) -> str:
    """A condition by the values of one axis that holds when a version is raised: by a part of the version
    that is shorter, never by all of it.
    """
    if not any(isinstance(value, str) and _VERSION.match(value) for value in axis.values):
        return _comparison(axis, wanted)
    for filter, function in _SHORTER:
        made = tuple(function(value) if isinstance(value, str) else value for value in axis.values)
        if all(one is None or one != other for one, other in zip(made, axis.values, strict=True)):
            named = structs.replace(axis, name=f"{axis.name} | {filter}", values=made)
            if found := _comparison(named, wanted):
                return found
    return ""


def _comparison(axis: Axis, wanted: Vector) -> str:
    """A condition by the values of one axis."""
    if any(value is not None and not isinstance(value, str) for value in axis.values):
        return ""
    right = {value for value, yes in zip(axis.values, wanted, strict=True) if yes is True}
    wrong = {value for value, yes in zip(axis.values, wanted, strict=True) if yes is False}
    if right & wrong or not all(
        value is None or (isinstance(value, str) and is_literal(value)) for value in right | wrong
    ):
        return ""
    texts = sorted(str(value) for value in right if value is not None)
    others = sorted(str(value) for value in wrong if value is not None)
    if None not in right and len(texts) == 1:
        return f"{axis.name} == '{texts[0]}'"
    if None not in wrong and len(others) == 1:
        return f"{axis.name} != '{others[0]}'"
    if None not in right and 1 < len(texts) <= _MOST_LISTED:
        return f"{axis.name} in [{', '.join(f'{chr(39)}{text}{chr(39)}' for text in texts)}]"
    return ""


def is_literal(text: str) -> bool:
    """Whether a text can stand in quotes within an expression as it is."""
    return text.isprintable() and not re.search(r"['\"\\{}]", text) and len(text) <= _LONGEST_LITERAL


def unused(hint: str, taken: set[str]) -> str:
    """A name that an expression can use and that is not taken, made from a hint."""
    base = re.sub(r"[^a-z0-9]+", "_", hint.lower()).strip("_")[:30].strip("_") or "value"
    if base[0].isdigit():
        base = f"v{base}"
    if base in RESERVED:
        base = f"{base}_"
    name, number = base, 2
    while name in taken or name in RESERVED:
        name, number = f"{base}_{number}", number + 1
    return name

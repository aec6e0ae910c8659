"""Blocks of steps that recur become recipes, with a parameter for each text that differs.

Steps are compared by shape (their data without versions and expressions), so blocks are found by counting
and no step is compared with all others. A recipe is made only where it makes the manifests shorter, and
only if what uses it comes to the same steps as before.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field

from rgraph.importing.aligning import exact, shape
from rgraph.importing.drafts import Data, Lines
from rgraph.importing.patterns import is_writable
from rgraph.importing.recipes import Block, Recipe, recipe_of

LONGEST: Final = 24
"""Most steps of a recipe."""
_LEAST_GAIN: Final = 2
"""Lines that a recipe must save: it is a file more to read."""
_USE: Final = 1.5
"""Lines that a use takes, about: what a first estimate counts with."""
_HEAD: Final = 4
"""Lines of a recipe beside its steps."""

Place = tuple[int, int]
"""List of steps, index in it."""


class _Sequence(Struct):
    """A list of steps of a layer, with what stands in place of blocks that were lifted."""

    steps: list[Data]
    whens: list[Any]
    """`when` of each step; all steps of a block must have the same."""
    used: list[bool]
    """Whether a step belongs to a block already."""


def lifted(documents: Sequence[Data], lines: Lines) -> tuple[list[Data], list[Data]]:
    """The layers, using recipes; and the recipes."""
    lists = [steps for document in documents for steps in _lists(document)]
    # What no manifest can hold is left where it is, for its own image to be refused.
    sequences = [
        _Sequence(
            steps, [step.get("when", True) for step in steps], [not is_writable(exact(steps))] * len(steps)
        )
        for steps in lists
    ]
    found = _Lifting(sequences, lines).recipes()
    blocks: dict[int, dict[int, tuple[int, Data]]] = defaultdict(dict)
    for recipe in found:
        for (at, start), use in zip(recipe.places, recipe.uses, strict=True):
            blocks[at][start] = (recipe.length, use)
    made = [_replaced(steps, blocks.get(at, {})) for at, steps in enumerate(lists)]
    rest = iter(made)
    return [_with_lists(document, rest) for document in documents], [recipe.document for recipe in found]


def _lists(document: Data) -> list[list[Data]]:
    stages = [stage.get("steps", []) for stage in document.get("stages", ())]
    return [*stages, document.get("steps", [])]


def _with_lists(document: Data, lists: Any) -> Data:
    made = dict(document)
    if "stages" in document:
        made["stages"] = [_with_steps(stage, next(lists)) for stage in document["stages"]]
    return _with_steps(made, next(lists))


def _with_steps(data: Data, steps: list[Data]) -> Data:
    return {key: steps if key == "steps" else value for key, value in data.items()}


def _replaced(steps: list[Data], blocks: Mapping[int, tuple[int, Data]]) -> list[Data]:
    made: list[Data] = []
    at = 0
    while at < len(steps):
        length, step = blocks.get(at, (1, steps[at]))
        made.append(step)
        at += length
    return made


class _Candidate(Struct, order=True):
    gain: float
    """Negative: the best is the least."""
    order: tuple[int, int]
    """Where it stands first: what else is equal, goes by that."""
    signs: tuple[int, ...] = field(default=())


class _Lifting:
    """Chooses blocks, the one that saves most first."""

    def __init__(self, sequences: Sequence[_Sequence], lines: Lines) -> None:
        self._sequences = sequences
        self._lines = lines
        self._signs: dict[str, int] = {}
        self._lines_of: dict[int, int] = {}
        self._coded = [[self._sign(step) for step in each.steps] for each in sequences]
        self._names: set[str] = set()

    def _sign(self, step: Data) -> int:
        bare = {key: value for key, value in step.items() if key != "when"}
        sign = self._signs.setdefault(shape(bare), len(self._signs))
        if sign not in self._lines_of:
            self._lines_of[sign] = self._lines({"steps": [bare]}) - 1 if is_writable(exact(bare)) else 0
        return sign

    def recipes(self) -> list[Recipe]:
        """The recipes that are worth it."""
        places = self._places()
        heap = []
        for signs, found in places.items():
            gain = self._gain(signs, len(found))
            if gain >= _LEAST_GAIN:
                heap.append(_Candidate(-gain, found[0], signs))
        heapq.heapify(heap)
        made: list[Recipe] = []
        while heap:
            best = heapq.heappop(heap)
            free = self._free(places[best.signs], len(best.signs))
            gain = self._gain(best.signs, len(free))
            if gain < _LEAST_GAIN:
                continue
            if gain < -best.gain:
                heapq.heappush(heap, _Candidate(-gain, free[0], best.signs))
                continue
            made += self._made(free, len(best.signs))
        return sorted(made, key=lambda recipe: str(recipe.document["name"]))

    def _gain(self, signs: Sequence[int], count: int) -> float:
        body = sum(self._lines_of[sign] for sign in signs)
        return count * (body - _USE) - body - _HEAD if count > 1 else 0

    def _places(self) -> dict[tuple[int, ...], list[Place]]:
        """Blocks that stand in more than one place, by their signs: longer ones only of such that recur."""
        found: dict[tuple[int, ...], list[Place]] = {}
        level: dict[tuple[int, ...], list[Place]] = defaultdict(list)
        for at, coded in enumerate(self._coded):
            for start, sign in enumerate(coded):
                if not self._sequences[at].used[start]:
                    level[(sign,)].append((at, start))
        for length in range(1, LONGEST + 1):
            level = {signs: places for signs, places in level.items() if len(places) > 1}
            if not level:
                break
            found |= level
            longer: dict[tuple[int, ...], list[Place]] = defaultdict(list)
            for signs, places in level.items():
                for at, start in places:
                    end = start + length
                    if end < len(self._coded[at]) and self._one_when(at, start, end + 1):
                        longer[(*signs, self._coded[at][end])].append((at, start))
            level = longer
        return found

    def _one_when(self, at: int, start: int, end: int) -> bool:
        whens = self._sequences[at].whens[start:end]
        return all(when == whens[0] for when in whens)

    def _free(self, places: Sequence[Place], length: int) -> list[Place]:
        """The places that no block has taken, without overlaps."""
        free: list[Place] = []
        for at, start in places:
            if any(self._sequences[at].used[start : start + length]):
                continue
            if free and free[-1][0] == at and start < free[-1][1] + length:
                continue
            free.append((at, start))
        return free

    def _made(self, places: Sequence[Place], length: int) -> list[Recipe]:
        """A recipe of the blocks in some places; if it would have too many parameters, of those that are
        the same.
        """
        blocks = [
            Block(place, self._sequences[place[0]].steps[place[1] : place[1] + length]) for place in places
        ]
        recipe = self._worth(blocks)
        if recipe is not None:
            return [recipe]
        groups: dict[str, list[Block]] = {}
        for block in blocks:
            groups.setdefault(exact([{**step, "when": True} for step in block.steps]), []).append(block)
        if len(groups) == 1:
            return []
        return [made for group in groups.values() if len(group) > 1 and (made := self._worth(group))]

    def _worth(self, blocks: Sequence[Block]) -> Recipe | None:
        recipe = recipe_of(blocks, self._names)
        if recipe is None:
            return None
        before = sum(self._lines({"steps": list(block.steps)}) - 1 for block in blocks)
        after = sum(self._lines({"steps": [use]}) - 1 for use in recipe.uses)
        if before - after - self._lines(recipe.document) < _LEAST_GAIN:
            return None
        self._names.add(str(recipe.document["name"]).lower())
        for at, start in recipe.places:
            used = self._sequences[at].used
            used[start : start + recipe.length] = [True] * recipe.length
        return recipe

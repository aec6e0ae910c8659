"""Which images are siblings: those whose steps have the same shapes, and those that share most of them.

No image is compared with all others: shapes are indexed, and only images that share rare shapes are tried.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rgraph.importing.aligning import exact, shape
from rgraph.importing.drafts import MARK, Data, Draft, Folded, Lines
from rgraph.importing.folding import alone, folded
from rgraph.importing.patterns import is_writable
from rgraph.importing.unifying import Unlike

Named = Callable[[Sequence[Draft]], str]
"""A name for the layer of some images."""

MOST_TRIES: Final = 4
"""Failed attempts to fold a family with others, after which it is left alone."""
_COMMON: Final = 64
"""Families that share a shape: one that more share tells nothing."""
_LEAST_SHARED: Final = 0.4
"""Part of the smaller family's lines that two must share to be tried."""
_LEAST_GAIN: Final = 0.25
"""Part of the smaller family's lines that folding must save: a matrix is harder to read than a list."""
_MOST_CONDITIONAL: Final = 0.45
"""Part of the steps, and of their lines, that may have a condition."""


class _Family(Struct):
    folded: Folded
    drafts: Sequence[Draft]
    """As they were before their variants were told apart."""
    lines: int
    weights: Mapping[str, int]
    """Shape of a step -> its lines, of one member."""
    failed: int = 0


def families(drafts: Sequence[Draft], named: Named, lines: Lines) -> list[Folded]:
    """The layers: each image in one, siblings together where that is shorter."""
    groups: dict[str, list[Draft]] = {}
    odd = []
    for draft in drafts:
        if not can_be_written(draft):
            odd.append(draft)
        else:
            groups.setdefault(_shape_of(draft), []).append(draft)
    weigh = _Weights(lines)
    own = {draft.key: draft for draft in drafts}
    found = [
        _Family(
            each,
            [own[draft.key] for draft in each.drafts],
            lines(each.document),
            weigh.of(each.drafts[0]),
        )
        for group in groups.values()
        for each in _alike(group, named, lines)
    ]
    made = [family.folded for family in _merged(found, named, lines)]
    return [*made, *(alone(draft, named([draft])) for draft in odd)]


def can_be_written(draft: Draft) -> bool:
    """Whether a manifest can hold all texts of an image; one that it cannot hold must not spoil others."""
    texts = [exact(step) for stage in draft.stages for step in stage.steps]
    texts += [exact(step) for step in draft.steps]
    return all(map(is_writable, texts)) and is_writable(
        exact([draft.entrypoint, draft.cmd, draft.healthcheck])
    )


def _shape_of(draft: Draft) -> str:
    stages = [
        (stage.name, stage.source.partition(":")[0], stage.platform, stage.steps) for stage in draft.stages
    ]
    end = [draft.entrypoint, draft.cmd, draft.healthcheck]
    # What is called otherwise has siblings of its own; whether they are all one family, is tried later.
    return shape([draft.stem, stages, draft.steps, end, sorted(draft.args), len(draft.platforms)])


def _alike(group: Sequence[Draft], named: Named, lines: Lines) -> list[Folded]:
    """Images whose steps have the same shapes: one layer, if one can be made."""
    single = [alone(draft, named([draft])) for draft in group]
    if len(group) == 1 or _stand_on_each_other(group):
        return single
    try:
        together = folded(group, named(group))
    except Unlike:
        return single
    return [together] if lines(together.document) < sum(lines(each.document) for each in single) else single


def _stand_on_each_other(drafts: Sequence[Draft]) -> bool:
    """Whether one of some images is built on another: in one layer, nobody would see their order."""
    own = {f"{MARK}{draft.key}" for draft in drafts}
    return any(draft.from_ in own or any(stage.source in own for stage in draft.stages) for draft in drafts)


class _Weights:
    """Lines of steps by their shape."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._known: dict[str, int] = {}

    def of(self, draft: Draft) -> dict[str, int]:
        found: dict[str, int] = {}
        for step in (*(each for stage in draft.stages for each in stage.steps), *draft.steps):
            sign = shape(step)
            if sign not in self._known:
                self._known[sign] = self._lines({"steps": [step]}) - 1
            found[sign] = found.get(sign, 0) + self._known[sign]
        return found


def _merged(found: list[_Family], named: Named, lines: Lines) -> list[_Family]:
    """Families folded with those that share most with them, the closest first."""
    members = dict(enumerate(found))
    home = {at: at for at in members}
    for _, first, second in _pairs(found):
        one, other = _root(home, first), _root(home, second)
        a, b = members.get(one), members.get(other)
        if a is None or b is None or one == other or max(a.failed, b.failed) >= MOST_TRIES:
            continue
        together = _together(a, b, named, lines)
        if together is None:
            a.failed += 1
            b.failed += 1
            continue
        members[one] = together
        del members[other]
        home[other] = one
    return list(members.values())


def _root(home: Mapping[int, int], at: int) -> int:
    while home[at] != at:
        at = home[at]
    return at


def _pairs(found: Sequence[_Family]) -> list[tuple[float, int, int]]:
    """Pairs of families that share enough, by how much: less what they do not share."""
    holders: dict[str, list[int]] = defaultdict(list)
    for at, family in enumerate(found):
        for sign in family.weights:
            holders[sign].append(at)
    shared: Counter[tuple[int, int]] = Counter()
    for sign, at_all in holders.items():
        if len(at_all) <= _COMMON:
            for index, one in enumerate(at_all):
                for other in at_all[index + 1 :]:
                    shared[one, other] += min(found[one].weights[sign], found[other].weights[sign])
    pairs = []
    for (one, other), weight in shared.items():
        sizes = [max(1, sum(found[at].weights.values())) for at in (one, other)]
        if weight >= _LEAST_SHARED * min(sizes):
            pairs.append((-weight * 2 / sum(sizes), one, other))
    return sorted(pairs)


def _together(a: _Family, b: _Family, named: Named, lines: Lines) -> _Family | None:
    """Two families as one layer, if that is worth it."""
    drafts = sorted((*a.drafts, *b.drafts), key=lambda draft: draft.key)
    if _stand_on_each_other(drafts):
        return None
    try:
        made = folded(drafts, named(drafts))
    except Unlike:
        return None
    length = lines(made.document)
    gain = a.lines + b.lines - length
    if gain < max(2, _LEAST_GAIN * min(a.lines, b.lines)) or _is_torn(made.document, lines):
        return None
    weights = {sign: max(a.weights.get(sign, 0), b.weights.get(sign, 0)) for sign in {*a.weights, *b.weights}}
    return _Family(made, drafts, length, weights)


def _is_torn(document: Data, lines: Lines) -> bool:
    """Whether so much is conditional that nobody sees what an image holds."""
    steps: list[Any] = [*document.get("steps", ())]
    for stage in document.get("stages", ()):
        steps += stage.get("steps", ())
    conditional = list(_conditional(steps))
    if len(conditional) > max(2, _MOST_CONDITIONAL * len(steps)):
        return True
    if not conditional:
        return False
    return lines({"steps": conditional}) > _MOST_CONDITIONAL * lines({"steps": steps})


def _conditional(steps: Sequence[Data]) -> Iterator[Data]:
    """The steps that have a condition, in groups too."""
    for step in steps:
        if "when" in step:
            yield step
        else:
            yield from _conditional(step.get("group", ()))

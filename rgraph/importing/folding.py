"""Siblings into one layer with a matrix, where that is shorter and gives exactly the same images."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from rgraph.expressions import ExpressionError, Scope, Value
from rgraph.importing import naming
from rgraph.importing.aligning import exact
from rgraph.importing.axes import Axes
from rgraph.importing.drafts import Data, Draft, DraftStage, Folded, r_or_base
from rgraph.importing.expanding import expanded, value_of
from rgraph.importing.unifying import Unifier, Unlike
from rgraph.matrix import MAX_ROWS

MOST_AXES: Final = 10
"""Axes of one layer: more are no pattern."""
_LONGEST_ROW: Final = 400
"""Characters of one row of a matrix."""


def alone(draft: Draft, name: str) -> Folded:
    """The layer of one image."""
    body = _body(draft, draft.variant)
    steps = {"steps": list(draft.steps)} if draft.steps else {}
    document = {
        "kind": r_or_base((draft,)),
        "name": name,
        **body,
        **_stages_of(draft),
        **steps,
        **_end(draft),
    }
    return Folded((draft,), document)


def folded(drafts: Sequence[Draft], name: str) -> Folded:
    """One layer of several images. Raises Unlike if none gives exactly these."""
    if len(drafts) > MAX_ROWS:
        raise Unlike("too many rows")
    drafts = _told_apart(drafts)
    axes = Axes(len(drafts))
    made = _Fold(axes, drafts).document(name)
    if len(axes) > MOST_AXES or any(len(exact(row)) > _LONGEST_ROW for row in axes.matrix_rows()):
        raise Unlike("too many axes")
    if not is_same(made, drafts, axes):
        raise Unlike("not exact")
    return Folded(tuple(drafts), made)


def _told_apart(drafts: Sequence[Draft]) -> Sequence[Draft]:
    """The drafts with variants that differ: their own, else what their folders add. Raises Unlike."""
    if len({draft.variant for draft in drafts}) == len(drafts):
        return drafts
    names = [naming.variant_name(draft.folder.rpartition("/")[2]) for draft in drafts]
    if len(set(names)) < len(drafts):
        names = naming.told_apart([draft.folder for draft in drafts])
    if len(set(names)) < len(drafts):
        raise Unlike("variant")
    return [structs.replace(draft, variant=name) for draft, name in zip(drafts, names, strict=True)]


def is_same(document: Data, drafts: Sequence[Draft], axes: Axes) -> bool:
    """Whether each row of a layer gives its image, with the same steps."""
    declared = frozenset(axis.name for axis in axes) | {"variant"}
    try:
        for row, draft in zip(axes.matrix_rows(), drafts, strict=True):
            _check(document, draft, row, declared)
    except (ExpressionError, Unlike):
        return False
    return True


_FRAME: Final = (
    "from",
    "repository",
    "folder",
    "tags",
    "platforms",
    "args",
    "entrypoint",
    "cmd",
    "healthcheck",
)


def _check(document: Data, draft: Draft, row: Mapping[str, Value], declared: frozenset[str]) -> None:
    """Raises Unlike if a row gives something else than its image."""
    plain = Scope({})
    variant = value_of(document["variant"], Scope(row, declared - {"variant"}))
    scope = Scope({**row, "variant": variant, "release": "RELEASE"}, declared)
    own = {**_body(draft, draft.variant), **_end(draft)}
    for key in _FRAME:
        if value_of(document.get(key), scope) != value_of(own.get(key), Scope({"release": "RELEASE"})):
            raise Unlike(key)
    stages = document.get("stages", [])
    if len(stages) != len(draft.stages) or variant != draft.variant:
        raise Unlike("stages")
    pairs = [(document.get("steps", []), draft.steps)]
    for made, stage in zip(stages, draft.stages, strict=True):
        said = (value_of(made["name"], scope), value_of(made["from"], scope), made.get("platform", ""))
        if said != (stage.name, stage.source, stage.platform):
            raise Unlike("stages")
        pairs.append((made.get("steps", []), stage.steps))
    for mine, theirs in pairs:
        if expanded(mine, scope, {}) != expanded(theirs, plain, {}):
            raise Unlike("steps")


def stage_head(stage: DraftStage, source: Any) -> Data:
    """What a stage says before its steps."""
    platform = {"platform": stage.platform} if stage.platform else {}
    return {"name": stage.name, "from": source, **platform}


def _body(draft: Draft, variant: str) -> Data:
    """What stands before the steps. Nothing that is the default is said."""
    made: Data = {"from": draft.from_, "variant": variant, "repository": draft.repository}
    made["tags"] = list(draft.tags)
    made["folder"] = draft.folder
    if draft.platforms:
        made["platforms"] = list(draft.platforms)
    if draft.args:
        made["args"] = dict(draft.args)
    return made


def _stages_of(draft: Draft) -> Data:
    stages: list[Data] = [
        {**stage_head(stage, stage.source), **({"steps": list(stage.steps)} if stage.steps else {})}
        for stage in draft.stages
    ]
    return {"stages": stages} if stages else {}


def _end(draft: Draft) -> Data:
    said = {"entrypoint": draft.entrypoint, "cmd": draft.cmd, "healthcheck": draft.healthcheck}
    return {key: value for key, value in said.items() if value is not None}


class _Fold:
    """The making of one layer."""

    def __init__(self, axes: Axes, drafts: Sequence[Draft]) -> None:
        self._axes = axes
        self._drafts = drafts
        self._rows = range(len(drafts))
        self._unifier = Unifier(axes)

    def document(self, name: str) -> Data:
        """The layer. Raises Unlike."""
        drafts, unify = self._drafts, self._unifier.unify
        ends = [_end(draft) for draft in drafts]
        self._same_keys(ends, "commands")
        if len({tuple(stage.name for stage in draft.stages) for draft in drafts}) > 1:
            raise Unlike("stages")
        variants = [draft.variant for draft in drafts]
        versions = sum(variant[0].isdigit() for variant in variants)
        variant = unify(variants, self._rows, "version" if versions * 2 > len(variants) else "image")
        bodies = [_body(draft, draft.variant) for draft in drafts]
        self._same_keys(bodies, "body")
        body: Data = {"variant": variant}
        hints = {"from": "below", "repository": "repository", "folder": "folder", "tags": "tag"}
        for key in ("from", "repository", "tags", "folder", "platforms", "args"):
            if key in bodies[0]:
                body[key] = self._with_variant([each[key] for each in bodies], hints.get(key, key))
        stages = self._stages()
        steps = self._unifier.steps([draft.steps for draft in drafts], self._rows)
        end = {key: unify([each[key] for each in ends], self._rows, key) for key in ends[0]}
        return {
            "kind": r_or_base(tuple(drafts)),
            "name": name,
            "matrix": matrix_of(self._axes),
            "from": body.pop("from"),
            **body,
            **({"stages": stages} if stages else {}),
            **({"steps": steps} if steps else {}),
            **end,
        }

    def _same_keys(self, data: Sequence[Data], what: str) -> None:
        if any(each.keys() != data[0].keys() for each in data):
            raise Unlike(what)

    def _with_variant(self, values: Sequence[Any], hint: str) -> Any:
        """Unifies texts in which the image's variant may stand."""
        if isinstance(values[0], list) and len({len(value) for value in values}) == 1:
            return [self._with_variant(column, hint) for column in zip(*values, strict=True)]
        variants = [draft.variant for draft in self._drafts]
        if isinstance(values[0], str) and len(set(values)) > 1:
            places = [value.find(variant) for value, variant in zip(values, variants, strict=True)]
            if min(places) >= 0:
                before = [value[:at] for value, at in zip(values, places, strict=True)]
                after = [v[a + len(w) :] for v, a, w in zip(values, places, variants, strict=True)]
                first = self._unifier.unify(before, self._rows, hint)
                return first + "${{ variant }}" + self._unifier.unify(after, self._rows, hint)
        return self._unifier.unify(values, self._rows, hint)

    def _stages(self) -> list[Data]:
        unify = self._unifier.unify
        made: list[Data] = []
        for stages in zip(*(draft.stages for draft in self._drafts), strict=True):
            steps = self._unifier.steps([stage.steps for stage in stages], self._rows)
            source = unify([stage.source for stage in stages], self._rows, "below")
            made.append({**stage_head(stages[0], source), **({"steps": steps} if steps else {})})
        return made


def matrix_of(axes: Axes) -> Data:
    """The matrix: axes where the rows are all of their combinations, else one row after the other."""
    rows = axes.matrix_rows()
    names = [axis.name for axis in axes]
    if all(list(row) == names for row in rows) and not any(
        isinstance(value, list) for row in rows for value in row.values()
    ):
        values = {name: list(dict.fromkeys(row[name] for row in rows)) for name in names}
        # Counted first: the combinations of many axes are more than a memory holds.
        if math.prod(map(len, values.values())) == len(rows):
            combined = [tuple(each) for each in itertools.product(*values.values())]
            if combined == [tuple(row.values()) for row in rows]:
                return dict(values)
    return {"include": [row or _told(axes, at) for at, row in enumerate(rows)]}


def _told(axes: Axes, row: int) -> Data:
    """A row of which nothing is true: it says so, for a row must say something."""
    return {axis.name: axis.values[row] for axis in axes if axis.values[row] is not None}

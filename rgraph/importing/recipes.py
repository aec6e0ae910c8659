"""One recipe of several blocks of steps that have the same shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from rgraph.expressions import ExpressionError, Scope, Value
from rgraph.importing import naming
from rgraph.importing.aligning import exact
from rgraph.importing.axes import unused
from rgraph.importing.drafts import Data, comment_of, noted
from rgraph.importing.expanding import expanded
from rgraph.importing.patterns import EXPRESSION, has_names, pattern
from rgraph.importing.unifying import FIXED, hint_of, hint_of_step, rank
from rgraph.manifest.document import names_in

MOST_PARAMETERS: Final = 6
"""Parameters of a recipe: with more, it says less than the steps."""


class Block(Struct, frozen=True):
    """Some steps in a row that recur."""

    place: tuple[int, int]
    """List of steps, index of the first."""
    steps: Sequence[Data]


class Recipe(Struct, frozen=True):
    """A recipe and what uses it."""

    document: Data
    places: tuple[tuple[int, int], ...]
    length: int
    uses: tuple[Data, ...]
    """The step that stands in each place."""


class _NoRecipe(Exception):
    """Steps that no recipe can say."""


def recipe_of(blocks: Sequence[Block], taken: set[str]) -> Recipe | None:
    """A recipe of blocks of one shape; None if it would need too many parameters, or is not exact."""
    params = _Parameters(len(blocks))
    try:
        length = len(blocks[0].steps)
        steps = [_step([block.steps[at] for block in blocks], params) for at in range(length)]
    except _NoRecipe:
        return None
    if len(params.values) > MOST_PARAMETERS:
        return None
    name = naming.unique(_name(blocks), set(taken))
    document: Data = {"kind": "recipe", "name": name}
    if params.values:
        document["params"] = dict.fromkeys(params.values)
    document["steps"] = steps
    uses = []
    for at, block in enumerate(blocks):
        use: Data = {"use": name}
        if params.values:
            use["with"] = {name: values[at] for name, values in params.values.items()}
        if (when := block.steps[0].get("when", True)) is not True:
            use["when"] = when
        uses.append(noted(use, comment_of(block.steps[0])))
    if not all(_is_same(block, use, document) for block, use in zip(blocks, uses, strict=True)):
        return None
    return Recipe(document, tuple(block.place for block in blocks), length, tuple(uses))


class _Parameters:
    """The parameters found so far: what differs in the same way is one."""

    def __init__(self, blocks: int) -> None:
        self.values: dict[str, tuple[Any, ...]] = {}
        self.blocks = blocks

    def name(self, wanted: tuple[Any, ...], hint: str) -> str:
        """The parameter that has these values."""
        for name, values in self.values.items():
            if values == wanted:
                return name
        name = unused(hint, set(self.values))
        self.values[name] = wanted
        return name


def _step(steps: Sequence[Data], params: _Parameters) -> Data:
    bare = [{key: value for key, value in step.items() if key != "when"} for step in steps]
    comment = next(filter(None, map(comment_of, steps)), "")
    return noted(_one(bare, params, hint_of_step(bare[0])), comment)


def _one(values: Sequence[Any], params: _Parameters, hint: str) -> Any:
    first = values[0]
    match first:
        case str():
            return _text(values, params, hint)
        case dict():
            if any(each.keys() != first.keys() for each in values):
                raise _NoRecipe
            return {
                name: _one([each[name] for each in values], params, hint if name in _SAYS_NOTHING else name)
                for name in first
            }
        case list():
            if any(len(each) != len(first) for each in values):
                raise _NoRecipe
            return [_one(column, params, hint) for column in zip(*values, strict=True)]
    if any(value is not first for value in values):
        raise _NoRecipe
    return first


_SAYS_NOTHING: Final = frozenset(
    {"apt", "run", "url", "packages", "version", "with", "use", "env", "download", "source"}
)
_WHOLE: Final = re.compile(EXPRESSION)


def _text(values: Sequence[str], params: _Parameters, hint: str) -> str:
    if len(set(values)) == 1 and not has_names(values[0]):
        return values[0]
    if hint in FIXED:
        raise _NoRecipe
    if len(set(values)) == 1:
        return _WHOLE.sub(lambda found: _hole((found[0],) * params.blocks, params, hint), values[0])
    parts = pattern(values)
    if parts is None:
        raise _NoRecipe
    made = before = ""
    for part in parts:
        if isinstance(part, str):
            shared = part
            if has_names(part):
                shared = _WHOLE.sub(lambda found: _hole((found[0],) * params.blocks, params, hint), part)
            made += shared
            before = part
        else:
            made += _hole(part, params, hint_of(before, hint))
    return made


def _hole(values: tuple[str, ...], params: _Parameters, hint: str) -> str:
    if len(set(values)) == 1 and not has_names(values[0]):
        return values[0]
    if len(set(values)) == 1:
        told = re.search(r"[A-Za-z][A-Za-z0-9_-]*", values[0])
        hint = told[0] if told else hint
    return f"${{{{ {params.name(values, hint)} }}}}"


def _is_same(block: Block, use: Data, document: Data) -> bool:
    """Whether using the recipe comes to the same steps, whatever the expressions give."""
    bare = [{**step, "when": True} for step in block.steps]
    # Whatever has a name stands for itself: then the steps are the same for all values.
    values: dict[str, Value] = {name: f"<{name}>" for name in names_in(bare)}
    scope = Scope(values)
    try:
        before = expanded(bare, scope, {})
        after = expanded([{**use, "when": True}], scope, {str(document["name"]): document})
    except ExpressionError:
        return False
    return exact(before) == exact(after)


def _name(blocks: Sequence[Block]) -> str:
    """What the steps are about: what a comment says, else the programs and packages that they name."""
    steps = blocks[0].steps
    for step in steps:
        words = re.findall(r"[a-z0-9][a-z0-9.]*", comment_of(step).split("\n")[0].lower())
        told = [word for word in words if word not in _SAID_OFTEN]
        if 1 <= len(told) <= 3 and len(words) <= 5:
            return naming.slug("-".join(told), "block")
    ranked = sorted(steps, key=lambda step: (rank(step), -len(exact(step))))
    best = [step for step in ranked if rank(step) == rank(ranked[0])][:_MOST_NAMED]
    named = [hint_of_step(step).replace("_", "-") for step in steps if any(step is each for each in best)]
    return naming.slug("-".join(dict.fromkeys(named)), "block")


_MOST_NAMED: Final = 2


_SAID_OFTEN: Final = frozenset(
    {
        "install",
        "installation",
        "installing",
        "the",
        "a",
        "of",
        "and",
        "for",
        "to",
        "set",
        "setup",
        "add",
        "copy",
    }
)

"""What steps of a layer come to in one row of its matrix, as plain data: the proof of lifting and folding.

Expressions are evaluated as the resolver does it, recipes are put in place of what uses them; nothing is
rendered. Two lists of steps that come to the same data make the same image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rgraph.expressions import Scope, Value, evaluate, is_true

Data = dict[str, Any]
Recipes = Mapping[str, Data]
"""Name -> document of a recipe."""


def expanded(steps: Sequence[Data], scope: Scope, recipes: Recipes) -> list[Data]:
    """The steps in a row of the matrix, without recipes and conditions. Raises ExpressionError."""
    found: list[Data] = []
    for step in steps:
        if not is_true(step.get("when", True), scope):
            continue
        body = {key: value for key, value in step.items() if key != "when"}
        if "use" in body and body["use"] in recipes:
            recipe = recipes[body["use"]]
            given = {name: _value(value, scope) for name, value in body.get("with", {}).items()}
            inner = {**_defaults(recipe), **given}
            found += expanded(recipe["steps"], Scope(inner, frozenset(inner)), recipes)
        elif "group" in body:
            found.append({**body, "group": expanded(body["group"], scope, recipes)})
        else:
            found.append(value_of(body, scope))
    return found


def value_of(data: Any, scope: Scope) -> Any:
    """Data with its expressions evaluated, lists spliced, nothings left out. Raises ExpressionError."""
    return _value(data, scope)


def _value(data: Any, scope: Scope) -> Any:
    if isinstance(data, str):
        return evaluate(data, scope)
    if isinstance(data, list):
        found: list[Any] = []
        for each in data:
            value = _value(each, scope)
            if isinstance(value, list):
                found += value
            elif value is not None:
                found.append(value)
        return found
    if isinstance(data, dict):
        return {key: None if value is None else _value(value, scope) for key, value in data.items()}
    return data


def _defaults(recipe: Data) -> dict[str, Value]:
    params: Mapping[str, Any] = recipe.get("params", {})
    return {name: each["default"] for name, each in params.items() if each and "default" in each}

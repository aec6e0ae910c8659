"""Versions by the rules of their ecosystem, which the type of a purl names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rgraph.versions import Range, version_key

Key = Callable[[str], Any]
"""A version -> something that compares with others of its kind, or None if the text is no version there."""


def order_of(type: str) -> Key:
    """The order of versions for a purl's type."""
    return version_key


def in_range(type: str, version: str, comparisons: Range) -> bool:
    """Whether a version fits all comparisons. An unknown version (empty) fits only the open range."""
    if not version:
        return not comparisons
    order = order_of(type)
    key = order(version)
    return all(_compare(key, operator, order(bound)) for operator, bound in comparisons)


def _compare(key: Any, operator: str, bound: Any) -> bool:
    match operator:
        case "<":
            return bool(key < bound)
        case "<=":
            return bool(key <= bound)
        case ">":
            return bool(key > bound)
        case ">=":
            return bool(key >= bound)
        case _:
            return bool(key == bound)

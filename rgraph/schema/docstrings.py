"""The documentation that stands in `rgraph/manifest/`: under classes, under their fields, under aliases.

Python drops the texts under fields and aliases, so they are read from the source of the modules.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from msgspec import Struct


def class_doc(kind: type[Struct]) -> str:
    """The docstring of a written type, its lines joined."""
    return joined(kind.__doc__ or "")


def field_doc(kind: type[Struct], attribute: str) -> str:
    """What stands under a field, in the type itself or in the one that it has the field from.

    `attribute` is the name in Python, such as `from_`.
    """
    for each in kind.__mro__:
        docs = (
            _fields(each.__module__).get(each.__name__, {}) if each.__module__.startswith("rgraph.") else {}
        )
        if attribute in docs:
            return docs[attribute]
    return ""


def alias_doc(module: str, name: str) -> str:
    """What stands under `NAME = ...` in a module of rgraph; empty if there is nothing."""
    return _aliases(module).get(name, "")


def joined(text: str) -> str:
    """A docstring with the lines of each paragraph joined."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))


@cache
def _fields(module: str) -> dict[str, dict[str, str]]:
    classes = (node for node in _tree(module).body if isinstance(node, ast.ClassDef))
    return {node.name: dict(_documented(node.body)) for node in classes}


@cache
def _aliases(module: str) -> dict[str, str]:
    return dict(_documented(_tree(module).body))


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Names that a body assigns or declares, with the text in the statement behind."""
    for statement, behind in pairwise(body):
        match statement, behind:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, joined(text)

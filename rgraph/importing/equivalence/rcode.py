"""Calls of R, as far as they are compared.

Source: R language definition, "Function calls"; help pages of install.packages and contrib.url (a slash at
the end of a repository does not count).
"""

from __future__ import annotations

import re
from typing import TypeAlias

Node: TypeAlias = "str | tuple[str, tuple[tuple[str, Node], ...]]"
"""A constant with its quotes, or a call: its name, and name (may be empty) and value of each argument."""

_TOKEN = re.compile(
    r"""\s*(?:([A-Za-z.][\w.]*(?:::[A-Za-z.][\w.]*)?)|("[^"\\]*"|'[^'\\]*')|([0-9]+L?)|([(),=;]))"""
)
MAX_DEPTH = 20


def read_calls(code: str) -> tuple[Node, ...] | None:
    """The calls of some R code; None if it holds anything else than calls of constants."""
    tokens: list[str] = []
    position = 0
    code = code.strip()
    while position < len(code):
        match = _TOKEN.match(code, position)
        if not match:
            return None
        text = match[0].strip()
        tokens.append(f'"{text[1:-1]}"' if text[0] in "'\"" else text)
        position = match.end()
    found: list[Node] = []
    index = 0
    while index < len(tokens):
        made = _node(tokens, index, 0)
        if made is None or isinstance(made[0], str):
            return None
        found.append(_normal(made[0]))
        index = made[1]
        if index < len(tokens) and tokens[index] != ";":
            return None
        index += 1
    return tuple(found) or None


def _node(tokens: list[str], index: int, depth: int) -> tuple[Node, int] | None:
    if index >= len(tokens) or depth > MAX_DEPTH or tokens[index] in ("(", ")", ",", "=", ";"):
        return None
    name = tokens[index]
    if name[0] in '"0123456789' or tokens[index + 1 : index + 2] != ["("]:
        return (name, index + 1) if name[0] in '"0123456789' or name in ("TRUE", "FALSE", "NULL") else None
    arguments: list[tuple[str, Node]] = []
    index += 2
    while index < len(tokens) and tokens[index] != ")":
        key = ""
        if tokens[index + 1 : index + 2] == ["="]:
            key, index = tokens[index], index + 2
        made = _node(tokens, index, depth + 1)
        if made is None:
            return None
        arguments.append((key, made[0]))
        index = made[1]
        if tokens[index : index + 1] == [","]:
            index += 1
        elif tokens[index : index + 1] != [")"]:
            return None
    return ((name, tuple(arguments)), index + 1) if index < len(tokens) else None


def _normal(node: Node) -> Node:
    """`install.packages` of names from one repository, however it is written."""
    if isinstance(node, str) or node[0] not in ("install.packages", "utils::install.packages"):
        return node
    keys = [key for key, _ in node[1]]
    if keys not in (["", "repos"], ["pkgs", "repos"]):
        return node
    names, repos = _texts(node[1][0][1]), _texts(node[1][1][1])
    if not names or not repos or len(repos) != 1:
        return node
    url = f'"{repos[0][1:-1].rstrip("/")}"'
    return ("install.packages", (("", ("c", tuple(("", name) for name in names))), ("repos", url)))


def _texts(node: Node) -> list[str] | None:
    """A text, or the texts of `c(...)`."""
    if isinstance(node, str):
        return [node] if node.startswith('"') else None
    values = [value for _, value in node[1]]
    texts = [value for value in values if isinstance(value, str) and value.startswith('"')]
    return texts if node[0] == "c" and len(texts) == len(values) else None


def written(node: Node) -> str:
    """A call as R code, in one spelling."""
    if isinstance(node, str):
        return node
    arguments = (f"{key} = {written(value)}" if key else written(value) for key, value in node[1])
    return f"{node[0]}({', '.join(arguments)})"

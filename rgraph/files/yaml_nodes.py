"""One YAML file: bytes to nodes to plain data, refusing what could mislead a reader or hurt the parser.

Plain `true`, `false`, `null`, `~` and nothing keep their meaning; every other scalar is text exactly
as written, so a version such as `1.10` stays what it is.
"""

from __future__ import annotations

import re
from typing import Any, Final

from yaml import AliasEvent, CollectionEndEvent, CollectionStartEvent, MarkedYAMLError, NodeEvent
from yaml._yaml import CParser
from yaml.nodes import Node, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from rgraph.errors import Place, Problems
from rgraph.files.yaml_errors import from_yaml
from rgraph.files.yaml_text import Fault, Faults, decode, forbidden
from rgraph.files.yaml_walk import (
    LIST,
    MAPPING,
    MAX_DEPTH,
    MAX_FAULTS,
    PLAIN,
    QUOTED,
    WORDS,
    find_faults,
    too_deep,
)

_SAFE_DEPTH: Final = 5_000
"""The C parser recurses; somewhere above 20,000 levels it ends the process."""

_MAX_ENTRIES: Final = 500_000
"""Most lines and commas of a file: they bound the time and memory that its nodes take."""

# What may be an anchor or an alias. In plain text `2>&1`, `a=1&b=2` and `&&` are not.
_ANCHOR: Final = re.compile(rb"[&*](?<![\w>&=./-].)[\w-]")


class _Odd(Exception):
    """Something that needs the slow walk, which finds and names everything."""


class _Parser(CParser):
    """PyYAML's C parser, with a resolver that leaves scalars text."""

    def resolve(self, kind: type[Node], _value: str | None, implicit: Any) -> str:
        """The mark that tells a node without a tag of its own from one with a tag."""
        if kind is ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return LIST if kind is SequenceNode else MAPPING

    def descend_resolver(self, parent: Node | None, index: Node | int | None) -> None:
        """Called for each node by the parser; tags here do not depend on the path."""

    def ascend_resolver(self) -> None:
        """As descend_resolver."""


def load(file: str, raw: bytes, problems: Problems) -> object:
    """The plain data of one file: dict, list, str, bool. None if there are problems, which are noted."""
    try:
        return _load(raw)
    except Faults as faults:
        for fault in faults.found:
            place = Place(file, fault.path, fault.on_key, fault.line, fault.column)
            problems.add(place, fault.what, fault.help)
    return None


def _load(raw: bytes) -> object:
    text, raw = decode(raw)
    node = compose(text, raw)
    if node is None or (node.tag == PLAIN and WORDS.get(node.value, "") is None):
        raise Faults([Fault("the file is empty", "write a manifest, or remove the file", 1, 1)])
    try:
        return _value(node, 1)
    except _Odd:
        raise Faults(find_faults(text, node)) from None


def compose(text: str, raw: bytes) -> Node | None:
    """The nodes of one file, None for an empty one. Raises Faults.

    Bounds the nesting and looks for anchors before the parser builds anything.
    """
    entries = raw.count(b"\n") + raw.count(b"\r") + raw.count(b",")
    if entries > _MAX_ENTRIES:
        raise Faults(
            [
                Fault(
                    f"{entries} lines and entries, more than the {_MAX_ENTRIES} that are read",
                    "",
                    1,
                    1,
                )
            ]
        )
    longest = max(map(len, raw.split(b"\n")))
    if raw.count(b"[") + raw.count(b"{") + 2 * longest > _SAFE_DEPTH or _ANCHOR.search(raw):
        _check_events(text, raw)
    try:
        return _Parser(raw).get_single_node()
    except MarkedYAMLError as error:
        raise Faults([from_yaml(error, text)]) from None
    except ReaderError:
        raise Faults([forbidden(text)]) from None


def _check_events(text: str, raw: bytes) -> None:
    """Reads the file without building anything. Raises Faults for anchors, aliases and deep nesting."""
    found: list[Fault] = []
    try:
        _collect(_Parser(raw), found)
    except MarkedYAMLError as error:
        found.append(from_yaml(error, text))
    except ReaderError:
        found.append(forbidden(text))
    if found:
        raise Faults(found)


def _collect(parser: CParser, found: list[Fault]) -> None:
    depth = 0
    while len(found) < MAX_FAULTS and (event := parser.get_event()) is not None:
        if isinstance(event, NodeEvent) and event.anchor is not None:
            found.append(_anchor(event))
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                found.append(too_deep(event.start_mark))
                return
        elif isinstance(event, CollectionEndEvent):
            depth -= 1


def _anchor(event: NodeEvent) -> Fault:
    sign, word = ("*", "aliases") if isinstance(event, AliasEvent) else ("&", "anchors")
    mark: Any = event.start_mark
    return Fault(
        f"`{sign}{str(event.anchor)[:40]}`: YAML's {word} are not allowed",
        f"write it out, or make a recipe; if `{sign}` is meant as text, put the value in quotes",
        mark.line + 1,
        mark.column + 1,
    )


def _value(node: Any, depth: int) -> Any:
    tag = node.tag
    if tag == PLAIN or tag == QUOTED:  # noqa: SIM109 (measured: `in` is slower here)
        value = node.value
        if tag == PLAIN and value in WORDS:
            return WORDS[value]
        if value.isprintable() or _is_clean(value):
            return value
        raise _Odd
    if depth > MAX_DEPTH:
        raise _Odd
    if tag == MAPPING:
        return _mapping(node.value, depth + 1)
    if tag == LIST:
        depth += 1
        return [_value(item, depth) for item in node.value]
    raise _Odd


def _mapping(pairs: list[tuple[Any, Any]], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in pairs:
        key = key_node.value
        tag = key_node.tag
        if tag == PLAIN:
            if key in WORDS or key == "<<":
                raise _Odd
        elif tag != QUOTED:
            raise _Odd
        if key in found or not key.isprintable():
            raise _Odd
        found[key] = _value(value_node, depth)
    return found


def _is_clean(value: str) -> bool:
    """Whether only line feeds and tabs in it cannot be seen."""
    return value.replace("\n", "").replace("\t", "").isprintable()

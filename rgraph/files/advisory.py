"""One advisory in OSV format: bytes to value, as JSON or as YAML."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from yaml.nodes import MappingNode, Node, ScalarNode

from rgraph.advisories.interface import Advisory
from rgraph.errors import Place, Problems
from rgraph.files.yaml_nodes import compose
from rgraph.files.yaml_text import Fault, Faults, decode
from rgraph.files.yaml_walk import MAX_DEPTH, PLAIN, WORDS, too_deep

_WANTED: Final = frozenset(Advisory.__struct_fields__)
_DECODER: Final = msgspec.json.Decoder(Advisory)


def read_advisory(file: str, raw: bytes, problems: Problems) -> Advisory | None:
    """The advisory that a file holds; its name says whether it is JSON or YAML.

    None if it is none, or is not as OSV has it, which is noted with the reason: half an advisory would
    be judged wrongly.
    """
    if file.lower().endswith(".json"):
        return _from_json(file, raw, problems)
    return _from_yaml(file, raw, problems)


def _from_json(file: str, raw: bytes, problems: Problems) -> Advisory | None:
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        return _DECODER.decode(raw)
    except msgspec.ValidationError as error:
        problems.add(Place(file), *_invalid(error))
    except msgspec.DecodeError as error:
        line, column = _position(raw, str(error))
        what = str(error).partition(":")[2].rpartition("(")[0].strip() or "it ends too early"
        problems.add(Place(file, line=line, column=column), f"is no JSON: {what}")
    except UnicodeDecodeError:
        problems.add(Place(file, line=_undecodable(raw), column=1), "is no JSON: it is not UTF-8")
    except RecursionError:
        problems.add(Place(file), "is nested too deep")
    return None


def _undecodable(raw: bytes) -> int:
    """The line where a file is not UTF-8; the decoder counts from the beginning of one text in it."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1
    return 1


def _position(raw: bytes, message: str) -> tuple[int, int]:
    _, found, rest = message.rpartition("(byte ")
    offset = int(rest.rstrip(")")) if found and rest.rstrip(")").isdigit() else len(raw)
    before = raw[:offset]
    return before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode(errors="replace")) + 1


def _invalid(error: msgspec.ValidationError) -> tuple[str, str]:
    """What is wrong with an advisory, in words, and help."""
    what, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if what == "Object missing required field `id`" and not path:
        return "is no advisory: it has no `id`", "keep other files elsewhere"
    where = f"`{path}`: " if path else ""
    return f"is no advisory in OSV format: {where}{what[:1].lower()}{what[1:]}", ""


def _from_yaml(file: str, raw: bytes, problems: Problems) -> Advisory | None:
    try:
        text, raw = decode(raw)
        node = compose(text, raw)
        if node is None:
            raise Faults([Fault("the file is empty", "", 1, 1)])
        return msgspec.convert(_plain(node, 1), Advisory)
    except Faults as faults:
        first = faults.found[0]
        what = f"is no YAML that can be read: {first.what}"
        problems.add(Place(file, line=first.line, column=first.column), what)
    except msgspec.ValidationError as error:
        problems.add(Place(file), *_invalid(error))
    return None


def _plain(node: Node, depth: int) -> Any:
    """What a node holds: text, None, list or dict; of the advisory itself only what is wanted."""
    if isinstance(node, ScalarNode):
        nothing = node.tag == PLAIN and node.value in WORDS and WORDS[node.value] is None
        return None if nothing else node.value
    if depth > MAX_DEPTH:
        raise Faults([too_deep(node.start_mark)])
    if not isinstance(node, MappingNode):
        return [_plain(each, depth + 1) for each in node.value]
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = key.value
        if not isinstance(name, str) or name in found or name == "<<":
            what = "a key that is not text, stands twice, or merges (`<<`)"
            raise Faults([Fault(what, "", key.start_mark.line + 1, key.start_mark.column + 1)])
        if depth > 1 or name in _WANTED:
            found[name] = _plain(value, depth + 1)
    return found

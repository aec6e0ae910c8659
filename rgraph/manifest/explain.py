"""Why some data is no manifest: every mismatch with the written types, in plain words.

Only used once msgspec has refused the data. msgspec stops at the first mismatch and names types of
Python; a person wants all of them, in the words of the manifest language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from msgspec import inspect

from rgraph.errors import Path, Place, Problem, Problems
from rgraph.manifest.step import STEP_KINDS
from rgraph.suggest import did_you_mean, joined, listed

MAX_PROBLEMS: Final = 100
"""Most problems reported of one document."""

_LONGEST_NAME: Final = 60
_BESIDE: Final = ("when", "provides", "with")

_MISSING_HELP: Final = {
    "provides": "name what it brings as purls; `provides: []` if it brings no component",
    "from": "name an image (`layer:variant`) or an External",
    "variant": "say how the layer's images are told apart, for instance `${{ device }}`",
}


def explain(file: str, data: object, kind: type, message: str, problems: Problems) -> None:
    """Notes everything in `data` that does not fit the type `kind`, at most MAX_PROBLEMS.

    `message` is msgspec's own; it is noted if the walk finds nothing to say.
    """
    walk = _Walk(file)
    found = list(islice(walk.value(data, inspect.type_info(kind), ()), MAX_PROBLEMS))
    if not found:
        what, _, path = message.partition(" - at `$")
        found = [Problem(Place(file, _path_of(path)), what)]
    problems.extend(found)


_ALL_STEPS: Final = f"a step is one of {listed(STEP_KINDS)}"


class _Walk:
    """Walks data and type together. `step` is the kind of step whose body the data is, if any."""

    def __init__(self, file: str) -> None:
        self._file = file

    def value(self, data: object, kind: Any, path: Path, step: str = "") -> Iterator[Problem]:
        branches = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
        branch = next((branch for branch in branches if _has_shape(data, branch)), None)
        match branch:
            case None:
                yield self._mismatch(data, branches, path)
            case inspect.CustomType():
                yield from self._step(data, path)
            case inspect.StructType():
                yield from self._struct(data, branch, path, step)
            case inspect.DictType(value_type=inner) if isinstance(data, dict):
                for key, item in data.items():
                    yield from self.value(item, inner, (*path, key))
            case inspect.ListType(item_type=inner) if isinstance(data, list):
                for index, item in enumerate(data):
                    yield from self.value(item, inner, (*path, index), step)

    def _step(self, data: Any, path: Path) -> Iterator[Problem]:
        if not isinstance(data, dict):
            word = data.partition(" ")[0].rstrip(":") if isinstance(data, str) else ""
            help = (
                f"write `{word}: ...`"
                if word in STEP_KINDS
                else "write `KIND: ...`, for instance `apt: [git]`"
            )
            yield self._problem(path, f"expected a step, found {_found(data)}", help)
            return
        kinds = [key for key in data if key in STEP_KINDS]
        if not kinds:
            yield self._no_kind(data, path)
            return
        for other in kinds[1:]:
            what = f"a step does one thing, and this one has `{kinds[0]}` and `{other}`"
            yield self._problem(
                (*path, other), what, "make a step of each, or a `group` of steps", on_key=True
            )
        own = {key: item for key, item in data.items() if key not in kinds[1:]}
        yield from self._struct(own, inspect.type_info(STEP_KINDS[kinds[0]]), path, beside=kinds[0])

    def _no_kind(self, data: dict[str, object], path: Path) -> Problem:
        unknown = [key for key in data if key not in _BESIDE]
        if not unknown:
            return self._problem(path, "a step needs a key that says what it does", _ALL_STEPS)
        meant = next((key for key in unknown if did_you_mean(key, STEP_KINDS)), unknown[0])
        help = did_you_mean(meant, STEP_KINDS) or _ALL_STEPS
        return self._problem((*path, meant), f"unknown step `{_short(meant)}`", help, on_key=True)

    def _struct(
        self, data: Any, kind: Any, path: Path, step: str = "", beside: str = ""
    ) -> Iterator[Problem]:
        """`beside` is the kind of step if the data is a step, `step` if it is a step's body."""
        fields = {field.encode_name: field for field in kind.fields}
        for key, item in data.items():
            if key in fields:
                yield from self.value(item, fields[key].type, (*path, key), key if key == beside else "")
            else:
                what, help = _unknown(key, fields, step, beside)
                yield self._problem((*path, key), what, help, on_key=True)
        for name, field in fields.items():
            misplaced = name in _BESIDE and isinstance(body := data.get(beside), dict) and name in body
            if field.required and name not in data and not misplaced:
                help = _MISSING_HELP.get(name, "")
                yield self._problem(path, f"the key `{name}` is missing", help, on_key=bool(path))

    def _mismatch(self, data: object, branches: Iterable[Any], path: Path) -> Problem:
        words = [word for branch in branches for word in _words(branch)]
        expected = joined(list(dict.fromkeys(words)))
        if data is None:
            name = f"`{path[-1]}`" if path and isinstance(path[-1], str) else "the entry"
            return self._problem(path, f"{name} is empty", f"write {expected}, or remove it")
        help = _mismatch_help(data, tuple(branches), words)
        return self._problem(path, f"expected {expected}, found {_found(data, words)}", help)

    def _problem(self, path: Path, what: str, help: str = "", on_key: bool = False) -> Problem:
        return Problem(Place(self._file, path, on_key), what, help)


def _has_shape(data: object, kind: Any) -> bool:
    match kind:
        case inspect.AnyType():
            return True
        case inspect.LiteralType(values=values):
            return isinstance(data, str) and data in values
        case inspect.StrType():
            return isinstance(data, str)
        case inspect.BoolType():
            return isinstance(data, bool)
        case inspect.NoneType():
            return data is None
        case inspect.ListType():
            return isinstance(data, list)
        case inspect.DictType() | inspect.StructType():
            return isinstance(data, dict)
    # A step: what it must look like is said by the walk below it.
    return True


def _words(kind: Any) -> tuple[str, ...]:
    match kind:
        case inspect.LiteralType(values=values):
            return tuple(f"`{value}`" for value in values)
        case inspect.StrType():
            return ("text",)
        case inspect.BoolType():
            return ("`true`", "`false`")
        case inspect.ListType():
            return ("a list",)
        case inspect.DictType() | inspect.StructType():
            return ("a mapping",)
    return ()


def _found(data: object, expected: Iterable[str] = ()) -> str:
    match data:
        case None:
            return "nothing"
        case bool():
            return "`true`" if data else "`false`"
        case str():
            named = any(word.startswith("`") for word in expected)
            return f"`{_short(data)}`" if named else "text"
        case list():
            return "a list"
    return "a mapping"


def _mismatch_help(data: object, branches: tuple[Any, ...], words: list[str]) -> str:
    match data:
        case bool() if "text" in words:
            return f'write "{str(data).lower()}" in quotes'
        case str() if any(word.startswith("`") for word in words):
            return did_you_mean(data, [word.strip("`") for word in words if word.startswith("`")])
        case str() if words == ["a list"] and not _holds_mappings(branches):
            return f"write `[{_short(data)}]`"
        case dict() if words == ["a list"]:
            return "begin each entry with `- `"
        case str() if words == ["a mapping"]:
            return _keys_of(branches)
        case list() if words == ["a mapping"]:
            return _keys_of(branches)
    return ""


def _holds_mappings(branches: tuple[Any, ...]) -> bool:
    mappings = (inspect.StructType, inspect.CustomType)
    return any(isinstance(b, inspect.ListType) and isinstance(b.item_type, mappings) for b in branches)


def _keys_of(branches: tuple[Any, ...]) -> str:
    names = [f.encode_name for b in branches if isinstance(b, inspect.StructType) for f in b.fields]
    return f"write `key: value`; the keys are {listed(names, 'and')}" if names else "write `key: value`"


def _unknown(key: str, fields: dict[str, Any], step: str, beside: str) -> tuple[str, str]:
    what = f"unknown key `{_short(key)}`"
    if step and key in _BESIDE and key in _fields_of(STEP_KINDS[step]):
        return f"{what} in `{step}`", f"`{key}` stands beside `{step}`, not inside it"
    if beside and key in _body_keys(beside):
        return f"{what} beside `{beside}`", f"`{key}` belongs inside `{beside}`"
    if (beside or step) and key in _BESIDE:
        takers = [name for name, kind in STEP_KINDS.items() if key in _fields_of(kind)]
        return f"`{key}` does not go with `{beside or step}`", f"it goes with {listed(takers)}"
    return what, did_you_mean(key, fields) or f"the keys here are {listed(fields, 'and')}"


def _fields_of(step: type) -> dict[str, Any]:
    info = inspect.type_info(step)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: field.type for field in info.fields}


def _body_keys(step: str) -> set[str]:
    body = _fields_of(STEP_KINDS[step])[step]
    branches = body.types if isinstance(body, inspect.UnionType) else (body,)
    return {field.encode_name for b in branches if isinstance(b, inspect.StructType) for field in b.fields}


def _short(text: str) -> str:
    """A text as part of a sentence: on one line, not too long."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 3]}..."


def _path_of(message: str) -> Path:
    """The path in a message of msgspec, such as `.steps[3].apt`, as far as it can be followed."""
    found: list[str | int] = []
    for key, index in re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", message):
        if index == "...":
            break
        found.append(key or int(index))
    return tuple(found)

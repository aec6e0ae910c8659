"""The functions of bake files that rgraph knows.

Source: docker/buildx, "bake/hclparser/stdlib.go" and "docs/bake-stdlib.md", and for most of them
zclconf/go-cty, "cty/function/stdlib". Left out: those that ask the clock, a file, chance or the environment.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

_MOST: Final = 100_000
"""Longest list that a function makes."""
_LONGEST: Final = 2**20
"""Longest text that a function makes."""
_LONGEST_PATTERN: Final = 200
_MOST_WAYS: Final = 50_000_000
"""In which a pattern can be tried at all places of a text."""


class WrongCall(ValueError):
    """What is wrong with a call."""


def plain(value: Any) -> str:
    """A value as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def weight(value: Any, most: int) -> int:
    """How much a value holds, in steps of the evaluation; counted up to `most`."""
    count = 0
    waiting = [value]
    while waiting and count < most:
        match waiting.pop():
            case str(text):
                count += 1 + len(text) // 16
            case list() | tuple() as several:
                count += 1
                waiting += several
            case dict() as data:
                count += 1
                waiting += data.values()
            case _:
                count += 1
    return count


def _light(value: Any) -> Any:
    if weight(value, _MOST) >= _MOST:
        raise WrongCall("the value is too large")
    return value


def _text(value: Any) -> str:
    if value is None or isinstance(value, list | dict):
        raise WrongCall("a text is needed")
    return plain(value)


def _bounded(items: Iterable[Any]) -> list[Any]:
    found = list(itertools.islice(items, _MOST + 1))
    if len(found) > _MOST:
        raise WrongCall(f"gives more than {_MOST:,} values")
    return found


def _flat(items: Any) -> list[Any]:
    return [inner for each in items for inner in (_flat(each) if isinstance(each, list) else [each])]


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for each in items:
        if each not in found:
            found.append(each)
    return found


def _format(text: str, *values: Any) -> str:
    rest = iter(values)

    def one(found: re.Match[str]) -> str:
        if found[2] == "%":
            return "%"
        value = next(rest)
        if found[2] == "q":
            return json.dumps(_text(value))
        if found[2] == "d":
            return f"%{found[1]}d" % int(value)
        if found[2] == "v" and isinstance(value, list | dict):
            return json.dumps(_light(value), separators=(",", ":"))
        return f"%{found[1]}s" % _text(value)

    try:
        made = re.sub(r"%(-?0?[0-9]{0,3})([sdvq%])", one, text)
    except StopIteration:
        raise WrongCall("has too few values") from None
    if re.search(r"%[^sdvq%0-9-]", text):
        raise WrongCall("only %s, %d, %v and %q are known")
    return made


def _pattern(pattern: str, subject: str) -> re.Pattern[str]:
    """A pattern whose search cannot take long: Python's, other than Go's, tries all ways."""
    repeated = len(re.findall(r"[*+}]", re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", pattern)))
    ways = max(len(subject), 2) ** (min(repeated, 20) + 1)
    if len(pattern) > _LONGEST_PATTERN or ways > _MOST_WAYS:
        raise WrongCall("the pattern or the text is too long")
    if re.search(r"\)[*+{]", pattern):
        raise WrongCall("a pattern with a repeated group is not read")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        raise WrongCall("the pattern cannot be read") from None


def _regex_replace(text: str, pattern: str, by: str) -> str:
    def one(found: re.Match[str]) -> str:
        return re.sub(
            r"\$(?:\{(\w+)\}|(\w+))", lambda each: found[_group(each[1] or each[2])] or "", by
        )  # Go's notation: $1, ${1}, ${name}

    if len(text) * len(by) > _LONGEST:
        raise WrongCall("gives too long a text")
    return _pattern(pattern, text).sub(one, text)


def _group(name: str) -> Any:
    return int(name) if name.isdigit() else name


def _regex(pattern: str, text: str) -> Any:
    found = _pattern(pattern, text).search(text)
    if found is None:
        raise WrongCall("the pattern is not in the text")
    return _groups(found)


def _groups(found: re.Match[str]) -> Any:
    return found.groupdict() or list(found.groups()) or found[0]


def _replace(text: str, old: str, new: str) -> str:
    text, old, new = _text(text), _text(old), _text(new)
    if text.count(old) * len(new) > _LONGEST:
        raise WrongCall("gives too long a text")
    return text.replace(old, new)


def _join(by: str, *lists: list[Any]) -> str:
    texts = [_text(each) for items in lists for each in items]
    if sum(map(len, texts)) + len(by) * len(texts) > _LONGEST:
        raise WrongCall("gives too long a text")
    return by.join(texts)


def _lookup(data: Mapping[str, Any], key: str, *otherwise: Any) -> Any:
    if key in data or not otherwise:
        return data[key]
    return otherwise[0]


def _contains(items: list[Any], value: Any) -> bool:
    return value in items


def _coalesce(*values: Any) -> Any:
    found = next((each for each in values if each is not None), None)
    if found is None:
        raise WrongCall("all values are null")
    return found


def _merge(*objects: Any) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for each in objects:
        made.update(each or {})
    return made


def _substr(text: str, start: int, length: int) -> str:
    begin = start if start >= 0 else max(len(text) + start, 0)
    return text[begin:] if length < 0 else text[begin : begin + length]


def _split(by: str, text: str) -> list[str]:
    return text.split(by) if by else list(text)


def _sanitize(text: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", text)


def _range(*limits: int) -> list[int]:
    return _bounded(range(*limits))


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "add": lambda one, other: one + other,
    "and": lambda one, other: one and other,
    "ceil": lambda value: -int(-value // 1),
    "chomp": lambda text: text.rstrip("\r\n"),
    "coalesce": _coalesce,
    "compact": lambda items: [each for each in items if each not in ("", None)],
    "concat": lambda *lists: _bounded(itertools.chain(*lists)),
    "contains": _contains,
    "distinct": _distinct,
    "divide": lambda one, other: one / other,
    "element": lambda items, index: items[index % len(items)],
    "equal": lambda one, other: one == other,
    "flatten": lambda items: _flat(_light(items)),
    "floor": lambda value: int(value // 1),
    "format": lambda text, *values: _format(_text(text), *values),
    "greaterthan": lambda one, other: one > other,
    "greaterthanorequalto": lambda one, other: one >= other,
    "hasindex": lambda whole, key: key in whole if isinstance(whole, dict) else 0 <= key < len(whole),
    "index": lambda whole, key: whole[key],
    "indexof": lambda items, value: items.index(value),
    "int": int,
    "join": _join,
    "jsondecode": json.loads,
    "jsonencode": lambda value: json.dumps(_light(value), separators=(",", ":"), ensure_ascii=False),
    "keys": sorted,
    "length": len,
    "lessthan": lambda one, other: one < other,
    "lessthanorequalto": lambda one, other: one <= other,
    "lookup": _lookup,
    "lower": lambda text: _text(text).lower(),
    "max": max,
    "merge": _merge,
    "min": min,
    "modulo": lambda one, other: one % other,
    "multiply": lambda one, other: float(one) * other,
    "not": lambda value: not value,
    "notequal": lambda one, other: one != other,
    "or": lambda one, other: one or other,
    "range": _range,
    "regex": _regex,
    "regex_replace": _regex_replace,
    "regexall": lambda pattern, text: list(map(_groups, _pattern(pattern, text).finditer(text))),
    "replace": _replace,
    "reverse": lambda text: text[::-1],
    "reverselist": lambda items: items[::-1],
    "sanitize": _sanitize,
    "setproduct": lambda *lists: list(map(list, _bounded(itertools.product(*lists)))),
    "slice": lambda items, start, end: items[start:end],
    "sort": sorted,
    "split": _split,
    "strlen": len,
    "substr": _substr,
    "subtract": lambda one, other: one - other,
    "title": lambda text: re.sub(r"\b[a-z]", lambda found: found[0].upper(), text),
    "trim": lambda text, signs: text.strip(signs),
    "trimprefix": lambda text, prefix: text.removeprefix(prefix),
    "trimspace": lambda text: text.strip(),
    "trimsuffix": lambda text, suffix: text.removesuffix(suffix),
    "upper": lambda text: _text(text).upper(),
    "values": lambda data: [data[key] for key in sorted(data)],
    "zipmap": lambda names, values: dict(zip(names, values, strict=True)),
}

"""Expressions of bake files to values: texts, numbers, true and false, null, lists, objects.

Source: the HCL specification ("Expressions", "Templates"); bake: "Variables", "Expressions", "Functions" of
the bake file reference. Nothing outside the file is asked: no environment, no clock, no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rgraph.errors import Place
from rgraph.importing.sources.found import SourceError
from rgraph.importing.sources.functions import FUNCTIONS, WrongCall, plain, weight
from rgraph.importing.sources.hcl import Node

_MOST_STEPS: Final = 500_000
_DEEPEST: Final = 100
Value = Any
"""str, int, float, bool, None, list, dict."""


class Defined:
    """The variables and functions of a file.

    `given` beats the defaults; a variable without either is an empty text.
    """

    def __init__(
        self,
        path: str,
        defaults: Mapping[str, Node],
        functions: Mapping[str, tuple[tuple[str, ...], str, Node]],
        given: Mapping[str, Value],
    ) -> None:
        self._path = path
        self._defaults = defaults
        self._functions = functions
        self._known: dict[str, Value] = dict(given)
        self._asked: list[str] = []
        self._steps = 0
        self._depth = 0

    def value(self, node: Node, local: Mapping[str, Value] | None = None) -> Value:
        """An expression's value; `local` has names beside the file's own. Raises SourceError."""
        local = local or {}
        self._steps += 1
        self._depth += 1
        if self._steps > _MOST_STEPS or self._depth > _DEEPEST:
            raise self._error(node, "takes too long to evaluate")
        made = _KINDS[node.kind](self, node, local)
        if isinstance(made, str | list | dict):
            # What grows counts: a few lines can double a text or a list again and again.
            self._steps += weight(made, _MOST_STEPS)
        self._depth -= 1
        return made

    def _value(self, node: Node, _: Mapping[str, Value]) -> Value:
        return node.of[0]

    def _template(self, node: Node, local: Mapping[str, Value]) -> Value:
        if len(node.of) == 1:
            return self.value(node.of[0], local)
        texts: list[str] = []
        for part in node.of:
            texts.append(part if isinstance(part, str) else self._text(part, self.value(part, local)))
            self._steps += len(texts[-1]) // 16
            if self._steps > _MOST_STEPS:
                raise self._error(node, "becomes too long")
        return "".join(texts)

    def _name(self, node: Node, local: Mapping[str, Value]) -> Value:
        name = node.of[0]
        if name in local:
            return local[name]
        if name not in self._known:
            if name in self._asked:
                raise self._error(node, f"the variable `{name}` needs itself")
            if name not in self._defaults:
                raise self._error(node, f"`{name}` is no variable of the file")
            self._asked.append(name)
            self._known[name] = self.value(self._defaults[name])
            self._asked.pop()
        return self._known[name]

    def _call(self, node: Node, local: Mapping[str, Value]) -> Value:
        name, given, spread = node.of
        if name in ("try", "can"):
            return self._tried(name, given, node, local)
        values = [self.value(each, local) for each in given]
        if spread:
            last = values.pop()
            if not isinstance(last, list):
                raise self._error(node, f"what `...` stands behind in `{name}()` is no list")
            values += last
        if name in self._functions:
            return self._own(name, values, node)
        if name not in FUNCTIONS:
            help = "`docker buildx bake --print` writes a file without functions"
            raise self._error(node, f"rgraph knows no function `{name}`", help)
        try:
            return FUNCTIONS[name](*values)
        except WrongCall as error:
            raise self._error(node, f"`{name}()`: {error}") from None
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError):
            raise self._error(node, f"`{name}()` cannot be used with these values") from None

    def _own(self, name: str, values: list[Value], node: Node) -> Value:
        names, rest, result = self._functions[name]
        if len(values) < len(names) or (len(values) > len(names) and not rest):
            raise self._error(node, f"`{name}()` wants {len(names)} values, not {len(values)}")
        local = dict(zip(names, values, strict=False))
        if rest:
            local[rest] = values[len(names) :]
        return self.value(result, local)

    def _tried(self, name: str, given: tuple[Node, ...], node: Node, local: Mapping[str, Value]) -> Value:
        depth = self._depth
        for each in given:
            try:
                found = self.value(each, local)
                return True if name == "can" else found
            except SourceError:
                self._depth = depth
        if name == "can":
            return False
        raise self._error(node, "nothing in `try()` has a value")

    def _index(self, node: Node, local: Mapping[str, Value]) -> Value:
        whole, key = self.value(node.of[0], local), self.value(node.of[1], local)
        if node.of[0].kind == "splat" and isinstance(whole, list) and isinstance(key, str):
            return [self._item(each, key, node) for each in whole]
        return self._item(whole, key, node)

    def _item(self, whole: Value, key: Value, node: Node) -> Value:
        if isinstance(whole, dict) and plain(key) in whole:
            return whole[plain(key)]
        if isinstance(whole, list) and isinstance(key, int) and 0 <= key < len(whole):
            return whole[key]
        raise self._error(node, f"there is no `{plain(key)[:40]}` in it")

    def _splat(self, node: Node, local: Mapping[str, Value]) -> Value:
        found = self.value(node.of[0], local)
        return found if isinstance(found, list) else [] if found is None else [found]

    def _list(self, node: Node, local: Mapping[str, Value]) -> Value:
        return [self.value(each, local) for each in node.of]

    def _object(self, node: Node, local: Mapping[str, Value]) -> Value:
        return {self._text(key, self.value(key, local)): self.value(value, local) for key, value in node.of}

    def _not(self, node: Node, local: Mapping[str, Value]) -> Value:
        return not self._truth(node.of[0], local)

    def _minus(self, node: Node, local: Mapping[str, Value]) -> Value:
        return -self._number(node.of[0], self.value(node.of[0], local))

    def _choice(self, node: Node, local: Mapping[str, Value]) -> Value:
        condition, yes, no = node.of
        return self.value(yes if self._truth(condition, local) else no, local)

    def _binary(self, node: Node, local: Mapping[str, Value]) -> Value:
        sign, left, right = node.of
        if sign in ("&&", "||"):
            first = self._truth(left, local)
            return first if first == (sign == "||") else self._truth(right, local)
        one, other = self.value(left, local), self.value(right, local)
        if sign in ("==", "!="):
            return (one == other and isinstance(one, bool) == isinstance(other, bool)) == (sign == "==")
        first_number, second = self._number(left, one), self._number(right, other)
        if sign in ("/", "%") and second == 0:
            raise self._error(node, "divides by zero")
        return _OPERATORS[sign](first_number, second)

    def _for(self, node: Node, local: Mapping[str, Value]) -> Value:
        kind, names, over, key, value, condition, grouped = node.of
        pairs: list[tuple[Value, Value]] = []
        for each in self._items(over, local):
            inner = {**local, names[-1]: each[1], **({names[0]: each[0]} if len(names) > 1 else {})}
            if condition is not None and not self._truth(condition, inner):
                continue
            name = self._text(key, self.value(key, inner)) if key is not None else ""
            pairs.append((name, self.value(value, inner)))
        if kind == "list":
            return [found for _, found in pairs]
        if grouped:
            several: dict[str, list[Value]] = {}
            for name, found in pairs:
                several.setdefault(name, []).append(found)
            return several
        return dict(pairs)

    def _items(self, over: Node, local: Mapping[str, Value]) -> Iterator[tuple[Value, Value]]:
        whole = self.value(over, local)
        if isinstance(whole, dict):
            yield from whole.items()
        elif isinstance(whole, list):
            yield from enumerate(whole)
        else:
            raise self._error(over, "is no list")

    def _truth(self, node: Node, local: Mapping[str, Value]) -> bool:
        found = self.value(node, local)
        if found in ("true", "false"):
            return bool(found == "true")
        if isinstance(found, bool):
            return found
        raise self._error(node, "is neither true nor false")

    def _text(self, node: Node, value: Value) -> str:
        if value is None or isinstance(value, list | dict):
            raise self._error(node, "is no text")
        return plain(value)

    def _number(self, node: Node, value: Value) -> float:
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ValueError
            number = float(value)
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        except (ValueError, OverflowError):
            raise self._error(node, "is no number") from None

    def _error(self, node: Node, what: str, help: str = "") -> SourceError:
        return SourceError(Place(self._path, line=node.line), what, help)


_KINDS: Final[Mapping[str, Callable[[Defined, Node, Mapping[str, Value]], Value]]] = {
    name: getattr(Defined, f"_{name}")
    for name in (
        *("value", "template", "name", "call", "index", "splat", "list", "object"),
        *("not", "minus", "binary", "choice", "for"),
    )
}
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Value]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "%": lambda one, other: one % other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}

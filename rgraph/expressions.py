"""The `${{ }}` expressions of manifests.

Jinja2's parser reads them; a checked subset of its nodes becomes closures of our own. Nothing of
Jinja2 runs at evaluation, so there are no attributes, calls, loops or arithmetic to guard against.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from msgspec import Struct

from rgraph.suggest import did_you_mean, listed
from rgraph.versions import version_key

Value = str | bool | None | list["Value"]
"""What an expression gives: text, a boolean, nothing, or a list of these."""

MAX_LENGTH: Final = 1000
"""Longest expression, in characters: far above any real one, and low enough to stay fast."""


MAX_RESULT: Final = 50_000
"""Longest text that a filter may give, in characters."""


class Missing:
    """The value of an axis that this row of the matrix lacks: false in a condition, an error in text."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __bool__(self) -> bool:
        return False


class ExpressionError(Exception):
    """An expression that cannot be read or evaluated."""

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class Scope(Struct, frozen=True):
    """What the expressions of one place can see."""

    values: Mapping[str, Value]
    """Name -> value."""
    declared: frozenset[str] = frozenset()
    """Names that exist but may have no value here (axes of other rows)."""
    owner: str = "the matrix"
    """Where the names come from, for messages."""


_Result = Value | Missing
_Node = Callable[[Scope], _Result]


class Template(Struct, frozen=True):
    """A text, cut into literal parts and expressions, ready to be evaluated."""

    value: Callable[[Scope], Value]
    """Gives the value of the whole text."""
    names: frozenset[str]
    """The names that its expressions use."""
    single: _Node | None = None
    """The expression, if the whole text is one: it keeps its value."""


def evaluate(text: str, scope: Scope) -> Value:
    """The value of a text: itself without expressions, else with them replaced.

    Raises ExpressionError.
    """
    return parse(text).value(scope) if "${{" in text else text


def is_true(text: str | bool, scope: Scope) -> bool:
    """The truth of a condition: a boolean, or one expression. Raises ExpressionError."""
    if isinstance(text, bool):
        return text
    single = parse(text).single if text.startswith("${{") else None
    if single is None:
        raise ExpressionError(
            f"expected true, false or one expression, found `{text}`",
            "write `${{ ... }}` around the whole condition",
        )
    return bool(single(scope))


def as_text(value: _Result) -> str:
    """A value as part of a text: nothing is empty, booleans are `true` and `false`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        raise ExpressionError("a list stands where a text is expected", "join it: `${{ names | join(' ') }}`")
    present = _present(value)
    return "" if present is None else "true" if present else "false"


def _present(value: _Result) -> Value:
    if isinstance(value, Missing):
        raise ExpressionError(
            f"`{value.name}` has no value in this row of the matrix",
            f"give the row a value, or write `${{{{ {value.name} | default('') }}}}`",
        )
    return value


@cache
def parse(text: str) -> Template:
    """Cuts a text at its `${{ }}`. Raises ExpressionError."""
    parts: list[str | _Node] = []
    names: set[str] = set()
    start = 0
    while (opening := text.find("${{", start)) >= 0:
        if opening > start:
            parts.append(text[start:opening])
        closing = _closing(text, opening + 3)
        node, used = _compile(text[opening + 3 : closing].strip())
        parts.append(node)
        names |= used
        start = closing + 2
    if start < len(text):
        parts.append(text[start:])
    if len(parts) == 1 and not isinstance(only := parts[0], str):
        return Template(lambda scope: _present(only(scope)), frozenset(names), only)
    return Template(_joiner(parts), frozenset(names))


def _joiner(parts: list[str | _Node]) -> Callable[[Scope], Value]:
    def join(scope: Scope) -> str:
        text = "".join([part if isinstance(part, str) else as_text(part(scope)) for part in parts])
        if len(text) > MAX_RESULT:
            _check_length(len(text) - sum(len(part) for part in parts if isinstance(part, str)))
        return text

    return join


def names_of(text: str) -> frozenset[str]:
    """The names that a text's expressions use; none if it cannot be read (evaluation reports that)."""
    try:
        return parse(text).names
    except ExpressionError:
        return frozenset()


def _closing(text: str, start: int) -> int:
    """Index of the `}}` that ends an expression; one inside quotes does not."""
    quote = ""
    for index in range(start, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif text.startswith("}}", index):
            return index
    raise ExpressionError("`${{` without `}}`", "close the expression with `}}`")


_ENVIRONMENT = Environment(autoescape=False)


@cache
def _compile(source: str) -> tuple[_Node, frozenset[str]]:
    """The closure of an expression, and the names that it uses."""
    if len(source) > MAX_LENGTH:
        raise ExpressionError(f"an expression of {len(source)} characters, more than {MAX_LENGTH}")
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            _more_than_one(source)
        names = (
            {tree.name} if isinstance(tree, nodes.Name) else {each.name for each in tree.find_all(nodes.Name)}
        )
        return _node(tree), frozenset(names)
    except TemplateSyntaxError as error:
        raise ExpressionError(f"`{source}` is no expression: {error.message}") from None
    except (RecursionError, MemoryError):
        raise ExpressionError("an expression is nested too deeply") from None


def _more_than_one(source: str) -> None:
    if re.search(r"[^=!<>]=[^=]", source):
        raise ExpressionError(f"`{source}` has a single `=`", "compare with `==`")
    _refuse(f"`{source}` is more than one expression")


def _refuse(what: str) -> _Node:
    raise ExpressionError(
        what, "expressions have names, texts, lists, ~ == != < > <= >= in not and or if, and listed filters"
    )


def _node(tree: nodes.Expr) -> _Node:
    match tree:
        case nodes.Const(value=str() | bool() | None as constant):
            return lambda _: constant
        case nodes.Const():
            raise ExpressionError("a bare number in an expression", "versions are texts: put it in quotes")
        case nodes.Name(name=name):
            return lambda scope: scope.values[name] if name in scope.values else _look_up(name, scope)
        case nodes.List(items=items):
            members = [_node(item) for item in items]
            return lambda scope: [_present(member(scope)) for member in members]
        case nodes.Concat(nodes=items):
            texts = [_node(item) for item in items]
            return lambda scope: _joined([as_text(text(scope)) for text in texts], "")
        case nodes.CondExpr(test=test, expr1=yes, expr2=no):
            return _condition(_node(test), _node(yes), _node(no) if no is not None else None)
        case nodes.Filter():
            return _filter(tree)
    return _truth(tree)


def _truth(tree: nodes.Expr) -> _Node:
    """An expression that gives true or false."""
    match tree:
        case nodes.Not(node=inner):
            operand = _node(inner)
            return lambda scope: not operand(scope)
        case nodes.And(left=left, right=right):
            first, second = _node(left), _node(right)
            return lambda scope: bool(first(scope)) and bool(second(scope))
        case nodes.Or(left=left, right=right):
            first, second = _node(left), _node(right)
            return lambda scope: bool(first(scope)) or bool(second(scope))
        case nodes.Compare(expr=expr, ops=ops):
            return _comparison(_node(expr), [(op.op, _node(op.expr)) for op in ops])
    return _refuse(f"{_NOT_ADMITTED.get(type(tree).__name__, type(tree).__name__)} in an expression")


_NOT_ADMITTED = {
    "Getattr": "an attribute",
    "Getitem": "an index",
    "Call": "a call",
    "Test": "a test with `is`",
    "Add": "arithmetic (join texts with `~`)",
    "Sub": "arithmetic",
    "Mul": "arithmetic",
    "Div": "arithmetic",
    "FloorDiv": "arithmetic",
    "Mod": "arithmetic",
    "Pow": "arithmetic",
    "Neg": "arithmetic",
    "Pos": "arithmetic",
    "Dict": "a mapping",
    "Tuple": "a tuple (lists have square brackets)",
}


def _look_up(name: str, scope: Scope) -> _Result:
    """A name that has no value here."""
    if name in scope.declared:
        return Missing(name)
    if name == "release":
        raise ExpressionError("`release` is not defined here", "it exists only in `tags`")
    known = sorted({*scope.values, *scope.declared})
    help = f"{scope.owner} has {listed(known, 'and')}" if known else f"{scope.owner} has no names"
    help = did_you_mean(name, known) or f"{help}; a text stands in quotes: '{name}'"
    raise ExpressionError(f"`{name}` is not defined", help)


def _condition(test: _Node, yes: _Node, no: _Node | None) -> _Node:
    return lambda scope: yes(scope) if test(scope) else no(scope) if no is not None else None


def _comparison(first: _Node, rest: list[tuple[str, _Node]]) -> _Node:
    def compare(scope: Scope) -> bool:
        left = first(scope)
        for operator, node in rest:
            right = node(scope)
            if not _holds(left, operator, right):
                return False
            left = right
        return True

    return compare


def _holds(left: _Result, operator: str, right: _Result) -> bool:
    # A row that lacks the axis counts as false, as in any condition.
    left = False if isinstance(left, Missing) else left
    right = False if isinstance(right, Missing) else right
    match operator:
        case "eq":
            return left == right
        case "ne":
            return left != right
        case "in" | "notin":
            return _contains(left, right) is (operator == "in")
    if left is False or right is False:
        return False
    if not isinstance(left, str) or not isinstance(right, str):
        raise ExpressionError("`<` and `>` compare texts, as versions")
    below, above = version_key(left), version_key(right)
    return {"lt": below < above, "lteq": below <= above, "gt": below > above, "gteq": below >= above}[
        operator
    ]


def _contains(item: Value, container: Value) -> bool:
    if isinstance(container, list):
        return item in container
    if isinstance(container, str) and isinstance(item, str):
        return item in container
    if container is False:
        return False
    raise ExpressionError("`in` needs a list or a text at its right")


def _filter(tree: nodes.Filter) -> _Node:
    name = tree.name
    if name not in FILTERS:
        help = did_you_mean(name, FILTERS) or f"the filters are {listed(sorted(FILTERS), 'and')}"
        raise ExpressionError(f"there is no filter `{name}`", help)
    count, function = FILTERS[name]
    if tree.kwargs or tree.dyn_args or tree.dyn_kwargs or len(tree.args) != count or tree.node is None:
        raise ExpressionError(f"the filter `{name}` takes {count} argument{'' if count == 1 else 's'}")
    operand, arguments = _node(tree.node), [_node(argument) for argument in tree.args]
    if name == "default":
        return lambda scope: arguments[0](scope) if _is_nothing(value := operand(scope)) else value
    return lambda scope: function(_present(operand(scope)), *(as_text(each(scope)) for each in arguments))


def _is_nothing(value: _Result) -> bool:
    return value is None or isinstance(value, Missing)


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _replaced(text: str, old: str, new: str) -> str:
    if not old:
        return text
    _check_length(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _joined(values: list[Value], separator: str) -> str:
    texts = [as_text(each) for each in values if each is not None]
    _check_length(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _check_length(length: int) -> None:
    # Before it is made: filters upon filters could ask for more than any machine has.
    if length > MAX_RESULT:
        raise ExpressionError(f"an expression gives more than {MAX_RESULT} characters")


def _shortened(value: Value, parts: int) -> str:
    return ".".join(as_text(value).split(".")[:parts])


FILTERS: Final[Mapping[str, tuple[int, Callable[..., Value]]]] = {
    "lower": (0, lambda value: as_text(value).lower()),
    "upper": (0, lambda value: as_text(value).upper()),
    "replace": (2, lambda value, old, new: _replaced(as_text(value), old, new)),
    "split": (1, lambda value, separator: list(as_text(value).split(separator or None))),
    "join": (1, lambda value, separator: _joined(_listed(value), separator)),
    "first": (0, lambda value: next(iter(_listed(value)), None)),
    "last": (0, lambda value: next(reversed(_listed(value)), None)),
    "major": (0, lambda value: _shortened(value, 1)),
    "minor": (0, lambda value: _shortened(value, 2)),
    "default": (1, lambda value, _: value),
}
"""Filter -> number of arguments, function."""

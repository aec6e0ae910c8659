"""HCL as bake files have it: bodies, blocks, expressions and templates, to trees.

Source: the HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md) and, for strings of JSON, the
JSON syntax specification (json/spec.md). Not read: directives of templates (`%{if}`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, field, structs

from rgraph.errors import Place
from rgraph.importing.sources.found import SourceError

_BLANK: Final = re.compile(r"(?:[ \t\r]|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_BLANK_LINES: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
_HEREDOC: Final = re.compile(r"<<(-?)([A-Za-z_][A-Za-z0-9_]*)\r?\n")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_BINARY: Final = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))
"""Operators, those that bind least first."""
_DEEPEST: Final = 60
MAX_SIZE: Final = 2**20
"""Characters of a file. Known ones have less than 100,000."""


class Node(Struct, frozen=True):
    """An expression: its kind, what it is made of, and its line."""

    kind: str
    """`value`, `template`, `name`, `call`, `index`, `splat`, `list`, `object`, `not`, `minus`, `binary`,
    `choice`, `for`."""
    of: tuple[Any, ...]
    line: int


class Block(Struct, frozen=True):
    """A block: `target "x" { ... }`."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    line: int


class Body(Struct, frozen=True):
    """Attributes and blocks."""

    attributes: dict[str, Node] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)


def parsed(path: str, text: str) -> Body:
    """A file in native syntax. Raises SourceError."""
    if len(text) > MAX_SIZE:
        raise SourceError(Place(path, line=1), f"has more than {MAX_SIZE // 2**20} MiB")
    return _Parser(path, text, 1).file()


def template(path: str, text: str, line: int) -> Node:
    """A string of JSON as the template that it is. Raises SourceError."""
    return _Parser(path, text, line, columns=False).plain_template()


class _Parser:
    def __init__(self, path: str, text: str, line: int, *, columns: bool = True) -> None:
        self._path = path
        self._columns = columns
        self._text = text
        self._first = line
        self._at = 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._nested = 0
        self._depth = 0
        self._brackets: tuple[tuple[str, str, Callable[[], Node]], ...] = (
            ("(", ")", self._expression),
            ("[", "]", self._list),
            ("{", "}", self._object),
        )

    def file(self) -> Body:
        body = self._body()
        if self._at < len(self._text):
            raise self._error("what stands here belongs to nothing")
        return body

    def plain_template(self) -> Node:
        """The whole text, without backslashes' meaning."""
        parts: list[Any] = []
        while self._at < len(self._text):
            self._part(parts, "", escapes=False)
        return _joined(parts, self._line())

    def _body(self) -> Body:
        body = Body()
        while True:
            self._skip(lines=True)
            if self._at >= len(self._text) or self._text[self._at] == "}":
                return body
            line = self._line()
            name = self._word()
            if self._take("="):
                if name in body.attributes:
                    raise self._error(f"`{name}` stands twice")
                body.attributes[name] = self._expression()
                self._end_of_line()
            else:
                body.blocks.append(self._block(name, line))

    def _block(self, kind: str, line: int) -> Block:
        labels: list[str] = []
        while not self._take("{"):
            if self._peek('"'):
                self._at += 1
                made = self._quoted()
                if made.kind != "value":
                    raise self._error("a label of a block has no `${}`")
                labels.append(str(made.of[0]))
            else:
                labels.append(self._word())
        self._deeper(1)
        nested, self._nested = self._nested, 0
        body = self._body()
        self._nested = nested
        self._deeper(-1)
        self._need("}")
        return Block(kind, tuple(labels), body, line)

    def _expression(self) -> Node:
        self._deeper(1)
        condition = self._binary(0)
        made = condition
        if self._take("?"):
            yes = self._expression()
            self._need(":")
            made = Node("choice", (condition, yes, self._expression()), condition.line)
        self._deeper(-1)
        return made

    def _binary(self, level: int) -> Node:
        if level == len(_BINARY):
            return self._unary()
        left = self._binary(level + 1)
        while (sign := next((each for each in _BINARY[level] if self._peek(each)), "")) != "":
            self._at += len(sign)
            left = Node("binary", (sign, left, self._binary(level + 1)), left.line)
        return left

    def _unary(self) -> Node:
        line = self._line()
        for sign, kind in (("!", "not"), ("-", "minus")):
            if self._take(sign):
                self._deeper(1)
                made = Node(kind, (self._unary(),), line)
                self._deeper(-1)
                return made
        return self._followed(self._primary())

    def _followed(self, node: Node) -> Node:
        """With the `.name`, `[index]` and `.*` behind it."""
        while True:
            if self._peek("...") or not (self._peek(".") or self._peek("[")):
                return node
            if self._take("[*]") or self._take(".*"):
                node = Node("splat", (node,), node.line)
            elif self._take("."):
                self._skip()
                found = re.compile("[0-9]+").match(self._text, self._at)
                self._at = found.end() if found else self._at
                key = Node("value", (int(found[0]) if found else self._word(),), node.line)
                node = Node("index", (node, key), node.line)
            else:
                self._need("[")
                node = Node("index", (node, self._inside("]", self._expression)), node.line)

    def _primary(self) -> Node:
        self._skip()
        line = self._line()
        if self._take('"'):
            return self._quoted()
        for sign, close, read in self._brackets:
            if self._take(sign):
                made: Node = self._inside(close, read)
                return structs.replace(made, line=line)
        if found := _HEREDOC.match(self._text, self._at):
            return self._heredoc(found)
        if found := _NUMBER.match(self._text, self._at):
            self._at = found.end()
            number: Any = float(found[0])
            return Node("value", (int(number) if number.is_integer() else number,), line)
        name = self._word()
        if name in ("true", "false", "null"):
            return Node("value", ({"true": True, "false": False, "null": None}[name],), line)
        if self._take("("):
            given, spread = self._inside(")", self._arguments)
            return Node("call", (name, given, spread), line)
        return Node("name", (name,), line)

    def _arguments(self) -> tuple[tuple[Node, ...], bool]:
        found: list[Node] = []
        while not self._peek(")"):
            found.append(self._expression())
            if self._take("..."):
                self._take(",")
                return tuple(found), True
            if not self._take(","):
                break
        return tuple(found), False

    def _list(self) -> Node:
        line = self._line()
        if self._is_for():
            return self._for("list", line)
        items: list[Node] = []
        while not self._peek("]"):
            items.append(self._expression())
            if not self._take(","):
                break
        return Node("list", tuple(items), line)

    def _object(self) -> Node:
        line = self._line()
        if self._is_for():
            return self._for("object", line)
        pairs: list[tuple[Node, Node]] = []
        while not self._peek("}"):
            key = self._expression()
            if key.kind == "name":
                key = Node("value", key.of, key.line)
            if not self._take("="):
                self._need(":")
            pairs.append((key, self._expression()))
            self._take(",")
        return Node("object", tuple(pairs), line)

    def _is_for(self) -> bool:
        self._skip()
        found = re.compile(r"for[ \t\n]").match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found is not None

    def _for(self, kind: str, line: int) -> Node:
        """`for k, v in xs : key => value... if condition`, without its brackets."""
        names = [self._word()]
        if self._take(","):
            names.append(self._word())
        if self._word() != "in":
            raise self._error("`for` has no `in`")
        over = self._expression()
        self._need(":")
        key = self._expression() if kind == "object" else None
        if key is not None:
            self._need("=>")
        value = self._expression()
        grouped = self._take("...")
        condition = None
        self._skip()
        if found := re.compile(r"if\b").match(self._text, self._at):
            self._at = found.end()
            condition = self._expression()
        return Node("for", (kind, tuple(names), over, key, value, condition, grouped), line)

    def _quoted(self) -> Node:
        """A text in quotes, behind its first one."""
        line = self._line()
        parts: list[Any] = []
        while not self._text.startswith('"', self._at):
            if self._at >= len(self._text) or self._text[self._at] == "\n":
                raise self._error("a text has no second quote")
            self._part(parts, '"\n')
        self._at += 1
        return _joined(parts, line)

    def _part(self, parts: list[Any], stop: str, *, escapes: bool = True) -> None:
        """What a template has next: characters, or an expression."""
        text, at = self._text, self._at
        if text.startswith(("$${", "%%{"), at):
            parts.append(text[at] + "{")
            self._at += 3
        elif text.startswith("${", at):
            self._at += 2
            self._take("~")
            parts.append(self._inside("}", self._expression, "~"))
        elif text.startswith("%{", at):
            raise self._error("directives of templates (`%{`) are not read")
        elif escapes and text[at] == "\\":
            parts.append(self._escaped())
        else:
            end = at + 1
            while end < len(text) and text[end] not in stop and text[end] not in "$%\\":
                end += 1
            parts.append(text[at:end])
            self._at = end

    def _escaped(self) -> str:
        sign = self._text[self._at + 1 : self._at + 2]
        if sign in _ESCAPES:
            self._at += 2
            return _ESCAPES[sign]
        length = {"u": 4, "U": 8}.get(sign, 0)
        digits = self._text[self._at + 2 : self._at + 2 + length]
        if not length or not re.fullmatch(f"[0-9A-Fa-f]{{{length}}}", digits) or int(digits, 16) > 0x10FFFF:
            raise self._error(f"`\\{sign}` means nothing in a text")
        self._at += 2 + length
        return chr(int(digits, 16))

    def _heredoc(self, head: re.Match[str]) -> Node:
        line = self._line() + 1
        end = re.compile(rf"^[ \t]*{head[2]}[ \t\r]*$", re.MULTILINE).search(self._text, head.end())
        if end is None:
            raise self._error(f"nothing ends with `{head[2]}`")
        body = self._text[head.end() : end.start()]
        if head[1]:
            body = _without_indentation(body)
        self._at = end.end()
        return _Parser(self._path, body, line).plain_template()

    def _inside(self, close: str, read: Any, before: str = "") -> Any:
        """What stands between brackets, where line ends mean nothing."""
        self._nested += 1
        self._deeper(1)
        made = read()
        if before:
            self._take(before)
        self._need(close)
        self._deeper(-1)
        self._nested -= 1
        return made

    def _deeper(self, by: int) -> None:
        self._depth += by
        if self._depth > _DEEPEST:
            raise self._error("is nested too deep")

    def _end_of_line(self) -> None:
        self._skip(lines=False)
        if self._at < len(self._text) and self._text[self._at] not in "\n}":
            raise self._error(f"`{self._text[self._at : self._at + 20].splitlines()[0]}` belongs to nothing")

    def _word(self) -> str:
        self._skip()
        found = _NAME.match(self._text, self._at)
        if not found:
            raise self._error("a name should stand here")
        self._at = found.end()
        return found[0]

    def _peek(self, sign: str) -> bool:
        self._skip()
        return self._text.startswith(sign, self._at)

    def _take(self, sign: str) -> bool:
        found = self._peek(sign)
        # `=` is no beginning of `==` and `=>`.
        if sign == "=" and self._text[self._at + 1 : self._at + 2] in ("=", ">"):
            return False
        self._at += len(sign) if found else 0
        return found

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            raise self._error(f"`{sign}` should stand here")

    def _skip(self, lines: bool | None = None) -> None:
        blank = _BLANK_LINES if (self._nested > 0 if lines is None else lines) else _BLANK
        if found := blank.match(self._text, self._at):
            self._at = found.end()

    def _line(self) -> int:
        return self._first + bisect_left(self._ends, self._at)

    def _error(self, what: str) -> SourceError:
        column = self._at - (self._text.rfind("\n", 0, self._at) + 1) + 1
        column = column if self._columns else 0
        help = "`docker buildx bake --print` writes a file that can be read: plain JSON"
        return SourceError(Place(self._path, line=self._line(), column=column), what, help)


def _joined(parts: list[Any], line: int) -> Node:
    """A template; a value if nothing is to be replaced."""
    if all(isinstance(part, str) for part in parts):
        return Node("value", ("".join(parts),), line)
    return Node("template", tuple(parts), line)


def _without_indentation(body: str) -> str:
    lines = body.split("\n")
    found = [len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()]
    return "\n".join(line[min(found, default=0) :] for line in lines)

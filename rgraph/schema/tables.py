"""Tables of keys: name, type in words, default, meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, inspect

from rgraph.schema.docstrings import class_doc, field_doc
from rgraph.schema.types import default_of, fields_of, is_flag, is_texts, without_none, words_of

_HEADS = ("key", "type", "default", "what it is")


class Tables:
    """Makes the tables; the mappings that a table names follow it, each once in the whole document."""

    def __init__(self) -> None:
        self._done: set[type] = set()

    def of(self, kind: type, fields: Iterable[inspect.Field] | None = None) -> list[str]:
        """The table of a written type, or of some of its fields, and those of the mappings in it."""
        self._done.add(kind)
        chosen = list(fields_of(kind) if fields is None else fields)
        return [_table(kind, chosen), *self.below(field.type for field in chosen)]

    def below(self, types: Iterable[inspect.Type]) -> list[str]:
        """Sections for the mappings that some types name and that have none yet."""
        blocks: list[str] = []
        for found in [each for kind in types for each in _structs(kind)]:
            if found not in self._done:
                blocks += [f"#### {words_of(found)}", class_doc(found), *self.of(found)]
        return blocks


def table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table. A pipe ends a cell even inside backticks, where a backslash is one."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    cells = ((" ".join(text.split()).replace("|", "\\|") for text in line) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def words(kind: inspect.Type, plural: bool = False) -> str:
    """A type in words; mappings are links to their sections."""
    match kind:
        case inspect.ListType(item_type=inner):
            return f"list of {words(inner, plural=True)}"
        case inspect.DictType(value_type=inner):
            return "mapping" if isinstance(inner, inspect.AnyType) else f"mapping of {_entry(inner)}"
        case inspect.StructType(cls=cls):
            name = words_of(cls)
            shown = name if not plural else f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
            return f"[{shown}](#{name.replace(' ', '-')})"
        case inspect.CustomType():
            return "[steps](#steps)"
        case inspect.UnionType(types=types):
            return _union(list(types), plural)
    return _scalar(kind, plural)


def _scalar(kind: inspect.Type, plural: bool) -> str:
    match kind:
        case inspect.StrType():
            return "texts" if plural else "text"
        case inspect.NoneType():
            return "nothing"
        case inspect.LiteralType(values=values):
            return _either([f"`{value}`" for value in values])
    return "any value"


def _entry(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.UnionType) and is_flag(kind.types):
        return "texts, `true` or `false`"
    return words(kind, plural=True)


def _union(types: list[inspect.Type], plural: bool) -> str:
    if is_texts(types):
        return "text or list"
    found = []
    if is_flag(types):
        found.append("flag")
        types = [each for each in types if not isinstance(each, inspect.BoolType | inspect.StrType)]
    # The short form first: it is what most manifests have.
    ordered = sorted(types, key=lambda each: isinstance(each, inspect.StructType | inspect.NoneType))
    ordered.sort(key=lambda each: isinstance(each, inspect.NoneType))
    return _either([*found, *(words(each, plural) for each in ordered)])


def _either(parts: list[str]) -> str:
    last = ", or " if any(" or " in part for part in parts) else " or "
    return last.join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _table(kind: type, fields: Iterable[inspect.Field]) -> str:
    rows = [
        (
            f"`{field.encode_name}`",
            words(without_none(field)),
            "*required*" if field.required else _default(field),
            field_doc(kind, field.name),
        )
        for field in fields
    ]
    return table(_HEADS, rows)


def _default(field: inspect.Field) -> str:
    match default_of(field):
        case bool(flag):
            return "`true`" if flag else "`false`"
        case str(text) if text:
            return f"`{text}`"
        case list(entries) if entries:
            return f"`[{', '.join(entries)}]`"
    return ""


def _structs(kind: inspect.Type) -> Iterator[type[Struct]]:
    """The mappings that a type names, in its order, not those inside them."""
    match kind:
        case inspect.StructType(cls=cls):
            yield cls
        case inspect.ListType(item_type=inner) | inspect.DictType(value_type=inner):
            yield from _structs(inner)
        case inspect.UnionType(types=types):
            for each in types:
                yield from _structs(each)

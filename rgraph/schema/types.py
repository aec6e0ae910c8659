"""What schemas and tables ask of the written types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import NODEFAULT, inspect

from rgraph.manifest.step import STEP_KEYS, STEP_KINDS
from rgraph.schema.docstrings import alias_doc, class_doc, field_doc

_STEP_MODULES: Final = tuple(
    f"rgraph.manifest.step_{family}" for family in ("files", "image", "packages", "r", "windows")
)


def words_of(kind: type) -> str:
    """The name of a written type in messages to people: `apt repository`, `layer`."""
    short = kind.__name__.removesuffix("Manifest").removesuffix("Spec")
    return "".join(f" {c.lower()}" if c.isupper() else c for c in short).strip()


def step_doc(key: str) -> tuple[str, str]:
    """What a step is, and what may stand behind its key."""
    kind = STEP_KINDS[key]
    body = field_doc(kind, key)
    more = next(
        (doc for module in _STEP_MODULES if (doc := alias_doc(module, f"{key.capitalize()}Body"))), ""
    )
    # Where both say the same, the longer text stands.
    if body.rstrip(".") in more:
        body = ""
    title = class_doc(kind)
    return title, " ".join(text for text in (body, more) if text and text != title)


def fields_of(kind: type) -> tuple[inspect.Field, ...]:
    """The fields of a written type."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def beside_fields(kind: type) -> list[inspect.Field]:
    """The fields of a step that stand beside its body."""
    return [field for field in fields_of(kind) if field.name in STEP_KEYS]


def body_of(key: str) -> inspect.Type:
    """The type of what stands behind a step's key."""
    return next(field.type for field in fields_of(STEP_KINDS[key]) if field.name == key)


def without_none(field: inspect.Field) -> inspect.Type:
    """The type of a field without the `None` that stands for "left out"."""
    kind = field.type
    if field.default is not None or not isinstance(kind, inspect.UnionType):
        return kind
    return inspect.UnionType(tuple(each for each in kind.types if not isinstance(each, inspect.NoneType)))


def is_flag(types: Iterable[inspect.Type]) -> bool:
    """Whether a union is one of booleans and texts."""
    return {inspect.BoolType, inspect.StrType} <= {type(each) for each in types}


def is_texts(types: list[inspect.Type]) -> bool:
    """Whether a union is a list of texts, or one text."""
    lists = [each for each in types if isinstance(each, inspect.ListType)]
    return (
        len(types) == 2
        and any(isinstance(each, inspect.StrType) for each in types)
        and any(isinstance(each.item_type, inspect.StrType) for each in lists)
    )


def default_of(field: inspect.Field) -> object:
    """The value that a field has when it is left out; None if it is required."""
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return None if field.default is NODEFAULT else field.default

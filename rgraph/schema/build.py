"""JSON Schemas of the manifests, made of the written types.

Draft 7, the newest that yaml-language-server reads. The form is chosen for what an editor makes of
it: one object with all keys of a step completes better than a choice of 24 objects, and `if`/`then`
by kind gives one message where `oneOf` would give six.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import inspect

from rgraph.errors import UsageError
from rgraph.manifest.document import KINDS
from rgraph.manifest.layer import LayerManifest
from rgraph.manifest.step import STEP_KINDS
from rgraph.schema.docstrings import class_doc, field_doc
from rgraph.schema.types import (
    beside_fields,
    body_of,
    default_of,
    is_flag,
    is_texts,
    step_doc,
    without_none,
    words_of,
)
from rgraph.suggest import did_you_mean, listed

Schema = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
ALL: Final = "manifest"
"""Name of the schema for all kinds."""
NAMES: Final = (ALL, "layer", "recipe", "catalog", "externals", "components", "compatibility", "waivers")
"""Names of the schemas; `layer` is that of base, r and framework."""

_LAYER: Final = "layer"
_REF: Final = "#/definitions/"
_ROWS: Final[Schema] = {
    "type": "array",
    "items": {"type": "object", "additionalProperties": {"$ref": f"{_REF}value"}},
}
_SPECIAL: Final[Mapping[tuple[type, str], Schema]] = {
    (LayerManifest, "matrix"): {
        "type": "object",
        "properties": {
            "include": {"description": "Rows to add, or to extend with further values.", **_ROWS},
            "exclude": {"description": "Rows to leave out.", **_ROWS},
        },
        "additionalProperties": {
            "description": "An axis: its values, one image for each.",
            "type": "array",
            "items": {"$ref": f"{_REF}value"},
            "minItems": 1,
        },
    }
}
"""Fields whose type says less than is true of them."""

_SHARED: Final[Mapping[str, Schema]] = {
    "text": {
        "description": "Text. A number is text too, exactly as written: `version: 1.10` stays 1.10. "
        "true and false need quotes to be text.",
        "type": ["string", "number"],
    },
    "texts": {
        "description": "A list of texts, or one text that stands for a list of one.",
        "anyOf": [{"type": "array", "items": {"$ref": f"{_REF}text"}}, {"$ref": f"{_REF}text"}],
    },
    "flag": {
        "description": "true, false, or one expression: `${{ device == 'gpu' }}`.",
        "anyOf": [{"type": "boolean"}, {"type": "string", "pattern": r"^\$\{\{[\s\S]*\}\}$"}],
    },
    "value": {
        "description": "A text, true, false, or a list of these.",
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": {"$ref": f"{_REF}value"}},
        ],
    },
}


def file_name(name: str) -> str:
    """The file of the schema of that name."""
    return f"{name}.schema.json"


def schema_name(kind: str) -> str:
    """The schema for a kind of manifest, or of that name; empty text gives the one for all.

    Raises UsageError if there is none.
    """
    if not kind:
        return ALL
    if kind in NAMES:
        return kind
    if KINDS.get(kind) is LayerManifest:
        return _LAYER
    raise UsageError(
        f"there is no schema for `{kind}`",
        did_you_mean(kind, [*NAMES, *KINDS]) or f"there are {listed(NAMES, 'and')}",
    )


def schema_text(name: str) -> str:
    """A schema as JSON."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def schema(name: str) -> Schema:
    """The schema of that name."""
    builder = _Builder()
    by_schema: dict[str, list[str]] = {}
    for kind in KINDS:
        by_schema.setdefault(schema_name(kind), []).append(kind)
    if name == ALL:
        body = _by_kind({kinds[0]: kinds for kinds in by_schema.values()}, builder)
    else:
        body = builder.struct(inspect.type_info(KINDS[by_schema[name][0]]))
    title = "Manifest of rgraph" if name == ALL else f"Manifest of rgraph: {name}"
    definitions = {each: builder.definitions[each] for each in sorted(builder.definitions)}
    return {"$schema": DRAFT, "title": title, **body, "definitions": definitions}


def _by_kind(kinds: Mapping[str, list[str]], builder: _Builder) -> Schema:
    branches = []
    for first, names in kinds.items():
        has_kind = {"properties": {"kind": {"enum": names}}, "required": ["kind"]}
        branches.append({"if": has_kind, "then": builder.of(inspect.type_info(KINDS[first]))})
    kind = "What the manifest declares: a layer (`base`, `r`, `framework`), a `recipe`, or one of the "
    kind += "catalogue's own documents (`catalog`, `externals`, `components`, `compatibility`, `waivers`)."
    return {
        "type": "object",
        "properties": {
            "kind": {**_described(kind), "enum": [each for names in kinds.values() for each in names]}
        },
        "required": ["kind"],
        "allOf": branches,
    }


class _Builder:
    """Turns types into schemas, and collects the definitions that they refer to."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, kind: inspect.Type) -> Schema:
        """The schema of a type."""
        match kind:
            case inspect.ListType(item_type=inner):
                return {"type": "array", "items": self.of(inner)}
            case inspect.DictType(value_type=inner):
                return {"type": "object", "additionalProperties": self._entry(inner)}
            case inspect.UnionType(types=types):
                return self._union(types)
            case inspect.StructType(cls=cls):
                return self._define(words_of(cls).replace(" ", "-"), lambda: self.struct(kind))
            case inspect.CustomType():
                return self._define("step", self._step)
        return self._scalar(kind)

    def _scalar(self, kind: inspect.Type) -> Schema:
        match kind:
            case inspect.StrType():
                return self._shared("text")
            case inspect.NoneType():
                return {"type": "null"}
            case inspect.LiteralType(values=values):
                return {"enum": list(values)}
        return self._shared("value")

    def struct(self, kind: inspect.Type) -> Schema:
        """The schema of a mapping with known keys."""
        assert isinstance(kind, inspect.StructType)
        properties = {field.encode_name: self._property(kind.cls, field) for field in kind.fields}
        required = [field.encode_name for field in kind.fields if field.required]
        return {
            **_described(class_doc(kind.cls)),
            "type": "object",
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
        }

    def _property(self, cls: type, field: inspect.Field) -> Schema:
        special = _SPECIAL.get((cls, field.name))
        if special:
            self._shared("value")
        # A reference and what stands beside it: validators look at the first, editors show the second.
        return {
            **_described(field_doc(cls, field.name)),
            **(special or self.of(without_none(field))),
            **_default(field),
        }

    def _step(self) -> Schema:
        """One object with the keys of all steps, of which exactly one must be there."""
        bodies = {key: {**_described(" ".join(step_doc(key))), **self.of(body_of(key))} for key in STEP_KINDS}
        beside = {
            field.encode_name: self._property(kind, field)
            for kind in reversed(STEP_KINDS.values())
            for field in beside_fields(kind)
        }
        takers = {
            name: [key for key in STEP_KINDS if name in _names_beside(key)]
            for name in beside
            if name != "when"
        }
        needed = {key: _names_beside(key, only_required=True) for key in STEP_KINDS}
        return {
            "description": "One thing to do. One key says what; `when` and others stand beside it.",
            "type": "object",
            "properties": {**bodies, **beside},
            "additionalProperties": False,
            "oneOf": [{"required": [key]} for key in STEP_KINDS],
            "dependencies": {
                **{name: {"anyOf": [{"required": [key]} for key in keys]} for name, keys in takers.items()},
                **{key: names for key, names in needed.items() if names},
            },
        }

    def _entry(self, kind: inspect.Type) -> Schema:
        """A value of a mapping with free keys, where `true` or text is no condition but a value."""
        match kind:
            case inspect.UnionType(types=types) if is_flag(types):
                return {"type": ["string", "number", "boolean"]}
        return self.of(kind)

    def _union(self, types: Iterable[inspect.Type]) -> Schema:
        rest = list(types)
        if len(rest) == 1:
            return self.of(rest[0])
        if is_texts(rest):
            return self._shared("texts")
        branches = []
        if is_flag(rest):
            branches.append(self._shared("flag"))
            rest = [each for each in rest if not isinstance(each, inspect.BoolType | inspect.StrType)]
        branches += [self.of(each) for each in rest]
        return branches[0] if len(branches) == 1 else {"anyOf": branches}

    def _shared(self, name: str) -> Schema:
        self.definitions.setdefault(name, _SHARED[name])
        if name == "texts":
            self._shared("text")
        return {"$ref": f"{_REF}{name}"}

    def _define(self, name: str, make: Callable[[], Schema]) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = {}  # a step's group holds steps
            self.definitions[name] = make()
        return {"$ref": f"{_REF}{name}"}


def _names_beside(key: str, only_required: bool = False) -> list[str]:
    fields = beside_fields(STEP_KINDS[key])
    return [field.encode_name for field in fields if field.required or not only_required]


def _described(text: str) -> Schema:
    """A description, and the same as Markdown where that makes a difference."""
    if not text:
        return {}
    return {"description": text, **({"markdownDescription": text} if "`" in text else {})}


def _default(field: inspect.Field) -> Schema:
    """Not of texts: an editor that completes a mapping would write them all out."""
    value = default_of(field)
    is_choice = isinstance(value, bool) or isinstance(field.type, inspect.LiteralType)
    return {"default": value} if is_choice and not field.required else {}

"""JSON Schemas of the manifests, made of the written types.

Draft 7, the newest that yaml-language-server reads. The form is chosen for what an editor makes of
it: one object with all keys of a step completes better than a choice of 24 objects, and `if`/`then`
by kind gives one message where `oneOf` would give six.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import NODEFAULT, inspect

from rgraph.errors import UsageError
from rgraph.manifest.document import KINDS
from rgraph.manifest.layer import LayerManifest
from rgraph.manifest.step import STEP_KEYS, STEP_KINDS
from rgraph.schema.docstrings import alias_doc, class_doc, field_doc
from rgraph.suggest import did_you_mean, listed

Schema = dict[str, Any]

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
ALL: Final = "manifest"
"""Name of the schema for all kinds."""
NAMES: Final = (ALL, "layer", "recipe", "catalog", "externals", "components")
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


_STEP_MODULES: Final = tuple(
    f"rgraph.manifest.step_{family}" for family in ("files", "image", "packages", "r", "windows")
)


def _by_kind(kinds: Mapping[str, list[str]], builder: _Builder) -> Schema:
    branches = []
    for first, names in kinds.items():
        has_kind = {"properties": {"kind": {"enum": names}}, "required": ["kind"]}
        branches.append({"if": has_kind, "then": builder.of(inspect.type_info(KINDS[first]))})
    kind = "What the manifest declares: a layer (`base`, `r`, `framework`), a `recipe`, or one of the "
    kind += "catalogue's own documents (`catalog`, `externals`, `components`)."
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
            case inspect.StrType():
                return self._shared("text")
            case inspect.BoolType():
                return {"type": "boolean"}
            case inspect.NoneType():
                return {"type": "null"}
            case inspect.LiteralType(values=values):
                return {"enum": list(values)}
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
            **(special or self.of(_without_none(field))),
            **_default(field),
        }

    def _step(self) -> Schema:
        beside = {each.name: each for kind in STEP_KINDS.values() for each in _beside(kind)}
        takers = {
            name: [
                key for key, kind in STEP_KINDS.items() if any(each.name == name for each in _beside(kind))
            ]
            for name in beside
            if name != "when"
        }
        owner = {name: next(k for k in STEP_KINDS.values() if name in k.__struct_fields__) for name in beside}
        bodies = {key: {**_described(" ".join(step_doc(key))), **self._body(key)} for key in STEP_KINDS}
        others = {beside[name].encode_name: self._property(owner[name], beside[name]) for name in STEP_KEYS}
        needed = {
            key: [each.encode_name for each in _beside(kind) if each.required]
            for key, kind in STEP_KINDS.items()
        }
        return {
            "description": "One thing to do. One key says what; `when` and others stand beside it.",
            "type": "object",
            "properties": {**bodies, **others},
            "additionalProperties": False,
            "oneOf": [{"required": [key]} for key in STEP_KINDS],
            "dependencies": {
                **{
                    beside[name].encode_name: {"anyOf": [{"required": [key]} for key in keys]}
                    for name, keys in takers.items()
                },
                **{key: names for key, names in needed.items() if names},
            },
        }

    def _body(self, key: str) -> Schema:
        fields = {each.name: each for each in _fields(STEP_KINDS[key])}
        return self.of(fields[key].type)

    def _entry(self, kind: inspect.Type) -> Schema:
        """A value of a mapping with free keys, where `true` or text is no condition but a value."""
        match kind:
            case inspect.UnionType(types=types) if _is_flag(types):
                return {"type": ["string", "number", "boolean"]}
        return self.of(kind)

    def _union(self, types: Iterable[inspect.Type]) -> Schema:
        rest = list(types)
        if len(rest) == 1:
            return self.of(rest[0])
        if _is_texts(rest):
            return self._shared("texts")
        branches = []
        if _is_flag(rest):
            branches.append(self._shared("flag"))
            rest = [each for each in rest if not isinstance(each, inspect.BoolType | inspect.StrType)]
        branches += [self.of(each) for each in rest]
        return branches[0] if len(branches) == 1 else {"anyOf": branches}

    def _shared(self, name: str) -> Schema:
        self.definitions.setdefault(name, _SHARED[name])
        if name == "texts":
            self._shared("text")
        return {"$ref": f"{_REF}{name}"}

    def _define(self, name: str, make: Any) -> Schema:
        if name not in self.definitions:
            self.definitions[name] = {}  # a step's group holds steps
            self.definitions[name] = make()
        return {"$ref": f"{_REF}{name}"}


def _fields(kind: type) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return info.fields


def _beside(kind: type) -> list[inspect.Field]:
    """The fields of a step that stand beside its body."""
    return [field for field in _fields(kind) if field.name in STEP_KEYS]


def _without_none(field: inspect.Field) -> inspect.Type:
    """The type of a field without the `None` that stands for "left out"."""
    kind = field.type
    if field.default is not None or not isinstance(kind, inspect.UnionType):
        return kind
    return inspect.UnionType(tuple(each for each in kind.types if not isinstance(each, inspect.NoneType)))


def _is_flag(types: Iterable[inspect.Type]) -> bool:
    return {inspect.BoolType, inspect.StrType} <= {type(each) for each in types}


def _is_texts(types: list[inspect.Type]) -> bool:
    lists = [each for each in types if isinstance(each, inspect.ListType)]
    return (
        len(types) == 2
        and any(isinstance(each, inspect.StrType) for each in types)
        and any(isinstance(each.item_type, inspect.StrType) for each in lists)
    )


def _described(text: str) -> Schema:
    """A description, and the same as Markdown where that makes a difference."""
    if not text:
        return {}
    return {"description": text, **({"markdownDescription": text} if "`" in text else {})}


def _default(field: inspect.Field) -> Schema:
    value = default_of(field)
    return {"default": value} if isinstance(value, (str, bool, list)) and value not in ("", []) else {}


def default_of(field: inspect.Field) -> object:
    """The value that a field has when it is left out; None if it is required."""
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return None if field.default is NODEFAULT else field.default

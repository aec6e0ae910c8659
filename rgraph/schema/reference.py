"""docs/manifests.md: the reference of the manifest language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

from msgspec import inspect

from rgraph.expressions import FILTERS, Value
from rgraph.files.init import template_files
from rgraph.manifest.document import KINDS
from rgraph.manifest.step import STEP_KINDS
from rgraph.schema.docstrings import class_doc
from rgraph.schema.examples import DOCUMENTS, EXPRESSIONS, ROW, STEPS
from rgraph.schema.rendered import dockerfiles, step_examples, value_of
from rgraph.schema.tables import Tables, table, words
from rgraph.schema.types import beside_fields, body_of, step_doc

_SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "framework": ("Layers", "`kind: base`, `kind: r` or `kind: framework`."),
    "recipe": ("Recipes", "`kind: recipe`."),
    "catalog": ("Catalog", "`kind: catalog`."),
    "externals": ("Externals", "`kind: externals`."),
    "components": ("Components", "`kind: components`."),
    "compatibility": ("Compatibility", "`kind: compatibility`."),
    "waivers": ("Waivers", "`kind: waivers`."),
}
"""A kind -> heading of its section, and how it is written."""

_EXAMPLES: Final[Mapping[str, str]] = {
    "framework": "framework/r-data.yaml",
    "recipe": "recipes/locale.yaml",
    "catalog": "catalog.yaml",
    "externals": "externals.yaml",
    "components": "components.yaml",
}
"""A kind -> its example, a file that `rgraph init` makes; `DOCUMENTS` has those of the other kinds."""

_RENDERED: Final = "r-data:full"
"""The image whose Dockerfile is shown: one of the example for layers."""

_FILTERS: Final[Mapping[str, str]] = {
    "lower": "in lower case",
    "upper": "in upper case",
    "replace": "with one text in place of another: `replace('.', '-')`",
    "split": "cut into a list: `split('.')`",
    "join": "a list as one text: `join(' ')`",
    "first": "the first entry of a list",
    "last": "the last entry of a list",
    "major": "`4.1.0` -> `4`",
    "minor": "`4.1.0` -> `4.1`",
    "default": "another value where there is none: `default('x')`",
}


def markdown() -> str:
    """The whole reference."""
    template = template_files()
    tables = Tables()
    blocks = [
        _prose("introduction"),
        table(("filter", "what it gives"), [(f"`{name}`", _FILTERS[name]) for name in FILTERS]),
        _prose("expressions"),
        *_expressions(),
    ]
    for kind in _SECTIONS:
        blocks += _kind(kind, template, tables)
    blocks += _steps(template, tables)
    return "\n\n".join([*blocks, _prose("editor")]) + "\n"


def _prose(name: str) -> str:
    return (files("rgraph.schema") / f"{name}.md").read_text(encoding="utf-8").strip()


def _expressions() -> Iterator[str]:
    row = ", ".join(f"{name}: {_written(value)}" for name, value in ROW.items())
    yield f"In the row `{{{row}}}` of a matrix in which other rows have an axis `below` too:"
    yield table(("written", "is"), [(f"`{text}`", value_of(text)) for text in EXPRESSIONS])


def _written(value: Value) -> str:
    return f"[{', '.join(map(_written, value))}]" if isinstance(value, list) else str(value)


def _kind(kind: str, template: Mapping[str, bytes], tables: Tables) -> Iterator[str]:
    title, how = _SECTIONS[kind]
    made = _EXAMPLES.get(kind)
    yield f"## {title}"
    yield f"{how} {class_doc(KINDS[kind])} An example{', from what `rgraph init` makes' if made else ''}:"
    yield _fenced("yaml", template[made].decode() if made else DOCUMENTS[kind])
    if kind == "framework":
        yield f"Of which the Dockerfile of `{_RENDERED}` is:"
        yield _fenced("dockerfile", _dockerfile(template))
    yield from tables.of(KINDS[kind])


def _dockerfile(template: Mapping[str, bytes]) -> str:
    manifests = {name: text for name, text in template.items() if name.endswith(".yaml")}
    others = {
        name.removeprefix("files/"): text for name, text in template.items() if name.startswith("files/")
    }
    return dockerfiles(manifests, others)[_RENDERED]


def _steps(template: Mapping[str, bytes], tables: Tables) -> Iterator[str]:
    rendered = step_examples({name: text for name, text in template.items() if name.startswith("recipes/")})
    yield "## Steps"
    yield (
        "A step is an entry of a list of `steps`: one key that says what it does, and beside it `when` (a "
        "flag: where it is false, the step is left out), and with some steps `provides` or `with`. Under "
        "each example stands what rgraph makes of it."
    )
    yield table(
        ("step", "what it brings or does"),
        [(f"[`{key}`](#{key})", class_doc(kind).rstrip(".")) for key, kind in STEP_KINDS.items()],
    )
    for key in STEP_KINDS:
        yield from _step(key, rendered[key], tables)


def _step(key: str, rendered: str, tables: Tables) -> Iterator[str]:
    title, meaning = step_doc(key)
    body = body_of(key)
    structs = [each for each in _branches(body) if isinstance(each, inspect.StructType)]
    yield f"### {key}"
    more = " ".join(class_doc(each.cls) for each in structs)
    yield more if more.startswith(title.rstrip(".")) else f"{title} {more}".strip()
    yield f"`{key}:` {_form(body)}. {meaning}".strip()
    yield _fenced("yaml", STEPS[key])
    yield _fenced("dockerfile", rendered)
    for each in structs:
        yield from tables.of(each.cls)
    if not structs:
        yield from tables.below([body])
    beside = [field for field in beside_fields(STEP_KINDS[key]) if field.name != "when"]
    if beside:
        yield f"Beside `{key}`:"
        yield from tables.of(STEP_KINDS[key], beside)


def _branches(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return tuple(kind.types) if isinstance(kind, inspect.UnionType) else (kind,)


def _form(body: inspect.Type) -> str:
    """What stands behind a step's key: its own mapping is the table below."""
    found = []
    for each in _branches(body):
        match each:
            case inspect.StructType():
                found.append("a mapping with the keys below")
            case inspect.ListType(item_type=inspect.StructType()):
                found.append("a list of such mappings")
            case _:
                found.append(f"a {words(each)}")
    ordered = sorted(found, key=lambda text: text.startswith("a list of such"))
    return ", or ".join(ordered)


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"

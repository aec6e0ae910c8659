"""Examples, resolved and rendered by the same code as any catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rgraph.catalog import build_catalog
from rgraph.errors import Problems
from rgraph.expressions import ExpressionError, Scope, Value, evaluate
from rgraph.files.yaml_nodes import load
from rgraph.lock import Lock
from rgraph.manifest.document import convert
from rgraph.render.dockerfile import public
from rgraph.resolve import resolve
from rgraph.schema.examples import CATALOG, EXTERNALS, ROW, STEPS, WINDOWS


def dockerfiles(documents: Mapping[str, bytes], files: Mapping[str, bytes]) -> dict[str, str]:
    """Image id -> public part of its Dockerfile, of a catalogue that was never released.

    `documents` are manifests by file, `files` those of `manifests/files/`. Raises ManifestError.
    """
    problems = Problems()
    data = [(file, load(file, text, problems)) for file, text in documents.items()]
    problems.raise_any()
    return _dockerfiles(data, files, problems)


def step_examples(recipes: Mapping[str, bytes]) -> dict[str, str]:
    """Step -> the instructions that its example in `examples.py` renders to.

    `recipes` are manifests by file, for the example of `use`. Raises ManifestError.
    """
    problems = Problems()
    written = {"catalog.yaml": CATALOG.encode(), "externals.yaml": EXTERNALS.encode(), **recipes}
    data: list[tuple[str, object]] = [(file, load(file, text, problems)) for file, text in written.items()]
    for key, text in STEPS.items():
        source = "windows" if key in WINDOWS else "ubuntu20.04"
        layer = {"kind": "base", "name": key, "from": source, "variant": "example"}
        data.append((f"{key}.yaml", {**layer, "steps": load(f"{key}.yaml", text.encode(), problems)}))
    problems.raise_any()
    found = _dockerfiles(data, {}, problems)
    return {
        key: re.split(r"^FROM .*\n+", found[f"{key}:example"], flags=re.M)[1].strip("\n") for key in STEPS
    }


def value_of(expression: str) -> str:
    """What a text with expressions gives in the row of `examples.py`, in words."""
    try:
        return _shown(evaluate(expression, Scope(ROW, frozenset({"below"}))))
    except ExpressionError as error:
        return f"error: {error.what}"


def _shown(value: Value) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case list():
            return f"the list `[{', '.join(map(_plain, value))}]`"
    return f"`{value}`"


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else _shown(value)


def _dockerfiles(
    data: Iterable[tuple[str, object]], files: Mapping[str, bytes], problems: Problems
) -> dict[str, str]:
    converted = [(file, convert(file, each, problems)) for file, each in data]
    problems.raise_any()
    written = [(file, manifest) for file, manifest in converted if manifest is not None]
    catalog = build_catalog(written, files, {}, Lock(), problems)
    resolved = resolve(catalog, problems)
    problems.raise_any()

    def refer(node: str) -> str:
        if ":" not in node:
            return catalog.externals[node].reference
        image = resolved.images[node]
        return f"{image.repository}:{image.floating_tags[0]}"

    return {id: public(image, refer) for id, image in resolved.images.items()}

"""Small made-up catalogues as plain data, and what becomes of them without touching a disk."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from rgraph.catalog import build_catalog
from rgraph.errors import Problems
from rgraph.fingerprint import fingerprints
from rgraph.lock import Lock, read_lock
from rgraph.manifest.document import Manifest, convert
from rgraph.names import Fingerprint
from rgraph.resolve import Resolved, resolve

Documents = dict[str, dict[str, Any]]
"""File -> document."""

FILES: dict[str, bytes] = {"a.txt": b"a", "b.sh": b"echo b\n"}
"""What stands in `manifests/files/`."""

EXTERNALS = ("debian", "assets")
AXES = ("device", "python")
VALUES = ("cpu", "gpu", "1.9", "1.10")


def resolved(
    documents: Documents,
    files: Mapping[str, bytes] = FILES,
    notices: Mapping[str, str] | None = None,
    lock: bytes | None = None,
) -> Resolved:
    """The images of a catalogue. Raises ManifestError."""
    problems = Problems()
    found: list[tuple[str, Manifest]] = []
    for file, data in documents.items():
        manifest = convert(file, data, problems)
        if manifest is not None:
            found.append((file, manifest))
    problems.raise_any()
    locked = read_lock(lock, problems) if lock else Lock()
    catalog = build_catalog(found, files, notices or {}, locked, problems)
    images = resolve(catalog, problems)
    problems.raise_any()
    return images


def prints(documents: Documents, **more: Any) -> dict[str, Fingerprint]:
    """Image id -> fingerprint."""
    return fingerprints(resolved(documents, **more))


def needs(images: Resolved) -> dict[str, list[str]]:
    """Image id -> ids of the images that it needs."""
    return {id: [edge.to for edge in image.edges if not edge.external] for id, image in images.images.items()}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    """Ids under which something else stands."""
    return {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)}


def write(documents: Documents, root: Path, files: Mapping[str, bytes] = FILES) -> None:
    """A catalogue on disk."""
    for name, data in documents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(data, sort_keys=False), "utf-8")
    for name, content in files.items():
        path = root / "manifests/files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def with_step(documents: Documents, file: str, step: dict[str, Any]) -> Documents:
    """The catalogue with one more step in a layer."""
    made = copy.deepcopy(documents)
    made[file]["steps"].append(step)
    return made


def minimal(**layer: Any) -> Documents:
    """A catalogue of one image, `base:1`, with the keys of its layer that are given."""
    return {
        "manifests/catalog.yaml": {"kind": "catalog", "name": "made-up", "policy": {"unpinned": ["apt"]}},
        "manifests/externals.yaml": {
            "kind": "externals",
            "externals": {
                "debian": {"reference": "debian:12.9", "platforms": ["linux/amd64", "linux/arm64"]},
                "servercore": {
                    "reference": "servercore:1809",
                    "platforms": ["windows/amd64"],
                    "os_version": "10.0.17763",
                },
            },
        },
        "manifests/base.yaml": {
            "kind": "base",
            "name": "base",
            "from": "debian",
            "variant": "1",
            "steps": [],
            **layer,
        },
    }


_WORD = st.text("abcdefgh0123456789", min_size=1, max_size=5)


def _expression(axes: list[str]) -> st.SearchStrategy[str]:
    """A text that may depend on the row."""
    if not axes:
        return _WORD
    axis = st.sampled_from(axes)
    return st.one_of(
        _WORD,
        axis.map(lambda name: f"${{{{ {name} }}}}"),
        st.builds(lambda name, w: f"x${{{{ '{w}' if {name} == 'gpu' }}}}", axis, _WORD),
    )


def _step(axes: list[str], ids: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    text = _expression(axes)
    when = st.sampled_from([True, *(f"${{{{ {name} != 'gpu' }}}}" for name in axes)])
    sources = [*EXTERNALS, *ids]
    step = st.one_of(
        st.builds(lambda v, w: {"env": {"B": v, "A": w}}, text, _WORD),
        st.builds(lambda v: {"label": {"org.example.a": v, "b": "1"}}, text),
        st.builds(lambda v: {"apt": [f"curl={v}"]}, _WORD),
        st.builds(lambda v: {"conda": {"packages": [f"numpy={v}"], "channels": ["c"]}}, _WORD),
        st.builds(lambda v: {"run": [f"echo {v}"], "provides": [f"pkg:generic/thing@{v}"]}, _WORD),
        st.builds(lambda v: {"use": "shared", "with": {"value": v}}, text),
        st.builds(
            lambda s, silent: (
                {"take": {"from": s, "path": "/a", "to": "/b"}} | ({} if silent else {"provides": []})
            ),
            st.sampled_from(sources),
            st.booleans(),
        ),
        st.builds(lambda f: {"copy": {"files": [f], "to": "/c/"}}, st.sampled_from([*FILES, "LICENSE.txt"])),
        st.builds(lambda u: {"user": u}, _WORD),
    )
    return st.builds(lambda each, condition: {**each, "when": condition}, step, when)


@st.composite
def _layer(draw: st.DrawFn, name: str, ids: list[str]) -> tuple[dict[str, Any], list[str]]:
    """A layer, and the ids of its images."""
    axes = draw(st.lists(st.sampled_from(AXES), unique=True, max_size=2))
    matrix: dict[str, Any] = {
        axis: draw(st.lists(st.sampled_from(VALUES), unique=True, min_size=1, max_size=2)) for axis in axes
    }
    rows: list[list[str]] = [[]]
    for axis in axes:
        rows = [[*row, value] for row in rows for value in matrix[axis]]
    parent = st.sampled_from([*EXTERNALS, *ids, *ids])
    source = draw(parent)
    if axes and draw(st.sampled_from([True, False])):
        source = f"${{{{ '{source}' if {axes[0]} == '{matrix[axes[0]][0]}' else '{draw(parent)}' }}}}"
    layer: dict[str, Any] = {
        "kind": draw(st.sampled_from(["base", "r", "framework"])),
        "name": name,
        "from": source,
        "variant": "v" + "".join(f"-${{{{ {axis} }}}}" for axis in axes),
        "steps": draw(st.lists(_step(axes, ids), max_size=4)),
        "private": draw(st.lists(_step(axes, ids), max_size=2)),
        "args": draw(st.dictionaries(st.sampled_from(["P", "Q"]), _WORD)),
        "tests": draw(
            st.lists(
                st.sampled_from([{"name": "t", "command": "true"}, {"name": "s", "script": "b.sh"}]),
                max_size=1,
            )
        ),
    }
    if matrix:
        layer["matrix"] = matrix
    return layer, [f"{name}:{'-'.join(['v', *row])}" for row in rows]


@st.composite
def catalogues(draw: st.DrawFn, most: int = 5) -> Documents:
    """Layers on layers, with matrices, a recipe, takes and expressions; always right."""
    documents: Documents = {
        "manifests/catalog.yaml": {
            "kind": "catalog",
            "name": "made-up",
            "registry": "registry.example.com",
            "license": {"expression": "MIT"},
        },
        "manifests/externals.yaml": {
            "kind": "externals",
            "externals": {
                "debian": {"reference": "debian:12.9", "distribution": "debian-12"},
                "assets": {
                    "reference": "registry.example.com/assets:1",
                    "provides": ["pkg:generic/assets@1"],
                },
            },
        },
        "manifests/components.yaml": {
            "kind": "components",
            "components": [
                {"purl": "pkg:generic/thing", "versions": "<5", "license": "MIT"},
                {"purl": "pkg:conda/numpy", "license": "BSD-3-Clause"},
            ],
        },
        "manifests/recipes/shared.yaml": {
            "kind": "recipe",
            "name": "shared",
            "params": {"value": None, "more": {"default": False}},
            "steps": [{"env": {"SHARED": "${{ value }}"}}, {"user": "root", "when": "${{ more }}"}],
        },
    }
    ids: list[str] = []
    for number in range(draw(st.integers(1, most))):
        layer, made = draw(_layer(f"l{number}", ids))
        documents[f"manifests/l{number}.yaml"] = layer
        ids += made
    return documents


def layers_of(documents: Documents) -> list[str]:
    """Files of the layers."""
    return [file for file, data in documents.items() if data["kind"] in ("base", "r", "framework")]

"""Laws of the fingerprint: what counts, what does not, and for which images."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.errors import ManifestError, Problems
from rgraph.files.yaml_nodes import load
from rgraph.fingerprint import fingerprints
from rgraph.graph import closure, reverse
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger
from rgraph.names import Fingerprint
from rgraph.render import tests_json as rendered_tests
from rgraph.render.dockerfile import private, public
from rgraph.render.notices import Notices, license_text
from rgraph.render.view import View
from rgraph.resolve import Resolved
from tests.laws.strategies import (
    FILES,
    Documents,
    catalogues,
    changed,
    layers_of,
    needs,
    prints,
    resolved,
    with_step,
)


def shuffled(data: Any, order: random.Random) -> Any:
    """The same data with the keys of every mapping in another order."""
    if isinstance(data, dict):
        keys = list(data)
        order.shuffle(keys)
        return {key: shuffled(data[key], order) for key in keys}
    return [shuffled(each, order) for each in data] if isinstance(data, list) else data


@given(catalogues(), st.randoms(use_true_random=False), st.booleans(), st.sampled_from([2, 4, 7]))
@settings(max_examples=40)
def test_spelling_of_yaml_does_not_count(
    documents: Documents, order: random.Random, flow: bool, indent: int
) -> None:
    files = list(documents)
    order.shuffle(files)
    again: Documents = {}
    for file in files:
        text = yaml.safe_dump(
            shuffled(documents[file], order),
            sort_keys=False,
            default_flow_style=flow,
            indent=indent,
            width=60,
        )
        lines = [f"{line}   # a comment" if line.endswith(("]", "}")) else line for line in text.split("\n")]
        problems = Problems()
        data = load(file, ("# head\n\n" + "\n".join(lines)).encode(), problems)
        problems.raise_any()
        assert isinstance(data, dict)
        again[file] = data
    assert prints(again) == prints(documents)


@given(catalogues(), st.data())
@settings(max_examples=50)
def test_a_change_reaches_all_descendants_and_no_one_else(documents: Documents, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(layers_of(documents)))
    before = resolved(documents)
    own = [id for id, image in before.images.items() if image.place.file == file]
    after = prints(with_step(documents, file, {"env": {"MADE_UP": "1"}}))
    assert changed(fingerprints(before), after) == closure(own, reverse(needs(before)))


RICH: Documents = {
    "catalog": {"kind": "catalog", "name": "c", "license": {"expression": "MIT", "text": "mit.txt"}},
    "externals": {
        "kind": "externals",
        "externals": {
            "debian": {"reference": "debian:12.9", "provides": ["pkg:generic/libc@2.36"]},
            "assets": {"reference": "assets:1"},
        },
    },
    "components": {
        "kind": "components",
        "components": [
            {"purl": "pkg:conda/numpy", "license": "BSD-3-Clause", "status": "assumed"},
            {"purl": "pkg:generic/libc", "license": "LGPL-2.1-or-later"},
        ],
    },
    "recipe": {
        "kind": "recipe",
        "name": "shared",
        "params": {"value": {"default": "1"}},
        "steps": [{"env": {"SHARED": "${{ value }}"}}],
    },
    "base": {
        "kind": "base",
        "name": "base",
        "matrix": {"device": ["cpu", "gpu"]},
        "from": "debian",
        "variant": "${{ device }}",
        "args": {"A": "1"},
        "stages": [{"name": "build", "from": "assets", "steps": [{"run": ["make"], "provides": []}]}],
        "steps": [
            {"conda": {"packages": ["numpy=1.21.5", "r-base=4.2"]}},
            {"env": {"LEVEL": "1"}},
            {"use": "shared"},
            {"run": ["true"], "provides": ["pkg:generic/thing@1"]},
            {"take": {"from": "build", "path": "/a", "to": "/a"}},
            {"label": {"gpu": "yes"}, "when": "${{ device == 'gpu' }}"},
        ],
        "private": [{"workdir": "/secret"}],
        "entrypoint": ["a"],
        "cmd": ["b"],
        "healthcheck": {"command": "c"},
        "tests": [{"name": "t", "script": "b.sh", "output": "b"}],
    },
    "app": {
        "kind": "framework",
        "name": "app",
        "from": "base:cpu",
        "variant": "1",
        "steps": [{"copy": {"files": ["a.txt"], "to": "/a/"}}],
    },
    "alone": {"kind": "r", "name": "alone", "from": "assets", "variant": "1"},
}
EVERYTHING = {"base:cpu", "base:gpu", "app:1", "alone:1"}
ON_BASE = {"base:cpu", "base:gpu", "app:1"}
LOCK = {
    "externals": {"debian": {"requested": "debian:12.9", "digest": "sha256:" + "a" * 64}},
    "downloads": {},
}


def made(documents: Documents, lock: dict[str, Any] = LOCK, **more: Any) -> dict[str, Fingerprint]:
    more.setdefault("notices", {"mit.txt": "Permission is granted"})
    return prints(documents, lock=json.dumps(lock).encode(), **more)


def put(*path: str | int, value: Any) -> Callable[[Documents], None]:
    """An edit that sets a value."""

    def edit(documents: Documents) -> None:
        node: Any = documents
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return edit


def step(index: int, *path: str | int) -> tuple[str | int, ...]:
    return ("base", "steps", index, *path)


def swap(documents: Documents) -> None:
    steps = documents["base"]["steps"]
    steps[1], steps[2] = steps[2], steps[1]


COUNTS: list[tuple[str, Callable[[Documents], None], set[str]]] = [
    ("package version", put(*step(0, "conda", "packages", 0), value="numpy=1.21.6"), ON_BASE),
    ("order of packages", put(*step(0, "conda", "packages"), value=["r-base=4.2", "numpy=1.21.5"]), ON_BASE),
    ("channel", put(*step(0, "conda", "channels"), value=["r"]), ON_BASE),
    ("env value", put(*step(1, "env", "LEVEL"), value="2"), ON_BASE),
    ("env name", put(*step(1, "env"), value={"LEVELS": "1"}), ON_BASE),
    ("step order", swap, ON_BASE),
    ("recipe step", put("recipe", "steps", 0, "env", "SHARED", value="${{ value }}!"), ON_BASE),
    ("recipe default", put("recipe", "params", "value", "default", value="2"), ON_BASE),
    ("recipe argument", put(*step(2, "with"), value={"value": "2"}), ON_BASE),
    ("command", put(*step(3, "run", 0), value="true "), ON_BASE),
    ("provides", put(*step(3, "provides"), value=["pkg:generic/thing@2"]), ON_BASE),
    ("take", put(*step(4, "take", "to"), value="/b"), ON_BASE),
    ("take provides", put(*step(4, "provides"), value=[]), ON_BASE),
    ("one row only", put(*step(5, "label", "gpu"), value="no"), {"base:gpu"}),
    ("when", put(*step(5, "when"), value=False), {"base:gpu"}),
    ("private part", put("base", "private", 0, "workdir", value="/secrets"), ON_BASE),
    ("stage", put("base", "stages", 0, "steps", 0, "run", 0, value="make all"), ON_BASE),
    ("stage's parent", put("base", "stages", 0, "from", value="debian"), ON_BASE),
    ("arg before from", put("base", "args", "A", value="2"), ON_BASE),
    ("entrypoint", put("base", "entrypoint", value="a"), ON_BASE),
    ("cmd", put("base", "cmd", value=["b", "c"]), ON_BASE),
    ("form of cmd", put("base", "cmd", value="b"), ON_BASE),
    ("healthcheck", put("base", "healthcheck", "interval", value="3s"), ON_BASE),
    ("test", put("base", "tests", 0, "output", value="c"), ON_BASE),
    ("platforms", put("alone", "platforms", value=["linux/amd64"]), set()),
    ("parent", put("app", "from", value="base:gpu"), {"app:1"}),
    ("copied to", put("app", "steps", 0, "copy", "to", value="/b/"), {"app:1"}),
    ("External", put("externals", "externals", "debian", "reference", value="debian:12.8"), ON_BASE),
    (
        "External of a stage",
        put("externals", "externals", "assets", "reference", value="assets:2"),
        EVERYTHING,
    ),
    ("External's licence", put("externals", "externals", "assets", "license", value="MIT"), EVERYTHING),
    ("External's provides", put("externals", "externals", "debian", "provides", value=[]), ON_BASE),
    (
        "External's restriction",
        put("externals", "externals", "assets", "usage_restriction", value="none"),
        EVERYTHING,
    ),
    ("licence expression", put("catalog", "license", "expression", value="Apache-2.0"), EVERYTHING),
    ("copyright", put("catalog", "license", "copyright", value="Copyright"), EVERYTHING),
    ("licence fact", put("components", "components", 0, "license", value="BSD-2-Clause"), ON_BASE),
    ("licence status", put("components", "components", 0, "status", value="verified"), ON_BASE),
    ("copyright of a fact", put("components", "components", 0, "copyright", value="(c)"), ON_BASE),
    ("fact of an External", put("components", "components", 1, "license", value="MIT"), ON_BASE),
    (
        "restriction of a fact",
        put("components", "components", 0, "usage_restriction", value="none"),
        ON_BASE,
    ),
]

IGNORED: list[tuple[str, Callable[[Documents], None]]] = [
    ("description", put("base", "description", value="Another")),
    ("name of the catalogue", put("catalog", "name", value="d")),
    ("registry", put("catalog", "registry", value="registry.example.com")),
    ("namespace", put("catalog", "namespace", value="n")),
    ("owner", put("catalog", "owner", value="o")),
    ("tags", put("base", "tags", value=["x-${{ variant }}"])),
    ("repository", put("base", "repository", value="other")),
    ("folder", put("base", "folder", value="f/${{ variant }}")),
    ("lifecycle", put("base", "lifecycle", value={"cadence": "weekly"})),
    (
        "end of life of an External",
        put("externals", "externals", "debian", "end_of_life", value="2030-01-01"),
    ),
]


def edited(edit: Callable[[Documents], None]) -> Documents:
    documents = copy.deepcopy(RICH)
    edit(documents)
    return documents


@pytest.mark.parametrize(("what", "edit", "expected"), COUNTS, ids=[each[0] for each in COUNTS])
def test_what_counts(what: str, edit: Callable[[Documents], None], expected: set[str]) -> None:
    assert changed(made(RICH), made(edited(edit))) == expected


@pytest.mark.parametrize(("what", "edit"), IGNORED, ids=[each[0] for each in IGNORED])
def test_what_does_not_count(what: str, edit: Callable[[Documents], None]) -> None:
    assert made(edited(edit)) == made(RICH)


def test_bytes_beside_the_manifests_count() -> None:
    before = made(RICH)
    assert changed(before, made(RICH, files={**FILES, "a.txt": b"A"})) == {"app:1"}
    assert changed(before, made(RICH, files={**FILES, "b.sh": b""})) == ON_BASE
    assert changed(before, made(RICH, files={**FILES, "unused": b""})) == set()
    assert changed(before, made(RICH, notices={"mit.txt": "Permission is given"})) == EVERYTHING
    assert changed(before, made(RICH, notices={"mit.txt": "Permission is granted", "x.txt": ""})) == set()


def test_the_lock_counts() -> None:
    before = made(RICH)
    moved = {"externals": {"debian": {"requested": "debian:12.9", "digest": "sha256:" + "b" * 64}}}
    assert changed(before, made(RICH, lock=moved)) == ON_BASE
    void = {"externals": {"debian": {"requested": "debian:12.8", "digest": "sha256:" + "b" * 64}}}
    assert changed(made(RICH, lock={}), made(RICH, lock=void)) == set()
    fetched = edited(
        put(*step(3), value={"download": {"url": "https://x.example/a", "to": "/a"}, "provides": []})
    )
    locked = {**LOCK, "downloads": {"https://x.example/a": "c" * 64}}
    assert changed(made(fetched), made(fetched, lock=locked)) == ON_BASE


def test_what_comes_along_counts() -> None:
    """For the images that have it, and all above; what notices show of it too."""
    before = made(RICH)
    purl = "pkg:deb/debian/libc6@2.36?distro=debian-12"
    of_external = {**LOCK, "transitive": {"debian": {purl: "MIT"}}}
    of_image = {**LOCK, "transitive": {"base:cpu": {purl: "MIT"}}}
    assert changed(before, made(RICH, lock={**LOCK, "transitive": {}})) == set()
    assert changed(before, made(RICH, lock=of_external)) == ON_BASE
    assert "base:cpu" in changed(before, made(RICH, lock=of_image)) < EVERYTHING
    other = {**LOCK, "transitive": {"debian": {purl: "LicenseRef-Own"}}}
    assert changed(made(RICH, lock=of_external), made(RICH, lock=other)) == ON_BASE
    texts = {"mit.txt": "Permission is granted", "LicenseRef-Own.txt": "own"}
    assert changed(made(RICH, lock=other), made(RICH, lock=other, notices=texts)) == ON_BASE


def view_of(images: Resolved) -> View:
    return View(images, fingerprints(images), Ledger(), Inventory(images))


def files_of(view: View, id: str) -> tuple[object, ...]:
    """What must be the same under the same fingerprint: parents stand under their ids."""
    image = view.resolved.images[id]

    def refer(node: str) -> str:
        return node if ":" in node else view.catalog.externals[node].reference

    scripts = {
        name: view.catalog.files[name]
        for name in (*image.files, *rendered_tests.inherited_scripts(view, image))
    }
    return (
        public(image, refer),
        private(image, refer),
        license_text(view.catalog),
        Notices(view).text(id),
        rendered_tests.tests_json(view, image),
        scripts,
    )


@pytest.mark.parametrize("edit", [*(each[1] for each in COUNTS), *(each[1] for each in IGNORED)])
def test_equal_fingerprints_mean_equal_files(edit: Callable[[Documents], None]) -> None:
    notices = {"mit.txt": "Permission is granted"}
    first, second = (view_of(resolved(each, notices=notices)) for each in (RICH, edited(edit)))
    for id, fingerprint in first.fingerprints.items():
        if second.fingerprints[id] == fingerprint:
            assert files_of(first, id) == files_of(second, id)


@given(catalogues(most=3), catalogues(most=3))
@settings(max_examples=60)
def test_equal_fingerprints_mean_equal_files_everywhere(one: Documents, other: Documents) -> None:
    """The layers of two catalogues mixed: images of the same name now and then have the same content."""
    mixed = {**one, **{file: other[file] for file in layers_of(other)[:1] if file in one}}
    first = view_of(resolved(one))
    try:
        second = view_of(resolved(mixed))
    except ManifestError:
        return  # an image that others stand on is gone
    for id in first.fingerprints.keys() & second.fingerprints.keys():
        if first.fingerprints[id] == second.fingerprints[id]:
            assert files_of(first, id) == files_of(second, id)

"""The schemas say the same as `manifest/`: what rgraph accepts they accept, what it refuses they refuse."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from rgraph.errors import Problems, UsageError
from rgraph.files.init import template_files
from rgraph.files.reader import read_sources
from rgraph.files.yaml_nodes import load
from rgraph.manifest.document import KINDS, convert
from rgraph.manifest.step import STEP_KINDS
from rgraph.schema.build import ALL, NAMES, schema, schema_name, schema_text
from rgraph.schema.examples import DOCUMENTS

ROOT = Path(__file__).resolve().parents[3]
LAYER = {"kind": "base", "name": "a", "from": "debian", "variant": "1"}
WAIVER = {"rule": "RG101", "where": "a", "reason": "b", "owner": "c", "until": "2027-01-31"}
FIT = {"purl": "pkg:pypi/a", "needs": {"cuda": ">=10"}, "source": "b"}


def accepts(data: object, name: str = ALL) -> bool:
    """Whether a schema accepts some data."""
    return jsonschema_rs.validator_for(schema(name)).is_valid(data)


def converts(data: object) -> bool:
    """Whether rgraph accepts some data as a manifest."""
    problems = Problems()
    return convert("x.yaml", copy.deepcopy(data), problems) is not None and not len(problems)


def as_editors_read(data: object) -> object:
    """The same with numbers where YAML 1.2 has them: an editor does not know that all is text."""
    match data:
        case dict():
            return {key: as_editors_read(value) for key, value in data.items()}
        case list():
            return [as_editors_read(value) for value in data]
        case str() if re.fullmatch(r"\d+(\.\d+)?", data):
            return float(data)
    return data


def shipped() -> Iterator[tuple[str, Any]]:
    for document in read_sources(ROOT).documents:
        yield document.file, document.data


def of_init() -> Iterator[tuple[str, Any]]:
    problems = Problems()
    for file, content in template_files().items():
        if file.endswith(".yaml"):
            yield f"init: {file}", load(file, content, problems)
    problems.raise_any()


def of_reference() -> Iterator[tuple[str, Any]]:
    problems = Problems()
    for kind, text in DOCUMENTS.items():
        yield f"reference: {kind}", load(kind, text.encode(), problems)
    problems.raise_any()


MANIFESTS = dict([*shipped(), *of_init(), *of_reference()])


def properties(node: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and schema of every key that a schema names."""
    if isinstance(node, dict):
        for name, value in node.items():
            here = f"{path}/{name}"
            if name == "properties" and not path.endswith("/if"):
                yield from ((f"{here}/{key}", each) for key, each in value.items())
            yield from properties(value, here)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from properties(value, f"{path}/{index}")


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_one(name: str) -> None:
    jsonschema_rs.meta.validate(schema(name))
    assert json.loads(schema_text(name)) == schema(name)


def test_there_are_manifests_of_every_kind() -> None:
    assert {data["kind"] for data in MANIFESTS.values()} == set(KINDS)


@pytest.mark.parametrize("file", MANIFESTS)
def test_manifests_fit(file: str) -> None:
    data = MANIFESTS[file]
    for each in (data, as_editors_read(data)):
        for name in (ALL, schema_name(data["kind"])):
            jsonschema_rs.validator_for(schema(name)).validate(each)


@pytest.mark.parametrize("file", MANIFESTS)
def test_a_manifest_with_an_unknown_key_does_not_fit(file: str) -> None:
    assert not accepts({**MANIFESTS[file], "nmae": "x"})


STEPS_THAT_FIT: dict[str, Any] = {
    "text for a list": {"apt": "git"},
    "a list": {"apt": ["git", {"name": "curl", "at_least": "7"}]},
    "a mapping": {"apt": {"packages": ["git"], "recommends": True}},
    "a condition": {"apt": ["git"], "when": "${{ device == 'gpu' }}"},
    "a false condition": {"apt": ["git"], "when": False},
    "provides": {"run": ["true"], "provides": []},
    "with": {"use": "x", "with": {"a": True, "b": ["c", False], "d": "e"}},
    "a group": {"group": [{"run": ["true"], "provides": []}]},
    "one text as a verbatim command": {"run": "true", "provides": "pkg:generic/a@1"},
    "an argument without default": {"arg": {"A": None, "B": "1"}},
    "a path": {"env": {"PATH": {"prepend": "/bin"}}},
    "no configure": {"source": {"name": "a", "version": "1", "configure": False, "make": ["all"]}},
    "platforms": {"download": {"url": {"linux/amd64": "https://a"}, "to": "/a"}, "provides": []},
}


@pytest.mark.parametrize("name", STEPS_THAT_FIT)
def test_a_step_fits(name: str) -> None:
    data = {**LAYER, "steps": [STEPS_THAT_FIT[name]]}
    assert converts(data)
    assert accepts(data)
    assert accepts(data, "layer")


STEPS_THAT_DO_NOT_FIT: dict[str, Any] = {
    "an unknown step": {"atp": ["git"]},
    "no step": {"when": True},
    "nothing": {},
    "two steps": {"apt": ["git"], "pip": ["a==1"]},
    "a text": "apt",
    "an unknown key in the body": {"apt": {"packages": ["git"], "channel": "x"}},
    "a missing key in the body": {"take": {"from": "a", "path": "/a"}},
    "run without provides": {"run": ["true"]},
    "download without provides": {"download": {"url": "https://a", "to": "/a"}},
    "provides that does not go with it": {"apt": ["git"], "provides": []},
    "with that does not go with it": {"apt": ["git"], "with": {}},
    "when inside the body": {"conda": {"packages": ["a=1"], "when": True}},
    "a boolean for a text": {"user": True},
    "a list for a text": {"workdir": ["/a"]},
    "a mapping for a list": {"shell": {"a": "b"}},
    "a word that is none of the choices": {"conda": {"packages": ["a=1"], "command": "mmaba"}},
    "a bad step in a group": {"group": [{"atp": ["git"]}]},
    "nothing for packages": {"apt": None},
}


@pytest.mark.parametrize("name", STEPS_THAT_DO_NOT_FIT)
@pytest.mark.parametrize("list_of_steps", ["steps", "private"])
def test_a_step_does_not_fit(name: str, list_of_steps: str) -> None:
    data = {**LAYER, list_of_steps: [STEPS_THAT_DO_NOT_FIT[name]]}
    assert not converts(data)
    assert not accepts(data)
    assert not accepts(data, "layer")


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        {"kind": "bsae"},
        {"name": "a"},
        {"kind": "base", "name": "a", "variant": "1"},
        {**LAYER, "name": True},
        {**LAYER, "healthcheck": "never"},
        {**LAYER, "tests": [{"script": "a.R"}]},
        {**LAYER, "stages": [{"name": "a"}]},
        {"kind": "recipe", "name": "a"},
        {"kind": "recipe", "name": "a", "steps": [], "params": {"a": {"defualt": "1"}}},
        {"kind": "catalog", "name": "a", "policy": {"unpinned": ["npm"]}},
        {"kind": "externals", "externals": {"a": {}}},
        {"kind": "externals", "externals": []},
        {"kind": "components", "components": [{"purl": "pkg:cran/a"}]},
        {"kind": "catalog", "name": "a", "policy": {"levels": {"RG101": "fatal"}}},
        {"kind": "catalog", "name": "a", "policy": {"licenses": ["MIT"]}},
        {"kind": "catalog", "name": "a", "policy": {"notices": "some"}},
        {"kind": "compatibility", "compatibility": [{"purl": "pkg:pypi/a", "needs": {"cuda": "1"}}]},
        {"kind": "compatibility", "compatibility": [{**FIT, "needs": {"cuda": True}}]},
        {"kind": "compatibility", "compatibility": [{**FIT, "status": "guessed"}]},
        {"kind": "compatibility"},
        {"kind": "waivers", "waivers": [{key: WAIVER[key] for key in WAIVER if key != "until"}]},
        {"kind": "waivers", "waivers": [{**WAIVER, "expires": "2027-01-31"}]},
        {"kind": "waivers", "waivers": WAIVER},
    ],
    ids=json.dumps,
)
def test_what_rgraph_refuses_the_schema_refuses(data: object) -> None:
    assert not converts(data)
    assert not accepts(data)


@pytest.mark.parametrize(
    "data",
    [
        {**LAYER, "matrix": {"a": ["x", True, ["y"]], "include": [{"b": "z"}], "exclude": [{"a": "x"}]}},
        {**LAYER, "capabilities": {"gpu": True, "cuda": "11.1", "mpi": "${{ mpi }}"}},
        {**LAYER, "healthcheck": "none"},
        {**LAYER, "healthcheck": {"command": ["true"], "retries": "3"}},
        {"kind": "recipe", "name": "a", "steps": [], "params": {"a": None, "b": {"default": False}}},
        {"kind": "catalog", "name": "a", "policy": {"levels": {"RG101": "off"}}},
        {"kind": "compatibility", "compatibility": [{**FIT, "required": ["cuda"]}]},
        {"kind": "waivers", "waivers": [{**WAIVER, "where": ["a", "pkg:pypi/*"]}]},
    ],
    ids=json.dumps,
)
def test_what_rgraph_accepts_the_schema_accepts(data: object) -> None:
    assert converts(data)
    assert accepts(data)


@pytest.mark.parametrize(
    "matrix", [{"a": "x"}, {"a": []}, {"include": {"a": "x"}}, {"exclude": ["a"]}, ["a"]]
)
def test_the_schema_knows_what_a_matrix_looks_like(matrix: object) -> None:
    assert not accepts({**LAYER, "matrix": matrix})


@pytest.mark.parametrize(
    ("when", "fits"), [(True, True), ("${{ a }}", True), ("yes", False), ("x ${{ a }}", False)]
)
def test_a_flag_is_a_boolean_or_one_expression(when: object, fits: bool) -> None:
    assert accepts({**LAYER, "steps": [{"apt": ["git"], "when": when}]}) is fits


@pytest.mark.parametrize("name", NAMES)
def test_every_key_is_explained(name: str) -> None:
    found = dict(properties(schema(name)))
    assert found
    assert [path for path, each in found.items() if not each.get("description")] == []


def test_an_editor_completes_every_step() -> None:
    step = schema("layer")["definitions"]["step"]
    assert set(step["properties"]) == {*STEP_KINDS, "when", "provides", "with"}
    assert step["properties"]["apt"]["description"].startswith("Debian and Ubuntu packages.")


def test_descriptions_are_markdown_where_that_matters() -> None:
    variant = schema("layer")["properties"]["variant"]
    assert variant["markdownDescription"].endswith("`${{ device }}`.")
    assert "markdownDescription" not in schema("layer")["properties"]["tests"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("", ALL), ("base", "layer"), ("framework", "layer"), ("layer", "layer"), ("waivers", "waivers")],
)
def test_the_name_of_the_schema_for_a_kind(kind: str, name: str) -> None:
    assert schema_name(kind) == name


def test_a_kind_that_there_is_not() -> None:
    with pytest.raises(UsageError) as error:
        schema_name("recipes")
    assert (error.value.what, error.value.help) == (
        "there is no schema for `recipes`",
        "did you mean `recipe`?",
    )

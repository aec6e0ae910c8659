"""ImageBuilder's manifest: variables, includes, tags of platforms and shared ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from rgraph.importing.sources.found import Found
from rgraph.importing.sources.imagebuilder import manifest

VARIABLES = {"variables": {"v": "1.2", "tag": "$(v)-slim", "loop": "$(loop)"}}


def platform(dockerfile: str, *tags: str, **more: Any) -> dict[str, Any]:
    return {"dockerfile": dockerfile, "os": "linux", "tags": {tag: {} for tag in tags}, **more}


def found(repos: list[dict[str, Any]], given: Mapping[str, str] | None = None, **more: Any) -> Found:
    files = {
        "manifest.json": json.dumps(
            {"registry": "example.com", "includes": ["more.json"], "repos": repos, **more}, indent=1
        ),
        "more.json": json.dumps(VARIABLES),
    }
    return manifest("manifest.json", files.get, lambda path: path == "src/one/Dockerfile.x", given)


def repo(*platforms: dict[str, Any], shared: tuple[str, ...] = (), id: str = "base") -> dict[str, Any]:
    image = {"platforms": list(platforms), "sharedTags": {tag: {} for tag in shared}}
    return {"id": id, "name": f"org/{id}", "images": [image]}


def test_platforms_have_their_tags_and_those_that_they_share() -> None:
    one = platform("src/base/amd64", "$(tag)-amd64", "latest-amd64")
    other = platform("src/base/arm", "$(tag)-arm", architecture="arm", variant="v7")
    windows = platform("src/base/win", "$(tag)-win", os="windows", osVersion="nanoserver")
    images = found([repo(one, other, windows, shared=("$(tag)", "latest"))]).images
    assert [each.dockerfile for each in images] == [
        "src/base/amd64/Dockerfile",
        "src/base/arm/Dockerfile",
        "src/base/win/Dockerfile",
    ]
    assert images[0].tags == ("example.com/org/base:1.2-slim-amd64", "example.com/org/base:latest-amd64")
    assert {each.shared for each in images} == {
        ("example.com/org/base:1.2-slim", "example.com/org/base:latest")
    }
    assert [each.platforms for each in images] == [("linux/amd64",), ("linux/arm/v7",), ("windows/amd64",)]
    assert images[0].context == "src/base/amd64"


def test_arguments_name_repositories() -> None:
    child = platform("src/child", "x", buildArgs={"REPO": "$(Repo:base)", "V": "$(v)"})
    images = found([repo(platform("src/base", "x")), repo(child, id="child")]).images
    assert images[1].args == {"REPO": "example.com/org/base", "V": "1.2"}


def test_a_dockerfile_can_be_named_itself() -> None:
    (image,) = found([repo(platform("src/one/Dockerfile.x", "x"))]).images
    assert (image.dockerfile, image.context) == ("src/one/Dockerfile.x", "src/one")


def test_one_dockerfile_for_two_platforms_is_two_images_and_for_one_is_one() -> None:
    amd, arm = (
        platform("d", "a", architecture="amd64"),
        platform("d", "b", architecture="arm64", variant="v8"),
    )
    images = found([repo(amd, arm, platform("d", "c"))]).images
    assert [(each.name, each.platforms) for each in images] == [
        ("d/Dockerfile@base:a", ("linux/amd64",)),
        ("d/Dockerfile@base:b", ("linux/arm64",)),
    ]
    assert images[0].tags == ("example.com/org/base:a", "example.com/org/base:c")


def test_syndicated_tags_are_kept() -> None:
    tags = {"1": {"syndication": {"repo": "old/base", "destinationTags": ["one"]}}}
    (image,) = found([repo({"dockerfile": "d", "os": "linux", "tags": tags})]).images
    assert image.tags == ("example.com/org/base:1", "example.com/old/base:one")


@pytest.mark.parametrize("name", ["nothing", "loop", "System:TimeStamp", "Repo:other"])
def test_a_tag_that_cannot_be_known_is_named_and_counted(name: str) -> None:
    made = found([repo(platform("d", f"x-$({name})", "y"))])
    assert made.images[0].tags == ("example.com/org/base:y",)
    assert made.unresolved == 1
    assert made.problems[0].place.line == 14


def test_a_given_value_beats_that_of_the_manifest() -> None:
    (image,) = found([repo(platform("d", "$(tag)-$(new)"))], {"v": "9", "new": "n"}).images
    assert image.tags == ("example.com/org/base:9-slim-n",)


def test_repositories_of_included_files_count() -> None:
    files = {
        "manifest.json": json.dumps({"includes": ["sub/x.json"]}),
        "sub/x.json": json.dumps({"repos": [repo(platform("d", "x"))]}),
    }
    (image,) = manifest("manifest.json", files.get, lambda _: False).images
    assert (image.place.file, image.tags) == ("sub/x.json", ("org/base:x",))


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"includes": ["../x.json"]}, "leads out of the folder"),
        ({"includes": ["none.json"]}, "includes none.json, which cannot be read"),
    ],
)
def test_a_manifest_that_cannot_be_read_is_one_problem(more: dict[str, Any], what: str) -> None:
    made = found([], **more)
    assert not made.images
    assert [what in each.what for each in made.problems] == [True]


def test_another_file_is_no_manifest() -> None:
    made = manifest("manifest.json", lambda _: '{"a": 1}', lambda _: False)
    assert "has no `repos`" in made.problems[0].what


def test_a_dockerfile_outside_is_refused() -> None:
    made = found([repo(platform("../d", "x"), platform("e", "y"))])
    assert [each.dockerfile for each in made.images] == ["e/Dockerfile"]
    assert "leads out of the folder" in made.problems[0].what


def test_variables_that_double_each_other_end() -> None:
    variables = {"a0": "x" * 50, **{f"a{n + 1}": f"$(a{n})$(a{n})" for n in range(40)}}
    assert found([repo(platform("d", "$(a40)"))], variables).unresolved == 1

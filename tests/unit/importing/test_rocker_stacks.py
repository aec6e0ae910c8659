"""Stacks of rocker-versioned2: their images, and the Dockerfiles as R writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rgraph.importing.sources.found import Found
from rgraph.importing.sources.rocker_stacks import stacks

BASE = {
    "IMAGE": "r-ver",
    "FROM": "ubuntu:jammy",
    "ENV": {"R_VERSION": "4.3.3", "LANG": "C.UTF-8"},
    "COPY_a_script": "scripts/a.sh /a.sh",
    "RUN_a_script": "/a.sh",
    "ENV_after_a_script": {"CRAN": "https://cran.example"},
    "COPY": "scripts /scripts",
    "RUN": ["/scripts/one.sh", "/scripts/two.sh"],
    "EXPOSE": 8787,
    "CMD": '["R"]',
    "USER": "me",
    "WORKDIR": "/home/me",
    "tags": ["docker.io/example/r-ver:4.3.3", "ghcr.example/r-ver:4.3.3"],
    "platforms": ["linux/amd64", "linux/arm64"],
    "labels": {"title": "R"},
    "cache-from": ["x"],
}
EXPECTED = """\
FROM ubuntu:jammy

LABEL a="b" \\
      c="d"

ENV R_VERSION=4.3.3
ENV LANG=C.UTF-8

COPY scripts/a.sh /a.sh

RUN /a.sh

ENV CRAN=https://cran.example

COPY scripts /scripts

RUN /scripts/one.sh
RUN /scripts/two.sh

EXPOSE 8787

CMD ["R"]

USER me

WORKDIR /home/me
"""


def stack(*images: dict[str, Any], **shared: Any) -> Found:
    given = {"ordered": True, "TAG": "4.3.3", **shared, "stack": list(images)}
    return stacks({"stacks/4.3.3.json": json.dumps(given, indent=1)})


def test_a_dockerfile_has_the_blocks_in_order_and_the_shared_keys() -> None:
    found = stack(BASE, LABEL='a="b" \\\n      c="d"', group=[{"default": []}])
    assert not found.problems
    assert found.texts == {"dockerfiles/r-ver_4.3.3.Dockerfile": EXPECTED}


def test_an_image_has_tags_platforms_labels_and_the_line_of_its_name() -> None:
    (image,) = stack(BASE).images
    assert image.tags == ("docker.io/example/r-ver:4.3.3", "ghcr.example/r-ver:4.3.3")
    assert image.platforms == ("linux/amd64", "linux/arm64")
    assert (image.context, image.labels) == ("", {"title": "R"})
    assert (image.place.file, image.place.line) == ("stacks/4.3.3.json", 6)


def test_what_an_image_does_not_say_is_what_the_bake_file_would_have() -> None:
    (image,) = stack({"IMAGE": "x", "FROM": "y"}).images
    assert (image.tags, image.platforms) == (("docker.io/rocker/x:4.3.3",), ("linux/amd64",))


def test_an_own_key_beats_the_shared_one_and_null_leaves_it_out() -> None:
    found = stack({"IMAGE": "x", "TAG": "1", "FROM": "y", "LABEL": None, "RUN": []}, LABEL="a=b")
    assert found.texts == {"dockerfiles/x_1.Dockerfile": "FROM y\n"}


@pytest.mark.parametrize(
    ("image", "what"),
    [
        ({"FROM": "x"}, "has no IMAGE or no TAG"),
        ({"IMAGE": "../../x", "FROM": "y"}, "leads out of dockerfiles/"),
        ({"IMAGE": "x", "EXPOSE": 1.5}, "a value of `EXPOSE` is no text and no whole number"),
        ({"IMAGE": "x", "ENV": {"A": {"B": "c"}}}, "a value of `ENV` is no text"),
        ({"IMAGE": "x", "tags": [1]}, "`tags` is no list of texts"),
        ({"IMAGE": "x", "labels": ["a"]}, "`labels` is no object of texts"),
    ],
)
def test_what_cannot_be_read_is_named_and_the_rest_goes_on(image: dict[str, Any], what: str) -> None:
    found = stack(image, BASE)
    assert [each.name for each in found.images] == ["dockerfiles/r-ver_4.3.3.Dockerfile"]
    assert what in found.problems[0].what


def test_two_stacks_cannot_make_one_dockerfile() -> None:
    assert "is made by stacks/4.3.3.json" in stack(BASE, BASE).problems[0].what


def test_other_json_is_named_with_its_line() -> None:
    found = stacks({"stacks/a.json": '{\n"stack": [\n', "stacks/b.json": "[1]", "stacks/c.json": '{"a": 1}'})
    assert [(each.place.file, each.place.line) for each in found.problems] == [
        ("stacks/a.json", 3),
        ("stacks/b.json", 1),
        ("stacks/c.json", 1),
    ]


def test_a_key_that_stands_twice_is_refused() -> None:
    found = stacks({"s.json": '{"stack": [],\n "TAG": "1",\n "TAG": "2"}'})
    assert [(each.what, each.place.line) for each in found.problems] == [("`TAG` stands twice", 3)]


def test_a_label_of_several_lines_is_left_out_with_a_note() -> None:
    found = stack({"IMAGE": "x", "FROM": "y", "labels": {"a": "1\n2", "b": "3"}})
    assert found.images[0].labels == {"b": "3"}
    assert "has several lines" in found.notes[0].what

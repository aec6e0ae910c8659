"""Which references name images of the import."""

from __future__ import annotations

import pytest

from rgraph.importing.edges import Resolution
from rgraph.importing.linking import edges_of, links, name_of, same
from rgraph.importing.model import SourceImage
from tests.unit.importing.reading import image, resolution


def known(texts: dict[str, str], **tags: str) -> dict[str, tuple[SourceImage, Resolution]]:
    found = {}
    for path, text in texts.items():
        source = image(path, tags=tuple(filter(None, [tags.get(path.partition("/")[0], "")])))
        found[path] = (source, resolution(text, source))
    return found


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        ("ubuntu", "docker.io/library/ubuntu:latest", True),
        ("ubuntu:22.04", "ubuntu:20.04", False),
        ("localhost:5000/x", "localhost:5000/x:latest", True),
        ("a/b", "ghcr.io/a/b", False),
        ("a@sha256:11", "a:1@sha256:11", True),
        ("a@sha256:11", "a", False),
    ],
)
def test_references_that_are_the_same(one: str, other: str, answer: bool) -> None:
    assert same(one, other) is answer


def test_parts_of_a_reference() -> None:
    made = name_of("quay.io:443/a/b:c@sha256:0f")
    assert (made.host, made.path, made.tag, made.digest, made.last) == (
        "quay.io:443",
        "a/b",
        "c",
        "sha256:0f",
        "b",
    )


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"base/Dockerfile": "FROM u", "a/Dockerfile": "FROM org/base"}, {"org/base": "base/Dockerfile"}),
        ({"base/Dockerfile": "FROM u", "a/Dockerfile": "FROM org/base:2"}, {"org/base:2": "base/Dockerfile"}),
        ({"base/Dockerfile": "FROM u", "a/Dockerfile": "FROM base:2"}, {}),
        (
            {"base/Dockerfile": "FROM u", "a/Dockerfile": "FROM localhost/base"},
            {"localhost/base": "base/Dockerfile"},
        ),
        # A name alone is one of Docker's own images.
        ({"nginx/Dockerfile": "FROM debian", "a/Dockerfile": "FROM nginx"}, {}),
        ({"r/4.1/Dockerfile": "FROM u", "a/Dockerfile": "FROM r:4.1"}, {}),
        # Two registries, two namespaces.
        (
            {
                "svc/Dockerfile": "FROM u",
                "a/Dockerfile": "FROM ghcr.io/aaa/svc",
                "b/Dockerfile": "FROM quay.io/bbb/svc",
            },
            {},
        ),
        (
            {
                "svc/Dockerfile": "FROM u",
                "web/Dockerfile": "FROM aaa/svc",
                "b/Dockerfile": "FROM bbb/web",
            },
            {},
        ),
        (
            {"r/4.1/Dockerfile": "FROM u", "r/4.2/Dockerfile": "FROM org/r:4.1"},
            {"org/r:4.1": "r/4.1/Dockerfile"},
        ),
        (
            {"x/r_4.1.Dockerfile": "FROM u", "x/b.Dockerfile": "FROM org/r:4.1"},
            {"org/r:4.1": "x/r_4.1.Dockerfile"},
        ),
        # Two that could be meant, a digest, a namesake, two tags of one repository.
        ({"a/base/Dockerfile": "FROM u", "b/base/Dockerfile": "FROM u", "c/Dockerfile": "FROM base"}, {}),
        ({"base/Dockerfile": "FROM u", "a/Dockerfile": f"FROM org/base@sha256:{'0' * 64}"}, {}),
        ({"python/Dockerfile": "FROM python:3", "a/Dockerfile": "FROM python"}, {}),
        (
            {
                "base/Dockerfile": "FROM u",
                "a/Dockerfile": "FROM org/base:1",
                "b/Dockerfile": "FROM org/base:2",
            },
            {},
        ),
    ],
)
def test_by_the_names_of_folders(texts: dict[str, str], found: dict[str, str]) -> None:
    assert links(known(texts)) == found


def test_by_tags_where_the_source_gives_some() -> None:
    texts = {
        "one/Dockerfile": "FROM u",
        "two/Dockerfile": "FROM docker.io/org/x",
        "three/Dockerfile": "FROM one",
    }
    assert links(known(texts, one="org/x:latest")) == {"docker.io/org/x": "one/Dockerfile"}


def test_no_image_stands_on_itself() -> None:
    texts = {"a/Dockerfile": "FROM org/b", "b/Dockerfile": "FROM org/c", "c/Dockerfile": "FROM org/a"}
    found = links(known(texts))
    assert len(found) == 2
    assert links(known({"a/Dockerfile": "FROM org/a"})) == {}


def test_edges() -> None:
    text = "FROM go AS x\nFROM org/base AS low\nFROM low\nCOPY --from=x a b\nCOPY --from=tool a b\n"
    made = resolution(text, image("app/Dockerfile"))
    found = edges_of("app/Dockerfile", made, {"org/base": "base/Dockerfile"})
    assert [(each.type, each.to, each.external, each.line) for each in found] == [
        ("from", "base/Dockerfile", False, 2),
        ("copy", "go", True, 1),
        ("copy", "tool", True, 5),
    ]

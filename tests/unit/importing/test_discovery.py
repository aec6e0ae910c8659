"""What is called like a Dockerfile."""

from __future__ import annotations

import pytest

from rgraph.importing.discovery import called, has_from, is_named


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Dockerfile", "yes"),
        ("dockerfile", "yes"),
        ("DOCKERFILE", "yes"),
        ("Dockerfile.dev", "yes"),
        ("Dockerfile-alpine", "yes"),
        ("Dockerfile_gpu", "yes"),
        ("r-ver_4.3.1.Dockerfile", "yes"),
        ("x.dockerfile", "yes"),
        ("Containerfile", "yes"),
        ("Dockerfile.windows", "yes"),
        ("Dockerfile.go", "unsure"),
        ("dockerfile.py", "unsure"),
        ("Dockerfile.dockerignore", "no"),
        ("Dockerfile.j2", "no"),
        ("Dockerfile.template", "no"),
        ("Dockerfile~", "no"),
        ("Dockerfiles.md", "no"),
        ("dockerfiles.yml", "no"),
        ("MyDockerfile", "no"),
        ("file", "no"),
    ],
)
def test_names(name: str, answer: str) -> None:
    assert is_named(name) == answer


def test_what_tells_a_dockerfile_from_source_code() -> None:
    assert has_from(b"# x\nFROM go:1\n")
    assert has_from(b"ARG A\n  from go\n")
    assert not has_from(b"package main\n// FROMAGE\n")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("r-base/cpu/Dockerfile", ("r-base", "cpu")),
        ("Dockerfile", ()),
        ("x/r-ver_4.3.1.Dockerfile", ("x", "r-ver_4.3.1")),
        ("x/Dockerfile.gpu", ("x", "gpu")),
        ("app/docker/Dockerfile", ("app",)),
    ],
)
def test_what_an_image_is_called(path: str, words: tuple[str, ...]) -> None:
    assert called(path) == words

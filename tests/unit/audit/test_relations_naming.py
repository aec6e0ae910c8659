"""What names of images say of versions."""

from __future__ import annotations

import pytest

from rgraph.audit.relations.naming import Said, fits, plain_name, said_in


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openmpi4.1.0-ubuntu20.04", [("openmpi", "4.1.0"), ("ubuntu", "20.04")]),
        ("base-gpu/cuda11.1-cudnn8", [("cuda", "11.1"), ("cudnn", "8")]),
        ("openmpi-4.1.0", [("openmpi", "4.1.0")]),
        ("3.4.2", [("", "3.4.2")]),
        ("cuda11.1-8.0", [("cuda", "11.1"), ("", "8.0")]),
        ("r-base_cpu", []),
        ("py38", [("py", "38")]),
        ("tensorflow-2", []),
        ("3.5dotnet-ltsc2019", [("ltsc", "2019")]),
    ],
)
def test_versions_in_a_name(name: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.name, each.version) for each in said_in([name])] == expected


def test_what_several_names_say_comes_once() -> None:
    assert said_in(["cuda11.1", "x/cuda11.1"]) == (Said("cuda", "11.1", "cuda11.1"),)


@pytest.mark.parametrize(
    ("said", "version", "expected"),
    [
        ("11.1", "11.1.1", True),
        ("11.1", "11.10", False),
        ("11.1.1", "11.1", True),
        ("8", "8.0.5.39", True),
        ("7", "8", False),
        ("2.1", "v2.1.0", True),
        ("8.2", "1:8.2p1-4", True),
        ("4.12", "py38_4.12.0", True),
        ("4.11", "py38_4.12.0", False),
        ("4.1", "e9605bdaaaf858008aa60b538e32291c8a5f8471", True),
        ("4.1", "main", True),
    ],
)
def test_a_said_version_fits(said: str, version: str, expected: bool) -> None:
    assert fits(said, version) is expected


def test_names_without_signs() -> None:
    assert plain_name("Intel-MPI") == plain_name("intelmpi")

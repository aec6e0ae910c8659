from __future__ import annotations

from typing import Any

import pytest

from rgraph.importing.externals import distribution, externals_document
from rgraph.importing.model import SourceEdge
from rgraph.importing.unpinned import unpinned
from tests.unit.importing.drafts import image


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("ubuntu:20.04", "ubuntu-20.04"),
        ("ubuntu:focal-20230301", "ubuntu-20.04"),
        ("registry.example.com/x/ubuntu:22.04", "ubuntu-22.04"),
        ("debian:12.9-slim", "debian-12"),
        ("debian:bookworm", "debian-12"),
        ("python:3.11-slim-bullseye", "debian-11"),
        ("nvidia/cuda:11.1.1-cudnn8-devel-ubuntu20.04", "ubuntu-20.04"),
        ("ubuntu", ""),
        ("ubuntu:latest", ""),
        ("alpine:3.19", ""),
        ("nvidia/cuda@sha256:" + "0" * 64, ""),
    ],
)
def test_distribution(reference: str, found: str) -> None:
    assert distribution(reference) == found


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, {}),
        ({"platforms": ("linux/amd64", "linux/arm64")}, {"platforms": ["linux/amd64", "linux/arm64"]}),
        ({"platforms": ("linux/arm64",)}, {"platforms": ["linux/arm64"]}),
    ],
)
def test_platforms(more: dict[str, Any], said: dict[str, Any]) -> None:
    made = externals_document([image("a", base="x:1", **more)], {"x:1": "x"})
    assert made == {"kind": "externals", "externals": {"x": {"reference": "x:1", **said}}}


@pytest.mark.parametrize(
    ("reference", "build"),
    [
        ("mcr.microsoft.com/windows/servercore:1809", "10.0.17763"),
        ("mcr.microsoft.com/dotnet/framework/runtime:3.5-windowsservercore-ltsc2019", "10.0.17763"),
        ("mcr.microsoft.com/windows/nanoserver:ltsc2025-amd64", "10.0.26100"),
        ("mcr.microsoft.com/windows/servercore:latest", "unknown"),
    ],
)
def test_windows(reference: str, build: str) -> None:
    made = externals_document([image("a", base=reference, os="windows")], {reference: "w"})
    assert made["externals"]["w"] == {
        "reference": reference,
        "platforms": ["windows/amd64"],
        "os_version": build,
    }


def test_what_is_copied_from_counts() -> None:
    edges = (SourceEdge("a", "x:1", "from", True, 1), SourceEdge("a", "y:1", "copy", True, 2))
    platforms = ("linux/amd64", "linux/arm64")
    made = externals_document(
        [image("a", base="x:1", edges=edges, platforms=platforms)], {"x:1": "x", "y:1": "y"}
    )
    assert list(made["externals"]) == ["x", "y"]
    assert made["externals"]["y"]["platforms"] == list(platforms)


@pytest.mark.parametrize(
    ("step", "ecosystems"),
    [
        ({"apt": ["curl=1"]}, ()),
        ({"apt": ["curl=1", "wget"]}, ("apt",)),
        ({"apt": "curl=1.*"}, ("apt",)),
        ({"apt": {"packages": [{"name": "x", "at_least": "1"}]}}, ("apt",)),
        ({"apt": {"packages": [{"name": "x", "version": "1"}]}}, ()),
        ({"conda": {"packages": ["a=1", "b>=1"]}}, ("conda",)),
        ({"pip": ["a==1.0"]}, ()),
        ({"pip": ["a>=1.0", "b"]}, ("pip",)),
        ({"cran": ["zoo"]}, ("cran",)),
        ({"cran": {"snapshot": "2020-01-01", "packages": ["zoo"]}}, ()),
        ({"bioconductor": {"release": "3.9", "packages": ["limma"]}}, ()),
        ({"github": {"repo": "a/b", "ref": "main"}}, ("github",)),
        ({"github": [{"repo": "a/b", "ref": "v1"}]}, ()),
        ({"group": [{"apt": ["curl"]}, {"pip": ["b"]}]}, ("apt", "pip")),
        ({"run": ["pip install x"], "provides": []}, ()),
    ],
)
def test_unpinned(step: dict[str, Any], ecosystems: tuple[str, ...]) -> None:
    assert unpinned([step]) == ecosystems

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph import names
from rgraph.importing import naming

TEXTS = st.text(max_size=80) | st.text("aB1._-/", max_size=40)


@given(TEXTS)
def test_all_texts_make_names(text: str) -> None:
    assert names.layer_name(naming.slug(text)) == naming.slug(text)
    assert names.variant(naming.variant_name(text)) == naming.variant_name(text)
    assert names.tag(naming.tag_name(text)) == naming.tag_name(text)
    assert names.repository(naming.repository_name(text)) == naming.repository_name(text)
    assert names.folder(naming.folder_name(text)) == naming.folder_name(text)


@given(st.lists(TEXTS | st.sampled_from(["a", "A", "a/b", "a/b/c", "releases", "a/a"]), max_size=8))
def test_folders_are_apart(wanted: list[str]) -> None:
    made = naming.folders(wanted)
    assert len(made) == len(wanted)
    lower = [each.lower() for each in made]
    assert len(set(lower)) == len(lower)
    assert not any(a.startswith(f"{b}/") for a in lower for b in lower)
    assert all(names.folder(each) == each for each in made)


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Open MPI", "open-mpi"), ("a__b", "a_b"), ("kind", "kind-image"), ("...", "image"), ("C++", "c")],
)
def test_slug(text: str, slug: str) -> None:
    assert naming.slug(text) == slug


@pytest.mark.parametrize(
    ("folders", "stems"),
    [
        (["base/cpu/openmpi"], ["openmpi"]),
        (["r-base/cpu", "r-base/gpu"], ["r-base-cpu", "r-base-gpu"]),
        (["a/x", "b/x", "c/y"], ["a-x", "b-x", "y"]),
        (["runtime/8.0/amd64", "sdk/8.0/amd64"], ["runtime-8.0-amd64", "sdk-8.0-amd64"]),
        (["3.9"], ["3.9"]),
    ],
)
def test_stems(folders: list[str], stems: list[str]) -> None:
    assert naming.stems(folders) == stems


@pytest.mark.parametrize(
    ("stems", "places", "name"),
    [
        (["one"], ["x/one"], "one"),
        (["openmpi4.1-cuda11.1", "openmpi4.1-cuda11.2"], ["a", "b"], "openmpi4.1-cuda"),
        (["cpu", "gpu"], ["r-base/cpu", "r-base/gpu"], "r-base"),
        (["a", "b"], ["python/3.8/a", "python/3.8/b"], "python"),
        (["one-x", "two-y"], ["a", "b"], "one"),
    ],
)
def test_family_name(stems: list[str], places: list[str], name: str) -> None:
    assert naming.family_name(stems, places) == name


def test_externals() -> None:
    references = [
        "ubuntu:20.04",
        "nvidia/cuda:11.1.1-cudnn8-devel-ubuntu20.04",
        "nvidia/cuda@sha256:" + "5b" * 32,
        "mcr.microsoft.com/azureml/python-assets:20230222.v4",
        "mcr.microsoft.com/dotnet/runtime:8.0",
        "other/ubuntu:20.04",
        "scratch",
    ]
    made = naming.external_names(references)
    assert made == {
        "ubuntu:20.04": "ubuntu20.04-2",
        "nvidia/cuda:11.1.1-cudnn8-devel-ubuntu20.04": "cuda11.1.1-cudnn8-devel-ubuntu20.04",
        "nvidia/cuda@sha256:" + "5b" * 32: "cuda-sha256-5b5b5b5b",
        "mcr.microsoft.com/azureml/python-assets:20230222.v4": "python-assets",
        "mcr.microsoft.com/dotnet/runtime:8.0": "dotnet-runtime-8.0",
        "other/ubuntu:20.04": "ubuntu20.04",
        "scratch": "scratch",
    }


def test_told_apart() -> None:
    assert naming.told_apart(["a/x/1", "a/y/1", "a/y/2"]) == ["x-1", "y-1", "y-2"]

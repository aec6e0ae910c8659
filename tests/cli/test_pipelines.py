"""`plan` for what builds it, as it is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.errors.running import catalogue, run
from tests.tools.repository import commit, repository

DAY = ("--date", "20260102")
FORMATS = ("github", "azure-pipelines", "bake")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue in a git repository."""
    root = catalogue(tmp_path / "catalogue")
    repository(root)
    commit(root)
    return root


def plan(root: Path, *arguments: str) -> Any:
    result = run(root, "plan", *DAY, *arguments)
    assert result.code == 0, result.err
    return json.loads(result.out)


def ids(document: dict[str, Any]) -> set[str]:
    if "legs" in document:
        return {work["id"] for leg in document["legs"].values() for work in leg["images"]}
    return {
        target["context"].removeprefix("generated/").replace("/", ":")
        for target in document.get("target", {}).values()
    }


@pytest.mark.parametrize("format", FORMATS)
def test_all_selected_or_changed_images_are_in_it(root: Path, format: str) -> None:
    everything = {"base:cpu", "base:gpu", "r-base:cpu", "r-base:gpu"}
    assert ids(plan(root, "--format", format)) == everything
    assert ids(plan(root, "+r-base:cpu", "--format", format)) == {"base:cpu", "r-base:cpu"}
    assert ids(plan(root, "--since", "HEAD", "--format", format)) == set()
    path = root / "manifests/r/r-base.yaml"
    path.write_text(path.read_text().replace("3.6.0", "3.6.1"))
    assert ids(plan(root, "--since", "HEAD", "--format", format)) == {"r-base:cpu", "r-base:gpu"}
    every = plan(root, "base:*", "--since", "HEAD", "--all-if-unchanged", "--format", format)
    assert ids(every) == {"base:cpu", "base:gpu"}


@pytest.mark.parametrize("format", FORMATS)
def test_a_plan_without_what_it_is_made_from_is_refused(root: Path, format: str) -> None:
    result = run(root, "plan", "r-base:cpu", *DAY, "--format", format)
    assert (result.code, result.out) == (2, "")
    assert "made from `base:cpu`, which must be built first and is not in the plan" in result.err
    assert "`+IMAGE` names an image and all that it needs" in result.err
    text = run(root, "plan", "r-base:cpu", *DAY)
    assert text.code == 0
    assert "to be built first, and not in this plan: base:cpu" in text.err


def test_a_release_that_is_asked_for_is_in_the_tags(root: Path) -> None:
    document = plan(root, "base:cpu", "--num", "7", "--format", "github")
    (leg,) = document["legs"].values()
    assert leg["images"][0]["tags"] == ["cpu-20260102.v7", "cpu"]
    document = plan(root, "base:cpu", "--num", "7", "--format", "bake")
    (target,) = document["target"].values()
    assert target["tags"] == [
        "registry.example.com/team/base:cpu-20260102.v7",
        "registry.example.com/team/base:cpu",
    ]


def test_after_a_release_only_what_changed_is_in_it(root: Path) -> None:
    run(root, "release", "cut", *DAY)
    document = plan(root, "--format", "github")
    assert document["legs"] == {}
    assert [wave["matrix"]["include"] for wave in document["jobs"].values()] == [[], []]
    path = root / "manifests/r/r-base.yaml"
    path.write_text(path.read_text().replace("3.6.0", "3.6.1"))
    document = plan(root, "--format", "github")
    assert [len(wave["matrix"]["include"]) for wave in document["jobs"].values()] == [0, 2]
    (work, _) = [work for leg in document["legs"].values() for work in leg["images"]]
    assert (work["needs"], work["parents"]) == ([], {})


def test_a_format_that_is_none_is_refused(root: Path) -> None:
    assert run(root, "plan", "--format", "gitlab").code == 2

"""What a run has to build: what nobody has, and what that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from rgraph.app import Workspace
from rgraph.builds.survey import Held, survey
from rgraph.errors import UsageError
from rgraph.image import Image
from tests.tools.locking import small_catalogue


@pytest.fixture
def images(tmp_path: Path) -> Mapping[str, Image]:
    """`low:one`, `mid:one` on it, `top:one` on that, and `own:one`."""
    return Workspace(small_catalogue(tmp_path, {"one": "example.com/one:1"})).resolved.images


class Registry:
    """Answers which images are there, and keeps what it was asked."""

    def __init__(self, *there: str) -> None:
        self._there = there
        self.asked: list[list[str]] = []

    def __call__(self, ids: Sequence[str]) -> dict[str, Held]:
        self.asked.append(list(ids))
        return {id: Held(f"{id}@digest") for id in ids if id in self._there}


def test_all_that_is_missing(images: Mapping[str, Image]) -> None:
    found = survey(images, [*images], (), Registry())
    assert found.build == ("low:one", "own:one", "mid:one", "top:one")
    assert found.added == ()
    assert found.held == {}


def test_nothing_is_missing(images: Mapping[str, Image]) -> None:
    registry = Registry("top:one")
    found = survey(images, ["top:one"], (), registry)
    assert (found.build, [*found.held]) == ((), ["top:one"])
    assert registry.asked == [["top:one"]], "nobody needs what it stands on"


def test_what_is_needed_is_built_too(images: Mapping[str, Image]) -> None:
    found = survey(images, ["top:one"], (), Registry("low:one"))
    assert (found.build, found.added, [*found.held]) == (("mid:one", "top:one"), ("mid:one",), ["low:one"])


def test_what_was_left_out_is_not_built_too(images: Mapping[str, Image]) -> None:
    with pytest.raises(UsageError, match="`mid:one` is made from `low:one`, which was left out"):
        survey(images, ["mid:one"], ["low:one"], Registry())
    assert survey(images, ["mid:one"], ["low:one"], Registry("low:one")).build == ("mid:one",)

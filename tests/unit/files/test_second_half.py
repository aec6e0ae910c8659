from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from rgraph.errors import ManifestError
from rgraph.files.reader import read_sources
from rgraph.files.second_half import ENOUGH, in_halves


def doubled(items: Sequence[int]) -> list[int]:
    return [2 * item for item in items]


@pytest.mark.parametrize("count", [0, 1, ENOUGH - 1, ENOUGH, ENOUGH + 1, 20_000])
def test_the_halves_are_the_whole(count: int) -> None:
    parts = in_halves(range(count), doubled, list[int])
    assert [item for part in parts for item in part] == doubled(range(count))


def test_a_copy_that_fails_is_made_up_for() -> None:
    here = os.getpid()

    def work(items: Sequence[int]) -> list[int]:
        if os.getpid() != here:
            raise ValueError
        return doubled(items)

    parts = in_halves(range(ENOUGH), work, list[int])
    assert [item for part in parts for item in part] == doubled(range(ENOUGH))


def test_problems_of_both_halves_are_reported(tmp_path: Path) -> None:
    folder = tmp_path / "manifests" / "base"
    folder.mkdir(parents=True)
    for number in range(ENOUGH + 1):
        text = "a: [" if number in (1, ENOUGH - 1) else f"kind: base\nname: n{number}\n"
        (folder / f"{number:04}.yaml").write_text(text)
    with pytest.raises(ManifestError) as raised:
        read_sources(tmp_path)
    files = {problem.place.file for problem in raised.value.problems}
    assert files == {"manifests/base/0001.yaml", f"manifests/base/{ENOUGH - 1:04}.yaml"}

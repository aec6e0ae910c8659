"""The bake file of a run, and who is to blame when a call fails."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest

from rgraph.builds.baking import Target, bake_file, longest_chain, roots_of
from rgraph.render.bake import target_names


def target(*parents: str, labels: dict[str, str] | None = None) -> Target:
    return Target(
        context="/c",
        dockerfile="/d",
        tags=["staging.example.com/x:one--7"],
        labels=labels or {},
        secrets=["TOKEN"],
        platforms=["linux/amd64"],
        parents={f"{parent.replace(':', '/')}:content": parent for parent in parents},
    )


TARGETS = {"low:1": target(), "own:1": target(), "mid:1": target("low:1"), "top:1": target("mid:1", "own:1")}


def test_bake_reads_it(buildx: Path, tmp_path: Path) -> None:
    awkward = 'a "b" ${c} %{d} $e \\ f'
    targets = TARGETS | {"odd.name:1_2": target(labels={"org.example.text": awkward})}
    names = target_names(targets)
    file = tmp_path / "bake.json"
    file.write_bytes(bake_file(targets, names))
    command = [str(buildx), "bake", f"--file={file}", "--print"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    read = json.loads(done.stdout)["target"]
    assert read.keys() == set(names.values())
    assert read[names["top:1"]]["contexts"] == {
        "mid/1:content": f"target:{names['mid:1']}",
        "own/1:content": f"target:{names['own:1']}",
    }
    assert read[names["odd.name:1_2"]]["labels"] == {"org.example.text": awkward}
    assert read[names["low:1"]]["secret"] == ["id=TOKEN,env=TOKEN"]


@pytest.mark.parametrize(
    ("blamed", "failed", "again"),
    [
        (["low:1"], ["low:1"], ["own:1"]),
        (["top:1"], ["top:1"], ["low:1", "own:1", "mid:1"]),
        (["mid:1", "low:1"], ["low:1"], ["own:1"]),
        (["own:1", "low:1"], ["low:1", "own:1"], []),
        (["top:1", "own:1"], ["own:1"], ["low:1", "mid:1"]),
    ],
)
def test_the_roots_of_a_failure(blamed: Collection[str], failed: list[str], again: list[str]) -> None:
    assert roots_of(blamed, TARGETS) == (failed, again)


def test_the_longest_chain() -> None:
    assert longest_chain(TARGETS) == 3
    assert longest_chain({"own:1": target()}) == 1

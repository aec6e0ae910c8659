"""Tests and looks into images that are not as most are: without a shell, without a command, broken."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World

STATUS = b"Package: base-files\nVersion: 12\nStatus: install ok installed\n"


def bare(folder: Path) -> Path:
    """A file system that holds what dpkg wrote down, and no program."""
    path = folder / "bare.tar"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("var/lib/dpkg/status")
        entry.size = len(STATUS)
        archive.addfile(entry, io.BytesIO(STATUS))
    return path


def results(world: World, id: str) -> dict[str, dict[str, Any]]:
    """What the record of the build 1 says of an image's tests."""
    tests = world.catalogue.record("1", "tests.json")["images"][id]["tests"]
    return {each["name"]: each for each in tests}


def test_an_image_without_a_shell_is_looked_into_all_the_same(world: World, tmp_path: Path) -> None:
    world.engine.load(bare(tmp_path), "bare:1")
    done = world.catalogue.rgraph(
        "verify", "low:one", "--reference", "bare:1", "--format", "json", code=1
    ).json()
    (image,) = done["images"]
    assert image["packages"] == 1
    assert [(each["kind"], each["name"], each["found"]) for each in image["differences"]] == [
        ("undeclared", "base-files", "12")
    ]
    assert world.engine.containers() == []


def test_an_image_that_only_holds_files_starts_as_far_as_it_can(world: World, tmp_path: Path) -> None:
    below = f"{world.production.host}/external/bare:1"
    world.engine.load(bare(tmp_path), below)
    world.engine.docker("push", below)
    manifests = world.root / "manifests"
    text = (manifests / "externals.yaml").read_text()
    (manifests / "externals.yaml").write_text(f"{text}  bare:\n    reference: {below}\n")
    layer(world.root, "base", "low", "bare", steps=[{"env": {"A": "b"}}])
    layer(world.root, "base", "own", "tiny", cmd=["/nowhere"])
    world.catalogue.rgraph("build", "low:one", "own:one", "--build-number", "1")
    world.catalogue.rgraph("test", "--build-number", "1", code=1)
    assert results(world, "low:one")["starts"]["state"] == "passed"
    broken = results(world, "own:one")["starts"]
    assert broken["state"] == "failed"
    assert "/nowhere" in broken["message"]


def test_what_tests_say_that_cannot_run(world: World) -> None:
    """Each has a reason that a person can act on, and does not keep the others from running."""
    layer(
        world.root,
        "base",
        "own",
        "tiny",
        tests=[
            {"name": "no-mpirun", "command": "true", "nodes": "2"},
            {"name": "no-r", "r_packages": ["stats"]},
            {"name": "no-command", "command": ["/bin/nothing"]},
            {"name": "in-shell", "command": "nothing-here"},
            {"name": "code", "command": "exit 3", "exit_code": "3"},
            {
                "name": "each",
                "command": 'test "$WORLD_SIZE" = 2 && echo "I am $RANK"',
                "nodes": "2",
                "launch": "each",
                "output": "I am 0",
            },
        ],
    )
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    done = world.catalogue.rgraph("test", "own:one", "--build-number", "1", code=1)
    found = results(world, "own:one")
    assert [name for name, each in found.items() if each["state"] == "passed"] == ["starts", "code", "each"]
    assert "mpirun" in found["no-mpirun"]["message"]
    assert "Rscript" in found["no-r: library(stats)"]["message"]
    assert "/bin/nothing" in found["no-command"]["message"]
    assert "not there" in found["in-shell"]["message"]
    assert "build 1: 1 image tested: 1 failed" in done.out
    assert world.engine.containers() == []
    assert world.engine.networks() == set()


def test_what_was_changed_after_the_build_is_not_tested(world: World) -> None:
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    layer(world.root, "base", "own", "tiny", "echo other > /own")
    done = world.catalogue.rgraph("test", "own:one", "low:one", "--build-number", "1", code=1)
    assert "its manifests were changed after it was built" in done.out
    assert "the build `1` does not have it" in done.out

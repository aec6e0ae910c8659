"""The disk that logs and records are on is full."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World
from tests.e2e.faults import assert_spoken, assert_whole, complete, has_digests, outcome, prepared, promoted

FULL = "no space left on device"
BUILD = ("build", "--push", "--build-number", "1")


@pytest.fixture
def small(world: World) -> Iterator[Path]:
    """`.rgraph/builds` on a disk of 64 KiB."""
    yield from _small(world.catalogue.builds)


@pytest.fixture
def small_logs(world: World) -> Iterator[Path]:
    """The folder of the logs of build 1 on such a disk."""
    yield from _small(world.catalogue.builds / "1/logs")


def _small(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=False, capture_output=True)


def fill(file: Path) -> None:
    """Writes a file that takes all the room there is."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filling:
        while True:
            filling.write(bytes(512))


def free(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=16m", folder], check=True)


@pytest.mark.parametrize("disk", ["small", "small_logs"])
def test_full_while_a_log_is_written(world: World, disk: str, request: pytest.FixtureRequest) -> None:
    small: Path = request.getfixturevalue(disk)
    layer(world.root, "r", "mid", "low:one", "seq 1 60000", "echo mid >/mid")
    done = world.catalogue.rgraph(*BUILD, code=None)
    assert_spoken(done, 0, 1, 2, 3)
    assert FULL in done.err
    assert promoted(world) == {}
    free(small)
    complete(world)
    what = "with the records" if disk == "small" else "alone"
    outcome(
        f"disk of the logs {what} full in the middle of a build",
        f"exit {done.code}, said so; the next run completes it",
    )


def test_full_from_the_start(world: World, small: Path) -> None:
    filling = small / "filling"
    fill(filling)
    done = world.catalogue.rgraph(*BUILD, code=None)
    assert_spoken(done, 1, 2, 3)
    assert FULL in done.err
    filling.unlink()
    free(small)
    complete(world)
    outcome("disk full from the start", f"exit {done.code}, said so; the next run completes it")


def test_full_when_tests_are_written_down(world: World, small: Path) -> None:
    world.catalogue.rgraph(*BUILD)
    filling = small / "filling"
    fill(filling)
    done = world.catalogue.rgraph("test", "--build-number", "1", code=None)
    assert_spoken(done, 1, 2, 3)
    assert FULL in done.err
    filling.unlink()
    free(small)
    complete(world)
    outcome("disk full when tests are written down", f"exit {done.code}, said so; the next run completes it")


def test_full_when_the_ledger_is_written(world: World) -> None:
    """The promotion is done and cannot be written down: the next run does so, and copies nothing."""
    release = prepared(world)
    manifests = world.root / "manifests"
    kept = world.root / "kept"
    manifests.rename(kept)
    manifests.mkdir()
    size = sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in kept.rglob("*"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", manifests], check=True)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", manifests], check=True)
        fill(manifests / "filling")
        done = world.catalogue.rgraph("promote", "--release", release, code=None)
        assert_spoken(done, 1, 2, 3)
        assert FULL in done.err
        assert not has_digests(world)
        (manifests / "filling").unlink()
        world.catalogue.rgraph("promote", "--release", release)
        assert_whole(world, "1", release)
    finally:
        subprocess.run(["umount", "--lazy", manifests], check=False)
    outcome("disk full when the ledger is written", f"exit {done.code}, said so; the next run writes it down")

"""The engine goes away in the middle of a build, or stands still, or what is built fails."""

from __future__ import annotations

import shutil

import pytest

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World
from tests.e2e.faults import (
    assert_spoken,
    complete,
    ended,
    has_digests,
    log,
    outcome,
    prepared,
    promoted,
    states,
    wait_for,
)

BUILD = ("build", "--push", "--build-number", "1")


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_the_engine_goes_away_in_the_middle_of_a_build(world: World, how: str) -> None:
    layer(world.root, "r", "mid", "low:one", "echo at work", "sleep 4", "echo mid >/mid")
    process = world.catalogue.start(*BUILD)
    wait_for(lambda: "at work" in log(world.catalogue, "1", "mid"), "the build of mid begins")
    if how == "stopped":
        world.engine.stop()
    else:
        world.engine.kill()
    done = ended(process)
    world.engine.start()
    assert_spoken(done, 1, 3)
    found = states(world.catalogue, "1")
    assert (found["low"], found["mid"], found["top"]) == ("built", "failed", "skipped")
    assert promoted(world) == {}
    complete(world)
    assert states(world.catalogue, "1")["low"] == "present"
    outcome(f"engine {how} in the middle of a build", f"exit {done.code}; the next run builds what is left")


def test_no_engine_at_all(world: World) -> None:
    world.engine.stop()
    try:
        for command in (BUILD, ("test", "--build-number", "1")):
            done = world.catalogue.rgraph(*command, code=None)
            assert_spoken(done, 2 if command[0] == "test" else 3, 3)
        assert "engine" in done.err or "build" in done.err
    finally:
        world.engine.start()
    complete(world)
    outcome("no engine", "exit 3, nothing changed")


def test_a_build_that_fails(world: World) -> None:
    layer(world.root, "r", "mid", "low:one", "echo to no avail", "exit 7")
    done = world.catalogue.rgraph(*BUILD, code=1)
    assert states(world.catalogue, "1") == {"low": "built", "mid": "failed", "own": "built", "top": "skipped"}
    assert "mid:one" in done.said
    assert "to no avail" in log(world.catalogue, "1", "mid")
    assert_refused(world)
    layer(world.root, "r", "mid", "low:one")
    complete(world, "2")
    outcome(
        "a build that fails", "exit 1; what does not need it is built; nothing promoted, its tags deleted"
    )


def test_a_build_that_hangs(world: World) -> None:
    layer(world.root, "r", "mid", "low:one", "echo waiting", "sleep 600")
    done = ended(world.catalogue.start(*BUILD, "--timeout", "6s"))
    assert_spoken(done, 1)
    assert states(world.catalogue, "1") == {
        "low": "built",
        "mid": "timeout",
        "own": "built",
        "top": "skipped",
    }
    assert_refused(world)
    layer(world.root, "r", "mid", "low:one")
    complete(world, "2")
    outcome("a build that hangs", "ended at its time limit, exit 1; nothing promoted, its tags deleted")


def test_a_test_that_fails(world: World) -> None:
    tests = [{"name": "lost", "command": "cat /nowhere"}]
    layer(world.root, "r", "mid", "low:one", tests=tests)
    world.catalogue.rgraph(*BUILD)
    done = world.catalogue.rgraph("test", "--build-number", "1", code=1)
    assert "lost" in done.said
    assert_refused(world)
    layer(world.root, "r", "mid", "low:one")
    complete(world, "2")
    outcome("a test that fails", "exit 1; nothing promoted, the tags of that build deleted")


def test_a_test_that_hangs(world: World) -> None:
    tests = [{"name": "waits", "command": "sleep 600", "timeout": "2s"}]
    layer(world.root, "r", "mid", "low:one", tests=tests)
    world.catalogue.rgraph(*BUILD)
    done = ended(world.catalogue.start("test", "--build-number", "1"))
    assert_spoken(done, 1)
    assert_refused(world)
    layer(world.root, "r", "mid", "low:one")
    complete(world, "2")
    outcome("a test that hangs", "ended at its time limit, exit 1, its containers removed; nothing promoted")


def test_the_engine_goes_away_in_the_middle_of_a_test(world: World) -> None:
    tests = [{"name": "waits", "command": "sleep 4"}]
    layer(world.root, "r", "mid", "low:one", tests=tests)
    world.catalogue.rgraph(*BUILD)
    process = world.catalogue.start("test", "mid:one", "--build-number", "1")
    wait_for(world.engine.containers, "a container of the test")
    world.engine.kill()
    done = ended(process)
    world.engine.start()
    assert_spoken(done, 1, 3)
    release = prepared(world)
    world.catalogue.rgraph("promote", "--release", release)
    outcome("engine killed in the middle of a test", f"exit {done.code}; the next run tests anew")


def assert_refused(world: World) -> None:
    """A release of build 1 is not promoted, and its tags in staging are gone. The cut is thrown away."""
    kept = world.root.with_name("kept")
    shutil.copytree(world.root, kept)
    release = world.catalogue.cut("1")
    done = world.catalogue.rgraph("promote", "--release", release, code=None)
    assert_spoken(done, 1)
    assert promoted(world) == {}
    assert not has_digests(world)
    tags = {tag for repository in world.staging.repositories() for tag in world.staging.tags(repository)}
    assert not {tag for tag in tags if tag.endswith("--1")}, tags
    shutil.rmtree(world.root)
    kept.rename(world.root)

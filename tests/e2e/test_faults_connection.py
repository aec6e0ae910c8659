"""The connection to the engine breaks while the engine works on."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World
from tests.e2e.cutting import cutting
from tests.e2e.faults import assert_spoken, ended, outcome, wait_for

FAILS = "sleep 6; echo late; exit 5"
ODD_STATUS = "Package: more\nVersion: 1\nStatus: install ok installed\n"


@pytest.mark.parametrize("more", [{}, {"nodes": "2", "launch": "each"}])
def test_a_failing_test_does_not_pass(world: World, more: dict[str, str]) -> None:
    layer(world.root, "base", "own", "tiny", tests=[{"name": "late", "command": FAILS, **more}])
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    with cutting(world.engine.socket, seconds=4) as way:
        done = world.catalogue.rgraph(
            "test", "own:one", "--build-number", "1", code=None, DOCKER_HOST=way.host
        )
    assert_spoken(done, 1, 3)
    if done.code == 3:
        assert not (world.catalogue.builds / "1/tests.json").exists()
    else:
        assert world.catalogue.record("1", "tests.json")["images"]["own:one"]["state"] == "failed"
    assert world.engine.containers() == []
    outcome("connection to the engine cut in a failing test", f"exit {done.code}; never passed")


def test_output_that_was_cut_is_not_taken_for_the_whole(world: World) -> None:
    command = "yes abcdefg | head -c 800000; echo THE END"
    layer(
        world.root, "base", "own", "tiny", tests=[{"name": "long", "command": command, "output": "THE END"}]
    )
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    with cutting(world.engine.socket, bytes=300_000) as way:
        world.catalogue.rgraph("test", "own:one", "--build-number", "1", code=3, DOCKER_HOST=way.host)
    assert not (world.catalogue.builds / "1/tests.json").exists()
    world.catalogue.rgraph("test", "own:one", "--build-number", "1")


def test_the_first_process_can_be_killed(world: World) -> None:
    layer(world.root, "base", "own", "tiny", tests=[{"name": "kill", "command": "kill -9 $$; true"}])
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    done = world.catalogue.rgraph("test", "own:one", "--build-number", "1", code=1)
    assert "ended with exit code 137" in done.out


def test_half_an_image_is_not_compared(world: World) -> None:
    fill = "mkdir -p /var/lib/dpkg/info; head -c 2000000 /dev/zero > /var/lib/dpkg/info/a.list"
    status = f"printf '{ODD_STATUS}' > /var/lib/dpkg/status".replace("\n", "\\n")
    layer(world.root, "base", "own", "tiny", fill, status)
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    lock = world.root / "manifests/rgraph.lock"
    before = lock.read_bytes() if lock.exists() else None
    verify = ("verify", "own:one", "--build-number", "1", "--write-lock")
    with cutting(world.engine.socket, bytes=300_000) as way:
        world.catalogue.rgraph(*verify, code=3, DOCKER_HOST=way.host)
    assert (lock.read_bytes() if lock.exists() else None) == before
    world.catalogue.rgraph(*verify)
    assert "pkg:deb/more@1" in lock.read_text()


def test_a_stale_build_is_not_recorded(world: World) -> None:
    world.catalogue.rgraph("build", "own:one", "--build-number", "1")
    name = world.catalogue.record("1")["images"]["own:one"]["image_id"]
    layer(world.root, "base", "own", "tiny", "echo other > /own")
    lock = world.root / "manifests/rgraph.lock"
    before = lock.read_bytes() if lock.exists() else None
    for what in (("--build-number", "1"), ("--reference", name)):
        done = world.catalogue.rgraph("verify", "own:one", *what, "--write-lock", code=1)
        assert "the lock is left as it is" in done.err
        done = world.catalogue.rgraph("verify", "own:one", *what, code=None)
        assert "were changed after it was built" in done.err
    assert (lock.read_bytes() if lock.exists() else None) == before


def test_what_a_killed_verify_left_is_taken_away(world: World) -> None:
    world.catalogue.rgraph("build", "low:one", "--build-number", "1")
    verify = ("verify", "low:one", "--build-number", "1")
    process = world.catalogue.start(*verify)
    wait_for(world.engine.containers, "a container of verify")
    process.send_signal(signal.SIGKILL)
    ended(process)
    world.catalogue.rgraph(*verify, code=None)
    assert world.engine.containers() == []

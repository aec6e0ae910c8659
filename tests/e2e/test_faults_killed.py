"""rgraph is killed in each of its phases, and started again; and two runs go on at the same time."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World
from tests.e2e.faults import (
    assert_clean,
    assert_only_tested,
    assert_spoken,
    assert_whole,
    complete,
    ended,
    has_digests,
    log,
    outcome,
    prepared,
    promoted,
    wait_for,
)

BUILD = ("build", "--push", "--build-number", "1")


def killer(started: list[subprocess.Popen[str]]) -> Callable[[], None]:
    """Kills the run that is in the list, when it is called."""

    def kill() -> None:
        started[0].send_signal(signal.SIGKILL)
        started[0].wait(10)

    return kill


def test_killed_while_it_builds(world: World) -> None:
    layer(world.root, "r", "mid", "low:one", "echo at work", "sleep 3", "echo mid >/mid")
    process = world.catalogue.start(*BUILD)
    wait_for(lambda: "at work" in log(world.catalogue, "1", "mid"), "the build of mid begins")
    process.kill()
    process.communicate()
    assert promoted(world) == {}
    complete(world)
    outcome("SIGKILL while it builds", "the next run builds what is left")


@pytest.mark.parametrize(
    ("phase", "request_line"),
    [
        ("pushes a blob", r"(PATCH|PUT) /v2/team/mid/blobs/uploads/"),
        ("pushes a manifest", r"PUT /v2/team/mid/manifests/"),
        ("pushes the last manifest", r"PUT /v2/team/top/manifests/"),
    ],
)
def test_killed_while_it_pushes(world: World, phase: str, request_line: str) -> None:
    started: list[subprocess.Popen[str]] = []
    world.staging.gate.at(request_line, killer(started))
    started.append(world.catalogue.start(*BUILD))
    done = ended(started[0])
    assert done.code == -signal.SIGKILL
    assert promoted(world) == {}
    complete(world)
    outcome(f"SIGKILL while it {phase}", "the next run completes it")


def test_killed_while_it_tags_what_is_there_already(world: World) -> None:
    world.catalogue.rgraph(*BUILD)
    started: list[subprocess.Popen[str]] = []
    world.staging.gate.at(r"PUT /v2/team/[a-z]+/manifests/", killer(started), number=2)
    started.append(world.catalogue.start("build", "--push", "--build-number", "2"))
    assert ended(started[0]).code == -signal.SIGKILL
    complete(world, "2")
    outcome("SIGKILL while it tags what is there already", "the next run completes it")


def test_killed_while_it_tests(world: World) -> None:
    layer(
        world.root,
        "r",
        "mid",
        "low:one",
        tests=[{"name": "waits", "command": "sleep 3", "nodes": 2, "launch": "each"}],
    )
    world.catalogue.rgraph(*BUILD)
    process = world.catalogue.start("test", "mid:one", "--build-number", "1")
    wait_for(lambda: len(world.engine.containers()) > 1, "containers of the test")
    process.kill()
    process.communicate()
    complete(world)
    outcome("SIGKILL while it tests", "the next run tests anew and removes the containers that were left")


@pytest.mark.parametrize("number", [4, 7])
def test_killed_while_it_promotes(world: World, number: int) -> None:
    release = prepared(world)
    started: list[subprocess.Popen[str]] = []
    world.production.gate.at(r"PUT /v2/[a-z]+/manifests/one", killer(started), number=number)
    started.append(world.catalogue.start("promote", "--release", release))
    assert ended(started[0]).code == -signal.SIGKILL
    assert not has_digests(world)
    assert_only_tested(world, "1")
    world.catalogue.rgraph("promote", "--release", release)
    assert_whole(world, "1", release)
    outcome(f"SIGKILL at tag {number} of 8 of a promotion", "not in the ledger; the next run completes it")


def test_killed_at_any_moment(world: World) -> None:
    """The same without a chosen moment: all commands, killed after ever longer times until they end."""
    kill_until_it_ends(world, *BUILD)
    kill_until_it_ends(world, "test", "--build-number", "1")
    release = world.catalogue.cut("1")
    kill_until_it_ends(world, "promote", "--release", release)
    assert_whole(world, "1", release)
    assert_clean(world)
    outcome("SIGKILL at ever later moments of all commands", "each goes on until it ends well")


def kill_until_it_ends(world: World, *command: str) -> None:
    """Starts a command again and again, and gives it more time each time."""
    for power in range(12):
        process = world.catalogue.start(*command)
        try:
            _, err = process.communicate(timeout=0.3 * 1.6**power)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        else:
            assert process.returncode == 0, err
            return
    raise AssertionError(f"{command} never ends")


@pytest.mark.parametrize("numbers", [("1", "1"), ("1", "2")])
def test_two_builds_at_the_same_time(world: World, numbers: tuple[str, str]) -> None:
    layer(world.root, "r", "mid", "low:one", "sleep 1", "echo mid >/mid")
    runs = [world.catalogue.start("build", "--push", "--build-number", number) for number in numbers]
    done = [ended(run) for run in runs]
    for each in done:
        assert_spoken(each, 0, 2, 3)
    assert 0 in {each.code for each in done}, [each.said for each in done]
    complete(world, numbers[1])
    codes = " and ".join(str(each.code) for each in done)
    outcome(f"two builds at once, numbers {' and '.join(numbers)}", f"exit {codes}; one result")


def test_two_promotions_at_the_same_time(world: World) -> None:
    release = prepared(world)
    runs = [world.catalogue.start("promote", "--release", release) for _ in range(2)]
    done = [ended(run) for run in runs]
    for each in done:
        assert_spoken(each, 0, 1, 2, 3)
    assert 0 in {each.code for each in done}, [each.said for each in done]
    assert_whole(world, "1", release)
    codes = " and ".join(str(each.code) for each in done)
    outcome("two promotions at once", f"exit {codes}; the ledger has it once")

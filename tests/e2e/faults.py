"""What the tests of faults share: what must hold after each of them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.catalogue import Catalogue, Done
from tests.e2e.conftest import World
from tests.e2e.table import TABLE

IMAGES = ("low", "mid", "own", "top")
"""Repositories of the tiny catalogue."""


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Waits until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it never happened: {what}"
        time.sleep(0.02)


def ended(process: subprocess.Popen[str], seconds: float = 90) -> Done:
    """What became of a run; it must come to an end by itself."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"the run has no end:\n{out}\n{err}") from None
    return Done(process.returncode, out, err)


def log(catalogue: Catalogue, number: str, name: str) -> str:
    """The log of an image, as far as it is written."""
    file = catalogue.builds / number / f"logs/{name}--one.log"
    return file.read_text(errors="replace") if file.is_file() else ""


def states(catalogue: Catalogue, number: str) -> dict[str, str]:
    """Layer -> what became of its image."""
    images = catalogue.record(number)["images"]
    return {id.partition(":")[0]: image["state"] for id, image in images.items()}


def promoted(world: World) -> dict[str, str]:
    """`repository:tag` -> digest of all that production holds of the catalogue."""
    held = world.production.all_tags()
    return {name: digest for name, digest in held.items() if not name.startswith("external/")}


def passed_tests(world: World, number: str) -> dict[str, str]:
    """Layer -> digest that passed its tests."""
    images = world.catalogue.record(number, "tests.json")["images"]
    return {
        id.partition(":")[0]: image["digest"] for id, image in images.items() if image["state"] == "passed"
    }


def has_digests(world: World) -> bool:
    """Whether the ledger says that a release is promoted."""
    return any("digests" in line for line in world.catalogue.ledger())


def assert_only_tested(world: World, number: str) -> None:
    """Whatever is in production is what passed its tests, and floating tags follow when the others stand."""
    held, passed = promoted(world), passed_tests(world, number)
    for name, digest in held.items():
        assert digest == passed[name.partition(":")[0]], f"{name} was not tested as {digest}"
    floating = {name for name in held if name.endswith(":one")}
    if floating:
        assert len(held) - len(floating) == len(IMAGES), f"half promoted: {sorted(held)}"


def assert_whole(world: World, number: str, release: str) -> None:
    """The release is in production with all its tags, under what was tested, and in the ledger."""
    passed = passed_tests(world, number)
    expected = {f"{name}:{tag}": passed[name] for name in IMAGES for tag in (f"one-{release}", "one")}
    assert promoted(world) == expected
    lines = [line for line in world.catalogue.ledger() if "digests" in line]
    assert [line["digests"] for line in lines] == [{f"{name}:one": passed[name] for name in IMAGES}]
    assert lines[0]["of"] == release


def complete(world: World, number: str = "1") -> str:
    """Builds, tests, cuts and promotes what is not done yet, all of which must go well; the release's tag."""
    run = world.catalogue.rgraph
    run("build", "--push", "--build-number", number)
    run("test", "--build-number", number)
    release = world.catalogue.cut(number)
    run("promote", "--release", release)
    assert_whole(world, number, release)
    assert_clean(world)
    return release


def prepared(world: World, number: str = "1") -> str:
    """Builds, tests and cuts, so that a promotion is all that is left; the release's tag."""
    run = world.catalogue.rgraph
    run("build", "--push", "--build-number", number)
    run("test", "--build-number", number)
    return world.catalogue.cut(number)


def assert_clean(world: World) -> None:
    """No container or network of a test is left, and no half written file."""
    assert world.engine.containers() == []
    assert world.engine.networks() == set()
    builds = world.catalogue.builds
    left = [path for path in builds.rglob("*") if path.name.startswith(".") or path.suffix == ".tmp"]
    assert left == []


def assert_spoken(done: Done, *codes: int) -> None:
    """The run ended as one that knows what happened, and not with a traceback."""
    assert done.code in codes, f"it ended with {done.code}:\n{done.said}"
    assert "Traceback" not in done.said


def holds(folder: Path, *secrets: str) -> list[Path]:
    """Files below a folder that hold one of the texts."""
    wanted = [secret.encode() for secret in secrets]
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(secret in path.read_bytes() for secret in wanted)
    ]


def outcome(name: str, text: str) -> None:
    """Notes that a fault was survived, for the table at the end of the run."""
    TABLE.fault(name, text)

"""What must never be promoted: what was moved, changed, not tested, or stands under another digest."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.catalogue import layer
from tests.e2e.conftest import World
from tests.e2e.faults import (
    assert_spoken,
    assert_whole,
    complete,
    has_digests,
    outcome,
    passed_tests,
    prepared,
    promoted,
)


def move_a_tag(world: World) -> None:
    world.staging.move("team/mid", "one--1", to="other")


def retest_nothing(world: World) -> None:
    (world.catalogue.builds / "1/tests.json").unlink()


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("a tag moved in staging between test and promotion", move_a_tag),
        ("not tested at all", retest_nothing),
    ],
)
def test_refused(world: World, name: str, change: Callable[[World], None]) -> None:
    release = prepared(world)
    other = f"{world.staging.host}/team/mid:other"
    world.engine.docker("tag", "tiny:1", other)
    world.engine.docker("push", other)
    change(world)
    done = world.catalogue.rgraph("promote", "--release", release, code=None)
    assert_spoken(done, 1)
    assert "mid" in done.said
    assert promoted(world) == {}
    assert not has_digests(world)
    complete(world)
    outcome(name, "exit 1, nothing promoted; built and tested anew it is")


def test_a_tag_moved_while_a_promotion_runs(world: World) -> None:
    release = prepared(world)
    other = f"{world.staging.host}/team/top:other"
    world.engine.docker("tag", "tiny:1", other)
    world.engine.docker("push", other)
    world.production.gate.at(
        r"PUT /v2/[a-z]+/manifests/", lambda: world.staging.move("team/top", "one--1", to="other")
    )
    world.catalogue.rgraph("promote", "--release", release)
    assert_whole(world, "1", release)
    outcome("a tag moved in staging while the promotion runs", "what was tested is promoted, by its digest")


def test_a_release_tag_that_exists_with_another_digest(world: World) -> None:
    release = prepared(world)
    name = f"{world.production.host}/mid:one-{release}"
    world.engine.docker("tag", "tiny:1", name)
    world.engine.docker("push", name)
    before = promoted(world)
    done = world.catalogue.rgraph("promote", "--release", release, code=None)
    assert_spoken(done, 1)
    assert f"one-{release}" in done.said
    assert promoted(world) == before
    assert not has_digests(world)
    outcome("a release tag that exists with another digest", "exit 1, nothing promoted")


def test_a_second_promotion_changes_nothing(world: World) -> None:
    release = complete(world)
    world.production.gate.forget()
    ledger = world.catalogue.ledger()
    world.catalogue.rgraph("promote", "--release", release)
    assert world.production.gate.asked("^(PUT|POST|PATCH|DELETE)") == []
    assert world.catalogue.ledger() == ledger
    outcome("a promotion that is done is done again", "exit 0, nothing written")


def test_a_new_build_after_the_tests_is_not_promoted(world: World) -> None:
    """What was tested stays what is promoted, also when the same number is built anew with other content."""
    release = prepared(world)
    layer(world.root, "r", "mid", "low:one", "echo another >/mid")
    world.catalogue.rgraph("build", "--push", "--build-number", "1")
    passed = passed_tests(world, "1")
    done = world.catalogue.rgraph("promote", "--release", release, code=None)
    assert_spoken(done, 0, 1)
    assert done.code == 1 or {*promoted(world).values()} == {*passed.values()}
    if done.code == 1:
        assert promoted(world) == {}
    outcome("built anew between test and promotion", f"exit {done.code}; nothing untested promoted")

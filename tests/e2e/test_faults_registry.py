"""A registry goes away in the middle of a push or of a promotion."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import World
from tests.e2e.faults import (
    assert_only_tested,
    assert_spoken,
    assert_whole,
    complete,
    ended,
    has_digests,
    outcome,
    prepared,
    promoted,
    states,
)

BUILD = ("build", "--push", "--build-number", "1")


@pytest.mark.parametrize(
    ("where", "request_line"),
    [
        ("a blob", r"(PATCH|PUT) /v2/team/mid/blobs/uploads/"),
        ("the manifest", r"PUT /v2/team/mid/manifests/"),
    ],
)
def test_staging_goes_away_in_the_middle_of_a_push(world: World, where: str, request_line: str) -> None:
    world.staging.gate.at(request_line, world.staging.kill)
    done = ended(world.catalogue.start(*BUILD), 300)
    assert_spoken(done, 1, 3)
    world.staging.start()
    assert world.staging.tags("team/mid") == set()
    assert states(world.catalogue, "1")["mid"] == "failed"
    assert promoted(world) == {}
    complete(world)
    outcome(f"staging killed while {where} was pushed", f"exit {done.code}; the next run pushes what is left")


@pytest.mark.parametrize("number", [1, 6])
def test_production_goes_away_in_the_middle_of_a_promotion(world: World, number: int) -> None:
    release = prepared(world)
    world.production.gate.at(r"PUT /v2/[a-z]+/manifests/one", world.production.kill, number=number)
    done = ended(world.catalogue.start("promote", "--release", release), 300)
    world.production.start()
    assert_spoken(done, 3)
    assert not has_digests(world)
    assert_only_tested(world, "1")
    assert len(promoted(world)) < number
    world.catalogue.rgraph("promote", "--release", release)
    assert_whole(world, "1", release)
    held = len(promoted(world))
    outcome(
        f"production killed before tag {number} of {held}",
        f"exit {done.code}, not in the ledger, floating tags last; the next run completes it",
    )


def test_production_goes_away_while_a_blob_is_copied(world: World) -> None:
    release = prepared(world)
    world.production.gate.at(r"(PATCH|PUT|POST) /v2/[a-z]+/blobs/uploads/", world.production.kill, number=2)
    done = ended(world.catalogue.start("promote", "--release", release), 300)
    world.production.start()
    assert_spoken(done, 3)
    assert promoted(world) == {}
    world.catalogue.rgraph("promote", "--release", release)
    assert_whole(world, "1", release)
    outcome(
        "production killed while a blob was copied", f"exit {done.code}, nothing promoted; the next run does"
    )


def test_staging_goes_away_in_the_middle_of_a_promotion(world: World) -> None:
    release = prepared(world)
    world.staging.gate.at(r"GET /v2/team/[a-z]+/blobs/", world.staging.kill, number=3)
    done = ended(world.catalogue.start("promote", "--release", release), 300)
    world.staging.start()
    assert_spoken(done, 3)
    assert_only_tested(world, "1")
    assert not has_digests(world)
    world.catalogue.rgraph("promote", "--release", release)
    assert_whole(world, "1", release)
    outcome("staging killed in the middle of a promotion", f"exit {done.code}; the next run completes it")

"""The harness itself: what the other tests take for granted."""

from __future__ import annotations

from tests.e2e.conftest import World


def test_an_engine_that_was_killed_starts_again_with_what_it_had(world: World) -> None:
    world.engine.kill()
    world.engine.start()
    assert "tiny:1" in world.engine.images()
    assert world.engine.docker("run", "--rm", "tiny:1", "echo", "hello").stdout == "hello\n"


def test_a_gate_strikes_before_the_request_passes(closed_world: World) -> None:
    staging, engine = closed_world.staging, closed_world.engine
    name = f"{staging.host}/x/y"
    for tag in ("1", "2"):
        engine.docker("tag", "tiny:1", f"{name}:{tag}")
    engine.docker("push", f"{name}:1")
    staging.gate.at(r"PUT /v2/x/y/manifests/2", staging.kill)
    assert engine.docker("push", f"{name}:2", check=False).returncode != 0
    staging.start()
    assert staging.tags("x/y") == {"1"}
    engine.docker("push", f"{name}:2")
    assert staging.all_tags()["x/y:1"] == staging.all_tags()["x/y:2"]

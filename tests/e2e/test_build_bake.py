"""`rgraph build` by `docker buildx bake`, in one call, against an engine that takes named contexts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import catalogue
from tests.e2e import engine as engines
from tests.e2e.catalogue import Catalogue
from tests.e2e.conftest import ROOT, World
from tests.e2e.engine import Engine
from tests.e2e.faults import log, states
from tests.e2e.registries import registry

FINGERPRINT = "io.github.rgraph.fingerprint"
BASE = "org.opencontainers.image.base."


@pytest.fixture(scope="module")
def new_engine(folder: Path, base: Path) -> Iterator[Engine]:
    """An engine of Debian 13; it holds `tiny:1`."""
    brought = subprocess.run(
        [ROOT / "tests/tools/get-new-engine"], check=False, capture_output=True, text=True
    )
    if brought.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(brought.stderr)
    made = Engine(folder, "new-engine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            engines,
            "_PATH",
            os.environ | {"PATH": f"{brought.stdout.strip()}:{os.environ['PATH']}:/usr/sbin"},
        )
        try:
            made.start()
            made.load(base / "tiny.tar", "tiny:1", "ENV PATH=/bin", 'CMD ["sh"]')
            yield made
        finally:
            made.remove()


@pytest.fixture
def new_world(new_engine: Engine, buildx: Path, tmp_path: Path) -> Iterator[World]:
    """That engine with buildx, a registry, and the tiny catalogue."""
    with registry(tmp_path / "staging") as staging, registry(tmp_path / "production") as production:
        made: Catalogue = catalogue.tiny(
            tmp_path / "catalogue",
            {**new_engine.env, "RGRAPH_BUILDX": str(buildx)},
            production=production.host,
            staging=f"{staging.host}/team",
            below="tiny:1",
        )
        yield World(new_engine, staging, production, made)


def test_all_in_one_call(new_world: World) -> None:
    run = new_world.catalogue.rgraph
    run("build", "--push", "--build-number", "1")
    assert set(states(new_world.catalogue, "1").values()) == {"built"}
    plan = {each["id"]: each["fingerprint"] for each in run("plan", "--format", "json").json()["images"]}
    for id, image in new_world.catalogue.record("1")["images"].items():
        name = id.partition(":")[0]
        repository, content = f"team/{name}", f"fingerprint-{plan[id][7:47]}"
        assert new_world.staging.tags(repository) == {"one--1", content}
        assert new_world.staging.digest(repository, "one--1") == image["digest"]
        assert new_world.staging.digest(repository, content) == image["digest"]
        labels = new_world.staging.config(repository, "one--1")["config"]["Labels"]
        assert labels[FINGERPRINT] == plan[id]
        # Lines of one image are in no other's log; its own command is in one, whoever was named with it.
        assert f"[{name}_one internal]" in log(new_world.catalogue, "1", name)
    assert any("RUN echo mid" in log(new_world.catalogue, "1", each) for each in ("mid", "top"))
    found = new_world.engine.docker(
        "run", "--rm", f"{new_world.staging.host}/team/top:one--1", "cat", "/low", "/top"
    )
    assert found.stdout == "low\ntop\n"
    assert "present" in run("build", "--push", "--build-number", "2").out
    assert set(states(new_world.catalogue, "2").values()) == {"present"}


def test_only_what_changed_upon_what_is_there(new_world: World) -> None:
    run = new_world.catalogue.rgraph
    run("build", "--push", "--build-number", "1")
    catalogue.layer(new_world.root, "r", "mid", "low:one", "echo other >/mid")
    run("build", "--push", "--build-number", "2")
    assert states(new_world.catalogue, "2") == {
        "low": "present",
        "own": "present",
        "mid": "built",
        "top": "built",
    }
    labels = new_world.staging.config("team/mid", "one--2")["config"]["Labels"]
    assert labels[f"{BASE}digest"] == new_world.staging.digest("team/low", "one--1")
    # What was built in the same call had no digest yet.
    assert new_world.staging.config("team/top", "one--2")["config"]["Labels"][f"{BASE}digest"] == ""


@pytest.mark.parametrize("failing", ["low", "mid"])
def test_a_failure_stops_only_what_stands_on_it(new_world: World, failing: str) -> None:
    """A call of bake ends when one target fails, and names the failure after any that has the step."""
    parent = {"low": "tiny", "mid": "low:one"}[failing]
    kind = {"low": "base", "mid": "r"}[failing]
    catalogue.layer(new_world.root, kind, failing, parent, "sleep 1; echo this is why; exit 7")
    catalogue.layer(new_world.root, "base", "own", "tiny", "sleep 4; echo own >/own")
    run = new_world.catalogue.rgraph
    done = run("build", "--push", "--build-number", "1", code=1)
    expected = {"own": "built", "low": "built", "mid": "skipped", "top": "skipped", failing: "failed"}
    assert states(new_world.catalogue, "1") == expected
    assert "exit code: 7" in done.out
    catalogue.layer(new_world.root, kind, failing, parent)
    run("build", "--push", "--build-number", "1")
    assert set(states(new_world.catalogue, "1").values()) <= {"built", "present"}


def test_a_time_limit(new_world: World) -> None:
    catalogue.layer(new_world.root, "base", "low", "tiny", "sleep 600")
    run = new_world.catalogue.rgraph
    run("build", "low:one", "own:one", "--push", "--build-number", "1", "--timeout", "4s", code=1)
    assert states(new_world.catalogue, "1") == {"low": "timeout", "own": "built"}


def test_without_a_push(new_world: World) -> None:
    run = new_world.catalogue.rgraph
    run("build")
    for image in new_world.catalogue.record("local")["images"].values():
        assert image["image_id"] == new_world.engine.inspect(image["reference"], "{{.Id}}")
    assert run("build", "--build-number", "2").err == ""
    assert set(states(new_world.catalogue, "2").values()) == {"present"}
    catalogue.layer(new_world.root, "framework", "top", "mid:one", "cat /low /mid >/top")
    run("build", "--build-number", "3")
    assert states(new_world.catalogue, "3")["top"] == "built"


def test_a_secret(new_world: World) -> None:
    value = "b4ke-s3cret"
    step = {
        "run": "--mount=type=secret,id=TOKEN cat /run/secrets/TOKEN; wc -c </run/secrets/TOKEN >/own",
        "provides": [],
    }
    catalogue.layer(new_world.root, "base", "own", "tiny", steps=[step], tests=[])
    run = new_world.catalogue.rgraph
    done = run("build", "own:one", "--push", "--build-number", "1", TOKEN=value)
    assert "***" in log(new_world.catalogue, "1", "own")
    assert value not in done.said + log(new_world.catalogue, "1", "own")
    assert value not in str(new_world.staging.config("team/own", "one--1"))
    shown = new_world.engine.docker(
        "run", "--rm", f"{new_world.staging.host}/team/own:one--1", "cat", "/own"
    ).stdout
    assert shown.strip() == str(len(value))

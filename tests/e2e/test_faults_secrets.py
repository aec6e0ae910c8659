"""Wrong credentials, and secrets that must show nowhere."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.e2e.catalogue import layer, write
from tests.e2e.conftest import World
from tests.e2e.faults import (
    IMAGES,
    assert_spoken,
    assert_whole,
    complete,
    has_digests,
    holds,
    outcome,
    prepared,
    promoted,
)
from tests.engines.running import PASSWORD, USER

BUILD = ("build", "--push", "--build-number", "1")
WRONG = "swordfish: ö"


def encoded(password: str) -> str:
    return base64.b64encode(f"{USER}:{password}".encode()).decode()


SHOWN_NOWHERE = (PASSWORD, encoded(PASSWORD), WRONG, encoded(WRONG))


def configured(folder: Path, **passwords: str) -> str:
    """A client's configuration with a password for each host; its folder."""
    folder.mkdir()
    auths = {host: {"auth": encoded(password)} for host, password in passwords.items()}
    (folder / "config.json").write_text(json.dumps({"auths": auths}))
    return str(folder)


def test_wrong_credentials_for_staging(closed_world: World, tmp_path: Path) -> None:
    staging, production = closed_world.staging, closed_world.production
    wrong = configured(tmp_path / "wrong", **{staging.host: WRONG, production.host: PASSWORD})
    done = closed_world.catalogue.rgraph(*BUILD, code=None, DOCKER_CONFIG=wrong)
    assert_spoken(done, 3)
    assert staging.host in done.err
    assert not any(secret in done.said for secret in SHOWN_NOWHERE)
    assert staging.repositories() == []
    complete(closed_world)
    assert holds(closed_world.root, *SHOWN_NOWHERE) == []
    outcome("wrong credentials for staging", f"exit {done.code}, nothing pushed")


def test_wrong_credentials_for_production(closed_world: World, tmp_path: Path) -> None:
    staging, production = closed_world.staging, closed_world.production
    release = prepared(closed_world)
    wrong = configured(tmp_path / "wrong", **{staging.host: PASSWORD, production.host: WRONG})
    done = closed_world.catalogue.rgraph("promote", "--release", release, code=None, DOCKER_CONFIG=wrong)
    assert_spoken(done, 3)
    assert production.host in done.err
    assert promoted(closed_world) == {}
    assert not has_digests(closed_world)
    right = closed_world.catalogue.rgraph("promote", "--release", release)
    assert_whole(closed_world, "1", release)
    assert not any(secret in done.said + right.said for secret in SHOWN_NOWHERE)
    assert holds(closed_world.root, *SHOWN_NOWHERE) == []
    outcome("wrong credentials for production", f"exit {done.code}, nothing promoted")


def test_a_build_secret_shows_nowhere(world: World, tmp_path: Path) -> None:
    """A step that prints its secret: in the log stands something else, in the image nothing at all."""
    token = "ghp_sesame0123456789abcdef"
    rscript = "#!/bin/sh\necho token: $GITHUB_PAT\necho $GITHUB_PAT >&2\n"
    files = world.root / "manifests/files"
    files.mkdir(parents=True)
    (files / "Rscript").write_text(rscript)
    layer(
        world.root,
        "r",
        "mid",
        "low:one",
        steps=[
            {"copy": {"files": ["Rscript"], "to": "/bin/"}},
            {"run": ["chmod +x /bin/Rscript", "echo mid >/mid"], "provides": []},
            {"github": {"repo": "team/tools", "ref": "v1", "version": "1", "auth": "GITHUB_PAT"}},
        ],
        tests=[{"name": "r-packages", "command": "true"}],
    )
    unset = world.catalogue.rgraph(*BUILD, code=None)
    assert_spoken(unset, 1, 2)
    assert "GITHUB_PAT" in unset.said
    done = world.catalogue.rgraph(*BUILD, GITHUB_PAT=token)
    said = done.said
    for command in (("test", "--build-number", "1"), ("promote", "--release", world.catalogue.cut("1"))):
        said += world.catalogue.rgraph(*command).said
    assert token not in said
    assert holds(world.root, token, base64.b64encode(token.encode()).decode()) == []
    log = (world.catalogue.builds / "1/logs/mid--one.log").read_text()
    assert "token: " in log
    for name in IMAGES:
        reference = f"{world.staging.host}/team/{name}:one--1"
        history = world.engine.docker("history", "--no-trunc", reference).stdout
        assert token not in history + json.dumps(world.staging.config(f"team/{name}", "one--1"))
    saved = tmp_path / "top.tar"
    world.engine.docker("save", "--output", str(saved), f"{world.staging.host}/team/top:one--1")
    assert token.encode() not in saved.read_bytes()
    outcome("a build that prints its secret", "it stands in no log, label, history or layer")


def test_a_secret_that_a_failing_build_prints(world: World) -> None:
    token = "ghp_open0123456789abcdef"
    write(
        world.root,
        "r/mid",
        {
            "kind": "r",
            "name": "mid",
            "from": "low:one",
            "variant": "one",
            "steps": [{"github": {"repo": "team/tools", "ref": "v1", "version": "1", "auth": "GITHUB_PAT"}}],
        },
    )
    done = world.catalogue.rgraph(*BUILD, code=1, GITHUB_PAT=token)
    assert token not in done.said
    assert holds(world.root, token) == []
    outcome("a build with a secret that fails", "the secret stands in no log and no message")

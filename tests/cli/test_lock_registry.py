"""lock and stale, as processes, against real registries: with TLS, with a password, with one gone."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.layouts import push
from tests.engines.running import PASSWORD, USER, Registry, htpasswd, registry
from tests.engines.token_service import IDENTITY, token_service
from tests.tools.locking import digests, lock_of, lock_path, rgraph, small_catalogue
from tests.tools.repository import commit, git
from tests.unit.engines.serving import Asked, Said, serving

LOGIN = f"{USER}:{PASSWORD}"
AUTH = base64.b64encode(LOGIN.encode()).decode()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that anybody may ask."""
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def safe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry with TLS that lets in one user."""
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder, htpasswd(folder), LOGIN, tls=True) as running:
        yield running


def docker_config(root: Path, host: str, auth: str = AUTH) -> None:
    folder = root / ".docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


def assert_secret(*runs: subprocess.CompletedProcess[str], also: tuple[str, ...] = ()) -> None:
    for done in runs:
        for secret in (PASSWORD, AUTH, "sesame", *also):
            assert secret not in done.stdout + done.stderr


def test_the_whole_story(safe: Registry, tmp_path: Path) -> None:
    """Lock, a tag that moves, stale, an upgrade, and what the plan says to it."""
    root, images = tmp_path / "catalogue", tmp_path / "images"
    first = push(images, safe, "team/ubuntu:20.04", "ubuntu of May", "amd64", "arm64")
    assets = push(images, safe, "team/assets:1", "assets")
    references = {"ubuntu": f"{safe.host}/team/ubuntu:20.04", "assets": f"{safe.host}/team/assets:1"}

    def answer(asked: Asked) -> Said:
        return Said(200, b"a tool")

    with serving(answer) as server:
        tool = f"{server.url}/tool-1.0.tar.gz"
        small_catalogue(root, references, tool)
        docker_config(root, safe.host)
        known = {"SSL_CERT_FILE": safe.certificate}
        locked = rgraph(root, "lock", **known)
        assert (locked.returncode, locked.stderr) == (0, "")
        assert lock_of(root) == {
            "schema": 1,
            "externals": {
                "assets": {"requested": references["assets"], "digest": assets},
                "ubuntu": {"requested": references["ubuntu"], "digest": first},
            },
            "downloads": {tool: hashlib.sha256(b"a tool").hexdigest()},
        }
        checked = rgraph(root, "lock", "--check", **known)
        assert (checked.returncode, checked.stderr) == (0, "")
    git(root, "init", "-q")
    commit(root, "locked")
    assert rgraph(root, "generate").returncode == 0
    dockerfile = (root / "generated/low/one/Dockerfile").read_text()
    assert f"{references['ubuntu']}@{first}" in dockerfile

    second = push(images, safe, "team/ubuntu:20.04", "ubuntu of June", "amd64", "arm64")
    assert second != first
    text = rgraph(root, "stale", **known)
    assert (text.returncode, text.stderr) == (1, "")
    assert "2 Externals compared: 1 stale, 3 images to rebuild" in text.stdout
    found = rgraph(root, "stale", "--format", "json", **known)
    assert json.loads(found.stdout) == {
        "schema": 1,
        "compared": 2,
        "stale": [
            {
                "external": "ubuntu",
                "requested": references["ubuntu"],
                "locked": first,
                "now": second,
                "images": ["low:one", "mid:one", "top:one"],
            }
        ],
        "rebuild": ["low:one", "mid:one", "top:one"],
        "unlocked": [],
        "failures": [],
    }
    # What is locked stays, and is still there to be had.
    before = lock_path(root).read_bytes()
    again = rgraph(root, "lock", **known)
    assert (again.returncode, lock_path(root).read_bytes()) == (0, before)
    assert rgraph(root, "lock", "ubuntu", "--check", **known).returncode == 0
    upgraded = rgraph(root, "lock", "ubuntu", "--upgrade", **known)
    assert upgraded.returncode == 0
    assert lock_path(root).read_bytes() == before.replace(first.encode(), second.encode())
    plan = json.loads(rgraph(root, "plan", "--since", "HEAD", "--format", "json").stdout)
    assert [image["id"] for image in plan["images"]] == ["low:one", "mid:one", "top:one"]
    fresh = rgraph(root, "stale", **known)
    assert (fresh.returncode, fresh.stderr) == (0, "")
    assert_secret(locked, checked, text, found, again, upgraded, fresh)


def test_a_certificate_that_nobody_knows(safe: Registry, tmp_path: Path) -> None:
    small_catalogue(tmp_path, {"ubuntu": f"{safe.host}/team/ubuntu:20.04"})
    docker_config(tmp_path, safe.host)
    done = rgraph(tmp_path, "lock")
    assert done.returncode == 3
    assert "certificate verify failed: self-signed certificate" in done.stderr
    assert not lock_path(tmp_path).exists()
    assert_secret(done)


@pytest.mark.parametrize("format", ["text", "json"])
@pytest.mark.parametrize("command", [["lock"], ["lock", "--check"], ["stale"]])
@pytest.mark.parametrize("auth", ["", base64.b64encode(b"someone:hunter2").decode()])
def test_without_the_right_credentials(
    safe: Registry, tmp_path: Path, command: list[str], format: str, auth: str
) -> None:
    reference = f"{safe.host}/team/ubuntu:20.04"
    small_catalogue(tmp_path, {"ubuntu": reference})
    before = json.dumps(
        {"schema": 1, "externals": {"ubuntu": {"requested": reference, "digest": f"sha256:{'1' * 64}"}}}
    )
    if command != ["lock"]:
        lock_path(tmp_path).write_text(before)
    if auth:
        docker_config(tmp_path, safe.host, auth)
    done = rgraph(tmp_path, *command, "--format", format, SSL_CERT_FILE=safe.certificate)
    assert done.returncode == 3
    assert f"cannot ask {safe.host}: it denies access to `team/ubuntu`" in done.stderr
    assert f"help: `docker login {safe.host}`" in done.stderr
    assert lock_path(tmp_path).exists() == (command != ["lock"])
    assert_secret(done, also=("hunter2", auth or "hunter2"))


def test_credentials_of_a_helper_and_of_another_folder(safe: Registry, tmp_path: Path) -> None:
    digest = push(tmp_path / "images", safe, "team/helped:1", "helped")
    small_catalogue(tmp_path, {"helped": f"{safe.host}/team/helped:1"})
    programs, config = tmp_path / "bin", tmp_path / "elsewhere"
    programs.mkdir()
    config.mkdir()
    helper = programs / "docker-credential-tests"
    answer = json.dumps({"ServerURL": safe.host, "Username": USER, "Secret": PASSWORD})
    helper.write_text(
        f"#!/bin/sh\necho '{PASSWORD}' >&2\ntest \"$(cat)\" = '{safe.host}' && echo '{answer}'\n"
    )
    helper.chmod(0o755)
    (config / "config.json").write_text(json.dumps({"credHelpers": {safe.host: "tests"}}))
    known = {"DOCKER_CONFIG": str(config), "SSL_CERT_FILE": safe.certificate}
    lost = rgraph(tmp_path, "lock", **known)
    assert lost.returncode == 3
    assert "cannot ask docker-credential-tests: it is not installed" in lost.stderr
    done = rgraph(tmp_path, "lock", **known, PATH=f"{programs}:/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert digests(tmp_path) == {"helped": digest}
    assert_secret(lost, done)


def test_tokens(tmp_path: Path) -> None:
    """Images that anybody may read, and one that a person's identity token opens."""
    with registry(tmp_path) as unguarded:
        public = unguarded.put("public/image", "1", "one")
        private = unguarded.put("private/image", "1", "two")
    with token_service(tmp_path) as service, registry(tmp_path, service.auth) as running:
        root = tmp_path / "catalogue"
        names = {name: f"{running.host}/{name}/image:1" for name in ("public", "private")}
        small_catalogue(root, names)
        anybody = rgraph(root, "lock")
        assert anybody.returncode == 3
        assert "denies access to `private/image`" in anybody.stderr
        # What could be had is not lost.
        assert digests(root) == {"public": public}
        folder = root / ".docker"
        folder.mkdir()
        config = {"auths": {running.host: {"auth": "", "identitytoken": IDENTITY}}}
        (folder / "config.json").write_text(json.dumps(config))
        done = rgraph(root, "lock")
        assert done.returncode == 0
        assert digests(root) == {"private": private, "public": public}
        assert_secret(anybody, done, also=(IDENTITY,))


def test_what_is_not_there_is_a_finding_and_the_rest_is_locked(plain: Registry, tmp_path: Path) -> None:
    digest = push(tmp_path / "images", plain, "team/here:1", "here")
    small_catalogue(tmp_path, {"here": f"{plain.host}/team/here:1", "there": f"{plain.host}/team/there:1"})
    done = rgraph(tmp_path, "lock")
    assert (done.returncode, done.stderr) == (1, "")
    where = "manifests/externals.yaml:6:16"
    assert f"{where}: `{plain.host}/team/there:1` is not at its registry" in done.stdout
    assert digests(tmp_path) == {"here": digest}
    found = json.loads(rgraph(tmp_path, "lock", "--format", "json").stdout)
    states = {each["name"]: (each["state"], each["now"]) for each in found["entries"]}
    assert states == {"here": ("kept", digest), "there": ("missing", None)}
    assert (found["schema"], found["written"]) == (1, False)


def test_one_registry_is_down(plain: Registry, tmp_path: Path) -> None:
    with registry(tmp_path) as other:
        other.put("team/other", "1", "other")
    digest = push(tmp_path / "images", plain, "team/up:1", "up")
    root = small_catalogue(
        tmp_path / "catalogue", {"up": f"{plain.host}/team/up:1", "down": f"{other.host}/team/other:1"}
    )
    done = rgraph(root, "lock")
    assert done.returncode == 3
    assert done.stderr == f"error: cannot ask {other.host}: no connection (Connection refused) (down)\n"
    assert "1 added, 1 could not be asked for" in done.stdout
    assert digests(root) == {"up": digest}
    with registry(tmp_path, port=int(other.host.rpartition(":")[2])):
        assert rgraph(root, "lock").returncode == 0
    assert set(digests(root)) == {"up", "down"}
    # Down again: what is locked is not lost, and nothing is said to be stale that could not be asked.
    before = lock_path(root).read_bytes()
    for command in (["lock", "--upgrade"], ["lock", "--check"], ["stale"]):
        gone = rgraph(root, *command)
        assert gone.returncode == 3
        assert f"cannot ask {other.host}" in gone.stderr
    assert lock_path(root).read_bytes() == before
    assert rgraph(root, "lock").returncode == 0
    assert rgraph(root, "lock", "--offline").returncode == 0


def test_an_image_that_was_deleted(tmp_path: Path) -> None:
    with registry(tmp_path) as running:
        old = running.put("team/image", "1", "old")
        root = small_catalogue(tmp_path / "catalogue", {"image": f"{running.host}/team/image:1"})
        assert rgraph(root, "lock").returncode == 0
        new = running.put("team/image", "1", "new")
        running.delete("team/image", old)
        checked = rgraph(root, "lock", "--check")
        assert checked.returncode == 1
        assert f"`{running.host}/team/image@{old}` is not at its registry" in checked.stdout
        assert "manifests/rgraph.lock:4:5" in checked.stdout
        running.delete("team/image", new)
        gone = rgraph(root, "stale")
        assert gone.returncode == 1
        assert "not there any more" in gone.stdout
        found = json.loads(rgraph(root, "stale", "--format", "json").stdout)
        assert [(each["external"], each["now"]) for each in found["stale"]] == [("image", None)]
        upgraded = rgraph(root, "lock", "--upgrade")
        assert upgraded.returncode == 1
        assert digests(root) == {"image": old}

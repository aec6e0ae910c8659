"""A real registry is asked: docker-registry, with and without credentials, and with skopeo as judge."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.registry import Registry as Client
from rgraph.engines.web import Web
from tests.engines.running import DOCKER_MANIFEST, PASSWORD, USER, Registry, htpasswd, program, registry
from tests.engines.token_service import IDENTITY, TokenService, token_service
from tests.unit.engines.serving import QUICK

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
ABSENT = f"sha256:{'0' * 64}"

Connect = Callable[..., Client]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """A client, with the `auths` of a Docker configuration."""
    file = tmp_path / "config.json"
    with Web(limits=QUICK) as web:

        def made(**auths: dict[str, str]) -> Client:
            file.write_text(json.dumps({"auths": auths}))
            return Client(web, Keyring([file]))

        yield made


@pytest.fixture(scope="module")
def open_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="module")
def closed_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder, htpasswd(folder), f"{USER}:{PASSWORD}") as running:
        yield running


def skopeo_digest(reference: str, *options: str) -> str:
    """What skopeo says the digest is."""
    command = [program("skopeo", "skopeo"), "inspect", "--tls-verify=false", "--raw", *options]
    raw = subprocess.run([*command, f"docker://{reference}"], check=True, capture_output=True).stdout
    command = ["skopeo", "manifest-digest", "/dev/stdin"]
    return subprocess.run(command, input=raw, check=True, capture_output=True).stdout.decode().strip()


@pytest.mark.parametrize("kind", ["application/vnd.oci.image.manifest.v1+json", DOCKER_MANIFEST])
def test_a_digest(open_registry: Registry, connect: Connect, kind: str) -> None:
    digest = open_registry.put("team/image", "1", "one", kind)
    reference = f"{open_registry.host}/team/image"
    assert connect().digest(f"{reference}:1") == digest == skopeo_digest(f"{reference}:1")
    assert connect().digest(f"{reference}@{digest}") == digest
    assert connect().digest(f"{reference}:other@{digest}") == digest


def test_of_an_image_for_several_platforms_the_index_counts(
    open_registry: Registry, connect: Connect
) -> None:
    parts = {each: open_registry.put("team/many", each, each) for each in ("amd64", "arm64")}
    digest = open_registry.put_index("team/many", "latest", parts)
    reference = f"{open_registry.host}/team/many"
    assert connect().digest(reference) == digest == skopeo_digest(f"{reference}:latest")
    assert digest not in parts.values()


def test_a_tag_that_moved(open_registry: Registry, connect: Connect) -> None:
    client, reference = connect(), f"{open_registry.host}/moving:1"
    first = open_registry.put("moving", "1", "before")
    assert client.digest(reference) == first
    second = open_registry.put("moving", "1", "after")
    assert client.digest(reference) == second != first
    assert client.digest(f"{open_registry.host}/moving@{first}") == first


def test_what_is_not_there(open_registry: Registry, connect: Connect) -> None:
    digest = open_registry.put("some", "1", "some")
    client, host = connect(), open_registry.host
    for reference in (f"{host}/some:2", f"{host}/none:1", f"{host}/some@{ABSENT}"):
        assert client.digest(reference) == Missing(f"`{reference}` is not at its registry")
    open_registry.delete("some", digest)
    assert isinstance(client.digest(f"{host}/some:1"), Missing)
    assert isinstance(client.tags(f"{host}/none"), Missing)


def test_many_references_at_once(open_registry: Registry, connect: Connect) -> None:
    digests = {f"{open_registry.host}/n{n}:1": open_registry.put(f"n{n}", "1", str(n)) for n in range(30)}
    answers = connect().digests([*digests, f"{open_registry.host}/n:1"])
    assert answers.found == digests
    assert list(answers.found) == list(digests)
    assert list(answers.absent) == [f"{open_registry.host}/n:1"]
    answers.raise_failed()


def test_all_tags(open_registry: Registry, connect: Connect) -> None:
    for number in range(12):
        open_registry.put("tagged", f"v{number}", "same")
    assert connect().tags(f"{open_registry.host}/tagged") == tuple(sorted(f"v{n}" for n in range(12)))


def test_tags_page_by_page(
    open_registry: Registry, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        open_registry.put("paged", f"v{number}", "same")
    monkeypatch.setattr("rgraph.engines.registry._PAGE", 3)
    assert connect().tags(f"{open_registry.host}/paged") == tuple(f"v{n}" for n in range(7))


def test_basic_credentials(closed_registry: Registry, connect: Connect, tmp_path: Path) -> None:
    digest, host = closed_registry.put("team/image", "1", "one"), closed_registry.host
    client = connect(**{host: {"auth": AUTH}})
    assert client.digest(f"{host}/team/image:1") == digest
    assert client.tags(f"{host}/team/image") == ("1",)
    assert isinstance(client.digest(f"{host}/team/image:2"), Missing)
    # The same file serves skopeo.
    config = f"--authfile={tmp_path / 'config.json'}"
    assert skopeo_digest(f"{host}/team/image:1", config) == digest


def test_credentials_from_a_helper(
    closed_registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, host = closed_registry.put("team/helped", "1", "one"), closed_registry.host
    helper = tmp_path / "docker-credential-tests"
    answer = json.dumps({"ServerURL": host, "Username": USER, "Secret": PASSWORD})
    helper.write_text(f"#!/bin/sh\ntest \"$1 $(cat)\" = 'get {host}' && echo '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "config.json").write_text('{"credsStore": "tests"}')
    with Web(limits=QUICK) as web:
        client = Client(web, Keyring([tmp_path / "config.json"]))
        assert client.digest(f"{host}/team/helped:1") == digest


@pytest.mark.parametrize("auth", [None, base64.b64encode(b"someone:wrong").decode()])
def test_without_the_right_credentials(closed_registry: Registry, connect: Connect, auth: str | None) -> None:
    host = closed_registry.host
    client = connect(**({host: {"auth": auth}} if auth else {}))
    with pytest.raises(
        CouldNotAskError, match=f"cannot ask {host}: it denies access to `team/image`"
    ) as caught:
        client.digest(f"{host}/team/image:1")
    assert caught.value.exit_code == 3
    assert f"docker login {host}" in caught.value.help
    for secret in ("wrong", auth or "wrong"):
        assert secret not in f"{caught.value}{caught.value.help}"


@pytest.fixture(scope="module")
def token_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Registry, TokenService]]:
    """A registry that wants tokens. It holds `public/image:1` and `private/image:1`."""
    folder = tmp_path_factory.mktemp("registry")
    with registry(folder) as unguarded:
        for repository in ("public/image", "private/image"):
            unguarded.put(repository, "1", "one")
    with token_service(folder) as service, registry(folder, service.auth) as running:
        yield running, service


def test_a_token_for_anybody(token_registry: tuple[Registry, TokenService], connect: Connect) -> None:
    host = token_registry[0].host
    client = connect()
    assert str(client.digest(f"{host}/public/image:1")).startswith("sha256:")
    assert client.tags(f"{host}/public/image") == ("1",)
    assert isinstance(client.digest(f"{host}/public/image:2"), Missing)
    with pytest.raises(CouldNotAskError, match="it denies access to `private/image`"):
        client.digest(f"{host}/private/image:1")


@pytest.mark.parametrize("entry", [{"auth": AUTH}, {"identitytoken": IDENTITY}])
def test_a_token_with_credentials(
    token_registry: tuple[Registry, TokenService], connect: Connect, entry: dict[str, str]
) -> None:
    running, service = token_registry
    before = len(service.server.asked)
    client = connect(**{running.host: entry})
    for _ in range(3):
        assert str(client.digest(f"{running.host}/private/image:1")).startswith("sha256:")
    assert str(client.digest(f"{running.host}/public/image:1")).startswith("sha256:")
    # One token for each repository, not for each question.
    assert len(service.server.asked) - before == 2


def test_credentials_that_a_token_service_refuses(
    token_registry: tuple[Registry, TokenService], connect: Connect
) -> None:
    host = token_registry[0].host
    client = connect(**{host: {"auth": base64.b64encode(b"someone:wrong").decode()}})
    with pytest.raises(CouldNotAskError, match="its token service refuses the credentials") as caught:
        client.digest(f"{host}/private/image:1")
    assert "wrong" not in f"{caught.value}{caught.value.help}"


def test_a_registry_that_was_stopped(tmp_path: Path, connect: Connect) -> None:
    with registry(tmp_path) as running:
        digest = running.put("team/image", "1", "one")
        client = connect()
        references = [f"{running.host}/team/image:{n}" for n in range(1, 9)]
        assert client.digest(references[0]) == digest
    start = time.monotonic()
    answers = client.digests(references)
    assert time.monotonic() - start < 5
    assert sorted(answers.failed) == sorted(references)
    with pytest.raises(CouldNotAskError, match=f"cannot ask {running.host}: no connection") as caught:
        answers.raise_failed()
    assert caught.value.exit_code == 3

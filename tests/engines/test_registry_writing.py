"""Real registries are written to: docker-registry, with and without credentials, and skopeo as judge."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError, DeniedError, Missing
from rgraph.engines.registry import Fetched, Registry
from rgraph.engines.registry_writing import RegistryWriter
from rgraph.engines.web import Reply, Web
from rgraph.names import Digest
from tests.engines import running
from tests.engines.layouts import push
from tests.engines.running import PASSWORD, USER, htpasswd, program, registry
from tests.engines.token_service import IDENTITY, token_service
from tests.unit.engines.serving import QUICK

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
LABELS = {"io.github.rgraph.fingerprint": "sha256:1", "b": "2"}


class Client:
    """A reader and a writer, with the `auths` of a Docker configuration."""

    def __init__(self, web: Web, file: Path, **auths: dict[str, str]) -> None:
        file.write_text(json.dumps({"auths": auths}))
        self.registry = Registry(web, Keyring([file]))
        self.writer = RegistryWriter(self.registry)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(limits=QUICK) as made:
        yield made


@pytest.fixture
def client(web: Web, tmp_path: Path) -> Client:
    return Client(web, tmp_path / "config.json")


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Registry]:
    with registry(tmp_path_factory.mktemp("one")) as found:
        yield found


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Registry]:
    with registry(tmp_path_factory.mktemp("two")) as found:
        yield found


def document(value: dict[str, Any], kind: str) -> Fetched:
    """A manifest that is made up."""
    content = json.dumps(value).encode()
    return Fetched(content, kind, Digest(f"sha256:{hashlib.sha256(content).hexdigest()}"))


def sent(client: Client) -> list[str]:
    """The addresses that blobs are sent to from now on."""
    found: list[str] = []
    real = client.registry.api.web.send

    def noted(method: str, url: str, headers: Mapping[str, str], body: Iterable[bytes]) -> Reply:
        found.append(url)
        return real(method, url, headers, body)

    client.registry.api.web.send = noted  # type: ignore[method-assign]
    return found


def pulled(reference: str, folder: Path, *options: str) -> set[str]:
    """The files of an image that another program pulls, with all its platforms."""
    command = [program("skopeo", "skopeo"), "--insecure-policy", "copy", "--all", "--quiet", *options]
    arguments = ["--src-tls-verify=false", f"docker://{reference}", f"dir:{folder}"]
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    return {each.name for each in folder.iterdir()}


@pytest.mark.parametrize("architectures", [(), ("amd64", "arm64")])
def test_a_whole_image_is_copied(
    one: running.Registry,
    two: running.Registry,
    client: Client,
    tmp_path: Path,
    architectures: tuple[str, ...],
) -> None:
    name = f"copied{len(architectures)}"
    digest = push(tmp_path / "i", one, f"{name}/image:1", name, *architectures, labels=LABELS)
    source, target = f"{one.host}/{name}/image@{digest}", f"{two.host}/{name}/other"
    assert client.writer.copy(source, target) == digest
    # By its digest alone.
    assert client.registry.digest(f"{target}@{digest}") == digest
    assert isinstance(client.registry.tags(target), Missing)
    assert client.writer.copy(source, f"{target}:2") == digest
    assert client.registry.tags(target) == ("2",)
    assert pulled(source, tmp_path / "a") == pulled(f"{target}:2", tmp_path / "b")
    assert client.writer.labels(f"{target}:2") == LABELS


def test_what_is_there_is_not_sent_again(two: running.Registry, tmp_path: Path, client: Client) -> None:
    """From one repository to another of the same registry, blobs are mounted."""
    digest = push(tmp_path / "i", two, "from/image:1", "mounted", below=["below"])
    addresses = sent(client)
    assert client.writer.copy(f"{two.host}/from/image@{digest}", f"{two.host}/to/image:1") == digest
    assert addresses == []
    assert client.registry.digest(f"{two.host}/to/image:1") == digest


def test_layers_of_a_parent_are_mounted_at_another_registry(
    one: running.Registry, two: running.Registry, tmp_path: Path, client: Client
) -> None:
    parent = push(tmp_path / "i", one, "s/parent:1", "shared layer")
    child = push(tmp_path / "i", one, "s/child:1", "own layer", below=["shared layer"])
    addresses = sent(client)
    client.writer.copy(f"{one.host}/s/parent@{parent}", f"{two.host}/t/parent")
    assert len(addresses) == 2
    client.writer.copy(f"{one.host}/s/child@{child}", f"{two.host}/t/child")
    assert len(addresses) == 4
    assert all("/t/child/" in each for each in addresses[2:])


def test_a_large_blob_is_a_stream(
    one: running.Registry, two: running.Registry, tmp_path: Path, client: Client
) -> None:
    text = base64.b64encode(os.urandom(20 << 20)).decode()
    digest = push(tmp_path / "i", one, "large/image:1", text)
    assert client.writer.copy(f"{one.host}/large/image@{digest}", f"{two.host}/large/image:1") == digest
    assert pulled(f"{two.host}/large/image:1", tmp_path / "pulled")


def test_a_tag_is_put_and_moves(one: running.Registry, client: Client) -> None:
    first, second = one.put("tagged", "1", "first"), one.put("tagged", "2", "second")
    reference = f"{one.host}/tagged"
    found = client.writer.manifest(f"{reference}:1")
    assert isinstance(found, Fetched)
    assert client.writer.put(f"{reference}:3", found) == first
    assert client.writer.put(f"{reference}:2", found) == first
    assert client.registry.digest(f"{reference}:2") == first
    assert client.registry.digest(f"{reference}@{second}") == second


def test_a_manifest_whose_blobs_are_elsewhere(one: running.Registry, client: Client, tmp_path: Path) -> None:
    push(tmp_path / "i", one, "full:1", "full")
    found = client.writer.manifest(f"{one.host}/full:1")
    assert isinstance(found, Fetched)
    with pytest.raises(CouldNotAskError, match="MANIFEST_BLOB_UNKNOWN"):
        client.writer.put(f"{one.host}/empty:1", found)


def test_what_is_not_there(one: running.Registry, two: running.Registry, client: Client) -> None:
    absent = f"{one.host}/none@sha256:{'0' * 64}"
    assert isinstance(client.writer.manifest(absent), Missing)
    assert isinstance(client.writer.labels(absent), Missing)
    assert client.writer.delete_tag(f"{one.host}/none:1") is False
    with pytest.raises(CouldNotAskError, match="is not at its registry"):
        client.writer.copy(absent, f"{two.host}/none:1")
    with pytest.raises(CouldNotAskError, match="names no digest"):
        client.writer.copy(f"{one.host}/none:1", f"{two.host}/none:1")


def test_labels_of_several_platforms(one: running.Registry, client: Client, tmp_path: Path) -> None:
    """Those that all of them have alike; what is no image does not count."""
    host = f"{one.host}/many"
    labels = {"amd64": {"same": "1", "other": "2"}, "arm64": {"same": "1", "other": "3"}, "unknown": {}}
    digests = {
        each: push(tmp_path / "i", one, f"many:{each}", each, each, labels=own)
        for each, own in labels.items()
    }
    described = [
        {
            "mediaType": running.MANIFEST,
            "digest": digest,
            "size": 1,
            "platform": {"os": "linux", "architecture": each},
            **({"annotations": {"vnd.docker.reference.type": "x"}} if each == "unknown" else {}),
        }
        for each, digest in digests.items()
    ]
    content = {"schemaVersion": 2, "mediaType": running.INDEX, "manifests": described}
    index = document(content, running.INDEX)
    client.writer.put(f"{host}:all", index)
    assert client.writer.labels(f"{host}:all") == {"same": "1"}
    assert client.writer.labels(f"{host}:unknown") == {}


def test_a_tag_is_deleted_and_the_others_stay(one: running.Registry, client: Client, tmp_path: Path) -> None:
    digest = push(tmp_path / "i", one, "d/image:keep", "kept")
    found = client.writer.manifest(f"{one.host}/d/image:keep")
    assert isinstance(found, Fetched)
    for tag in ("a", "b"):
        client.writer.put(f"{one.host}/d/image:{tag}", found)
    assert client.writer.delete_tag(f"{one.host}/d/image:a") is True
    assert client.writer.delete_tag(f"{one.host}/d/image:a") is False
    assert client.registry.tags(f"{one.host}/d/image") == ("b", "keep")
    assert client.registry.digest(f"{one.host}/d/image:b") == digest


def test_many_tags_are_deleted_at_once(one: running.Registry, client: Client, tmp_path: Path) -> None:
    push(tmp_path / "i", one, "d/many:keep", "kept")
    found = client.writer.manifest(f"{one.host}/d/many:keep")
    assert isinstance(found, Fetched)
    tags = [f"{one.host}/d/many:{number}" for number in range(20)]
    for tag in tags:
        client.writer.put(tag, found)
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(client.writer.delete_tag, tags))
    assert client.registry.tags(f"{one.host}/d/many") == ("keep",)


def test_a_registry_that_deletes_nothing(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_STORAGE_DELETE_ENABLED", "false")
    with registry(tmp_path) as running:
        digest = running.put("image", "1", "one")
        with pytest.raises(CouldNotAskError, match="it deletes nothing") as caught:
            client.writer.delete_tag(f"{running.host}/image:1")
        assert "storage.delete.enabled" in caught.value.help
        # The tag leads to what it led to.
        assert client.registry.digest(f"{running.host}/image:1") == digest
        assert client.registry.tags(f"{running.host}/image") == ("1",)


def test_layers_that_stay_elsewhere(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers of Windows may be named by address: what the first registry does not have is left out."""
    monkeypatch.setenv("REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW", '["^https://example.com/"]')
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with registry(tmp_path / "a") as one, registry(tmp_path / "b") as two:
        digest = push(tmp_path / "i", one, "win:plain", "own")
        found = client.writer.manifest(f"{one.host}/win@{digest}")
        assert isinstance(found, Fetched)
        content = json.loads(found.content)
        content["mediaType"] = running.DOCKER_MANIFEST
        absent = {"mediaType": FOREIGN, "size": 5, "digest": f"sha256:{'5' * 64}"}
        content["layers"].insert(0, {**absent, "urls": ["https://example.com/x"]})
        made = document(content, running.DOCKER_MANIFEST)
        assert client.writer.put(f"{one.host}/win:1", made) == made.digest
        target = f"{two.host}/win:1"
        assert client.writer.copy(f"{one.host}/win@{made.digest}", target) == made.digest
        assert client.registry.digest(target) == made.digest


def test_basic_credentials(web: Web, one: running.Registry, tmp_path: Path) -> None:
    (folder := tmp_path / "closed").mkdir()
    with registry(folder, htpasswd(folder), f"{USER}:{PASSWORD}") as closed:
        digest = push(tmp_path / "i", one, "basic/image:1", "basic")
        source, target = f"{one.host}/basic/image@{digest}", f"{closed.host}/basic/image:1"
        right = Client(web, tmp_path / "right.json", **{closed.host: {"auth": AUTH}})
        assert right.writer.copy(source, target) == digest
        assert right.writer.delete_tag(target) is True
        wrong = base64.b64encode(b"someone:hunter2").decode()
        for auths in ({}, {closed.host: {"auth": wrong}}):
            with pytest.raises(DeniedError) as caught:
                Client(web, tmp_path / "wrong.json", **auths).writer.copy(source, target)
            for secret in ("hunter2", wrong):
                assert secret not in f"{caught.value}{caught.value.help}"


@pytest.mark.parametrize("entry", [{"auth": AUTH}, {"identitytoken": IDENTITY}])
def test_tokens_are_for_what_is_done(
    web: Web, one: running.Registry, tmp_path: Path, entry: dict[str, str]
) -> None:
    """A token to read is not one to write, and a mount wants one for two repositories."""
    (folder := tmp_path / "tokens").mkdir()
    with token_service(folder) as service, registry(folder, service.auth) as running:
        digest = push(tmp_path / "i", one, "t/image:1", "tokens")
        client = Client(web, tmp_path / "config.json", **{running.host: entry})
        target = f"{running.host}/private/image"
        assert isinstance(client.registry.digest(f"{target}:1"), Missing)
        assert client.writer.copy(f"{one.host}/t/image@{digest}", f"{target}:1") == digest
        other = f"{running.host}/private/other:1"
        assert client.writer.copy(f"{target}@{digest}", other) == digest
        asked = "".join(f"{each.path}{each.body.decode()}" for each in service.server.asked)
        # The registry names the actions in any order.
        assert "private%2Fother%3Apull%2Cpush" in asked or "private%2Fother%3Apush%2Cpull" in asked
        assert "private%2Fimage%3Apull" in asked
        with pytest.raises(CouldNotAskError, match="it denies access to `public/image`"):
            Client(web, tmp_path / "none.json").writer.copy(
                f"{one.host}/t/image@{digest}", f"{running.host}/public/image:1"
            )

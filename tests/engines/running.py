"""A registry of one's own: docker-registry on loopback, with what tests want to ask it about."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
USER, PASSWORD = "someone", "open sesame: ü"
_PATIENCE = 20
"""Seconds for a registry to start."""


def program(name: str, package: str) -> str:
    """Path of a program; the test is skipped if there is none, in CI it fails."""
    found = shutil.which(name)
    if found is None:
        missing = f"there is no {name}: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


class Registry(NamedTuple):
    """A running registry."""

    host: str
    """With its port."""
    login: str = ""
    """`user:password`, if it wants one by Basic."""
    certificate: str = ""
    """File with its certificate, if it wants to be asked over TLS."""

    def put(self, repository: str, tag: str, content: str, kind: str = MANIFEST) -> str:
        """Pushes an image that holds nothing but a text; its digest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "comment": content}).encode()
        size, digest = len(config), _digest(config)
        self._blob(repository, config)
        described = {"mediaType": CONFIG, "size": size, "digest": digest}
        return self._manifest(repository, tag, kind, {"config": described, "layers": []})

    def put_index(self, repository: str, tag: str, digests: Mapping[str, str]) -> str:
        """Pushes an index of images, architecture -> digest; its digest."""
        manifests = [
            {
                "mediaType": MANIFEST,
                "digest": digest,
                "size": 1,
                "platform": {"os": "linux", "architecture": each},
            }
            for each, digest in digests.items()
        ]
        return self._manifest(repository, tag, INDEX, {"manifests": manifests})

    def delete(self, repository: str, digest: str) -> None:
        """Removes an image, with its tags."""
        self._ask("DELETE", f"/v2/{repository}/manifests/{digest}")

    def _manifest(self, repository: str, tag: str, kind: str, content: dict[str, Any]) -> str:
        body = json.dumps({"schemaVersion": 2, "mediaType": kind, **content}).encode()
        self._ask("PUT", f"/v2/{repository}/manifests/{tag}", body, kind)
        return _digest(body)

    def _blob(self, repository: str, content: bytes) -> None:
        place = self._ask("POST", f"/v2/{repository}/blobs/uploads/")["location"]
        path = place.removeprefix("https:").removeprefix("http:").removeprefix(f"//{self.host}")
        self._ask("PUT", f"{path}&digest={_digest(content)}", content, "application/octet-stream")

    def _ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> dict[str, str]:
        """Headers of a good answer. Not by the client that is tested."""
        headers = {"Content-Type": kind} if kind else {}
        if self.login:
            headers["Authorization"] = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        connection: http.client.HTTPConnection
        if self.certificate:
            context = ssl.create_default_context(cafile=self.certificate)
            connection = http.client.HTTPSConnection(self.host, timeout=10, context=context)
        else:
            connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status < 300, f"{method} {path}: {answer.status} {said!r}"
            return {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


@contextmanager
def registry(
    folder: Path, auth: Mapping[str, Any] | None = None, login: str = "", *, tls: bool = False, port: int = 0
) -> Iterator[Registry]:
    """A registry on a free port, or on that one, that keeps its images in a folder; stopped at the end."""
    command = program("docker-registry", "docker-registry")
    port = port or free_port()
    files = dict(zip(("certificate", "key"), map(str, self_signed(folder)), strict=True)) if tls else {}
    config = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
        # Without a time to end what it has begun it leaves files half written, and answers with 500 for ever.
        "http": {
            "addr": f"127.0.0.1:{port}",
            "draintimeout": "5s",
            **({"tls": files} if tls else {}),
        },
        **({"auth": dict(auth)} if auth else {}),
    }
    (folder / "config.yml").write_text(yaml.safe_dump(config))
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([command, "serve", folder / "config.yml"], stdout=out, stderr=out)
    try:
        _wait(process, port, log)
        yield Registry(f"127.0.0.1:{port}", login, files.get("certificate", ""))
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody knows, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make = [program("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    subprocess.run([*make, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, f"the registry ended: {log.read_text()}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the registry does not answer: {log.read_text()}")


def htpasswd(folder: Path) -> dict[str, Any]:
    """`auth` of a registry that lets in one user."""
    file = folder / "htpasswd"
    made = [program("htpasswd", "apache2-utils"), "-Bbn", USER, PASSWORD]
    file.write_bytes(subprocess.run(made, check=True, capture_output=True).stdout)
    return {"htpasswd": {"realm": "tests", "path": str(file)}}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"

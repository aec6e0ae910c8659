"""A registry that can be killed and started again, behind a gate, with what tests want to ask and do.

It is asked here by Python's own client, and not by the one that is tested.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.gate import Gate, gate
from tests.engines.running import PASSWORD, USER, free_port, htpasswd, program

_KINDS = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
    )
)
_SETTLED = 2
"""Seconds in which a request that was on its way is done."""
_PATIENCE = 20
"""Seconds for a registry to start, or to end."""


class Registry:
    """docker-registry on loopback; `gate` stands before it."""

    def __init__(self, folder: Path, *, closed: bool = False) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.port = free_port()
        self.login = (USER, PASSWORD) if closed else None
        """User and password, if it wants them."""
        self.gate: Gate
        self._process: subprocess.Popen[bytes] | None = None
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "warn"},
            "storage": {"filesystem": {"rootdirectory": str(folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": f"127.0.0.1:{self.port}"},
        }
        if closed:
            config["auth"] = htpasswd(folder)
        (folder / "config.yml").write_text(yaml.safe_dump(config))

    @property
    def host(self) -> str:
        """Where everybody finds it: at its gate."""
        return self.gate.host

    def start(self) -> None:
        """Starts it, or starts it again on what it holds."""
        command = [program("docker-registry", "docker-registry"), "serve", str(self.folder / "config.yml")]
        with (self.folder / "log").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the registry does not answer")

    def kill(self) -> None:
        """Ends it without a warning."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(_PATIENCE)
            self._process = None

    def repositories(self) -> list[str]:
        """Names of all repositories that ever held something."""
        return sorted(json.loads(self._ask("GET", "/v2/_catalog?n=1000")[1])["repositories"])

    def tags(self, repository: str) -> set[str]:
        """Tags of a repository; none if there is no such repository."""
        status, body, _ = self._ask("GET", f"/v2/{repository}/tags/list")
        return set(json.loads(body)["tags"] or ()) if status == 200 else set()

    def all_tags(self) -> dict[str, str]:
        """`repository:tag` -> digest, of everything."""
        end = time.monotonic() + _SETTLED
        while True:
            found = {
                f"{repository}:{tag}": self.digest(repository, tag)
                for repository in self.repositories()
                for tag in sorted(self.tags(repository))
            }
            if all(found.values()) or time.monotonic() > end:
                # A registry that was killed while it wrote a tag lists it, and it leads nowhere.
                return {name: digest for name, digest in found.items() if digest}
            time.sleep(0.1)

    def digest(self, repository: str, tag: str) -> str:
        """Digest behind a tag; empty if there is none."""
        status, _, headers = self._ask("HEAD", f"/v2/{repository}/manifests/{tag}")
        return headers["docker-content-digest"] if status == 200 else ""

    def config(self, repository: str, tag: str) -> dict[str, Any]:
        """The configuration of an image: its labels, environment and history."""
        manifest = json.loads(self._good("GET", f"/v2/{repository}/manifests/{tag}"))
        found: dict[str, Any] = json.loads(
            self._good("GET", f"/v2/{repository}/blobs/{manifest['config']['digest']}")
        )
        return found

    def move(self, repository: str, tag: str, to: str) -> None:
        """Gives a tag to what another tag of the repository names."""
        _, body, headers = self._ask("GET", f"/v2/{repository}/manifests/{to}")
        self._good("PUT", f"/v2/{repository}/manifests/{tag}", body, headers["content-type"])

    def _good(self, method: str, path: str, body: bytes = b"", kind: str = "") -> bytes:
        status, said, _ = self._ask(method, path, body, kind)
        assert status < 300, f"{method} {path}: {status} {said!r}"
        return said

    def _ask(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, bytes, dict[str, str]]:
        headers = {"Accept": _KINDS}
        if kind:
            headers["Content-Type"] = kind
        if self.login:
            headers["Authorization"] = f"Basic {base64.b64encode(':'.join(self.login).encode()).decode()}"
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            said = answer.read()
            return answer.status, said, {name.lower(): value for name, value in answer.getheaders()}


@contextlib.contextmanager
def registry(folder: Path, *, closed: bool = False) -> Iterator[Registry]:
    """A registry that runs as long as it is needed; `closed`: it lets in one user."""
    made = Registry(folder, closed=closed)
    with gate(made.port) as before:
        made.gate = before
        made.start()
        try:
            yield made
        finally:
            made.kill()

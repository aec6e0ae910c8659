"""Credentials for registries, from where Docker and Podman keep them.

Sources: Docker's `config.json` (docker login, "Credential stores" and "Credential helpers" of the
reference of its command line; docker-credential-helpers' protocol) and containers-auth.json(5) of Podman,
Buildah and Skopeo. Nothing here shows a secret: not in a message, not in a `repr`.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec
from msgspec import Struct, field

from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError

_PATIENCE: Final = 30
"""Seconds for a credential helper: some ask their own server, none of them a person."""
_HUB: Final = "docker.io"
_HUB_KEYS: Final = ("https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io")
"""Names of Docker Hub in these files: `docker login` writes the first, `podman login` the second."""
_TOKEN_USER: Final = "<token>"
"""A helper says by this name that its secret is an identity token."""
_NONE_FOUND: Final = "credentials not found"
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Credentials(Struct, frozen=True):
    """What a registry, or its token service, wants to see."""

    user: str = ""
    password: str = ""
    identity: str = ""
    """An identity token, which takes the place of user and password (OAuth 2's refresh token)."""

    def __repr__(self) -> str:
        return "Credentials(...)"

    __str__ = __repr__


class _Entry(Struct, frozen=True):
    auth: str = ""
    identitytoken: str = ""
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return "_Entry(...)"


class _Config(Struct, frozen=True):
    """The keys of a configuration that are about credentials; all others are not ours."""

    auths: dict[str, _Entry | None] = field(default_factory=dict)
    credHelpers: dict[str, str] = field(default_factory=dict)
    credsStore: str = ""

    def __repr__(self) -> str:
        return "_Config(...)"


class _Secret(Struct, frozen=True):
    """What a helper prints."""

    Username: str = ""
    Secret: str = ""

    def __repr__(self) -> str:
        return "_Secret(...)"


class Keyring:
    """The credentials of the person who runs this, looked up when a registry asks for them."""

    def __init__(self, files: Sequence[Path], patience: float = _PATIENCE) -> None:
        self._files = tuple(files)
        self._patience = patience
        self._told: dict[tuple[str, str], Credentials | None] = {}
        """What helpers told: some ask a person to unlock something, and once is enough."""
        self._lock = Lock()

    @classmethod
    def usual(cls) -> Keyring:
        """The usual files of the environment."""
        return cls(usual_files(os.environ, Path.home()))

    def find(self, registry: str, repository: str = "") -> Credentials | None:
        """Credentials for a repository, from the first file that has some; None if none has.

        `registry` is `docker.io` or a host with its port; an entry for a part of the repository's path
        counts before one for the whole registry (containers-auth.json(5)). Raises CouldNotAskError if a
        file cannot be read, or a helper fails.
        """
        for path in self._files:
            config = _read(path)
            if config and (found := self._in(config, registry, repository)):
                return found
        return None

    def _in(self, config: _Config, registry: str, repository: str) -> Credentials | None:
        for key in _keys(registry, repository):
            if helper := config.credHelpers.get(key):
                return self._once(helper, key)
        # The store knows `docker login`'s name of a registry: for Docker Hub a URL, else the host.
        name = _HUB_KEYS[0] if registry == _HUB else registry
        if config.credsStore and (found := self._once(config.credsStore, name)):
            return found
        written = {_plain(key): entry for key, entry in reversed(config.auths.items())}
        for key in _keys(registry, repository):
            if (entry := written.get(_plain(key))) and (found := _of_entry(entry)):
                return found
        return None

    def _once(self, name: str, registry: str) -> Credentials | None:
        """What a helper says, asked once in this run, and by one thread at a time."""
        with self._lock:
            key = name, registry
            if key not in self._told:
                self._told[key] = self._helped(name, registry)
            return self._told[key]

    def _helped(self, name: str, registry: str) -> Credentials | None:
        """What the program `docker-credential-NAME` says; nothing that it prints is shown."""
        program = f"docker-credential-{name}"
        if not _HELPER.fullmatch(name):
            raise CouldNotAskError("a credential helper", "its name in the configuration is no plain name")
        try:
            done = subprocess.run(
                [program, "get"],
                input=registry.encode(),
                capture_output=True,
                timeout=self._patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CouldNotAskError(program, f"no answer within {self._patience:g} s") from None
        except OSError as error:
            why = "it is not installed" if isinstance(error, FileNotFoundError) else "it cannot be run"
            raise CouldNotAskError(program, why, "Docker's configuration names it") from None
        if done.returncode:
            if _NONE_FOUND in done.stdout.decode(errors="replace"):
                return None
            raise CouldNotAskError(program, f"it ends with code {done.returncode}")
        try:
            secret = decode(done.stdout, _Secret)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise CouldNotAskError(program, "its answer cannot be read") from None
        if not secret.Secret:
            return None
        if secret.Username == _TOKEN_USER:
            return Credentials(identity=secret.Secret)
        return Credentials(secret.Username, secret.Secret)


def usual_files(environment: Mapping[str, str], home: Path) -> tuple[Path, ...]:
    """Files that may hold credentials, the first that has some counts.

    `$REGISTRY_AUTH_FILE` alone if it is set, as with Podman; else Docker's, in `$DOCKER_CONFIG` or
    `~/.docker`, then Podman's. Docker's come first, since its images are what is built upon.
    """
    if explicit := environment.get("REGISTRY_AUTH_FILE"):
        return (Path(explicit),)
    docker = environment.get("DOCKER_CONFIG")
    runtime, configs = environment.get("XDG_RUNTIME_DIR"), environment.get("XDG_CONFIG_HOME")
    return (
        (Path(docker) if docker else home / ".docker") / "config.json",
        *((Path(runtime) / "containers/auth.json",) if runtime else ()),
        (Path(configs) if configs else home / ".config") / "containers/auth.json",
    )


def basic(login: str) -> str:
    """The value of an `Authorization` header for `user:password` (RFC 7617)."""
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def _read(path: Path) -> _Config | None:
    try:
        return decode(path.read_bytes(), _Config)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CouldNotAskError(str(path), f"it cannot be read ({error.strerror})") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Not the library's message: it may quote what it did not understand.
        raise CouldNotAskError(str(path), "it is no configuration of Docker, in JSON") from None


def _keys(registry: str, repository: str) -> Iterator[str]:
    """Names under which a file may have the credentials, the nearest first."""
    parts = repository.split("/") if repository else []
    yield from ("/".join((registry, *parts[:count])) for count in range(len(parts), 0, -1))
    yield from _HUB_KEYS if registry == _HUB else (registry,)


def _plain(key: str) -> str:
    """A key without what old versions of Docker wrote around the host: `https://HOST/v1/`."""
    bare = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    return bare.removesuffix("/v1").removesuffix("/v2").lower() if bare != key else key.lower()


def _of_entry(entry: _Entry) -> Credentials | None:
    if entry.identitytoken:
        return Credentials(identity=entry.identitytoken)
    user, password = entry.username, entry.password
    if entry.auth:
        try:
            text = base64.b64decode(entry.auth, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise CouldNotAskError("the Docker configuration", "an `auth` in it is no base64") from None
        user, _, password = text.partition(":")
    # Docker pads a password with NUL characters in some versions.
    return Credentials(user, password.rstrip("\0")) if user else None

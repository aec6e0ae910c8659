"""A container: what one is made of, and what the engine says of it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Mapping

from msgspec import Struct, field


class Spec(Struct, frozen=True, kw_only=True):
    """A container to make."""

    image: str
    """An id of the engine, or a reference with a digest."""
    words: tuple[str, ...] | None = None
    """What runs in it, in place of the image's own entrypoint and command; None: what the image says."""
    host: str = ""
    """Its name, for itself and on its network."""
    network: str = ""
    """A network, or `none`; empty for the engine's own."""
    volumes: tuple[tuple[str, str], ...] = ()
    """Name of a volume, and where it is in the container."""
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    """Where it runs; empty for the image's own."""
    user: str = ""
    terminal: bool = False
    init: bool = False
    """Whether an init of the engine's is its first process: to that one, signals do what they should."""


class State(Struct, frozen=True):
    """What a container is doing."""

    Status: str = ""
    Running: bool = False
    ExitCode: int = 0
    Error: str = ""
    OOMKilled: bool = False


class Config(Struct, frozen=True):
    """What an image says of how it is run."""

    Entrypoint: list[str] | None = None
    Cmd: list[str] | None = None


class Container(Struct, frozen=True):
    """A container as the engine knows it."""

    State: State
    Config: Config


def options_of(spec: Spec) -> Iterable[str]:
    """The options of `docker create`."""
    if spec.words is not None:
        yield f"--entrypoint={spec.words[0]}"
    if spec.host:
        yield f"--hostname={spec.host}"
    if spec.network:
        yield f"--network={spec.network}"
    if spec.host and spec.network not in ("", "none"):
        yield f"--network-alias={spec.host}"
    for name, path in spec.volumes:
        yield f"--mount=type=volume,source={name},target={path}"
    for name, value in spec.variables.items():
        yield f"--env={name}={value}"
    if spec.folder:
        yield f"--workdir={spec.folder}"
    if spec.user:
        yield f"--user={spec.user}"
    if spec.terminal:
        yield "--tty"
    if spec.init:
        yield "--init"


def packed(files: Iterable[tuple[str, bytes]], mode: int) -> bytes:
    """Files as a tar; a name with `/` at its end is a folder, open to all."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name.rstrip("/"))
            if name.endswith("/"):
                entry.type, entry.mode = tarfile.DIRTYPE, 0o777
                archive.addfile(entry)
            else:
                entry.size, entry.mode = len(content), mode
                archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()

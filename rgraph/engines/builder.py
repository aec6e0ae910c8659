"""What builds an image, and pushes it: the interface of the ways to do so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, Protocol

from msgspec import Struct

from rgraph.engines.processes import Ended, Sink
from rgraph.errors import RgraphError
from rgraph.files.transaction import WriteError
from rgraph.files.tree import reason as reason_of_system


class Job(Struct, frozen=True):
    """An image to build."""

    id: str
    dockerfile: Path
    context: Path
    tags: tuple[str, ...]
    """Full names; the first one is what is pushed."""
    labels: Mapping[str, str]
    secrets: tuple[str, ...]
    """Variables of the environment that its steps mount as secrets."""
    platforms: tuple[str, ...]


class Options(Struct, frozen=True):
    """What all builds of a run share."""

    push: bool
    timeout: float
    """Seconds for one image, its push included."""
    network: str = ""
    """Network of RUN steps: `host`, `none`; empty for the builder's own."""
    no_cache: bool = False
    """Whether every step is run anew."""


class Made(Struct, frozen=True):
    """What came of a job."""

    state: Literal["built", "failed", "timeout", "stopped"]
    image_id: str = ""
    digest: str = ""
    """Of what was pushed."""
    reason: str = ""
    error: RgraphError | None = None
    """Why the whole run cannot go on: nobody answers any more."""


class Builder(Protocol):
    """Builds images. Several threads may share one."""

    @property
    def takes_several_platforms(self) -> bool:
        """Whether it can make one image for several platforms."""

    def check(self) -> object:
        """Whether it answers. Raises CouldNotAskError."""

    def make(self, job: Job, sink: Sink) -> Made:
        """Builds an image, and pushes it where that is asked for; what it prints goes to `sink`.

        Raises CouldNotAskError if the builder cannot be run.
        """


class LocalImage(Struct, frozen=True):
    """An image that an engine holds."""

    id: str
    labels: Mapping[str, str]


class Engine(Protocol):
    """An engine that keeps images on this machine."""

    def publish(self, source: str, target: str, sink: Sink) -> Made:
        """Pushes an image that is there, under a name that it gets. Raises CouldNotAskError."""

    def inspect(self, references: Sequence[str]) -> Mapping[str, LocalImage]:
        """Those of some images that are there. Raises CouldNotAskError."""

    def tag(self, source: str, target: str) -> None:
        """Gives an image one name more. Raises CouldNotAskError."""


UNTOLD = Made("failed", reason="the builder does not say what it made")


def unmade(ended: Ended, reason: str, timeout: float) -> Made:
    """What came of a job whose program did not end well."""
    if ended.why == "timeout":
        return Made("timeout", reason=f"it took longer than {timeout:g} s")
    if ended.why == "stopped":
        return Made("stopped", reason="the run was stopped")
    return Made("failed", reason=reason)


@contextmanager
def exchange() -> Iterator[Path]:
    """A folder for what a program is told and tells by files. Raises WriteError if there is no room."""
    try:
        folder = TemporaryDirectory(prefix="rgraph-")
    except OSError as error:
        what = f"cannot make a temporary folder: {reason_of_system(error)}"
        raise WriteError(what, "is the disk full? `TMPDIR` names another one") from error
    with folder as name:
        yield Path(name)


def told(path: Path) -> bytes:
    """What a program wrote into a file; nothing if it wrote none."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def written(path: Path, content: bytes) -> None:
    """Tells a program something by a file. Raises WriteError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WriteError(f"cannot write {path}: {reason_of_system(error)}", "is the disk full?") from error

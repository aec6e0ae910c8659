"""Docker Engine, asked by its own program: builds (`docker build`), images, pushes.

It works with 20.10, whose BuildKit knows no named contexts.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Final

import msgspec
from msgspec import Struct, field

from rgraph.builds.steps import reason_of
from rgraph.engines.builder import UNTOLD, Job, LocalImage, Made, Options, exchange, told, unmade
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import Command, Ended, Secrets, Sink, capture, run
from rgraph.names import Bad, digest

_PATIENCE: Final = 60
"""Seconds for an answer that needs no work of the engine."""
_AT_ONCE: Final = 200
"""Images that one command line names."""
_ABSENT = re.compile(r"no such (image|object)", re.IGNORECASE)
_PUSHED = re.compile(r"digest: (sha256:[0-9a-f]{64}) size: \d+")
_PASSING = re.compile(r"unexpected HTTP status: 5\d\d")
"""What an engine says of a registry that failed for a moment, perhaps."""
_PAUSES: Final = (1.0, 3.0)
"""Seconds before a push is tried once more."""


class Server(Struct, frozen=True):
    """An engine that answers."""

    version: str = field(name="Version")
    os: str = field(name="Os", default="linux")
    architecture: str = field(name="Arch", default="amd64")


class _Config(Struct, frozen=True):
    Labels: dict[str, str] | None = None


class _Inspected(Struct, frozen=True):
    Id: str
    RepoTags: tuple[str, ...] | None = None
    RepoDigests: tuple[str, ...] | None = None
    Config: _Config | None = None


class Docker:
    """An engine of Docker, the one that the environment names (`DOCKER_HOST`, `DOCKER_CONTEXT`)."""

    takes_several_platforms = False

    def __init__(
        self,
        program: str,
        environment: Mapping[str, str],
        options: Options,
        stop: Event,
        secrets: Secrets,
    ) -> None:
        self._program = program
        # Colours and hints would stand in logs.
        self._environment = {
            **environment,
            "BUILDKIT_PROGRESS": "plain",
            "NO_COLOR": "1",
            "DOCKER_CLI_HINTS": "false",
        }
        self._options = options
        self._stop = stop
        self._secrets = secrets
        self._is_windows = False

    def check(self) -> Server:
        """The engine, if it answers. Raises CouldNotAskError."""
        code, out, err = self._ask("version", "--format", "{{json .Server}}")
        try:
            server = None if out.strip() in ("", "null") else decode(out, Server)
        except msgspec.MsgspecError:
            server = None
        if code or server is None:
            why = _reason(err) or "it does not answer"
            help = "start it (`dockerd`), or name another one: `DOCKER_HOST`, `docker context use`, --builder"
            raise CouldNotAskError("the Docker engine", why, help)
        self._is_windows = server.os == "windows"
        return server

    def inspect(self, references: Sequence[str]) -> dict[str, LocalImage]:
        """Those of some images that the engine has. Raises CouldNotAskError."""
        found: dict[str, LocalImage] = {}
        for start in range(0, len(references), _AT_ONCE):
            found.update(self._inspected(references[start : start + _AT_ONCE]))
        return {each: found[each] for each in references if each in found}

    def _inspected(self, references: Sequence[str]) -> Iterator[tuple[str, LocalImage]]:
        code, out, err = self._ask("image", "inspect", *references)
        if code and not all(_ABSENT.search(line) for line in err.splitlines() if line.strip()):
            raise CouldNotAskError("the Docker engine", _reason(err) or f"it ends with code {code}")
        try:
            images = decode(out or "[]", list[_Inspected])
        except msgspec.MsgspecError:
            raise CouldNotAskError("the Docker engine", "its answer cannot be read") from None
        for image in images:
            local = LocalImage(image.Id, (image.Config and image.Config.Labels) or {})
            for name in (image.Id, *(image.RepoTags or ()), *(image.RepoDigests or ())):
                yield name, local

    def tag(self, source: str, target: str) -> None:
        """Gives an image one name more. Raises CouldNotAskError."""
        self._done("tag", source, target)

    def remove(self, reference: str) -> bool:
        """Takes a name from an image, and the image away if it was its last; False if it is not there.

        Raises CouldNotAskError.
        """
        code, _, err = self._ask("image", "rm", reference)
        if code and _ABSENT.search(err):
            return False
        if code:
            raise CouldNotAskError("the Docker engine", _reason(err) or f"it ends with code {code}")
        return True

    def make(self, job: Job, sink: Sink) -> Made:
        """Builds an image, and pushes it where that is asked for."""
        end = time.monotonic() + self._options.timeout
        made = self._build(job, sink)
        if made.state != "built" or not self._options.push:
            return made
        pushed = self._push(job.tags[0], sink, max(0.1, end - time.monotonic()))
        return msgspec.structs.replace(pushed, image_id=made.image_id)

    def _build(self, job: Job, sink: Sink) -> Made:
        with exchange() as folder:
            file = folder / "id"
            arguments = (*self._build_arguments(job), f"--iidfile={file}", str(job.context))
            ended = self._run(arguments, sink, self._options.timeout)
            if not ended.well:
                return unmade(ended, reason_of(ended.last, ended.code), self._options.timeout)
            image_id = told(file).decode("ascii", "replace").strip()
        return UNTOLD if isinstance(digest(image_id), Bad) else Made("built", image_id)

    def _build_arguments(self, job: Job) -> Iterator[str]:
        yield from ("build", f"--file={job.dockerfile}")
        if not self._is_windows:
            yield "--progress=plain"
        yield from (f"--tag={tag}" for tag in job.tags)
        for name, value in job.labels.items():
            yield from ("--label", f"{name}={value}")
        yield from (f"--secret=id={name},env={name}" for name in job.secrets)
        if len(job.platforms) == 1 and not self._is_windows:
            yield f"--platform={job.platforms[0]}"
        if self._options.network:
            yield f"--network={self._options.network}"
        if self._options.no_cache:
            yield "--no-cache"

    def publish(self, source: str, target: str, sink: Sink) -> Made:
        """Pushes an image that is there, under a name that it gets. Raises CouldNotAskError."""
        self.tag(source, target)
        return self._push(target, sink, self._options.timeout)

    def _push(self, reference: str, sink: Sink, timeout: float) -> Made:
        found = ""

        def take(line: str) -> None:
            nonlocal found
            if match := _PUSHED.search(line):
                found = match[1]
            sink(line)

        end = time.monotonic() + timeout
        ended = self._run(("push", reference), take, timeout)
        for pause in _PAUSES:
            if ended.well or not any(map(_PASSING.search, ended.last)) or self._stop.wait(pause):
                break
            # Registries fail like this where two push one blob at the same moment, or while one starts.
            sink("the registry failed: the push is tried once more")
            ended = self._run(("push", reference), take, max(1.0, end - time.monotonic()))
        if not ended.well:
            return unmade(ended, f"the push failed: {_reason(_text(ended.last))}", self._options.timeout)
        if not found:
            return Made("failed", reason="the push did not say which digest it has")
        return Made("built", digest=found)

    def _run(self, arguments: Sequence[str], sink: Sink, timeout: float) -> Ended:
        # An engine for Windows has its own builder only, which knows no other platforms.
        builder = {"DOCKER_BUILDKIT": "0" if self._is_windows else "1"}
        command = Command((self._program, *arguments), {**self._environment, **builder}, timeout)
        return run(command, self._stop, sink, self._secrets)

    def _done(self, *arguments: str) -> None:
        code, _, err = self._ask(*arguments)
        if code:
            raise CouldNotAskError("the Docker engine", _reason(err) or f"it ends with code {code}")

    def _ask(self, *arguments: str) -> tuple[int, str, str]:
        code, out, err = capture((self._program, *arguments), self._environment, _PATIENCE)
        return code, out, self._secrets.hide(err)


def _reason(text: str) -> str:
    """What an engine's program says last, without its prefixes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = lines[-1] if lines else ""
    for prefix in ("Error response from daemon: ", "ERROR: ", "Error: ", "error during connect: "):
        told = told.removeprefix(prefix)
    return told.rstrip(".")


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines)

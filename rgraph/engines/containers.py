"""Containers of an engine of Docker: made, filled, run and taken away again."""

from __future__ import annotations

import io
import os
import re
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import IO, Final, TypeVar

import msgspec
from msgspec import Struct, field

from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import NO_SECRETS, Command, capture
from rgraph.engines.processes import run as run_program
from rgraph.errors import RgraphError
from rgraph.trials.trial import Ended

_PATIENCE: Final = 120
"""Seconds for an answer that needs little work of the engine."""
_PULL: Final = 3600
"""Seconds for a pull."""
_KEPT: Final = 1 << 20
"""Characters of an output that are kept, of its beginning and of its end each."""
_UNREACHABLE = re.compile(
    r"cannot connect to the docker daemon|error during connect|connection refused|connection reset"
    r"|unexpected eof|no such host|i/o timeout|is the docker daemon running",
    re.IGNORECASE,
)
_NO_IMAGE = re.compile(r"no such (image|object)|manifest unknown|not found", re.IGNORECASE)
LABEL: Final = "io.github.rgraph.run"
"""Label of all that a run makes at the engine: by it, what a killed run left is found."""

_T = TypeVar("_T")


class EngineRefusedError(RgraphError):
    """The engine answers, and does not do what it was asked for."""

    exit_code = 1

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class StoppedError(RgraphError):
    """The run was stopped from outside."""

    exit_code = 130


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


class State(Struct, frozen=True):
    """What a container is doing."""

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


class Containers:
    """The containers, networks and volumes of one run. Several threads may share one.

    `run` tells a run from others; what it makes has that as its label. All methods raise
    CouldNotAskError if the engine cannot be reached, EngineRefusedError if it will not.
    """

    def __init__(self, program: str, environment: Mapping[str, str], run: str, stop: Event) -> None:
        self._program = program
        self._environment = {**environment, "NO_COLOR": "1", "DOCKER_CLI_HINTS": "false"}
        self._label = f"--label={LABEL}={run}"
        self._filter = f"label={LABEL}={run}"
        self._stop = stop

    def check(self) -> str:
        """The operating system that its containers have, if the engine answers: `linux`, `windows`."""
        return self._done("version", "--format", "{{.Server.Os}}")

    def has(self, image: str) -> bool:
        """Whether the engine holds an image."""
        code, _, error = self._ask(_PATIENCE, "image", "inspect", "--format", "{{.Id}}", image)
        if code and not _NO_IMAGE.search(error):
            raise self._error(error, code)
        return code == 0

    def pull(self, reference: str) -> None:
        """Gets an image from its registry, unless the engine holds it."""
        if self.has(reference):
            return
        lines: list[str] = []
        arguments = (self._program, "pull", "--quiet", reference)
        command = Command(arguments, self._environment, _PULL)
        ended = run_program(command, self._stop, lines.append, NO_SECRETS)
        if ended.well:
            return
        if ended.why == "stopped":
            raise StoppedError("the run was stopped")
        said = "\n".join(lines)
        if _NO_IMAGE.search(said) and not _UNREACHABLE.search(said):
            raise EngineRefusedError(f"the registry does not have `{reference}`", "was it deleted since?")
        raise CouldNotAskError(reference.partition("/")[0], _reason(said) or "the pull did not end")

    def create(self, spec: Spec) -> str:
        """Makes a container that does not run yet; its id."""
        return self._done("create", self._label, *_options(spec), spec.image, *(spec.words or ())[1:])

    def put(self, container: str, folder: str, files: Iterable[tuple[str, bytes]], mode: int = 0o755) -> None:
        """Puts files into a folder that is there; a name with `/` at its end is a folder, open to all."""
        packed = _packed(files, mode)
        arguments = (self._program, "cp", "-", f"{container}:{folder}")
        code, _, error = capture(arguments, self._environment, _PATIENCE, packed)
        if code:
            raise self._error(error, code)

    def start(self, container: str) -> None:
        """Lets a container run, and does not wait for it."""
        self._done("start", container)

    def run(self, container: str, timeout: float, sink: Callable[[str], None]) -> Ended:
        """Lets a container run to its end, or to its time limit (seconds): then it is killed."""
        output = _Output(sink)
        began = time.monotonic()
        arguments = (self._program, "start", "--attach", container)
        command = Command(arguments, self._environment, timeout)
        ended = run_program(command, self._stop, output.take, NO_SECRETS)
        seconds = time.monotonic() - began
        if ended.why:
            self.kill(container)
            if ended.why == "stopped":
                raise StoppedError("the run was stopped")
            return Ended(exit_code=None, output=output.text(), seconds=seconds, timed_out=True)
        found = self.inspect(container)
        return Ended(
            exit_code=None if found.State.Error else found.State.ExitCode,
            output=output.text(),
            seconds=seconds,
            problem=_started(found.State),
        )

    def inspect(self, container: str) -> Container:
        """What a container is doing, and what its image says."""
        text = self._done("container", "inspect", container)
        return _decoded(text, list[Container])[0]

    def logs(self, container: str) -> str:
        """What a container wrote so far."""
        code, out, error = self._ask(_PATIENCE, "logs", container)
        return f"{out}{error}" if code == 0 else ""

    def kill(self, container: str) -> None:
        """Ends a container at once, if it runs."""
        with suppress(EngineRefusedError):
            self._done("kill", container)

    def stream(self, container: str, read: Callable[[IO[bytes]], _T], *, export: bool) -> tuple[int, _T]:
        """Runs a container and gives what it writes to stdout to a function; or, with `export`, all its
        files as a tar, without running it. The exit code, and what the function made of it.
        """
        words = ("export", container) if export else ("start", "--attach", container)
        try:
            process = subprocess.Popen(
                (self._program, *words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment,
                start_new_session=True,
            )
        except OSError as error:
            why = f"it cannot be run ({error.strerror})"
            raise CouldNotAskError(os.path.basename(self._program), why) from None
        assert process.stdout, "it was asked for"
        assert process.stderr, "it was asked for"
        with process, suppress(BrokenPipeError):
            try:
                found = read(process.stdout)
                # The rest is of no use; nobody must wait for its reader.
                process.stdout.close()
                said = process.stderr.read(_KEPT).decode(errors="replace")
            finally:
                if process.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(_GRACE)
                    process.kill()
        if process.returncode and _UNREACHABLE.search(said):
            raise self._error(said, process.returncode)
        return process.returncode, found

    def save(self, image: str, path: str, timeout: float) -> None:
        """Writes an image to a file, as `docker save` does."""
        command = Command((self._program, "save", "--output", path, image), self._environment, timeout)
        ended = run_program(command, self._stop)
        if ended.why == "stopped":
            raise StoppedError("the run was stopped")
        if not ended.well:
            raise self._error("\n".join(ended.last), ended.code)

    def network(self, name: str) -> str:
        """Makes a network on which containers find each other by name, and nobody else."""
        return self._done("network", "create", "--internal", self._label, name)

    def volume(self, name: str) -> str:
        """Makes an empty volume."""
        return self._done("volume", "create", self._label, name)

    def remove(self, containers: Sequence[str], networks: Sequence[str], volumes: Sequence[str]) -> None:
        """Takes away what a trial has made; what cannot be taken away now, the next run's `sweep` does."""
        for names, words in (
            (containers, ("container", "rm", "--force", "--volumes")),
            (networks, ("network", "rm")),
            (volumes, ("volume", "rm", "--force")),
        ):
            if names:
                with suppress(EngineRefusedError, CouldNotAskError):
                    self._done(*words, *names)

    def sweep(self) -> None:
        """Takes away what this run made, and what a killed one with its label left."""
        containers = self._listed("container", "ls", "--all")
        self.remove(containers, self._listed("network", "ls"), self._listed("volume", "ls"))

    def _listed(self, *words: str) -> list[str]:
        return self._done(*words, "--quiet", "--filter", self._filter).split()

    def _done(self, *arguments: str) -> str:
        code, out, error = self._ask(_PATIENCE, *arguments)
        if code:
            raise self._error(error, code)
        return out.strip()

    def _ask(self, timeout: float, *arguments: str) -> tuple[int, str, str]:
        return capture((self._program, *arguments), self._environment, timeout)

    def _error(self, error: str, code: int) -> RgraphError:
        why = _reason(error) or f"it ends with code {code}"
        if _UNREACHABLE.search(error):
            help = "start it (`dockerd`), or name another one: `DOCKER_HOST`, `docker context use`"
            return CouldNotAskError("the Docker engine", why, help)
        return EngineRefusedError(f"the engine refuses: {why}")


_GRACE: Final = 10


class _Output:
    """The lines of an output, of a long one its beginning and its end."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._head: list[str] = []
        self._tail: list[str] = []
        self._sizes = [0, 0]

    def take(self, line: str) -> None:
        """One line more."""
        self._sink(line)
        if self._sizes[0] < _KEPT:
            self._head.append(line)
            self._sizes[0] += len(line) + 1
            return
        self._tail.append(line)
        self._sizes[1] += len(line) + 1
        while self._sizes[1] > _KEPT and len(self._tail) > 1:
            self._sizes[1] -= len(self._tail.pop(0)) + 1

    def text(self) -> str:
        """All that is kept."""
        return "\n".join([*self._head, *self._tail])


def _options(spec: Spec) -> Iterable[str]:
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


def _packed(files: Iterable[tuple[str, bytes]], mode: int) -> bytes:
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


def _started(state: State) -> str:
    if state.Error:
        return f"it cannot be started: {_reason(state.Error)}"
    return "it was killed, as it had no memory left" if state.OOMKilled else ""


def _decoded(text: str, type: type[_T]) -> _T:
    try:
        return decode(text, type)
    except msgspec.MsgspecError:
        raise CouldNotAskError("the Docker engine", "its answer cannot be read") from None


def _reason(text: str) -> str:
    """What the engine's program says last, without its prefixes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Neither of these says why.
    lines = [line for line in lines if "--help" not in line and "failed to start containers: " not in line]
    told = lines[-1] if lines else ""
    for prefix in ("Error response from daemon: ", "docker: ", "ERROR: ", "Error: "):
        told = told.removeprefix(prefix)
    return told.rstrip(".")

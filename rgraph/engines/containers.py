"""Containers of an engine of Docker: made, filled, run and taken away again."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import IO, Final, TypeVar

import msgspec

from rgraph.engines.container import Container, Spec, State, options_of, packed
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.output import KEPT, Output
from rgraph.engines.processes import NO_SECRETS, Command, capture
from rgraph.engines.processes import run as run_program
from rgraph.errors import RgraphError
from rgraph.trials.trial import Ended

_PATIENCE: Final = 120
"""Seconds for an answer that needs little work of the engine."""
_PULL: Final = 3600
"""Seconds for a pull."""
_LOGS: Final = 600
"""Seconds for all that a container has written."""
_PAUSE: Final = 0.5
"""Seconds before an engine that was lost is asked again."""
_LOST: Final = -1
"""In place of an exit code that nobody knows."""
_ENDED: Final = frozenset({"exited", "dead"})
"""States of a container that has run (Docker's API, `ContainerState`)."""
ENGINE: Final = "the Docker engine"
"""Whom errors name that tell of the engine itself, and not of a registry behind it."""
_INIT: Final = "docker-init"
_NO_INIT: Final = ("it has no `docker-init`, which tests need", "install it where the engine runs")
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

    def labels(self, image: str) -> dict[str, str]:
        """The labels of an image that the engine holds."""
        text = self._done("image", "inspect", "--format", "{{json .Config.Labels}}", image)
        return _decoded(text, dict[str, str] | None) or {}  # type: ignore[arg-type] # msgspec knows unions

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
        return self._done("create", self._label, *options_of(spec), spec.image, *(spec.words or ())[1:])

    def put(self, container: str, folder: str, files: Iterable[tuple[str, bytes]], mode: int = 0o755) -> None:
        """Puts files into a folder that is there; a name with `/` at its end is a folder, open to all."""
        content = packed(files, mode)
        arguments = (self._program, "cp", "-", f"{container}:{folder}")
        code, _, error = capture(arguments, self._environment, _PATIENCE, content)
        if code:
            raise self._error(error, code)

    def start(self, container: str) -> None:
        """Lets a container run, and does not wait for it."""
        self._done("start", container)

    def run(self, container: str, timeout: float, sink: Callable[[str], None]) -> Ended:
        """Lets a container run to its end, or to its time limit (seconds): then it is killed.

        Raises CouldNotAskError if nobody knows how it ended, as the engine was lost on the way.
        """
        output = Output(sink)
        began = time.monotonic()
        arguments = (self._program, "start", "--attach", container)
        ended = run_program(
            Command(arguments, self._environment, timeout), self._stop, output.take, NO_SECRETS
        )
        state = None if ended.why else self._ended(container, ended.code, began + timeout)
        seconds = time.monotonic() - began
        if state is None:
            self.kill(container)
            if self._stop.is_set():
                raise StoppedError("the run was stopped")
            return Ended(exit_code=None, output=output.text(), seconds=seconds, timed_out=True)
        if state.Error:
            # It never began: what there is of an output is the engine's.
            return Ended(exit_code=None, output=output.text(), seconds=seconds, problem=_started(state))
        whole = self._written(container)
        return Ended(
            exit_code=state.ExitCode,
            # Of what was seen live some may be lost; of what the engine kept, if it was told to keep little.
            output=(output if ended.code == state.ExitCode and output.size > whole.size else whole).text(),
            seconds=seconds,
            problem=_started(state),
        )

    def _ended(self, container: str, code: int, end: float) -> State | None:
        """How a container ended that was watched till `code`; None if it still runs at its time limit, or
        if the run is stopped. Whoever watches may have lost the engine, and not the container its life.
        """
        state = self._state(container)
        while state.Status not in _ENDED and not (state.Status == "created" and code):
            left = end - time.monotonic()
            if left <= 0 or self._stop.is_set():
                return None
            command = Command((self._program, "wait", container), self._environment, left)
            waited = run_program(command, self._stop)
            if waited.why:
                return None
            told = waited.last[-1].strip() if waited.well and waited.last else ""
            code = int(told) if told.isdecimal() else _LOST
            if code == _LOST:
                self._stop.wait(_PAUSE)
            state = self._state(container)
        # An exit code of programs has eight bits; of a container of Windows it has more.
        if not state.Error and (state.Status not in _ENDED or code & 0xFF != state.ExitCode & 0xFF):
            why = "the connection broke while a container ran, so nobody knows how it ended"
            raise CouldNotAskError(ENGINE, why, "run it again")
        return state

    def _state(self, container: str) -> State:
        state = self.inspect(container).State
        if _INIT in state.Error:
            raise CouldNotAskError(ENGINE, *_NO_INIT)
        return state

    def _written(self, container: str) -> Output:
        """All that a container has written. Of this the engine's program notices if it is cut off."""
        output = Output(lambda _: None)
        command = Command((self._program, "logs", container), self._environment, _LOGS)
        ended = run_program(command, self._stop, output.take, NO_SECRETS)
        if ended.why == "stopped":
            raise StoppedError("the run was stopped")
        if not ended.well:
            why = _reason("\n".join(ended.last))
            raise CouldNotAskError(ENGINE, f"it did not give all that a container wrote: {why}")
        return output

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
                said = process.stderr.read(KEPT).decode(errors="replace")
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
        if _INIT in error:
            return CouldNotAskError(ENGINE, *_NO_INIT)
        if _UNREACHABLE.search(error):
            help = "start it (`dockerd`), or name another one: `DOCKER_HOST`, `docker context use`"
            return CouldNotAskError(ENGINE, why, help)
        return EngineRefusedError(f"the engine refuses: {why}")


_GRACE: Final = 10


def _started(state: State) -> str:
    if state.Error:
        return f"it cannot be started: {_reason(state.Error)}"
    return "it was killed, as it had no memory left" if state.OOMKilled else ""


def _decoded(text: str, type: type[_T]) -> _T:
    try:
        return decode(text, type)
    except msgspec.MsgspecError:
        raise CouldNotAskError(ENGINE, "its answer cannot be read") from None


def _reason(text: str) -> str:
    """What the engine's program says last, without its prefixes."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Neither of these says why.
    lines = [line for line in lines if "--help" not in line and "failed to start containers: " not in line]
    told = lines[-1] if lines else ""
    for prefix in ("Error response from daemon: ", "docker: ", "ERROR: ", "Error: "):
        told = told.removeprefix(prefix)
    return told.rstrip(".")

"""One trial of an image, on an engine: its containers, its network and volumes, and what came of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

from msgspec import Struct

from rgraph.engines.container import Spec
from rgraph.engines.containers import Containers, EngineRefusedError
from rgraph.trials import places
from rgraph.trials.launching import shared_files, words_of
from rgraph.trials.trial import Ended, Launch, Trial

_ALIVE: Final = 1.5
"""Seconds after which an image that still runs has started."""
_LOOK: Final = 0.2
_NO_PROGRAM: Final = frozenset({126, 127})

Sink = Callable[[str], None]


class _Made(Struct):
    """What a trial has made at the engine."""

    containers: list[str]
    networks: list[str]
    volumes: list[str]


class Trier:
    """Runs trials of images. Several threads may share one."""

    def __init__(self, containers: Containers, stop: Event, *, init: bool = True) -> None:
        """`init`: whether what is tested runs below an init; containers of Windows know none."""
        self._containers = containers
        self._stop = stop
        self._init = init

    def run(self, image: str, trial: Trial, timeout: float, sink: Sink) -> tuple[Ended, ...]:
        """What came of a trial in each node that counts, the first one first; `timeout` in seconds.

        Of mpirun the first node counts: it says how all did. Raises CouldNotAskError, StoppedError.
        """
        made = _Made([], [], [])
        try:
            if trial.launch is None:
                return (self._starts(image, made),)
            return self._launched(image, trial.launch, timeout, sink, made)
        except EngineRefusedError as error:
            return (Ended(exit_code=None, problem=error.what),)
        finally:
            self._containers.remove(made.containers, made.networks, made.volumes)

    def _starts(self, image: str, made: _Made) -> Ended:
        """A container as users of the image start it, with a terminal, as programs that talk want one."""
        began = time.monotonic()
        try:
            container = self._containers.create(Spec(image=image, terminal=True))
        except EngineRefusedError as error:
            if "no command specified" not in error.what.lower():
                raise
            # It only holds files, for others to take; that a container of it can be made is all there is.
            made.containers.append(self._containers.create(Spec(image=image, words=("rgraph",))))
            return Ended(exit_code=None, seconds=time.monotonic() - began)
        made.containers.append(container)
        self._containers.start(container)
        while True:
            found = self._containers.inspect(container)
            seconds = time.monotonic() - began
            if not found.State.Running or seconds > _ALIVE:
                break
            self._stop.wait(_LOOK)
        code: int | None = None if found.State.Running else found.State.ExitCode
        if found.Config.Entrypoint and not found.Config.Cmd and code not in _NO_PROGRAM:
            # It waits for arguments, and may say so by its exit code.
            code = None
        output = self._containers.logs(container) if code else ""
        # An exit code that is well counts as still running: there is nothing to complain of.
        return Ended(exit_code=code or None, output=output, seconds=seconds)

    def _launched(
        self, image: str, launch: Launch, timeout: float, sink: Sink, made: _Made
    ) -> tuple[Ended, ...]:
        name = f"rgraph-{uuid.uuid4().hex}"
        network = ""
        shared = launch.nodes > 1 and launch.by == "mpirun"
        if launch.nodes > 1:
            network = name
            made.networks.append(network)
            self._containers.network(network)
        if shared:
            made.volumes.append(name)
            self._containers.volume(name)
        for rank in range(launch.nodes):
            self._create(image, launch, rank, name, network, made)
        if shared:
            self._containers.put(made.containers[0], places.LAUNCHING, shared_files(launch))
        first, *others = made.containers
        if launch.nodes == 1 or launch.by == "mpirun":
            for each in others:
                self._containers.start(each)
            return (self._containers.run(first, timeout, sink),)
        return self._together(made.containers, timeout, sink)

    def _together(self, containers: Sequence[str], timeout: float, sink: Sink) -> tuple[Ended, ...]:
        def run(numbered: tuple[int, str]) -> Ended:
            rank, container = numbered
            host = places.host_name(rank)
            return self._containers.run(container, timeout, lambda line: sink(f"{host}: {line}"))

        with ThreadPoolExecutor(len(containers)) as pool:
            return tuple(pool.map(run, enumerate(containers)))

    def _create(self, image: str, launch: Launch, rank: int, name: str, network: str, made: _Made) -> None:
        volumes = []
        if launch.nodes > 1 and launch.by == "mpirun":
            volumes.append((name, places.LAUNCHING))
        if launch.batch:
            own = f"{name}-{rank}"
            made.volumes.append(own)
            self._containers.volume(own)
            volumes.append((own, places.BATCH))
        container = self._containers.create(
            Spec(
                image=image,
                words=words_of(launch, rank),
                host=places.host_name(rank) if launch.nodes > 1 else "",
                network=network,
                volumes=tuple(volumes),
                variables=places.variables(launch, rank),
                folder=places.TASK if launch.batch else "",
                init=self._init,
            )
        )
        made.containers.append(container)
        if launch.batch:
            folders = [(f"{each.removeprefix(places.BATCH + '/')}/", b"") for each in places.BATCH_FOLDERS]
            startup = places.STARTUP.removeprefix(places.BATCH + "/")
            files = [(f"{startup}/{file}", content) for file, content in launch.files]
            self._containers.put(container, places.BATCH, [*folders, *files])
        elif launch.files:
            folder = places.FOLDER.lstrip("/")
            files = [(f"{folder}/{file}", content) for file, content in launch.files]
            self._containers.put(container, "/", [(f"{folder}/", b""), *files])

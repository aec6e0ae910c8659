"""One image is made: its context written, built, logged, pushed, and found again by its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from threading import Lock

from rgraph.app import Workspace, view
from rgraph.building.request import Request, Tools
from rgraph.builds import naming
from rgraph.builds.baking import Target
from rgraph.builds.context import Contexts, secrets_of
from rgraph.builds.labels import labels
from rgraph.builds.steps import step_of
from rgraph.builds.survey import Held
from rgraph.engines.builder import Job, Made
from rgraph.engines.buildx import Buildx
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.ways import Way
from rgraph.engines.workers import Stopwatch
from rgraph.errors import RgraphError
from rgraph.files.builds import BuildFolder, Log
from rgraph.files.contexts import written
from rgraph.image import Image
from rgraph.render.bake import target_names


class Maker:
    """Makes images. Several threads may share one."""

    def __init__(
        self, workspace: Workspace, request: Request, tools: Tools, way: Way, folder: BuildFolder, number: str
    ) -> None:
        self._workspace, self._request, self._tools = workspace, request, tools
        self._way, self._folder, self._number = way, folder, number
        self._staging = workspace.catalog.settings.staging
        self._push = request.options.push
        self._view = view(workspace, workspace.ledger)
        self._contexts = Contexts(self._view)
        self._lock = Lock()
        """What contexts share is made by one thread at a time."""
        self.problems: list[str] = []
        """Logs that are not complete, a sentence each."""

    def make(self, id: str, held: Mapping[str, Held]) -> Made:
        """Makes an image; `held` has what it is made from."""
        self._tools.reporter.started(id)
        log = self._folder.log(id)
        try:
            return self._made(id, held, log)
        except CouldNotAskError as error:
            return Made("failed", reason=str(error), error=error)
        except RgraphError as error:
            return Made("failed", reason=str(error))
        finally:
            self._close(id, log)

    def _made(self, id: str, held: Mapping[str, Held], log: Log) -> Made:
        image, sink = self._workspace.resolved.images[id], self._sink(id, log)
        with self._lock:
            wanted = self._labels(image, held)
        made = self._published(id, wanted, sink)
        if made is None:
            with self._lock:
                context = self._contexts.of(image, {each: held[each].reference for each in _parents(image)})
            with written(context) as (dockerfile, folder):
                platforms = () if self._is_for_one(image) else tuple(image.state.platforms)
                secrets = tuple(secrets_of(image))
                job = Job(id, dockerfile, folder, self._tags(id), wanted, secrets, platforms)
                made = self._way.builder.make(job, sink)
        return self._checked(id, made)

    def _published(self, id: str, wanted: Mapping[str, str], sink: Callable[[str], None]) -> Made | None:
        """Pushes what the engine holds already, of a run that was killed before it could; None if it has no
        image with just these labels.
        """
        engine = self._way.engine
        if not self._push or engine is None or self._request.options.no_cache:
            return None
        name = self._by_content(id)
        found = engine.inspect([name]).get(name)
        if found is None or any(found.labels.get(key) != value for key, value in wanted.items()):
            return None
        sink(f"the engine has this content already, as {found.id}: it is only pushed")
        made = engine.publish(name, self._tags(id)[0], sink)
        return Made(made.state, found.id, made.digest, made.reason)

    def _is_for_one(self, image: Image) -> bool:
        """Whether the builder is not asked for platforms, as it makes its own only."""
        return len(image.state.platforms) > 1 and not self._way.builder.takes_several_platforms

    def _checked(self, id: str, made: Made) -> Made:
        """What was made, found by its content in staging; of a failure, whether anybody still answers."""
        if made.state == "stopped" or (made.state != "built" and self._tools.stop.event.is_set()):
            return made
        try:
            if made.state == "built" and self._push:
                missing = self._tools.staging.pushed(self._tags(id)[0], made.digest, self._by_content(id))
                return made if missing is None else Made("failed", reason=f"after the push {missing.what}")
            if made.state != "built":
                self._way.builder.check()
                if self._push:
                    self._tools.staging.is_there(self._by_content(id))
        except RgraphError as error:
            state = "failed" if made.state == "built" else made.state
            return Made(state, reason=made.reason or str(error), error=error)
        return made

    def bake(
        self,
        baker: Buildx,
        ids: Sequence[str],
        held: Mapping[str, Held],
        settle: Callable[[str, Made, float], None],
    ) -> None:
        """Makes all images in one call; `settle` is told what became of each, but for those that stand on
        one that failed.
        """
        watch, names = Stopwatch(), target_names(ids)
        logs = {id: self._folder.log(id) for id in ids}
        sinks = {id: self._sink(id, log) for id, log in logs.items()}

        def sink(id: str, line: str) -> None:
            if not id:
                return
            if watch.note(id):
                self._tools.reporter.started(id)
            sinks[id](line)

        def done(id: str, made: Made) -> None:
            settle(id, self._checked(id, made), watch.seconds(id))

        with ExitStack() as stack:
            targets = {id: self._target(id, set(ids), held, stack) for id in ids}
            try:
                baker.bake(targets, names, sink, done)
            finally:
                for id, log in logs.items():
                    self._close(id, log)

    def _target(self, id: str, together: set[str], held: Mapping[str, Held], stack: ExitStack) -> Target:
        image = self._workspace.resolved.images[id]
        inner = {self._by_content(each): each for each in _parents(image) if each in together}
        outer = {each: held[each].reference for each in _parents(image) if each not in together}
        context = self._contexts.of(image, {**outer, **{each: name for name, each in inner.items()}})
        dockerfile, folder = stack.enter_context(written(context))
        return Target(
            context=str(folder),
            dockerfile=str(dockerfile),
            tags=self._tags(id),
            labels=self._labels(image, held),
            secrets=secrets_of(image),
            platforms=image.state.platforms,
            parents=inner,
        )

    def _labels(self, image: Image, held: Mapping[str, Held]) -> dict[str, str]:
        parent = held.get(image.parent.to)
        return labels(self._view, image, parent.digest if parent else "")

    def _tags(self, id: str) -> tuple[str, ...]:
        return str(naming.numbered(self._staging, id, self._number)), self._by_content(id)

    def _by_content(self, id: str) -> str:
        return naming.by_content(self._staging, id, self._workspace.fingerprints[id])

    def _sink(self, id: str, log: Log) -> Callable[[str], None]:
        def sink(line: str) -> None:
            log.write(line)
            if step := step_of(line):
                self._tools.reporter.step(id, step)

        return sink

    def _close(self, id: str, log: Log) -> None:
        log.close()
        if log.problem:
            self.problems.append(f"the log of `{id}` is not complete: {log.problem}")


def _parents(image: Image) -> list[str]:
    return [edge.to for edge in image.edges if not edge.external]

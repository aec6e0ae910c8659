"""One run: from what is known to what became of each image, with a record that is true at every moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Final

from rgraph.app import Workspace
from rgraph.building.finding import Finder
from rgraph.building.making import Maker
from rgraph.building.request import Done, Request, Tools
from rgraph.builds import naming
from rgraph.builds.context import secrets_of
from rgraph.builds.ready import Ready, needs_of
from rgraph.builds.record import BuildRecord, BuiltImage, log_name
from rgraph.builds.survey import Held, Survey, survey
from rgraph.engines.builder import Made
from rgraph.engines.ways import Way
from rgraph.engines.workers import work
from rgraph.errors import RgraphError, UsageError
from rgraph.files.builds import BuildFolder
from rgraph.files.transaction import WriteError
from rgraph.names import Bad

_AT_ONCE: Final = 8
"""Requests to a registry at the same time."""
_STOPPED: Final = "the run was stopped"


class Run:
    """A run; `find`, `build` and `end` are called in this order."""

    def __init__(
        self, workspace: Workspace, request: Request, tools: Tools, way: Way, folder: BuildFolder, number: str
    ) -> None:
        self._workspace, self._request, self._tools = workspace, request, tools
        self._way, self._folder, self._number = way, folder, number
        self._push = request.options.push
        self._images = workspace.resolved.images
        self._finder = Finder(workspace, tools, way, number, push=self._push)
        before = folder.build()
        self._before = dict(before.images) if before else {}
        self._survey = Survey({}, (), ())
        self._held: dict[str, Held] = {}
        self._done = Done(number, self._push, folder.path)

    def find(self, chosen: Sequence[str], excluded: Collection[str]) -> None:
        """Finds out what is to be built; what is there gets its tag.

        Raises UsageError if it cannot be built as asked for, CouldNotAskError, WriteError.
        """
        self._check_names(chosen)
        anew = set(chosen) if self._request.options.no_cache else set()

        def look(ids: Sequence[str]) -> dict[str, Held]:
            return self._finder.look([id for id in ids if id not in anew])

        self._survey = survey(self._images, chosen, excluded, look)
        self._held = dict(self._survey.held)
        self._check_names(self._survey.added)
        self._check_secrets()
        self._check_platforms()
        if added := self._survey.added:
            self._tools.reporter.note(f"built, too, as they are needed and not there: {', '.join(added)}")
        here = {*chosen, *self._survey.build}
        self._done.waves = {id: self._workspace.resolved.level[id] for id in self._images if id in here}
        self._name([id for id in chosen if id in self._held])
        self._save()

    def build(self) -> None:
        """Builds what is not there, as far as nothing fails that it needs."""
        todo, stop = self._survey.build, self._tools.stop.event
        if todo and not stop.is_set():
            self._tools.reporter.begin(len(todo))
            maker = Maker(self._workspace, self._request, self._tools, self._way, self._folder, self._number)
            edges = {id: [edge.to for edge in self._images[id].edges if not edge.external] for id in todo}
            ready = Ready(needs_of(edges, self._workspace.resolved.level))

            def settle(id: str, made: Made, seconds: float) -> None:
                self._settle(id, made, seconds, ready)

            if self._way.baker:
                try:
                    maker.bake(self._way.baker, todo, self._held, settle)
                except RgraphError as error:
                    self._done.failure = error
            else:
                work(
                    lambda: None if self._done.failure else ready.take(),
                    lambda id: maker.make(id, self._held),
                    settle,
                    self._request.jobs,
                    stop,
                )
            self._done.problems += maker.problems
        why = _STOPPED if stop.is_set() else "the run ended early"
        for id in todo:
            if id not in self._done.images:
                self._skip(id, why)

    def end(self) -> Done:
        """What the run did, with the record written. Raises WriteError if that is not possible."""
        images = self._done.images
        self._done.images = {id: images[id] for id in self._done.waves if id in images}
        self._save()
        return self._done

    def _check_names(self, ids: Iterable[str]) -> None:
        for id in ids:
            made = naming.numbered(self._workspace.catalog.settings.staging, id, self._number)
            if isinstance(made, Bad):
                raise UsageError(made.what, made.help)

    def _check_secrets(self) -> None:
        environment = self._tools.environment
        lacking = {
            name: id
            for id in reversed(self._survey.build)
            for name in secrets_of(self._images[id])
            if not environment.get(name)
        }
        if lacking:
            names = ", ".join(f"`{name}` (for `{id}`)" for name, id in sorted(lacking.items()))
            raise UsageError(
                f"secrets are not set: {names}", "set these variables; their values go nowhere else"
            )

    def _check_platforms(self) -> None:
        if self._way.builder.takes_several_platforms:
            return
        several = [id for id in self._survey.build if len(self._images[id].state.platforms) > 1]
        if several and self._push:
            platforms = " and ".join(self._images[several[0]].state.platforms)
            what = f"`{several[0]}` is for {platforms}, and `docker build` makes one platform"
            raise UsageError(what, "name a builder of buildx: --builder")
        if several:
            names = ", ".join(several)
            self._tools.reporter.note(f"built for the platform of the engine, and for no other: {names}")

    def _name(self, present: Sequence[str]) -> None:
        """Gives the tag of this build to images that are there, some at a time."""
        names = iter(present)

        def settle(id: str, reference: str, _: float) -> None:
            held, fingerprint = self._held[id], self._finder.fingerprint(id)
            self._done.images[id] = BuiltImage(
                fingerprint, "present", reference, held.digest, held.image_id, 0.0, "", ""
            )

        work(
            lambda: next(names, None),
            lambda id: self._finder.give(id, self._held[id]),
            settle,
            _AT_ONCE,
            self._tools.stop.event,
        )

    def _settle(self, id: str, made: Made, seconds: float, ready: Ready) -> None:
        """Notes what became of an image, and of what stands on it."""
        image = BuiltImage(
            fingerprint=self._finder.fingerprint(id),
            state="skipped" if made.state == "stopped" else made.state,
            reference=self._numbered(id),
            digest=made.digest,
            image_id=made.image_id,
            seconds=round(seconds, 3),
            log=log_name(id),
            reason=made.reason or (_STOPPED if made.state == "stopped" else ""),
        )
        self._note(id, image)
        if made.state == "built":
            name = self._finder.by_content(id)
            reference = naming.at_digest(name, made.digest) if made.digest else name
            self._held[id] = Held(reference, made.digest, made.image_id, name)
            ready.built(id)
            return
        for each in ready.failed(id):
            self._skip(each, _STOPPED if made.state == "stopped" else f"it needs `{id}`, which has failed")
        self._done.failure = self._done.failure or made.error

    def _skip(self, id: str, why: str) -> None:
        fingerprint = self._finder.fingerprint(id)
        self._note(id, BuiltImage(fingerprint, "skipped", self._numbered(id), "", "", 0.0, "", why))

    def _note(self, id: str, image: BuiltImage) -> None:
        self._done.images[id] = image
        self._tools.reporter.ended(id, image)
        # It is written once more at the end: until then there may be room on the disk again.
        with suppress(WriteError):
            self._save()

    def _save(self) -> None:
        images = {**self._before, **self._done.images}
        self._folder.save(BuildRecord(number=self._number, pushed=self._push, images=images))

    def _numbered(self, id: str) -> str:
        return str(naming.numbered(self._workspace.catalog.settings.staging, id, self._number))

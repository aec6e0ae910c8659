"""The use case of `test`: the tests of images that were built, in containers of exactly these images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock

from msgspec import Struct

from rgraph.app import Workspace
from rgraph.builds.naming import at_digest
from rgraph.builds.record import BuildRecord, BuiltImage, TestedImage, TestRecord, TestResult
from rgraph.engines.containers import ENGINE, Containers, EngineRefusedError
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.trying import Trier
from rgraph.files.builds import BuildFolder, opened
from rgraph.files.built import built
from rgraph.files.transaction import WriteError
from rgraph.trials.judge import failed, judged
from rgraph.trials.trial import STARTS, Trial
from rgraph.trials.trials import trials_of

OnImage = Callable[[str, TestedImage | str], None]
"""Is told of each image when it is done: what came of it, or why it could not be tested. Calls come from
several threads."""
Make = Callable[[str, Event], Containers]
"""Makes what containers are made by, from the name of the run and what stops it."""


class Limits(Struct, frozen=True, eq=False):
    """How much at once, and how long."""

    jobs: int
    timeout: float
    """Seconds for a test that has no limit of its own."""
    stop: Event
    """Ends the run in order when it is set."""


class Tested(Struct, frozen=True, eq=False):
    """What `test` found."""

    number: str
    images: Mapping[str, TestedImage]
    """Those that were tested now, in order."""
    unbuilt: Mapping[str, str]
    """Those that cannot be tested, as the build does not have them: id -> why."""
    failures: Mapping[str, CouldNotAskError]
    """Those for which the engine or a registry could not be asked."""
    problems: Sequence[str]
    """What went wrong beside the tests, such as a log that could not be written."""
    unwritten: WriteError | None
    """Why the record could not be written; None if it was."""

    @property
    def well(self) -> bool:
        """Whether all were tested, and all tests passed."""
        return not self.unbuilt and all(each.state == "passed" for each in self.images.values())

    @property
    def untested(self) -> Mapping[str, str]:
        """All that were not tested: id -> why."""
        return {**self.unbuilt, **{id: str(error) for id, error in self.failures.items()}}


def run_tests(
    workspace: Workspace,
    chosen: Sequence[str] | None,
    number: str,
    builds: Path | None,
    make: Make,
    limits: Limits,
    tell: OnImage,
) -> Tested:
    """Tests images of a build and records what came of it; all of the build if none are chosen.

    Raises UsageError if there is no such build, WriteError if another run holds its folder, CouldNotAskError
    if the engine does not answer, StoppedError.
    """
    # Before its folder is held, which may not be there.
    built(workspace.root, builds, number)
    with opened(workspace.root, builds, number, make=False) as folder:
        record = built(workspace.root, builds, number)
        return _Run(workspace, folder, record, make, limits, tell).run(chosen)


class _Run:
    """One run of `test`."""

    def __init__(
        self,
        workspace: Workspace,
        folder: BuildFolder,
        record: BuildRecord,
        make: Make,
        limits: Limits,
        tell: OnImage,
    ) -> None:
        self._workspace = workspace
        self._folder = folder
        self._built = record
        # The same for every run over the folder: the next one finds what a killed one left.
        name = hashlib.sha256(str(folder.path.resolve()).encode()).hexdigest()[:16]
        self._stop = limits.stop
        self._containers = make(name, self._stop)
        self._limits = limits
        self._tell = tell
        self._lock = Lock()
        self._problems: list[str] = []
        before = folder.tests()
        self._record: dict[str, TestedImage] = {
            id: each for id, each in (before.images if before else {}).items() if self._is_of(id, each)
        }

    def run(self, chosen: Sequence[str] | None) -> Tested:
        """Tests images, several at once."""
        unbuilt = self._unbuilt(chosen)
        ids = [id for id in self._ids(chosen) if id not in unbuilt]
        for id, why in unbuilt.items():
            self._tell(id, why)
        self._os = self._containers.check()
        self._trier = Trier(self._containers, self._stop, init=self._os != "windows")
        self._containers.sweep()
        found: dict[str, TestedImage | CouldNotAskError] = {}
        try:
            with ThreadPoolExecutor(max(1, min(self._limits.jobs, len(ids)))) as pool:
                try:
                    found = dict(zip(ids, pool.map(self._image, ids), strict=True))
                except BaseException:
                    # Those that run end now; those that wait never begin.
                    self._stop.set()
                    pool.shutdown(cancel_futures=True)
                    raise
        finally:
            # What cannot be taken away now, the next run takes away.
            with suppress(CouldNotAskError, EngineRefusedError):
                self._containers.sweep()
        tested = {id: each for id, each in found.items() if isinstance(each, TestedImage)}
        failures = {id: each for id, each in found.items() if isinstance(each, CouldNotAskError)}
        return Tested(self._built.number, tested, unbuilt, failures, tuple(self._problems), self._unwritten())

    def _unwritten(self) -> WriteError | None:
        """Why the record is not as it should be, if it is not; what is shown before it is told stays true."""
        try:
            if self._record:
                self._save()
        except WriteError as error:
            return error
        return None

    def _ids(self, chosen: Sequence[str] | None) -> list[str]:
        images = self._workspace.resolved.images
        return list(chosen) if chosen is not None else [id for id in images if id in self._built.images]

    def _unbuilt(self, chosen: Sequence[str] | None) -> dict[str, str]:
        """What cannot be tested, and why."""
        found = {}
        for id in self._ids(chosen):
            built = self._built.images.get(id)
            if built is None:
                found[id] = f"the build `{self._built.number}` does not have it"
            elif not built.is_there:
                found[id] = f"it was not built: {built.reason or built.state}"
            elif built.fingerprint != self._workspace.fingerprints[id]:
                found[id] = "its manifests were changed after it was built"
        for id in self._built.images.keys() - self._workspace.resolved.images.keys():
            if chosen is None:
                found[id] = "the manifests do not have it any more"
        return found

    def _is_of(self, id: str, tested: TestedImage) -> bool:
        """Whether what was tested once is what the build has now."""
        built = self._built.images.get(id)
        return built is not None and _content(built) == (tested.digest, tested.image_id)

    def _image(self, id: str) -> TestedImage | CouldNotAskError:
        """Tests one image, and writes down what came of it."""
        built = self._built.images[id]
        try:
            tests = self._tests(id, built)
        except CouldNotAskError as error:
            self._tell(id, str(error))
            return error
        state = "passed" if all(each.state == "passed" for each in tests) else "failed"
        tested = TestedImage(*_content(built), "passed" if state == "passed" else "failed", tests)
        with self._lock:
            self._record[id] = tested
            # What comes later is as worth knowing; the end of the run says whether all is written.
            with suppress(WriteError):
                self._save()
        self._tell(id, tested)
        return tested

    def _tests(self, id: str, built: BuiltImage) -> tuple[TestResult, ...]:
        image = self._workspace.resolved.images[id]
        reference = at_digest(built.reference, built.digest) if built.digest else built.image_id
        if image.state.os != self._os:
            why = f"its containers are {self._os} ones, and `{id}` is for {image.state.os}"
            raise CouldNotAskError(ENGINE, why)
        catalog = self._workspace.catalog
        trials = trials_of(self._workspace.resolved.images, self._workspace.inventory, catalog.files, id)
        try:
            if built.digest:
                self._containers.pull(reference)
            elif not self._containers.has(reference):
                raise EngineRefusedError(f"the engine does not hold `{reference}` any more")
        except EngineRefusedError as error:
            return (failed(Trial(STARTS, None, trials[0].wanted), error.what),)
        # No variant has a `+` in its name: this is no image's log of its build.
        log = self._folder.log(f"{id}+test")
        try:
            return tuple(result for trial in trials for result in self._trial(reference, trial, log.write))
        finally:
            log.close()
            if log.problem:
                self._problems.append(f"the log of the tests of `{id}` is not complete: {log.problem}")

    def _trial(self, reference: str, trial: Trial, write: Callable[[str], None]) -> tuple[TestResult, ...]:
        write(f"=== {trial.name}")
        ended = self._trier.run(reference, trial, trial.timeout or self._limits.timeout, write)
        results = judged(trial, ended)
        for each in results:
            write(f"--- {each.name}: {each.state}")
        return results

    def _save(self) -> None:
        self._folder.save(TestRecord(number=self._built.number, images=dict(self._record)))


def _content(built: BuiltImage) -> tuple[str, str]:
    return built.digest, built.image_id

"""Builders of buildx: any that it has made, remote ones and those in Kubernetes too.

One call of `buildx bake` builds everything where the builder takes named contexts; else `buildx build` builds
image by image.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, field

from rgraph.builds.baking import Target, bake_file, longest_chain, roots_of, users_of
from rgraph.builds.steps import Sorter, reason_of
from rgraph.engines.builder import UNTOLD, Job, Made, Options, exchange, told, unmade, written
from rgraph.engines.decoding import decode
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import Command, Ended, Secrets, Sink, capture, run
from rgraph.errors import UsageError
from rgraph.graph import closure

_PATIENCE: Final = 60
"""Seconds for an answer that needs no work of the builder."""
_NO_BUILDER = re.compile(r'no builder ("?.*"?) found')
_FIRST_ENGINE: Final = 23
"""First Docker Engine that takes named contexts: its BuildKit is 0.10, with Dockerfile frontend 1.4. What
BuildKit an engine has cannot be asked for certain: Debian's say `v0.0.0+unknown`."""


class Builder(Struct, frozen=True):
    """What buildx says of a builder."""

    name: str
    driver: str
    """`docker`, `docker-container`, `kubernetes`, `remote`."""

    def takes_named_contexts(self, engine: str) -> bool:
        """Whether it does; `engine` is the version of Docker Engine, where that is what builds."""
        if self.driver != "docker":
            return True
        major = re.match(r"\d+", engine)
        return major is not None and int(major[0]) >= _FIRST_ENGINE


class _Metadata(Struct, frozen=True):
    digest: str = field(default="", name="containerimage.digest")
    config: str = field(default="", name="containerimage.config.digest")


class Buildx:
    """A builder, by name; the current one if it has none."""

    def __init__(
        self,
        program: Sequence[str],
        name: str,
        environment: Mapping[str, str],
        options: Options,
        stop: Event,
        secrets: Secrets,
    ) -> None:
        self._program = tuple(program)
        self._name = name
        # Attestations would say when and where it was built: the same content would get another digest.
        self._environment = {**environment, "BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "NO_COLOR": "1"}
        self._options = options
        self._stop = stop
        self._secrets = secrets

    takes_several_platforms = True

    def is_there(self) -> bool:
        """Whether there is a buildx."""
        try:
            code, _, _ = capture((*self._program, "version"), self._environment, _PATIENCE)
        except CouldNotAskError:
            return False
        return code == 0

    def check(self) -> Builder:
        """What the builder is, if it answers. Raises UsageError if there is none of its name, and
        CouldNotAskError.
        """
        name = (self._name,) if self._name else ()
        code, out, err = capture((*self._program, "inspect", *name), self._environment, _PATIENCE)
        if code and _NO_BUILDER.search(err):
            help = "`docker buildx ls` lists them; `docker buildx create --name NAME` makes one"
            raise UsageError(f"there is no builder `{self._name}`", help)
        facts = dict(re.findall(r"^([A-Za-z ]+):[ \t]+(\S.*?)[ \t]*$", out, re.MULTILINE))
        problem = facts.get("Error", "")
        if code or problem:
            why = problem or _last(self._secrets.hide(err)) or f"buildx ends with code {code}"
            help = "start it (`docker buildx inspect --bootstrap`), or name another one"
            raise CouldNotAskError(f"the builder {self._name or 'of buildx'}", why, help)
        return Builder(facts.get("Name", self._name), facts.get("Driver", ""))

    def make(self, job: Job, sink: Sink) -> Made:
        """Builds an image by `buildx build`, and pushes it where that is asked for."""
        with exchange() as folder:
            file = folder / "metadata"
            arguments = (*self._arguments("build"), *self._build(job), f"--metadata-file={file}")
            ended = self._run((*arguments, str(job.context)), sink, self._options.timeout)
            if not ended.well:
                return unmade(ended, reason_of(ended.last, ended.code), self._options.timeout)
            return self._made(_decoded(told(file), _Metadata))

    def bake(
        self,
        targets: Mapping[str, Target],
        names: Mapping[str, str],
        sink: Callable[[str, str], None],
        done: Callable[[str, Made], None],
    ) -> None:
        """Builds images in one call, and pushes them where that is asked for.

        `names` are those of the targets. `sink` takes the id of an image (empty if that is not known) with a
        line; `done` what became of each image, but for what stands on one that failed. A call ends when one
        image fails: what does not stand on that one is built by another call, whose steps are cached as far
        as they went.
        """
        left, users = dict(targets), users_of(targets)
        failed: set[str] = set()
        doubtful: dict[str, Made] = {}
        while left:
            sorter = Sorter(names[id] for id in left)
            ended, found = self._baked(left, names, sorter, sink)
            if ended.well:
                for id in left:
                    done(id, self._made(_decoded(bytes(found.get(names[id], b"")), _Metadata)))
                break
            blamed = self._blamed(ended, sorter, left, names)
            roots, again = roots_of(blamed, left)
            for id in roots:
                made = unmade(ended, blamed[id], self._options.timeout)
                if targets[id].parents:
                    # Perhaps it is one of its parents that failed: another call tells.
                    doubtful[id] = made
                else:
                    failed.add(id)
                    done(id, made)
            left = {id: left[id] for id in again}
        for id in (each for each in targets if each in doubtful):
            if id not in closure(failed, users):
                failed.add(id)
                done(id, doubtful[id])

    def _blamed(
        self, ended: Ended, sorter: Sorter, left: Mapping[str, Target], names: Mapping[str, str]
    ) -> dict[str, str]:
        """Which images are to blame for the end of a call, and why."""
        why = reason_of(ended.last, ended.code)
        ids = {names[id]: id for id in left}
        if ended.why == "timeout":
            found = {ids[name]: why for name in sorter.unfinished}
        else:
            found = {ids[name]: text or why for name, text in sorter.blamed.items()} if not ended.why else {}
        # If nobody is, it is the builder: another call would end the same way.
        return found or dict.fromkeys(left, why)

    def _baked(
        self,
        targets: Mapping[str, Target],
        names: Mapping[str, str],
        sorter: Sorter,
        sink: Callable[[str, str], None],
    ) -> tuple[Ended, Mapping[str, msgspec.Raw]]:
        ids = {names[id]: id for id in targets}
        with exchange() as folder:
            file, answer = folder / "bake.json", folder / "metadata"
            written(file, bake_file(targets, names))
            ended = self._run(
                (*self._arguments("bake"), f"--file={file}", f"--metadata-file={answer}"),
                lambda line: sink(ids.get(sorter.target(line), ""), line),
                # They are built at the same time, as far as they do not wait for each other.
                self._options.timeout * longest_chain(targets),
            )
            found = _decoded(told(answer), dict[str, msgspec.Raw]) or {}
            return ended, {name: raw for name, raw in found.items() if name in ids}

    def _arguments(self, command: str) -> Iterator[str]:
        yield command
        if self._name:
            yield f"--builder={self._name}"
        yield "--progress=plain"
        yield "--push" if self._options.push else "--load"
        if self._options.no_cache:
            yield "--no-cache"

    def _build(self, job: Job) -> Iterator[str]:
        yield f"--file={job.dockerfile}"
        yield from (f"--tag={tag}" for tag in job.tags)
        for name, value in job.labels.items():
            yield from ("--label", f"{name}={value}")
        yield from (f"--secret=id={name},env={name}" for name in job.secrets)
        yield f"--platform={','.join(job.platforms)}"
        if self._options.network:
            yield f"--network={self._options.network}"

    def _made(self, found: _Metadata | None) -> Made:
        if found is None or (self._options.push and not found.digest):
            return UNTOLD
        # Without a push the digest is that of a manifest which nobody has.
        return Made("built", found.config, found.digest if self._options.push else "")

    def _run(self, arguments: Sequence[str], sink: Sink, timeout: float) -> Ended:
        command = Command((*self._program, *arguments), self._environment, timeout)
        return run(command, self._stop, sink, self._secrets)


_Type = TypeVar("_Type")


def _decoded(data: bytes, type: type[_Type]) -> _Type | None:
    try:
        return decode(data, type)
    except msgspec.MsgspecError:
        return None


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("ERROR: ").rstrip(".") if lines else ""

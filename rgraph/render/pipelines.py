"""A plan for what builds it: legs of jobs for GitHub Actions and Azure Pipelines, or a bake file.

A leg is one job. It holds images of one wave that are built on machines of one kind: one image, or
several where a wave has more of them than a service admits jobs.

The matrices that a service reads are short, as they travel in outputs of a job; `legs` says the rest, and
travels in a file.

Sources of the limits: GitHub, "Workflow syntax" (a matrix makes 256 jobs at most), "Job outputs" (1 MB
a job, counted as UTF-16); Azure Pipelines, "Add stages, dependencies, and conditions" (256 jobs a stage),
"jobs.job.strategy" (names of a matrix: letters, digits and `_`, a letter first, 100 characters at most).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from rgraph.errors import UsageError
from rgraph.image import Image
from rgraph.ledger import Ledger
from rgraph.names import Bad
from rgraph.plan import Plan, PlannedImage
from rgraph.release.import_cfg import BUILD_NUMBER, staging_name
from rgraph.render.bake import bake_document, secrets_of
from rgraph.render.tests_json import all_tests
from rgraph.render.view import View
from rgraph.render_names import COMBINED
from rgraph.suggest import listed

T = TypeVar("T")
Format = Literal["github", "azure-pipelines", "bake"]
LIMIT: Final = 256
"""Jobs of one wave, for GitHub (a matrix) and for Azure Pipelines (a stage)."""
STRING: Final = 60_000
"""Characters of one matrix. Neither service names a limit for it; 65,535 is what GitHub admits for the
inputs of a workflow that is started by hand, and Linux admits 131,072 bytes for a variable (execve(2))."""
OUTPUTS: Final = 500_000
"""Characters of all matrices for GitHub: a little less than 1 MB of UTF-16."""

_LONGEST_NAME: Final = 100
_HOSTED: Final = {"10.0.20348": "windows-2022", "10.0.26100": "windows-2025"}
"""Build of Windows -> GitHub's own runner of that build; under process isolation no other will do."""
_GROUPS: Final = ("linux", "linux_arm64", "windows")
"""Jobs of a stage for Azure Pipelines, one for each kind of agents' pool."""


class Machine(Struct, frozen=True, order=True):
    """What kind of machine builds an image."""

    os: str
    host: str
    """Windows: the build of the host that the image needs. Linux: `arm64` if it is for nothing else."""


class Work(Struct, frozen=True, eq=False):
    """One image of a leg."""

    id: str
    state: Literal["build", "retag"]
    """`retag`: it is copied from `source`."""
    folder: str
    """Below `generated/`; the build context."""
    dockerfile: str
    """Relative to the catalogue's folder."""
    address: str
    """Registry and repository."""
    tags: tuple[str, ...]
    """The tags that a release gives it."""
    platforms: tuple[str, ...]
    staged: str
    """What it is called in staging, as in a release's import.cfg; `${BUILD_NUMBER}` stands in it."""
    source: str
    """Where the ledger holds this content, for `retag`."""
    needs: tuple[str, ...]
    """Ids of the images of earlier waves that it is made from."""
    parents: Mapping[str, str]
    """Reference in its Dockerfile -> `staged` of the image that takes its place."""
    secrets: tuple[str, ...]
    """Ids of the build secrets that its steps mount."""
    tests: Sequence[Mapping[str, object]]
    """As in tests.json."""


class Leg(Struct, frozen=True, eq=False):
    """One job."""

    name: str
    """Unique among all legs, also ignoring case; admitted as a name by both services."""
    machine: Machine
    images: tuple[PlannedImage, ...]

    @property
    def title(self) -> str:
        """For people."""
        more = len(self.images) - 1
        return self.images[0].image.id + (f" and {more} more" if more else "")


Waves = Sequence[Sequence[Leg]]


def pipeline(view: View, plan: Plan, format: Format) -> str:
    """A plan in one of the formats, as JSON.

    Raises UsageError if it is more than a service takes, or if images are to be built from others that are
    not in it and were never released: they would be built from whatever a floating tag leads to.
    """
    if plan.lacking:
        names = listed(plan.lacking)
        raise UsageError(
            f"what is planned is made from {names}, which must be built first and is not in the plan",
            "select it too: `+IMAGE` names an image and all that it needs",
        )
    match format:
        case "github":
            document = github(view, plan)
        case "azure-pipelines":
            document = azure_pipelines(view, plan)
        case "bake":
            document = bake(view, plan)
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def github(view: View, plan: Plan, limit: int = LIMIT) -> dict[str, object]:
    """A job for each wave, with what it needs and its matrix. An empty matrix is for a job to skip."""

    def matrices(waves: Waves) -> list[object]:
        return [{"include": [_include(leg) for leg in wave]} for wave in waves]

    waves = _fitting(view, plan, limit, matrices, OUTPUTS)
    jobs: dict[str, object] = {}
    before: list[str] = []
    for number, matrix in enumerate(matrices(waves), start=1):
        jobs[f"wave-{number}"] = {"needs": before, "matrix": matrix}
        before = [f"wave-{number}"]
    return {
        "schema": 1,
        "staging": view.catalog.settings.staging,
        "jobs": jobs,
        "legs": _described(view, waves),
    }


def _include(leg: Leg) -> dict[str, object]:
    return {"leg": leg.name, "title": leg.title, "runner": _runner(leg.machine)}


def azure_pipelines(view: View, plan: Plan, limit: int = LIMIT) -> dict[str, object]:
    """A stage for each wave, with a matrix for each kind of agents: name of a leg -> its variables."""

    def matrices(waves: Waves) -> list[object]:
        return [matrix for wave in waves for matrix in _by_group(wave).values()]

    waves = _fitting(view, plan, limit, matrices)
    stages: dict[str, object] = {}
    before: list[str] = []
    for number, wave in enumerate(waves, start=1):
        jobs = {group: {"matrix": matrix} for group, matrix in _by_group(wave).items()}
        stages[f"wave_{number}"] = {"dependsOn": before, "jobs": jobs}
        before = [f"wave_{number}"]
    return {
        "schema": 1,
        "staging": view.catalog.settings.staging,
        "stages": stages,
        "legs": _described(view, waves),
    }


def _by_group(wave: Sequence[Leg]) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {group: {} for group in _GROUPS}
    for leg in wave:
        machine = leg.machine
        group = "linux_arm64" if machine == Machine("linux", "arm64") else machine.os
        found[group][leg.name] = {"leg": leg.name, "legHost": machine.host}
    return found


def bake(view: View, plan: Plan) -> dict[str, object]:
    """A bake file of exactly those images of the plan that are to be built, with the plan's tags.

    A release's tag that the ledger holds already is left out: it is never pushed a second time. An image that
    only lacks tags is taken from where the ledger holds it.
    """
    sources = _Sources(view.ledger)
    planned: dict[str, PlannedImage] = {}
    contexts: dict[str, str] = {}
    for each in plan.images:
        if source := _source(view, each, sources):
            contexts[each.image.id] = f"docker-image://{source}"
        elif each.state != "reuse":
            planned[each.image.id] = each
    tags = {id: _unreleased(view, each) for id, each in planned.items()}
    return bake_document(view, {id: each.image for id, each in planned.items()}, tags, contexts)


def _unreleased(view: View, planned: PlannedImage) -> tuple[str, ...]:
    image = planned.image
    held = view.ledger.holders
    return tuple(
        tag for tag in planned.tags if tag in image.floating_tags or f"{image.repository}:{tag}" not in held
    )


def legs(view: View, plan: Plan, limit: int = LIMIT) -> list[list[Leg]]:
    """The legs of each wave of a plan, in order. Every image that is to be built or to get tags is in one.

    A wave in which nothing is to be done has no legs.
    """
    waves: dict[int, dict[Machine, list[PlannedImage]]] = {each.wave: {} for each in plan.images}
    for each in plan.images:
        if each.state != "reuse":
            waves[each.wave].setdefault(_machine(view, each.image), []).append(each)
    sharded = [shard(dict(sorted(wave.items())), limit) for wave in waves.values()]
    names = leg_names([part[0].image.id for wave in sharded for _, part in wave])
    return [
        [Leg(names[part[0].image.id], machine, tuple(part)) for machine, part in wave] for wave in sharded
    ]


def _fitting(
    view: View, plan: Plan, limit: int, matrices: Callable[[Waves], Sequence[object]], most: int | None = None
) -> Waves:
    """The legs of a plan, fewer than `limit` a wave if their matrices would be too long otherwise: one, or
    (with `most`) all together.
    """
    while True:
        waves = legs(view, plan, limit)
        lengths = [len(msgspec.json.encode(matrix)) for matrix in matrices(waves)]
        if max(lengths, default=0) <= STRING and (most is None or sum(lengths) <= most):
            return waves
        if limit == 1:
            what = f"the plan has {len(waves)} waves, and more jobs than the service takes"
            raise UsageError(what, "plan a part of the images: name selectors")
        limit = max(1, limit * 3 // 4)


def shard(groups: Mapping[Machine, Sequence[T]], limit: int) -> list[tuple[Machine, Sequence[T]]]:
    """Groups parted so that there are `limit` parts at most, each as small as that allows.

    No part is of two groups, so there is one for each group even if that is more than `limit`.
    """
    total = sum(map(len, groups.values()))
    size = max(1, -(-total // limit))
    while sum(-(-len(group) // size) for group in groups.values()) > limit and size < total:
        size += 1
    found: list[tuple[Machine, Sequence[T]]] = []
    for machine, group in groups.items():
        count = -(-len(group) // size)
        ends = [len(group) * number // count for number in range(count + 1)]
        found += [(machine, group[start:end]) for start, end in pairwise(ends)]
    return found


def leg_names(ids: Sequence[str]) -> dict[str, str]:
    """Id -> name of the leg that begins with it."""
    plain = {id: re.sub(r"[^A-Za-z0-9_]", "_", id) for id in ids}
    plain = {id: name if name[0].isalpha() else f"image_{name}" for id, name in plain.items()}
    count: dict[str, int] = {}
    for name in plain.values():
        count[name.lower()] = count.get(name.lower(), 0) + 1
    return {
        id: name if count[name.lower()] == 1 and len(name) <= _LONGEST_NAME else _hashed(name, id)
        for id, name in plain.items()
    }


def _hashed(name: str, id: str) -> str:
    digest = hashlib.sha256(id.encode()).hexdigest()[:12]
    return f"{name[: _LONGEST_NAME - len(digest) - 1]}_{digest}"


def _machine(view: View, image: Image) -> Machine:
    if image.state.os == "linux":
        architectures = {platform.partition("/")[2] for platform in image.state.platforms}
        return Machine("linux", "arm64" if architectures == {"arm64"} else "")
    root = image
    while not root.parent.external:
        root = view.resolved.images[root.parent.to]
    return Machine("windows", view.catalog.externals[root.parent.to].manifest.os_version)


def _runner(machine: Machine) -> tuple[str, ...]:
    """Labels of a GitHub runner that fits."""
    if machine.os == "linux":
        return ("ubuntu-24.04-arm",) if machine.host else ("ubuntu-latest",)
    hosted = _HOSTED.get(machine.host)
    return (hosted,) if hosted else ("self-hosted", "Windows", machine.host)


class _Sources:
    """Where the ledger holds an image's content."""

    def __init__(self, ledger: Ledger) -> None:
        self._held: dict[tuple[str, str], list[str]] = {}
        for reference, holder in ledger.holders.items():
            self._held.setdefault(holder, []).append(reference)

    def of(self, planned: PlannedImage) -> str:
        """A reference that holds it, with a release's tag if one does; empty if none does any more."""
        found = self._held.get((planned.image.id, str(planned.fingerprint)), [])
        fixed = [each for each in found if planned.release in each.rpartition(":")[2]]
        return min(fixed or found, default="")


def _source(view: View, planned: PlannedImage, sources: _Sources) -> str:
    """Where an image that only lacks tags can be taken from; empty if it is to be built, or reused.

    What no tag leads to any more has to be built again.
    """
    source = sources.of(planned) if planned.state == "retag" else ""
    registry = view.catalog.settings.registry
    return f"{registry}/{source}" if registry and source else source


def _described(view: View, waves: Waves) -> dict[str, object]:
    """Name of a leg -> what is to be done in it."""
    every = [leg for wave in waves for leg in wave]
    todo = {planned.image.id for leg in every for planned in leg.images}
    sources = _Sources(view.ledger)
    return {
        leg.name: {
            "title": leg.title,
            "os": leg.machine.os,
            "host": leg.machine.host,
            "images": [_work(view, planned, todo, sources) for planned in leg.images],
        }
        for leg in every
    }


def _work(view: View, planned: PlannedImage, todo: Collection[str], sources: _Sources) -> Work:
    image = planned.image
    source = _source(view, planned, sources)
    needs = tuple(dict.fromkeys(edge.to for edge in image.edges if edge.to in todo))
    return Work(
        image.id,
        "retag" if source else "build",
        image.folder,
        f"generated/{image.folder}/{COMBINED}",
        view.address(image),
        planned.tags,
        image.state.platforms,
        _staged(view, image.id),
        source,
        needs,
        {view.reference(id): _staged(view, id) for id in needs},
        tuple(secrets_of(image)),
        all_tests(view, image),
    )


def _staged(view: View, id: str) -> str:
    name = staging_name(view.catalog.settings.staging, id, BUILD_NUMBER)
    assert not isinstance(name, Bad), "only a number can make it too long"
    return name

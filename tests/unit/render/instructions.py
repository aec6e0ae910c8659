"""What a generated Dockerfile must hold, worked out from the resolved image, and what a parser finds in it.

The expectation follows from the types of the resolved steps alone and never looks at rendered text.
"""

from __future__ import annotations

import json
import subprocess
import sysconfig
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import dockerfile  # type: ignore[import-not-found]

from rgraph.app import Workspace
from rgraph.image import Image, ImageStep, Rendered
from rgraph.steps.files import Copy, Take
from rgraph.steps.image_settings import Arg, Env, Expose, Label, Shell, User, Volume, Workdir
from rgraph.steps.interface import Step

HADOLINT = Path(sysconfig.get_path("scripts")) / "hadolint"
HADOLINT_RULES = Path(__file__).resolve().parents[2] / "hadolint.yaml"

_KEYWORDS: dict[type[Step], str] = {
    Copy: "COPY",
    Take: "COPY",
    Env: "ENV",
    Label: "LABEL",
    User: "USER",
    Workdir: "WORKDIR",
    Expose: "EXPOSE",
    Volume: "VOLUME",
    Shell: "SHELL",
}
"""Every other step is one RUN, but for ARG, which is one for each argument."""


def parsed(text: str) -> list[str]:
    """Keywords of the instructions that BuildKit's parser finds."""
    if all(line.startswith("#") for line in text.split("\n") if line):
        return []  # the parser refuses a file without instructions
    return [command.cmd.upper() for command in dockerfile.parse_string(text)]


def copied(text: str) -> list[str]:
    """Files that COPY instructions take from the build context."""
    return [
        file
        for command in dockerfile.parse_string(text)
        if command.cmd.upper() == "COPY" and not any(flag.startswith("--from=") for flag in command.flags)
        for file in command.value[:-1]
    ]


def of_step(step: Step) -> list[str]:
    """Keywords of a step's instructions."""
    if isinstance(step, Arg):
        return ["ARG"] * len(step.arguments)
    return [_KEYWORDS.get(type(step), "RUN")]


def _of_steps(steps: Iterable[Rendered]) -> list[str]:
    return [keyword for step in steps for keyword in of_step(step.source.step)]


def _restored(steps: Iterable[ImageStep]) -> list[str]:
    kinds = {type(step.step) for step in steps}
    return [
        keyword for kind, keyword in ((Shell, "SHELL"), (Workdir, "WORKDIR"), (User, "USER")) if kind in kinds
    ]


def _own(image: Image) -> list[str]:
    """Behind FROM."""
    frame = image.frame
    return [
        *_of_steps(image.public),
        *(["ENTRYPOINT"] if frame.entrypoint is not None else []),
        *(["CMD"] if frame.cmd is not None else []),
        *(["HEALTHCHECK"] if frame.healthcheck else []),
    ]


def of_private(image: Image) -> list[str]:
    """What Dockerfile.private must hold."""
    return [*_of_steps(image.private), *_restored(step.source for step in image.private)]


def of_public(image: Image) -> list[str]:
    """What Dockerfile must hold."""
    stages = [keyword for stage in image.stages for keyword in ("FROM", *_of_steps(stage.steps))]
    return [*["ARG"] * len(image.frame.args), *stages, "FROM", *_own(image)]


def of_flattened(workspace: Workspace, id: str) -> tuple[list[str], Counter[str]]:
    """What the last stage of the flattened Dockerfile must hold, and how often each keyword stands in all.

    Private parts are not in it. An ARG before FROM stands once however many images have it, and so do
    the build stages of an image however often it is stood on.
    """
    chains: dict[str, list[Image]] = {}
    todo = [id]
    while todo:
        node = todo.pop()
        if node in chains or ":" not in node:
            continue
        chains[node] = _chain(workspace, node)
        for image in chains[node]:
            steps = (*(step for stage in image.stages for step in stage.steps), *image.public)
            stages = {stage.name for stage in image.stages}
            sources = [*(stage.source for stage in image.stages), *_sources(steps)]
            todo += [source for source in sources if source not in stages]
    images_in = {image.id: image for chain in chains.values() for image in chain}
    count: Counter[str] = Counter(ARG=len({arg for image in images_in.values() for arg in image.frame.args}))
    for image in images_in.values():
        count.update(keyword for stage in image.stages for keyword in ("FROM", *_of_steps(stage.steps)))
    for chain in chains.values():
        count.update(_of_chain(chain))
    return _of_chain(chains[id]), +count


def _of_chain(chain: list[Image]) -> list[str]:
    """FROM and steps; of ENTRYPOINT, CMD and HEALTHCHECK only those that count in the end."""
    found = ["FROM"]
    for image in chain:
        if image.frame.entrypoint is not None:
            found = [keyword for keyword in found if keyword not in ("ENTRYPOINT", "CMD")]
        own = _own(image)
        found = [keyword for keyword in found if keyword not in set(own) & {"CMD", "HEALTHCHECK"}] + own
    return found


def _sources(steps: Iterable[Rendered]) -> list[str]:
    return [source for step in steps for source in step.source.step.sources()]


def _chain(workspace: Workspace, id: str) -> list[Image]:
    images = workspace.resolved.images
    chain = [images[id]]
    while not chain[0].parent.external:
        chain.insert(0, images[chain[0].parent.to])
    return chain


def findings(files: Iterable[Path]) -> list[str]:
    """What hadolint finds in Dockerfiles, with the rules of tests/hadolint.yaml left out."""
    made = subprocess.run(
        [HADOLINT, "--config", HADOLINT_RULES, "--no-fail", "--format", "json", *files],
        check=True,
        capture_output=True,
        text=True,
    )
    return [
        f"{Path(each['file']).parent.name}/{Path(each['file']).name}:{each['line']}: "
        f"{each['code']} {each['level']}: {each['message']}"
        for each in json.loads(made.stdout)
    ]


def bake(buildx: Path, root: Path) -> dict[str, object]:
    """The targets that bake reads out of the bake file of a catalogue."""
    made = subprocess.run(
        [buildx, "bake", "--file", "generated/docker-bake.json", "--print", "all"],
        check=True,
        capture_output=True,
        text=True,
        cwd=root,
    )
    targets: dict[str, object] = json.loads(made.stdout)["target"]
    return targets

"""Images of an import from what was parsed: their edges, names, steps and what they start with."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct, structs

from rgraph.importing.contexts import NONE, Context
from rgraph.importing.discovery import called
from rgraph.importing.edges import Resolution
from rgraph.importing.linking import edges_of, name_of
from rgraph.importing.model import (
    ImportedImage,
    ImportedStage,
    Instruction,
    ParsedFile,
    SourceImage,
    Step,
)
from rgraph.importing.stages import Plan, is_own
from rgraph.names import PLATFORMS

Os = Literal["linux", "windows"]
Steps = Sequence[tuple[Step, ...]]
"""The steps of each stage of a plan."""

_WINDOWS: Final = re.compile(r"nanoserver|servercore|windows|/dotnet/framework/")
_OPTIONS: Final = {
    "--interval": "interval",
    "--timeout": "timeout",
    "--start-period": "start_period",
    "--retries": "retries",
}
"""Flags of HEALTHCHECK -> keys of the manifest."""


class Planned(Struct, frozen=True):
    """An image before its instructions become steps."""

    source: SourceImage
    file: ParsedFile
    resolution: Resolution
    plan: Plan
    context: Context = NONE


class Naming(Struct, frozen=True):
    """What an image is called in the catalogue, as far as the source says."""

    repository: str
    variant: str
    tags: tuple[str, ...]
    folder: str


def assemble(
    planned: Mapping[str, Planned], linked: Mapping[str, str], typed: Mapping[str, Steps], root: str
) -> tuple[ImportedImage, ...]:
    """All images, in the order of their names.

    `linked` gives the image that a reference names, `typed` the steps of each image's stages, `root` the name
    of what is imported: an image that nothing else gives a name is called like it.
    """
    systems = operating_systems(planned)
    needed: dict[str, set[int]] = {}
    for each in planned.values():
        needed.setdefault(each.source.dockerfile, set()).update(each.resolution.needed)
    return tuple(
        structs.replace(
            _image(planned[name], _naming(planned[name].source, root), linked, systems[name], typed[name]),
            notes=_notes(planned[name], linked, needed[planned[name].source.dockerfile]),
        )
        for name in sorted(planned)
    )


def operating_systems(planned: Mapping[str, Planned]) -> dict[str, Os]:
    """The operating system of each image: what its source says, else that of what it stands on."""
    found: dict[str, Os] = {}

    def of(name: str) -> Os:
        # Images stand on each other without cycles (linking), at most as deep as there are images.
        chain: list[str] = []
        while name not in found:
            each = planned[name]
            own = each.plan.own
            if each.source.platforms or own.kind != "image":
                found[name] = _os(each, own.source)
                break
            chain.append(name)
            name = own.source
        for below in chain:
            found[below] = found[name]
        return found[name]

    return {name: of(name) for name in planned}


def _os(each: Planned, reference: str) -> Os:
    if each.source.platforms:
        return "windows" if each.source.platforms[0].startswith("windows") else "linux"
    return "windows" if each.file.escape == "`" or _WINDOWS.search(reference.lower()) else "linux"


def _naming(source: SourceImage, root: str) -> Naming:
    """What the source calls an image, else what its Dockerfile is called; made unique elsewhere (naming)."""
    words = list(called(source.dockerfile))
    if source.name != source.dockerfile:
        words.append(source.name)
    folder = "/".join(words) or root or "image"
    if not source.tags:
        return Naming(folder, "latest", ("latest",), folder)
    first = name_of(source.tags[0])
    alike = (name_of(each) for each in source.tags)
    tags = tuple(dict.fromkeys(each.tag or "latest" for each in alike if each.address == first.address))
    return Naming(first.path, tags[0], tags, folder)


def _image(each: Planned, naming: Naming, linked: Mapping[str, str], os: Os, typed: Steps) -> ImportedImage:
    plan = each.plan
    commands = plan.commands
    stages = tuple(
        ImportedStage(
            stage.name, stage.source, stage.kind, steps, stage.stage.index, _other(stage.platform, each)
        )
        for stage, steps in zip(plan.stages[:-1], typed[:-1], strict=True)
    )
    own = plan.own
    assert own.kind != "stage"
    return ImportedImage(
        source=each.source,
        file=each.file,
        parsed=each.resolution.target,
        from_=own.source,
        kind=own.kind,
        edges=edges_of(each.source.name, each.resolution, linked),
        stages=stages,
        steps=typed[-1],
        args=plan.args,
        entrypoint=_command(commands.get("ENTRYPOINT")),
        cmd=_command(commands.get("CMD")),
        healthcheck=_healthcheck(commands.get("HEALTHCHECK")),
        repository=naming.repository,
        variant=naming.variant,
        tags=naming.tags,
        folder=naming.folder,
        platforms=platforms_of(each, os),
        os=os,
        files=each.context.files,
    )


def _notes(each: Planned, linked: Mapping[str, str], needed: Container[int]) -> tuple[tuple[int, str], ...]:
    """What a person must look at; `needed` are the stages of the file that some image needs."""
    found = [(line, _missing(word)) for line, word in each.context.missing]
    found += [
        (line, f"`{path[:200]}` is {what}: a catalogue cannot keep that")
        for line, path, what in each.context.lost
    ]
    for index, origins in each.resolution.origins.items():
        for origin in origins:
            if origin.instruction >= 0 and origin.kind == "reference":
                taker = each.file.stages[index].instructions[origin.instruction]
                if taker.keyword == "RUN":
                    what = f"RUN mounts `{origin.to[:80]}`: the graph of the catalogue has no such edge"
                    if origin.to in linked:
                        what += f", so no plan knows that {linked[origin.to]} must be built before"
                    found.append((origin.line, what))
    for stage in each.file.stages:
        if stage.index not in needed:
            what = f"the stage {stage.name or stage.index} is not needed for the image, and is left out"
            found.append((stage.line, what))
    return tuple(found)


def _missing(word: str) -> str:
    if "$" in word:
        return f"`{word[:80]}` has no value that is known here: what it names is not taken along"
    return f"`{word[:80]}` is not in the build context"


def _other(written: str, each: Planned) -> str:
    """The platform of a stage's FROM, if it is not the image's own anyway."""
    return "" if is_own(written, platforms_of(each, "linux")) else written


def platforms_of(each: Planned, os: Os) -> tuple[str, ...]:
    """The platforms of an image: what its source says, else the one that its FROM names; empty if none."""
    if each.source.platforms:
        return each.source.platforms
    if os == "windows":
        return ("windows/amd64",)
    written = each.plan.own.platform
    return (written,) if written in PLATFORMS else ()


def _command(each: Instruction | None) -> tuple[str, ...] | str | None:
    if each is None:
        return None
    return each.words if each.json else "".join(each.words[:1])


def _healthcheck(each: Instruction | None) -> Mapping[str, Any] | Literal["none"] | None:
    if each is None:
        return None
    if each.words[0].upper() == "NONE":
        return "none"
    rest = each.words[1:]
    found: dict[str, Any] = {"command": list(rest) if each.json else "".join(rest[:1])}
    for flag in each.flags:
        key, _, value = flag.partition("=")
        if key in _OPTIONS:
            found[_OPTIONS[key]] = value
    return found


def line_of(plan: Plan, typed: Steps, path: Sequence[str | int]) -> int:
    """The line of the Dockerfile that a place in the layer of an image alone comes from: of its instruction,
    else of its FROM.
    """
    index = len(plan.stages) - 1
    match list(path):
        case ["stages", int(at), *rest] if at < index:
            index, path = at, rest
        case [str(key), *_] if key.upper() in plan.commands:
            return plan.commands[key.upper()].line
    stage = plan.stages[index].stage
    match list(path):
        case ["steps", int(at), *_] if at < len(typed[index]) and typed[index][at].covers:
            return stage.instructions[typed[index][at].covers[0]].line
    return stage.line


def counted_runs(images: Sequence[ImportedImage], planned: Mapping[str, Planned]) -> tuple[int, int]:
    """RUN instructions of all images, and those of them that typed steps stand for."""
    total = typed = 0
    for image in images:
        plan = planned[image.source.name].plan
        for stage, steps in zip(
            plan.stages, (*(each.steps for each in image.stages), image.steps), strict=True
        ):
            runs = {n for n, each in enumerate(stage.stage.instructions) if each.keyword == "RUN"}
            total += len(runs)
            for step in steps:
                if "run" not in step.data:
                    typed += len(runs & set(step.covers))
    return total, typed


def hidden_in(data: object) -> Iterator[str]:
    """The characters of some plain data that no manifest can hold, because nobody sees them."""
    match data:
        case str(text):
            if not text.isprintable():
                yield from (each for each in text if not each.isprintable() and each not in "\n\t")
        case dict():
            for key, value in data.items():
                yield from hidden_in(key)
                yield from hidden_in(value)
        case list() | tuple():
            for value in data:
                yield from hidden_in(value)

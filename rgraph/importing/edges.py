"""What the stages of a Dockerfile stand on and take from, with arguments and stages resolved.

Source: the Dockerfile reference ("Understand how ARG and FROM interact", "COPY --from", "RUN --mount",
"Automatic platform ARGs in the global scope").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct

from rgraph.errors import Place, Problem, Problems
from rgraph.importing.model import Instruction, ParsedFile, ParsedStage, SourceImage
from rgraph.importing.words import WordError, replaced
from rgraph.names import Bad, reference

_PLATFORMS: Final = ("linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64")
"""Stand for all platforms where the source names none: each variable of platforms differs among them."""
_LONGEST: Final = 500
"""Characters of a reference that are looked at: the longest has 255, 128 and 71 in its parts."""
_MOUNT_FROM: Final = re.compile(r"(?:^|,)from=([^,]+)")


class Origin(Struct, frozen=True):
    """What a stage stands on, or takes files from."""

    kind: Literal["stage", "reference"]
    to: str
    """A reference; of a stage its index, as text."""
    type: Literal["from", "copy"]
    line: int
    instruction: int = -1
    """Index of the instruction in its stage; -1 for FROM."""

    @property
    def stage(self) -> int:
        """Index of the stage that is meant."""
        return int(self.to)


class Resolution(Struct, frozen=True):
    """An image's stages with all that they need."""

    target: int
    """Index of the stage that is the image."""
    needed: tuple[int, ...]
    """Indexes of all stages that it needs, in order, itself the last."""
    origins: Mapping[int, tuple[Origin, ...]]
    """Index of a stage -> what it needs; its FROM the first."""
    values: Mapping[str, str]
    """Arguments before FROM that have a value."""


def resolve(file: ParsedFile, source: SourceImage) -> Resolution | tuple[Problem, ...]:
    """What an image needs, or why that cannot be said."""
    problems = Problems()
    values = tuple(_arguments(file, source, problems))
    target = _target(file, source, problems)
    if target is None:
        return tuple(problems)
    origins: dict[int, tuple[Origin, ...]] = {}
    waiting = [target]
    while waiting:
        index = waiting.pop()
        if index in origins:
            continue
        found = tuple(_origins(file, source, file.stages[index], values, problems))
        origins[index] = found
        waiting += [each.stage for each in found if each.kind == "stage"]
    if len(problems):
        return tuple(problems)
    said = {name for name, default, _ in file.args if default is not None or name in source.args}
    _check_asked(file, [file.stages[index] for index in origins], values, said, problems)
    if len(problems):
        return tuple(problems)
    known = {name: value for name, value in values[0].items() if name in said}
    return Resolution(target, tuple(sorted(origins)), origins, known)


def _arguments(file: ParsedFile, source: SourceImage, problems: Problems) -> Iterator[dict[str, str]]:
    """The values of the arguments before FROM, for each platform to build for and to build on."""
    for number, platform in enumerate(source.platforms or _PLATFORMS):
        for build in dict.fromkeys((platform, *_PLATFORMS)):
            first = number == 0 and build == platform
            values = automatic(platform, source.target, build)
            yield _given(file, source, values, problems if first else Problems())


def _given(
    file: ParsedFile, source: SourceImage, values: dict[str, str], problems: Problems
) -> dict[str, str]:
    """With the arguments before FROM: what the source gives, else their defaults."""
    for name, default, line in file.args:
        if name in source.args:
            values[name] = source.args[name]
        elif default is not None:
            try:
                values[name] = replaced(default, values, file.escape).text
            except WordError as error:
                problems.add(Place(file.path, line=line, column=1), f"ARG {name}: {error}")
    return values


def _check_asked(
    file: ParsedFile,
    stages: Sequence[ParsedStage],
    values: Sequence[Mapping[str, str]],
    said: set[str],
    problems: Problems,
) -> None:
    """Notes each ARG of a stage that asks for one before FROM whose value depends on the platform."""
    for stage in stages:
        for each in stage.instructions:
            for name in each.words if each.keyword == "ARG" else ():
                found = list(dict.fromkeys(given.get(name, "") for given in values))
                if name in said and len(found) > 1:
                    _depends(f"ARG {name}", found, Place(file.path, line=each.line, column=1), problems)


def _depends(what: str, found: Sequence[str], place: Place, problems: Problems) -> None:
    several = ", ".join(f"`{each[:80]}`" for each in found[:3])
    problems.add(
        place,
        f"`{what[:80]}` depends on the platform of the build: {several}",
        "a manifest says one for all; it can be imported where the source gives one platform only",
    )


def automatic(platform: str, target: str = "", build: str = "") -> dict[str, str]:
    """The arguments that BuildKit sets itself. `build` is the platform that the build runs on, if it is
    not the one that it builds for.
    """
    found: dict[str, str] = {}
    for side, each in (("TARGET", platform), ("BUILD", build or platform)):
        system, _, rest = each.partition("/")
        architecture, _, variant = rest.partition("/")
        found |= {
            f"{side}PLATFORM": each,
            f"{side}OS": system,
            f"{side}ARCH": architecture,
            f"{side}VARIANT": variant,
        }
    return {**found, "TARGETSTAGE": target or "default"}


def taken_from(each: Instruction) -> Iterator[str]:
    """What an instruction takes files from, as written: COPY --from, RUN --mount=from."""
    if each.keyword in ("COPY", "ADD"):
        yield from (flag[7:] for flag in each.flags if flag.startswith("--from="))
    elif each.keyword == "RUN":
        for flag in each.flags:
            if flag.startswith("--mount=") and (found := _MOUNT_FROM.search(flag[8:])):
                yield found[1]


def _target(file: ParsedFile, source: SourceImage, problems: Problems) -> int | None:
    if not source.target:
        return len(file.stages) - 1
    index = _stage(file, source.target, len(file.stages))
    if index is None:
        names = ", ".join(stage.name for stage in file.stages if stage.name)
        what = f"{file.path} has no stage `{source.target[:80]}`"
        problems.add(source.place, what, f"it has {names}" if names else "none of its stages has a name")
    return index


def _stage(file: ParsedFile, name: str, before: int, *, numbered: bool = True) -> int | None:
    """The index of a stage by its name (in any case) or number; the last of that name before an index."""
    for stage in reversed(file.stages[:before]):
        if stage.name and stage.name.lower() == name.lower():
            return stage.index
    if numbered and name.isascii() and name.isdigit() and len(name) < 6 and int(name) < before:
        return int(name)
    return None


def _origins(
    file: ParsedFile,
    source: SourceImage,
    stage: ParsedStage,
    values: Sequence[Mapping[str, str]],
    problems: Problems,
) -> Iterator[Origin]:
    place = Place(file.path, line=stage.line, column=1)
    name = _expanded(stage.source, values, file, place, problems)
    if name:
        yield _origin(
            file, source, name, stage.index, Origin("reference", name, "from", stage.line), problems
        )
    for number, each in enumerate(stage.instructions):
        for written in taken_from(each):
            here = Place(file.path, line=each.line, column=1)
            taken = _expanded(written, values, file, here, problems)
            if taken:
                origin = Origin("reference", taken, "copy", each.line, number)
                yield _origin(file, source, taken, stage.index, origin, problems, numbered=True)


def _origin(
    file: ParsedFile,
    source: SourceImage,
    name: str,
    before: int,
    origin: Origin,
    problems: Problems,
    *,
    numbered: bool = False,
) -> Origin:
    """A stage, a named context, or a reference, which must be one."""
    index = _stage(file, name, before, numbered=numbered)
    if index is not None:
        return Origin("stage", str(index), origin.type, origin.line, origin.instruction)
    context = next((value for key, value in source.contexts.items() if key.lower() == name.lower()), "")
    if context.startswith("docker-image://"):
        name = context.removeprefix("docker-image://")
    elif context.startswith("target:"):
        return Origin("reference", context, origin.type, origin.line, origin.instruction)
    elif context:
        what = f"`{name[:80]}` is a named context that is no image: `{context[:80]}`"
        problems.add(
            Place(file.path, line=origin.line, column=1), what, "a manifest can take from images only"
        )
        return origin
    made = reference(name[:_LONGEST])
    if isinstance(made, Bad):
        problems.add(Place(file.path, line=origin.line, column=1), made.what, made.help)
    return Origin("reference", name, origin.type, origin.line, origin.instruction)


def _expanded(
    written: str, values: Sequence[Mapping[str, str]], file: ParsedFile, place: Place, problems: Problems
) -> str:
    try:
        several = [replaced(written, each, file.escape) for each in values]
    except WordError as error:
        problems.add(place, f"`{written[:80]}` cannot be read: {error}")
        return ""
    found = several[0]
    if found.unset:
        name = found.unset[0][:40]
        needs = f"`{written[:80]}` needs the argument {name}, which has no default"
        declared = any(name == each for each, _, _ in file.args)
        help = f"give it: --build-arg {name}=VALUE" if declared else f"no `ARG {name}` stands before FROM"
        problems.add(place, needs, help)
        return ""
    if len(texts := list(dict.fromkeys(each.text for each in several))) > 1:
        _depends(written, texts, place, problems)
        return ""
    if not found.text.strip() or not found.text.isprintable() or " " in found.text:
        problems.add(place, f"`{written[:80]}` names no image")
        return ""
    return found.text

"""The proof: what rgraph renders of the manifests, compared with the Dockerfile that they came from.

Instructions within a stage are compared by `equivalence`. What stands around them is compared here: ARG
before FROM, the stages and what they stand on, and what a container starts with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct, structs

from rgraph.importing.equivalence import Different, Equal, Equivalent, compare
from rgraph.importing.linking import same
from rgraph.importing.model import Instruction
from rgraph.importing.parsing import instructions_of
from rgraph.importing.stages import COMMANDS, Plan, Prepared, is_own
from rgraph.importing.words import unquoted

MARK: Final = "imported-image.invalid/"
"""Stands, with a number behind it, for a reference of an image of the catalogue in what is compared."""


class Verdict(Struct, frozen=True):
    """Whether an image stays what it was."""

    image: str
    """Name of the SourceImage."""
    state: Literal["identical", "equivalent", "different"]
    rules: tuple[str, ...] = ()
    """Names of the rules (docs/import.md, docs/import-rules.md) by which it is equivalent; sorted."""
    differences: tuple[Difference, ...] = ()


class Difference(Struct, frozen=True):
    """What is not the same."""

    what: str
    original: str = ""
    regenerated: str = ""


class Expected(Struct, frozen=True):
    """What an image must come out as."""

    name: str
    plan: Plan
    escape: str
    windows: bool
    platforms: tuple[str, ...]
    """What the manifest says of platforms; the first is what variables of platforms are taken for."""


class Known(Struct, frozen=True):
    """The images of the catalogue."""

    marks: Mapping[str, str]
    """MARK and a number -> name of the SourceImage that it stands for."""
    references: Mapping[str, str]
    """Name of a SourceImage -> the reference that rgraph writes for it."""


def verify(expected: Expected, text: str, known: Known) -> Verdict:
    """Compares an image with the Dockerfile that rgraph renders of it.

    In the text, marks stand for references of images of the catalogue.
    """
    try:
        found = _Rendered(text, known.marks)
    except ValueError as error:
        return Verdict(expected.name, "different", differences=(Difference(f"does not parse: {error}"),))
    plan = expected.plan
    rules: set[str] = set(plan.rules)
    differences: list[Difference] = []
    if any(not same(reference, known.references.get(name, "")) for reference, name in plan.linked):
        rules.add("image-of-the-catalogue")
    differences += _args(plan, found)
    if [stage.name for stage in plan.stages] != [stage.name for stage in found.stages]:
        before = ", ".join(stage.name for stage in plan.stages[:-1])
        after = ", ".join(stage.name for stage in found.stages[:-1])
        differences.append(Difference("the stages are others", before, after))
    else:
        for stage, made in zip(plan.stages, found.stages, strict=True):
            differences += _from(stage, made, expected, rules)
            differences += _inside(stage, made.instructions, expected, found, rules)
    differences += _commands(plan, found.commands, rules)
    if differences:
        return Verdict(expected.name, "different", tuple(sorted(rules)), tuple(differences))
    return Verdict(expected.name, "equivalent" if rules else "identical", tuple(sorted(rules)))


class _Stage(Struct, frozen=True):
    name: str
    source: str
    platform: str
    instructions: tuple[Instruction, ...]


class _Rendered:
    """A Dockerfile of rgraph's in the parts in which it is compared."""

    def __init__(self, text: str, images: Mapping[str, str]) -> None:
        self.escape = "`" if text.startswith("# escape=`") else "\\"
        self.args: dict[str, str] = {}
        self.commands: dict[str, Instruction] = {}
        self.stages: list[_Stage] = []
        stage: list[Instruction] = []
        head: Instruction | None = None
        for each in instructions_of(text):
            if each.keyword == "FROM":
                if head is not None:
                    self._add(head, stage, images)
                head, stage = each, []
            elif head is None:
                for word in each.words:
                    name, _, value = word.partition("=")
                    self.args[name] = unquoted(value, self.escape)
            else:
                stage.append(_meaning(each, images))
        if head is None:
            raise ValueError("no FROM")
        own = len(stage)
        while own and stage[own - 1].keyword in COMMANDS:
            own -= 1
        self.commands = {each.keyword: each for each in stage[own:]}
        self._add(head, stage[:own], images)

    def _add(self, head: Instruction, stage: Sequence[Instruction], images: Mapping[str, str]) -> None:
        name = head.words[2] if len(head.words) > 2 else ""
        platform = next((flag[11:] for flag in head.flags if flag.startswith("--platform=")), "")
        source = images.get(head.words[0], head.words[0])
        self.stages.append(_Stage(name, source, platform, tuple(stage)))


def _meaning(each: Instruction, images: Mapping[str, str]) -> Instruction:
    """With the names of images in place of their references."""
    if each.keyword not in ("COPY", "ADD") or not any(MARK in flag for flag in each.flags):
        return each
    flags, original = [], each.original
    for flag in each.flags:
        reference = flag.removeprefix("--from=")
        name = images.get(reference)
        flags.append(flag if name is None else f"--from={name}")
        if name is not None:
            original = original.replace(reference, name, 1)
    return structs.replace(each, flags=tuple(flags), original=original)


def _args(plan: Plan, found: _Rendered) -> Iterator[Difference]:
    if dict(plan.args) != found.args:
        yield Difference("the arguments before FROM are others", _shown(plan.args), _shown(found.args))


def _shown(args: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in args.items())


def _from(stage: Prepared, made: _Stage, expected: Expected, rules: set[str]) -> Iterator[Difference]:
    if stage.source != made.source:
        if stage.kind == "external" and same(stage.source, made.source):
            rules.add("same-reference")
        else:
            yield Difference("FROM names something else", stage.source, made.source)
    if stage.platform != made.platform:
        if made.platform == "" and is_own(stage.platform, expected.platforms):
            rules.add("platform-of-the-image")
        else:
            yield Difference("the platform of FROM is another", stage.platform, made.platform)


def _inside(
    stage: Prepared,
    made: Sequence[Instruction],
    expected: Expected,
    found: _Rendered,
    rules: set[str],
) -> Iterator[Difference]:
    escapes = (expected.escape, found.escape)
    where = f"in the stage {stage.name}" if stage.name else "in the image's own stage"
    match compare(stage.stage.instructions, made, escapes, windows=expected.windows):
        case Equal():
            return
        case Equivalent(used):
            rules.update(used)
        case Different(original, regenerated):
            yield Difference(where, original, regenerated)


def _commands(plan: Plan, found: Mapping[str, Instruction], rules: set[str]) -> Iterator[Difference]:
    for keyword in COMMANDS:
        before, after = plan.commands.get(keyword), found.get(keyword)
        if before is None and after is None:
            continue
        if before is None or after is None or _command(before) != _command(after):
            original, regenerated = before.original if before else "", after.original if after else ""
            yield Difference(f"{keyword} is another", original, regenerated)
        elif " ".join(before.original.split()) != " ".join(after.original.split()):
            rules.add("setting")


def _command(each: Instruction) -> tuple[object, ...]:
    words = each.words if each.json else tuple(word.strip() for word in each.words)
    if each.keyword == "HEALTHCHECK":
        words = (words[0].upper(), *words[1:])
    return (each.json, tuple(sorted(each.flags)), words, each.heredocs)

"""A Dockerfile's stages as the manifest language has them, before anything of them becomes a step.

A layer stands on an image, never on a stage of its own: a chain of stages that stand on each other becomes
one, the instructions of the lower ones first. Names of stages and references are written one way, arguments
have the values that the source gives them, and what a container starts with stands apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct, structs

from rgraph.errors import Place, Problem
from rgraph.importing.contexts import NONE, Context, moved
from rgraph.importing.edges import Origin, Resolution, automatic, taken_from
from rgraph.importing.model import Instruction, ParsedFile, ParsedStage, SourceImage
from rgraph.importing.words import WordError, replaced
from rgraph.names import Bad, layer_name

COMMANDS: Final = ("ENTRYPOINT", "CMD", "HEALTHCHECK")
"""What a container starts with, in the order in which rgraph writes it."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9@%+=:,./_~^?*\[\]{}-]*")


class Prepared(Struct, frozen=True):
    """A stage that is kept."""

    name: str
    """Empty for the image's own."""
    source: str
    """Reference, or name of an earlier stage or imported image."""
    kind: Literal["image", "stage", "external"]
    stage: ParsedStage
    """With the instructions of the chain; those of COMMANDS are left out of the image's own."""
    platform: str = ""
    """Of its FROM, as written."""


class Plan(Struct, frozen=True):
    """All of an image that a layer must say."""

    stages: tuple[Prepared, ...]
    """The image's own is the last."""
    commands: Mapping[str, Instruction]
    """Keyword -> the instruction that holds in the end."""
    args: Mapping[str, str]
    """ARG before FROM that stages ask for."""
    rules: tuple[str, ...]
    """Names of the rules of equivalence that were used (docs/import.md)."""
    linked: tuple[tuple[str, str], ...] = ()
    """References that are taken for images of the import, and the images' names."""
    problems: tuple[Problem, ...] = ()
    """Why no layer can say the image."""

    @property
    def own(self) -> Prepared:
        """The image's own stage."""
        return self.stages[-1]


def prepare(
    file: ParsedFile,
    source: SourceImage,
    resolution: Resolution,
    linked: Mapping[str, str],
    context: Context = NONE,
    taken: Container[str] = (),
) -> Plan:
    """The stages of an image.

    `linked` gives the image that a reference names, `context` what is copied, `taken` are names that no stage
    may have, because images are called so.
    """
    return _Preparing(file, source, resolution, linked, context, taken).plan()


class _Preparing:
    def __init__(
        self,
        file: ParsedFile,
        source: SourceImage,
        resolution: Resolution,
        linked: Mapping[str, str],
        context: Context,
        taken: Container[str],
    ) -> None:
        self._context = context
        self._taken = taken
        self._file = file
        self._source = source
        self._resolution = resolution
        self._linked = linked
        self._rules: set[str] = set()
        self._names: dict[int, str] = {}
        self._used: dict[str, str] = {}
        self._problems: list[Problem] = []

    def plan(self) -> Plan:
        chain = self._chain(self._resolution.target)
        others = self._others(chain)
        for index in others:
            self._names[index] = self._name(index)
        stages = [self._kept(index) for index in others]
        if len(chain) > 1:
            self._rules.add("stages-joined")
        joined = [each for index in chain for each in self._instructions(index)]
        commands = self._commands(chain, joined)
        rest = tuple(each for each in joined if each.keyword not in COMMANDS)
        bottom = self._file.stages[chain[0]]
        origin = self._resolution.origins[chain[0]][0]
        source, kind = self._stands_on(origin)
        own = structs.replace(self._file.stages[chain[-1]], instructions=rest)
        stages.append(Prepared("", source, kind, own, bottom.platform))
        args = self._args(stages)
        if self._file.syntax:
            self._rules.add("syntax-directive")
        linked, rules = tuple(self._used.items()), tuple(sorted(self._rules))
        return Plan(tuple(stages), commands, args, rules, linked, tuple(self._problems))

    def _link(self, reference: str) -> str:
        self._used[reference] = self._linked[reference]
        return self._linked[reference]

    def _chain(self, index: int) -> list[int]:
        """The stages that a stage stands on and itself, the lowest first."""
        found = [index]
        while (first := self._resolution.origins[found[0]][0]).kind == "stage" and first.type == "from":
            found.insert(0, first.stage)
        return found

    def _others(self, chain: Sequence[int]) -> list[int]:
        """The stages that are kept beside the image's own, in order."""
        waiting = [
            each.stage
            for index in chain
            for each in self._resolution.origins[index]
            if each.kind == "stage" and each.type == "copy"
        ]
        found: set[int] = set()
        while waiting:
            index = waiting.pop()
            if index not in found:
                found.add(index)
                waiting += [e.stage for e in self._resolution.origins[index] if e.kind == "stage"]
        return sorted(found)

    def _name(self, index: int) -> str:
        """A name of the manifest language for a stage: its own if it is one, else one like it."""
        written = self._file.stages[index].name
        made = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-") if written else f"stage{index}"
        if isinstance(layer_name(written), str):
            made = written
        if isinstance(layer_name(made), Bad) or not made[0].isalpha() or made == "scratch":
            made = f"stage{index}"
        while made in self._names.values() or made in self._taken:
            made = f"{made}-{index}"
        if made != written:
            self._rules.add("stage-name")
        return made

    def _kept(self, index: int) -> Prepared:
        stage = self._file.stages[index]
        source, kind = self._stands_on(self._resolution.origins[index][0])
        instructions = tuple(self._instructions(index))
        return Prepared(
            self._names[index],
            source,
            kind,
            structs.replace(stage, name=self._names[index], instructions=instructions),
            stage.platform,
        )

    def _stands_on(self, origin: Origin) -> tuple[str, Literal["image", "stage", "external"]]:
        if origin.kind == "stage":
            return self._names[origin.stage], "stage"
        if origin.to in self._linked:
            return self._link(origin.to), "image"
        return origin.to, "external"

    def _instructions(self, index: int) -> list[Instruction]:
        """The instructions of a stage, with one notation for what they take from."""
        stage = self._file.stages[index]
        taken = [each for each in self._resolution.origins[index] if each.type == "copy"]
        by_instruction: dict[int, list[Origin]] = {}
        for each in taken:
            by_instruction.setdefault(each.instruction, []).append(each)
        found = []
        for number, instruction in enumerate(stage.instructions):
            made = moved(self._with_arguments(instruction), self._context)
            if made is not instruction and made.keyword != "ARG":
                self._rules.add("path-in-context")
            if number in by_instruction:
                made = self._renamed(made, by_instruction[number])
            found.append(made)
        return found

    def _renamed(self, each: Instruction, origins: Iterable[Origin]) -> Instruction:
        """With the kept names of stages, and references with their arguments replaced."""
        changed = each
        for written, origin in zip(taken_from(each), origins, strict=True):
            to = self._names[origin.stage] if origin.kind == "stage" else origin.to
            if origin.kind == "reference" and to in self._linked and each.keyword != "RUN":
                # The text behind RUN stays as it is.
                changed = _replaced(changed, f"from={written}", f"from={self._link(to)}")
            elif to != written:
                changed = _replaced(changed, f"from={written}", f"from={to}")
                self._rules.add("stage-name" if origin.kind == "stage" else "arguments-in-from")
        return changed

    def _with_arguments(self, each: Instruction) -> Instruction:
        """ARG with the values that the source gives."""
        given = self._source.args
        if each.keyword != "ARG" or not any(word.partition("=")[0] in given for word in each.words):
            return each
        words = []
        for word in each.words:
            name = word.partition("=")[0]
            asked = "=" not in word and any(name == known for known, _, _ in self._file.args)
            # What stands before FROM has the value already.
            words.append(f"{name}={_quoted(given[name])}" if name in given and not asked else word)
        if tuple(words) == each.words:
            return each
        self._rules.add("build-arguments")
        return structs.replace(each, words=tuple(words), original=f"ARG {' '.join(words)}")

    def _commands(self, chain: Sequence[int], joined: Sequence[Instruction]) -> dict[str, Instruction]:
        found: dict[str, Instruction] = {}
        shells: dict[str, Instruction | None] = {}
        shell: Instruction | None = None
        for each in joined:
            if each.keyword == "SHELL":
                shell = each
            elif each.keyword in COMMANDS:
                found[each.keyword], shells[each.keyword] = each, shell
        last = {each.keyword for each in self._file.stages[chain[-1]].instructions}
        if len(chain) > 1 and "ENTRYPOINT" in last and "CMD" not in last:
            # BuildKit: an ENTRYPOINT takes away the CMD of what it is built on (dispatchEntrypoint).
            found.pop("CMD", None)
        ended = [each.keyword for each in joined if each.keyword in COMMANDS]
        order = [keyword for keyword in COMMANDS if keyword in found]
        if ended != order or [each.keyword for each in joined[len(joined) - len(ended) :]] != ended:
            self._rules.add("commands-last")
        for keyword in ("ENTRYPOINT", "CMD"):
            if keyword in found and not found[keyword].json and not _is_shell(shells[keyword], shell):
                found[keyword] = self._written_out(found[keyword], shells[keyword])
        return {keyword: found[keyword] for keyword in order}

    def _written_out(self, each: Instruction, shell: Instruction | None) -> Instruction:
        """A command that stands before another SHELL than its own, with the words of its own.

        Source: the Dockerfile reference, "SHELL": it holds for what follows, and the image keeps the words of
        a command together with those of its shell. HEALTHCHECK is run by the shell that the image has.
        """
        if shell is None or _is_windows(shell) or self._file.escape == "`":
            place = Place(self._file.path, line=each.line, column=1)
            what = f"{each.keyword} has the shell of its place, and another SHELL follows"
            self._problems.append(Problem(place, what, "write it as a list, or behind SHELL"))
            return each
        self._rules.add("shell-written-out")
        words = (*shell.words, " ".join(each.words))
        original = f"{each.keyword} {json.dumps(words, ensure_ascii=False)}"
        return structs.replace(each, words=words, json=True, original=original)

    def _args(self, stages: Sequence[Prepared]) -> dict[str, str]:
        """ARG before FROM that a kept stage asks for; the others have done their work in FROM."""
        asked = {
            word
            for stage in stages
            for each in stage.stage.instructions
            if each.keyword == "ARG"
            for word in each.words
            if "=" not in word
        }
        declared = [name for name, _, _ in self._file.args]
        values = self._resolution.values
        kept = {name: values[name] for name in declared if name in asked and name in values}
        if set(declared) - set(kept):
            self._rules.add("arguments-in-from")
        return kept


def is_own(written: str, platforms: Sequence[str]) -> bool:
    """Whether the platform that FROM names is what it is without the flag, on each platform of the image."""
    if "BUILD" in written:
        return False
    for platform in platforms or ("linux/amd64",):
        try:
            if written and replaced(written, automatic(platform)).text != platform:
                return False
        except WordError:
            return False
    return True


def _is_shell(one: Instruction | None, other: Instruction | None) -> bool:
    """Whether two SHELL instructions, or none, give the same."""
    return (one and one.words) == (other and other.words)


def _is_windows(shell: Instruction) -> bool:
    first = shell.words[0].lower() if shell.words else ""
    return re.search(r"(?:cmd|powershell|pwsh)(?:\.exe)?$", first) is not None


def _replaced(each: Instruction, old: str, new: str) -> Instruction:
    """With another text in its flags."""
    flags = tuple(flag.replace(old, new, 1) for flag in each.flags)
    original = each.original
    for before, after in zip(each.flags, flags, strict=True):
        original = original.replace(before, after, 1)
    return structs.replace(each, flags=flags, original=original)


def _quoted(value: str) -> str:
    """A value as a word of a Dockerfile."""
    if _PLAIN.fullmatch(value) and value:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'

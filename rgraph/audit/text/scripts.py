"""The commands that people wrote into steps, each with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from rgraph.audit.relations.owners import Owners
from rgraph.audit.subject import StepUse, Subject
from rgraph.audit.text.commands import Command, read_commands
from rgraph.errors import Path, Place
from rgraph.manifest.layer import LayerManifest, RecipeManifest
from rgraph.manifest.step import Step as WrittenStep
from rgraph.steps.commands import Commands
from rgraph.steps.download import Download, Source
from rgraph.steps.interface import Step


class Line(Struct, frozen=True, eq=False):
    """A command with its place."""

    command: Command
    place: Place


class Script(Struct, frozen=True, eq=False):
    """The commands that people wrote into one step."""

    use: StepUse
    key: str
    """What holds them, for messages: `run`, `download.run`."""
    texts: tuple[tuple[str, Place], ...]
    lines: tuple[Line, ...]
    windows: bool


class Files:
    """What people wrote, by file: whose it is, and what stands at a place."""

    def __init__(self, subject: Subject) -> None:
        self._owners = Owners(subject.catalog)
        layers = subject.catalog.layers.values()
        recipes = subject.catalog.recipes.values()
        self._manifests: dict[str, LayerManifest | RecipeManifest] = {
            **{layer.place.file: layer.manifest for layer in layers},
            **{recipe.place.file: recipe.manifest for recipe in recipes},
        }

    def owner(self, place: Place) -> str:
        """The name of the layer or recipe that a step's place is in."""
        return self._owners.name(place)

    def written(self, place: Place) -> object:
        """What is written at a place; None if nothing is."""
        node: object = self._manifests.get(place.file)
        for item in place.path:
            if isinstance(node, list):
                node = node[item] if isinstance(item, int) and item < len(node) else None
            elif isinstance(node, WrittenStep):
                node = node.body if item == node.kind else None
            else:
                node = getattr(node, str(item), None)
        return node


def scripts(subject: Subject, files: Files) -> Iterator[Script]:
    """The commands of every distinct step that has some."""
    for use in subject.steps:
        found = _commands(use.step.step)
        if not found:
            continue
        key, path, commands = found
        windows = subject.images[use.images[0]].state.os == "windows"
        place = use.step.place.at(*path)
        places = _places(files.written(place), len(commands), place)
        texts = tuple(zip(commands, places, strict=True))
        yield Script(use, key, texts, _lines(texts, windows), windows)


def _lines(texts: tuple[tuple[str, Place], ...], windows: bool) -> tuple[Line, ...]:
    found: list[Line] = []
    first = 0
    for text, place in texts:
        commands = read_commands(text, windows, first)
        found += [Line(command, structs.replace(place, word=_word(command))) for command in commands]
        first = max((command.pipeline + 1 for command in commands), default=first)
    return tuple(found)


def _commands(step: Step) -> tuple[str, Path, tuple[str, ...]] | None:
    """How people call the commands of a step, where they stand, and the commands."""
    match step:
        case Commands(commands=commands):
            return "run", ("run",), commands
        case Download(run=commands) if commands:
            return "download.run", ("download", "run"), commands
        case Source(build=commands) if commands:
            return "source", ("source",), commands
    return None


def _places(written: object, count: int, place: Place) -> Sequence[Place]:
    """The place of each of some texts: an expression that is a whole entry may give several, or none."""
    if isinstance(written, list):
        spliced = [index for index, text in enumerate(written) if _is_expression(text)]
        extra = count - len(written)
        if (not spliced and extra == 0) or len(spliced) == 1:
            first = spliced[0] if spliced else len(written)
            indexes = [
                *range(first),
                *[first] * (extra + 1 if spliced else 0),
                *range(first + 1, len(written)),
            ]
            if len(indexes) == count:
                return [place.at(index) for index in indexes]
    return [place] * count


def _is_expression(text: object) -> bool:
    return isinstance(text, str) and text.strip().startswith("${{") and text.count("${{") == 1


def _word(command: Command) -> str:
    """What to look for where the place holds several commands."""
    return command.program if command.program.replace("-", "").replace(".", "").isalnum() else ""

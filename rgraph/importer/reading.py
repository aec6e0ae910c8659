"""From texts to images that a layer can say: parsed, resolved, linked and typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct, structs

from rgraph.errors import Place, Problem
from rgraph.files.import_tree import Contexts, Text
from rgraph.files.workers import Failed, in_workers
from rgraph.importer.gathered import Gathered
from rgraph.importing.assembly import Planned, hidden_in, operating_systems
from rgraph.importing.contexts import NONE, Context, context_of, copied, is_there
from rgraph.importing.discovery import source_images
from rgraph.importing.edges import Resolution, resolve
from rgraph.importing.labels import with_labels
from rgraph.importing.linking import links
from rgraph.importing.model import Instruction, ParsedFile, SourceImage, Step
from rgraph.importing.parsing import parse
from rgraph.importing.stages import prepare

Resolved = dict[str, tuple[SourceImage, Resolution]]


class Reading:
    """The images of what was gathered; what cannot be read or said is noted and left out.

    With `known`, the links of an earlier import, nothing is made into steps: it is only to be compared.
    """

    def __init__(self, gathered: Gathered, known: Mapping[str, str] | None = None) -> None:
        self.gathered = gathered
        self.problems: list[Problem] = list(gathered.problems)
        self.files: dict[str, ParsedFile] = {}
        """Dockerfiles that parse, by path."""
        self.planned: dict[str, Planned] = {}
        """By name of the SourceImage."""
        self.steps: dict[str, list[tuple[Step, ...]]] = {}
        """Name of a SourceImage -> the steps of each stage of its plan."""
        self.linked: Mapping[str, str] = known or {}
        """References that name images of the import."""
        self._contexts = Contexts(gathered.root)
        self._copied: dict[str, Context] = {}
        self._parse()
        sources = gathered.sources
        if sources is None:
            sources = source_images(tuple(self.files.values()), gathered.args)
        resolved = self._resolve(sources)
        self._references = {
            each.to
            for _, resolution in resolved.values()
            for origins in resolution.origins.values()
            for each in origins
            if each.kind == "reference"
        }
        if known is None:
            self._plan(resolved)
        else:
            self.planned = {name: self._planned(*each) for name, each in resolved.items()}

    def drop(self, names: Mapping[str, Problem]) -> None:
        """Goes on without some images: those that stand on them stand on Externals then."""
        self.problems += names.values()
        kept = {name: each for name, each in self.planned.items() if name not in names}
        self._plan({name: (each.source, each.resolution) for name, each in kept.items()})

    def _parse(self) -> None:
        texts = list(self.gathered.texts.values())
        for text, made in zip(texts, in_workers(texts, _parsed, Parsed), strict=True):
            match made:
                case Failed(what):
                    self.problems.append(Problem(Place(text.path, line=1, column=1), what))
                case Parsed(file=None, problems=problems):
                    self.problems += problems
                case Parsed(file=ParsedFile() as file):
                    self.files[text.path] = file

    def _resolve(self, sources: Sequence[SourceImage]) -> Resolved:
        found: Resolved = {}
        reported = {each.place.file for each in self.problems}
        for source in sources:
            file = self.files.get(source.dockerfile)
            if file is None:
                if source.dockerfile not in reported:
                    self.problems.append(Problem(source.place, f"there is no {source.dockerfile}"))
                continue
            made = resolve(file, source)
            if isinstance(made, Resolution):
                found[source.name] = (source, made)
            else:
                self.problems += made
        return found

    def _plan(self, resolved: Resolved) -> None:
        """Links and types; again without what cannot be typed, for others may stand on it."""
        while True:
            self.linked = links(resolved)
            named = _with_tags(resolved, self.linked)
            planned = {name: self._planned(*each) for name, each in named.items()}
            failed = self._type(planned)
            if not failed:
                self.planned = planned
                return
            self.problems += failed.values()
            resolved = {name: each for name, each in resolved.items() if name not in failed}

    def _planned(self, source: SourceImage, resolution: Resolution) -> Planned:
        file = self.files[source.dockerfile]
        if source.name not in self._copied:
            self._copied[source.name] = self._context(source, file, resolution)
        context = self._copied[source.name]
        if context is not NONE:
            source = structs.replace(source, context=context.folder)
        plan = prepare(file, source, resolution, self.linked, context, self._references)
        plan = with_labels(plan, source.labels, file.escape)
        return Planned(source, file, resolution, plan, context)

    def _context(self, source: SourceImage, file: ParsedFile, resolution: Resolution) -> Context:
        """The files that an image copies. Where only Dockerfiles say what is built, from the nearest folder
        around the Dockerfile in which most of them are.
        """
        needed = [each for index in resolution.needed for each in file.stages[index].instructions]
        if not any(map(copied, needed)):
            return NONE
        folders = [source.context]
        while self.gathered.sources is None and folders[-1]:
            folders.append(folders[-1].rpartition("/")[0])
        found = [context_of(needed, self._contexts.listing(folder, source.dockerfile)) for folder in folders]
        return min(found, key=lambda each: len(each.missing))

    def _type(self, planned: dict[str, Planned]) -> dict[str, Problem]:
        """Steps of the images that have none yet, or whose plan is another by now."""
        systems = operating_systems(planned)
        wanted = [
            name
            for name, each in planned.items()
            if name not in self.steps or self.planned.get(name, each).plan != each.plan
        ]
        work = partial(_typed, planned, systems)
        failed: dict[str, Problem] = {}
        for name, made in zip(wanted, in_workers(wanted, work, Typed), strict=True):
            if isinstance(made, Failed):
                place = Place(planned[name].file.path, line=1, column=1)
                failed[name] = Problem(place, f"cannot be imported: {made.what}")
            elif made.problem is not None:
                failed[name] = made.problem
            else:
                self.steps[name] = made.steps
        return failed


class Parsed(Struct, frozen=True):
    """A Dockerfile, or what is wrong with it."""

    file: ParsedFile | None
    problems: tuple[Problem, ...] = ()


class Typed(Struct, frozen=True):
    """The steps of each stage, or why there are none."""

    steps: list[tuple[Step, ...]]
    problem: Problem | None = None


def _parsed(text: Text) -> Parsed:
    made = parse(text.path, text.text)
    return Parsed(made) if isinstance(made, ParsedFile) else Parsed(None, made)


def _typed(planned: Mapping[str, Planned], systems: Mapping[str, str], name: str) -> Typed:
    # Late, in the worker: loads the resolver and with it much of the program.
    from rgraph.importing.typing import typed_steps

    each = planned[name]
    windows = systems[name] == "windows"
    found = []
    for stage in each.plan.stages:
        given = stage.stage.instructions
        steps = typed_steps(stage.stage, each.file.escape, windows=windows)
        escapes = (each.file.escape, "`" if windows else "\\")
        found.append(tuple(_possible(step, given, each.context, escapes) for step in steps))
        hidden = next(((step, c) for step in found[-1] for c in hidden_in(step.data)), None)
        if hidden is not None:
            step, character = hidden
            what = f"cannot be said in a manifest: it holds U+{ord(character):04X}, which cannot be seen"
            place = Place(each.file.path, line=given[step.covers[0]].line, column=1)
            return Typed([], Problem(place, what))
    return Typed(found)


def _possible(step: Step, given: Sequence[Instruction], context: Context, escapes: tuple[str, str]) -> Step:
    """A step, or the instruction as it stands where it copies what is not there."""
    from rgraph.importing.typing.settings import Escapes, instruction

    if "copy" not in step.data or all(is_there(given[index], context) for index in step.covers):
        return step
    return Step(instruction(given[step.covers[0]], Escapes(*escapes)), step.covers, step.comment)


def _with_tags(resolved: Resolved, linked: Mapping[str, str]) -> Resolved:
    """Images that have no tags get those by which others call them."""
    called: dict[str, list[str]] = {}
    for reference, name in linked.items():
        called.setdefault(name, []).append(reference)
    return {
        name: (
            source if source.tags else structs.replace(source, tags=tuple(sorted(called.get(name, ())))),
            resolution,
        )
        for name, (source, resolution) in resolved.items()
    }

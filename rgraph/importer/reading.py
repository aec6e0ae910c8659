"""From texts to images that a layer can say: parsed, resolved, linked and typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct, structs

from rgraph.errors import Place, Problem
from rgraph.files.import_tree import Contexts, Text
from rgraph.files.workers import Failed, in_workers
from rgraph.importer.gathered import Gathered
from rgraph.importing import variables
from rgraph.importing.assembly import Planned, hidden_in, operating_systems
from rgraph.importing.contexts import NONE, Context, apart, context_of, copied, is_there
from rgraph.importing.discovery import source_images
from rgraph.importing.edges import Resolution, resolve
from rgraph.importing.labels import with_labels
from rgraph.importing.linking import links
from rgraph.importing.model import Instruction, ParsedFile, SourceImage, Step
from rgraph.importing.parsing import parse
from rgraph.importing.stages import Plan, prepare
from rgraph.importing.triggers import RULE, with_triggers
from rgraph.importing.variables import with_values

BY_FOLDER = "image-by-folder"
"""The rule by which a reference is taken for an image, because a folder or file is called so."""

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
        self._own: dict[str, ParsedFile] = {}
        """Name of a SourceImage -> its Dockerfile, with what ONBUILD says where it runs, values in COPY."""
        self._rules: dict[str, set[str]] = {}
        """Name of a SourceImage -> the rules by which that is the same as the Dockerfile."""
        self._typed: dict[str, Plan] = {}
        """Name of a SourceImage -> the plan that its steps were made of."""
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
            planned = self._all_planned(resolved)
            self.planned = {name: each for name, each in planned.items() if not each.plan.problems}
            self.problems += (each for made in planned.values() for each in made.plan.problems)

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
            made = self._with_triggers(file, source)
            if isinstance(made, Resolution):
                found[source.name] = (source, made)
            else:
                self.problems += made
        return found

    def _with_triggers(self, file: ParsedFile, source: SourceImage) -> Resolution | tuple[Problem, ...]:
        first = resolve(file, source)
        if not isinstance(first, Resolution):
            return first
        own = with_triggers(file, first)
        if isinstance(own, Problem):
            return (own,)
        made = first if own is file else resolve(own, source)
        if isinstance(made, Resolution):
            self._own[source.name] = whole = with_values(own, source, made)
            rules = ((RULE, own is not file), (variables.RULE, whole is not own))
            self._rules[source.name] = {rule for rule, used in rules if used}
        return made

    def _plan(self, resolved: Resolved) -> None:
        """Links and types; again without what cannot be typed, for others may stand on it."""
        while True:
            self.linked = links(resolved)
            planned = self._all_planned(_with_tags(resolved, self.linked))
            failed = {name: each.plan.problems[0] for name, each in planned.items() if each.plan.problems}
            failed = failed or self._type(planned)
            if not failed:
                self.planned = planned
                return
            self.problems += failed.values()
            resolved = {name: each for name, each in resolved.items() if name not in failed}

    def _all_planned(self, resolved: Resolved) -> dict[str, Planned]:
        for name, (source, resolution) in resolved.items():
            if name not in self._copied:
                self._copied[name] = self._context(source, self._own[name], resolution)
        contexts = apart({name: self._copied[name] for name in resolved})
        return {name: self._planned(*each, contexts[name]) for name, each in resolved.items()}

    def _planned(self, source: SourceImage, resolution: Resolution, context: Context) -> Planned:
        file = self._own[source.name]
        if context is not NONE:
            source = structs.replace(source, context=context.folder)
        plan = prepare(file, source, resolution, self.linked, context, self._references)
        plan = with_labels(plan, source.labels, file.escape)
        if plan.linked and self.gathered.kind == "dockerfiles":
            plan = structs.replace(plan, rules=tuple(sorted({*plan.rules, BY_FOLDER})))
        plan = structs.replace(plan, rules=tuple(sorted({*plan.rules, *self._rules[source.name]})))
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
            name for name, each in planned.items() if name not in self.steps or self._typed[name] != each.plan
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
                self.steps[name], self._typed[name] = made.steps, planned[name].plan
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

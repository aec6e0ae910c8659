"""The report of an import, put together."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from rgraph.app import Workspace, audit_against
from rgraph.errors import Place, Problem
from rgraph.files.reader import locate
from rgraph.importer.making import Made
from rgraph.importer.reading import Reading
from rgraph.importing import report
from rgraph.importing.assembly import counted_runs
from rgraph.importing.contexts import copied, fits
from rgraph.importing.verification import Verdict


def report_of(
    read: Reading, made: Made, verdicts: tuple[Verdict, ...], stage: Path, day: str
) -> report.Report:
    """What was found; `stage` holds the catalogue, `day` (YYYYMMDD) is that of the audit."""
    problems = tuple(sorted(read.problems, key=lambda each: (each.place.file, each.place.line)))
    figures = _figures(read, made)
    workspace = made.workspace
    if workspace is None:
        return report.Report(figures, problems=problems)
    audited = audit_against(workspace, None, datetime.date.fromisoformat(day), None)
    first = audited.findings[: report.MOST_FINDINGS]
    at = locate(stage, [each.place for each in first])
    named = sorted(workspace.catalog.externals.items())
    return report.Report(
        figures,
        externals=tuple((name, each.reference, "@" in each.reference) for name, each in named),
        linked=tuple(sorted(read.linked.items())),
        packages=report.packages(workspace.resolved, workspace.inventory),
        verdicts=verdicts,
        sources={image.source.name: image.source for image in made.images},
        edges=tuple(edge for image in made.images for edge in image.edges),
        ids=made.ids,
        problems=problems,
        notes=(*read.gathered.notes, *_notes(made, _lacking(read, made, workspace))),
        findings=tuple((each, *at[each.place][:2]) for each in first),
        total_findings=len(audited.findings),
    )


def _lacking(read: Reading, made: Made, workspace: Workspace) -> dict[str, list[tuple[int, str]]]:
    """Image -> line and note of each instruction that takes files which no step brings along: only `copy`
    does, `instruction` and mounts of `run` do not.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for name, each in read.planned.items():
        brought = set(workspace.resolved.images[made.ids[name]].files)
        own = {path for path, _ in each.context.files}
        for stage in each.plan.stages if own - brought else ():
            for instruction in stage.stage.instructions:
                named = {path for word in copied(instruction) for path in fits(word, own)}
                if lacking := sorted(named - brought):
                    what = f"`{lacking[0][:200]}` is kept, but no step brings it to where the image is built"
                    found.setdefault(name, []).append((instruction.line, what))
    return found


def _notes(made: Made, lacking: Mapping[str, Sequence[tuple[int, str]]]) -> tuple[Problem, ...]:
    found: dict[tuple[str, int, str], Problem] = {}
    for image in made.images:
        for line, what in (*image.notes, *lacking.get(image.source.name, ())):
            place = Place(image.source.dockerfile, line=line, column=1)
            found.setdefault((place.file, line, what), Problem(place, what))
    return tuple(sorted(found.values(), key=lambda each: (each.place.file, each.place.line)))


def _figures(read: Reading, made: Made) -> report.Figures:
    sources = read.gathered.sources
    named = {each.place.file for each in read.gathered.problems}
    files = {*read.gathered.texts, *(named if sources is None else (each.dockerfile for each in sources))}
    edges, internal, externals = report.edges(made.images)
    runs, typed = counted_runs(made.images, read.planned)
    data = [document.data for document in made.documents]
    used = {each.source.dockerfile for each in made.images}
    rendered = read.gathered.rendered
    after = (text for path, text in made.files.items() if not path.startswith("files/"))
    return report.Figures(
        files=len(files),
        parsed=len(read.files),
        images=len(made.images),
        edges=edges,
        internal=internal,
        externals=externals,
        waves=_waves(made.workspace),
        layers=sum(1 for each in data if "from" in each),
        recipes=sum(1 for each in data if each["kind"] == "recipe"),
        uses=report.uses(data),
        runs=runs,
        typed=typed,
        lines_before=sum(file.lines for path, file in read.files.items() if path in used),
        lines_after=sum(report.counted(text.decode()) for text in after),
        tags=len({tag for each in made.images for tag in each.source.tags if sources}),
        shared_tags=len({tag for each in made.images for tag in each.source.shared}),
        unresolved_tags=read.gathered.unresolved,
        rendered=len(rendered),
        rendered_same=sum(1 for state in rendered.values() if state == "same"),
    )


def _waves(workspace: Workspace | None) -> tuple[int, ...]:
    return report.waves(workspace.resolved) if workspace else ()

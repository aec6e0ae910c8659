"""What an import found and proved, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rgraph.cli.common import columns, count, json_lines, note, printable, shortened, write
from rgraph.errors import Problem
from rgraph.importer import Imported, Proved
from rgraph.importing.report import Report, states_of
from rgraph.importing.verification import Difference, Verdict

_MOST_NAMES = 12
"""Unpinned packages that are named; the rest is counted."""
_MOST_LINES = 12
"""Lines of an instruction that a difference shows."""


def show_imported(done: Imported, *, verify: bool, json: bool) -> None:
    """Problems on stderr, the rest on stdout."""
    for problem in done.report.problems:
        note(_problem(done.root, problem))
    for each in done.report.notes:
        note(_problem(done.root, each, "note"))
    write(imported_json(done) if json else ["\n".join(_lines(done, verify))])


def imported_json(done: Imported) -> Iterator[str]:
    """For programs: an image, a problem, a package a line."""
    report = done.report
    head = {
        "schema": 1,
        "root": str(done.root),
        "catalogue": None if done.target is None else str(done.target),
        "well": report.is_well,
        "figures": report.figures,
        "states": states_of(report.verdicts),
        "rules": report.rules(),
        "total_findings": report.total_findings,
    }
    findings = (
        {
            "rule": each.rule.id,
            "level": each.level or each.rule.level,
            "file": each.place.file,
            "line": line,
            "column": column,
            "what": each.what,
            "help": each.help,
            "images": each.images,
        }
        for each, line, column in report.findings
    )
    externals = (
        {"name": name, "reference": reference, "pinned": pinned}
        for name, reference, pinned in report.externals
    )
    linked = ({"reference": reference, "image": name} for reference, name in report.linked)
    return json_lines(
        head,
        {
            "problems": map(_entry, report.problems),
            "notes": map(_entry, report.notes),
            "images": ({**_image(each, report.ids), **_source(report, each)} for each in report.verdicts),
            "edges": report.edges,
            "externals": externals,
            "linked": linked,
            "packages": report.packages,
            "findings": findings,
        },
    )


def show_proved(proved: Proved, *, json: bool) -> None:
    """A later proof: problems on stderr, the rest on stdout."""
    for problem in proved.problems:
        note(_problem(proved.root, problem))
    states = states_of(proved.verdicts)
    if json:
        head = {"schema": 1, "root": str(proved.root), "well": proved.is_well, "states": states}
        images = (_image(each, proved.ids) for each in proved.verdicts)
        problems = map(_entry, proved.problems)
        write(json_lines(head, {"problems": problems, "changed": proved.changed, "images": images}))
        return
    lines = [line for verdict in proved.verdicts for line in _verdict(verdict)]
    lines += [f"{printable(path)}: changed since it was imported" for path in proved.changed]
    write(["\n".join([*lines, "", _states(states)])])


def _image(each: Verdict, ids: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": each.image,
        "id": ids.get(each.image),
        "state": each.state,
        "rules": each.rules,
        "differences": each.differences,
    }


def _source(report: Report, each: Verdict) -> dict[str, object]:
    """What the source says of an image."""
    source = report.sources[each.image]
    return {
        "dockerfile": source.dockerfile,
        "target": source.target,
        "tags": source.tags,
        "shared_tags": source.shared,
        "platforms": source.platforms,
        "build_args": source.args,
        "labels": source.labels,
    }


def _entry(each: Problem) -> dict[str, object]:
    return {
        "file": each.place.file,
        "line": each.place.line or 1,
        "column": each.place.column or 1,
        "what": each.what,
        "help": each.help,
    }


def _states(states: Mapping[str, int]) -> str:
    return f"regenerated and compared: {', '.join(f'{number:,} {state}' for state, number in states.items())}"


def _lines(done: Imported, verify: bool) -> Iterator[str]:
    report = done.report
    figures = report.figures
    left = f", {figures.files - figures.parsed:,} cannot be read" if figures.files > figures.parsed else ""
    yield f"{count(figures.files, 'Dockerfile')}: {figures.parsed:,} parsed{left}"
    if not figures.images:
        yield "nothing to import"
        return
    waves = f", in waves of {'/'.join(map(str, figures.waves))}" if len(figures.waves) > 1 else ""
    yield (
        f"{count(figures.images, 'image')} in {count(figures.layers, 'layer')}, "
        f"{figures.edges:,} edges ({figures.internal:,} to each other, the rest to "
        f"{count(figures.externals, 'External')}){waves}"
    )
    if figures.rendered:
        same = (
            f"; {figures.rendered_same:,} are in the folder, byte for byte" if figures.rendered_same else ""
        )
        yield f"{count(figures.rendered, 'Dockerfile')} made from the source itself{same}"
    if figures.tags or figures.shared_tags or figures.unresolved_tags:
        shared = f", {figures.shared_tags:,} more shared by several images" if figures.shared_tags else ""
        unknown = f", {figures.unresolved_tags:,} that cannot be known" if figures.unresolved_tags else ""
        yield f"{count(figures.tags, 'tag')}{shared}{unknown}"
    yield f"{count(figures.recipes, 'recipe')}, used {count(figures.uses, 'time')}"
    if figures.runs:
        part = 100 * figures.typed // figures.runs
        yield f"{figures.typed:,} of {figures.runs:,} RUN instructions are typed steps ({part} %)"
    yield f"lines: {figures.lines_before:,} of Dockerfiles, {figures.lines_after:,} of manifests"
    yield from _packages(report)
    yield from _externals(report)
    yield from _proof(report, verify)
    yield from _findings(report)
    yield ""
    yield f"written: {done.target}/manifests" if done.target else "nothing was written"


def _packages(report: Report) -> Iterator[str]:
    if report.packages:
        rows = [
            (each.ecosystem, f"{each.pinned:,}", f"{len(each.unpinned):,}", _names(each.unpinned))
            for each in report.packages
        ]
        yield ""
        yield columns(rows, ("packages", "pinned", "unpinned", ""))


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return printable(", ".join(names[:_MOST_NAMES])) + more


def _externals(report: Report) -> Iterator[str]:
    rows = [
        (name, printable(reference), "" if pinned else "no digest")
        for name, reference, pinned in report.externals
    ]
    yield ""
    yield columns(rows, ("External", "reference", ""))
    if report.linked:
        rows = [(printable(reference), printable(name), "") for reference, name in report.linked]
        yield ""
        yield columns(rows, ("taken for an image of the import", "which", ""))


def _proof(report: Report, verify: bool) -> Iterator[str]:
    yield ""
    yield _states(states_of(report.verdicts))
    for rule, number in report.rules().items():
        yield f"  by {rule}: {count(number, 'image')}"
    for verdict in report.verdicts:
        if verify or verdict.state == "different":
            yield from _verdict(verdict)


def _verdict(verdict: Verdict) -> Iterator[str]:
    rules = f" ({', '.join(verdict.rules)})" if verdict.state == "equivalent" else ""
    yield f"{printable(verdict.image)}: {verdict.state}{rules}"
    for each in verdict.differences:
        yield from _difference(each)


def _difference(each: Difference) -> Iterator[str]:
    yield f"  {printable(each.what)}"
    for sign, text in (("-", each.original), ("+", each.regenerated)):
        lines = text.splitlines()
        yield from (f"    {sign} {printable(line)[:400]}" for line in lines[:_MOST_LINES])
        if len(lines) > _MOST_LINES:
            yield f"    {sign} ... {len(lines) - _MOST_LINES:,} more lines"


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield ""
    yield f"the audit's first {len(report.findings)} of {count(report.total_findings, 'finding')}:"
    for each, line, column in report.findings:
        level = each.level or each.rule.level
        what = printable(shortened(each.what))
        yield f"  {each.place.file}:{line}:{column}: {level} {each.rule.id}: {what}"


def _problem(root: Path, each: Problem, level: str = "error") -> str:
    path = printable(str(root / each.place.file))
    help = f"\n  help: {shortened(each.help)}" if each.help else ""
    line, column = each.place.line or 1, each.place.column or 1
    return f"{path}:{line}:{column}: {level}: {printable(shortened(each.what))}{help}"

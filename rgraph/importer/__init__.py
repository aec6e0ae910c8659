"""The use cases of `rgraph import`: read what is there, make manifests of it, prove that nothing was lost.

gathered   --reading-->  images that can be planned, the rest noted
           --making-->   a catalogue in a folder of its own, checked
           --proving-->  each image regenerated and compared
           --record-->   what came from where, for a later proof
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from rgraph.app import Workspace
from rgraph.errors import Problem, UsageError
from rgraph.files.import_tree import read_dockerfiles
from rgraph.files.import_writing import check_free, fill, publish, staged
from rgraph.importer.gathered import Gathered
from rgraph.importer.making import Made
from rgraph.importer.proving import changed_files, prove
from rgraph.importer.reading import Reading
from rgraph.importer.record import RECORD, Record, encoded, originals_of, read_record, record_of
from rgraph.importer.reporting import report_of
from rgraph.importer.sources import Asked, again, gather
from rgraph.importing.report import Report
from rgraph.importing.verification import Difference, Verdict


class Imported(Struct, frozen=True):
    """What an import did."""

    root: Path
    target: Path | None
    """Where the catalogue stands; None if nothing was written."""
    report: Report


class Proved(Struct, frozen=True):
    """What a later proof found."""

    root: Path
    """The folder that was imported."""
    verdicts: tuple[Verdict, ...]
    ids: Mapping[str, str]
    """Name of a SourceImage -> image id."""
    problems: tuple[Problem, ...]
    changed: tuple[str, ...]
    """Dockerfiles that are not what they were when they were imported; sorted."""

    @property
    def is_well(self) -> bool:
        """Whether every image is what it was."""
        return not self.problems and all(each.state != "different" for each in self.verdicts)


def gather_dockerfiles(paths: Sequence[Path], into: Path | None, args: Mapping[str, str]) -> Gathered:
    """The Dockerfiles below some folders. Raises UsageError if there is none."""
    tree = read_dockerfiles(paths, into)
    if not tree.texts and not tree.problems:
        named = ", ".join(str(path) for path in paths)
        raise UsageError(f"no Dockerfile below {named}", "name the folders or the files themselves")
    texts = {text.path: text for text in tree.texts}
    return Gathered("dockerfiles", tree.root, tree.root.resolve().name, texts, None, tree.problems, args)


def import_dockerfiles(
    paths: Sequence[Path], target: Path, args: Mapping[str, str], day: str, *, dry_run: bool
) -> Imported:
    """Makes a catalogue in `target` of the Dockerfiles below some paths; with `dry_run`, writes nothing.

    `day` (YYYYMMDD) is that of the audit. Raises UsageError if `target` holds a catalogue.
    """
    if not dry_run:
        check_free(target)
    return import_gathered(gather_dockerfiles(paths, target, args), target, day, dry_run=dry_run)


def import_source(asked: Asked, target: Path, day: str, *, dry_run: bool) -> Imported:
    """Makes a catalogue of what a source says is built; as import_dockerfiles otherwise."""
    if not dry_run:
        check_free(target)
    return import_gathered(gather(asked), target, day, dry_run=dry_run)


def import_gathered(gathered: Gathered, target: Path, day: str, *, dry_run: bool) -> Imported:
    """Makes a catalogue of what any source says is built."""
    read = Reading(gathered)
    with staged(None if dry_run else target) as stage:
        made = Made(read, stage)
        verdicts = prove(made.workspace, read.planned, made.ids) if made.workspace else ()
        report = report_of(read, made, verdicts, stage, day)
        written = not dry_run and made.workspace is not None
        if written:
            fill(stage, {**made.files, RECORD: encoded(record_of(read, made.ids, target))})
            publish(stage, target)
    return Imported(gathered.root, target if written else None, report)


def verify(target: Path, originals: Path | None) -> Proved:
    """Regenerates what was imported once and compares it with what it came from, as that is today.

    `originals` is where the imported folder lies now, if not where it lay. Raises UsageError if there is
    no record of an import.
    """
    record = read_record(target)
    root = originals or originals_of(record, target)
    workspace = Workspace(target)
    read = Reading(_gathered_again(record, root), record.links)
    ids = {each.source.name: each.id for each in record.images}
    verdicts = {each.image: each for each in prove(workspace, read.planned, ids)}
    for name, paths in changed_files(workspace, root, read.planned).items():
        differences = tuple(Difference(f"the file {path} is another") for path in paths)
        before = verdicts[name]
        verdicts[name] = Verdict(name, "different", before.rules, (*before.differences, *differences))
    lost = tuple(
        Verdict(name, "different", differences=(Difference("what it came from cannot be read"),))
        for name in ids
        if name not in verdicts
    )
    changed = {
        each.source.dockerfile
        for each in record.images
        if (text := read.gathered.texts.get(each.source.dockerfile)) and text.sha256 != each.sha256
    }
    found = tuple(sorted((*verdicts.values(), *lost), key=lambda each: each.image))
    return Proved(root, found, ids, tuple(read.problems), tuple(sorted(changed)))


def _gathered_again(record: Record, root: Path) -> Gathered:
    """The Dockerfiles of a record as they are now."""
    held = again(Asked(record.kind, root, record.inputs, record.variables)) if record.inputs else {}
    paths = sorted({each.source.dockerfile for each in record.images} - held.keys())
    tree = read_dockerfiles([root / path for path in paths], None, root=root)
    texts = {**{text.path: text for text in tree.texts}, **held}
    sources = tuple(each.source for each in record.images)
    return Gathered(record.kind, root, "", texts, sources, tree.problems, {})

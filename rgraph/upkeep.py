"""The use cases that keep pins up to date: `bump` and `outdated`."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from rgraph.app import Workspace
from rgraph.bumping import Edit, Judged, Left, Planned, Refusal, Wish, plan, reached
from rgraph.bumping import judge as judge_bump
from rgraph.errors import Place, Problems
from rgraph.files.folder_lock import locked
from rgraph.files.reader import MAX_MANIFEST_SIZE
from rgraph.files.rewriting import repair, rewrite
from rgraph.files.second_half import in_halves
from rgraph.files.transaction import UNCHANGED, WriteError
from rgraph.files.tree import read
from rgraph.files.yaml_edit import CannotEdit, Edited, Piece, edit
from rgraph.resolve import Resolved

# A bump asks nobody: what only `outdated` needs is imported there, as app.py does it.
if TYPE_CHECKING:
    from rgraph.engines.errors import CouldNotAskError
    from rgraph.engines.indexes import Locations
    from rgraph.engines.web import Web
    from rgraph.outdated import Row


class Change(Struct, frozen=True):
    """One edit, where it is in its file."""

    file: str
    line: int
    column: int
    old: str
    new: str


class Bumped(Struct, frozen=True, eq=False):
    """What a bump did, or would do."""

    what: str
    """The component's purl without version, or the name of an External."""
    version: str
    changes: tuple[Change, ...]
    direct: tuple[str, ...]
    """Images whose own steps change, in order."""
    above: tuple[str, ...]
    """Images that need those, in order."""
    refusals: tuple[Refusal, ...]
    """Why nothing was written; empty if all went well."""
    left: tuple[Left, ...]
    """What names the component and has no version to change."""
    written: bool
    """Whether files were changed."""
    put_back: tuple[str, ...] = ()
    """Files that an earlier bump had changed when it was killed, and that are as before it again."""
    remarks: tuple[str, ...] = ()
    """What to look at before the new version is believed to be the newer."""


def bump(
    root: Path, wish: Wish, selectors: Sequence[str], exclude: Sequence[str] = (), *, dry_run: bool = False
) -> Bumped:
    """Writes another version of a component into every manifest that pins it, or into none.

    Raises UsageError if the wish names no one component or no version, ManifestError if the catalogue
    is wrong before, WriteError.
    """
    with nullcontext() if dry_run else locked(root):
        put_back = () if dry_run else repair(root, MAX_MANIFEST_SIZE)
        workspace = Workspace(root)
        ids = workspace.select(selectors, exclude) if selectors or exclude else None
        planned = plan(workspace.resolved, workspace.inventory, wish, ids)
        names = dict.fromkeys(each.file for each in planned.edits)
        raws = {file: _raw(root, file, workspace.manifests) for file in names}
        edited, refusals = _edited(raws, planned)
        if edited and not refusals:
            refusals = _judged(workspace.resolved, edited, planned)
        write = bool(edited) and not refusals and not dry_run
        if write:
            files = {file: (raws[file], each.raw) for file, each in edited.items()}
            rewrite(root, files, MAX_MANIFEST_SIZE)
    return Bumped(
        planned.what,
        wish.version,
        _changes(planned.edits, edited),
        planned.direct,
        planned.above,
        refusals,
        planned.left,
        write,
        put_back,
        planned.remarks if planned.edits else (),
    )


def _raw(root: Path, file: str, known: Container[bytes]) -> bytes:
    """The bytes of a manifest, which must be those that were resolved."""
    problems = Problems()
    raw = read(str(root / file), file, MAX_MANIFEST_SIZE, problems)
    problems.raise_any()
    if raw is None or raw not in known:
        raise WriteError(f"{file} was changed by somebody else meanwhile", UNCHANGED)
    return raw


def _edited(raws: Mapping[str, bytes], planned: Planned) -> tuple[dict[str, Edited], tuple[Refusal, ...]]:
    """The files after their edits, and what cannot be edited beside what was refused already."""
    by_file: dict[str, list[Piece]] = {}
    for each in planned.edits:
        by_file.setdefault(each.file, []).append(_piece(each))
    found: dict[str, Edited] = {}
    refusals = list(planned.refusals)
    work = [(file, raws[file], pieces) for file, pieces in by_file.items()]
    for part in in_halves(work, _edit_all, _Part):
        found.update(part.edited)
        refusals += (Refusal(place, what, "edit it yourself") for place, what in part.failed)
    return found, tuple(refusals)


def _judged(before: Resolved, edited: Mapping[str, Edited], planned: Planned) -> tuple[Refusal, ...]:
    """Why the files must not be written."""
    documents = {file: each.data for file, each in edited.items()}
    layers = reached(before, planned)
    if layers is None:
        parts = [judge_bump(before, documents, planned, None)]
    else:
        parts = in_halves(layers, lambda some: judge_bump(before, documents, planned, some), Judged)
    wrong = dict.fromkeys(each for part in parts for each in part.wrong)
    return tuple(wrong or dict.fromkeys(each for part in parts for each in part.refusals))


class _Part(Struct):
    """Some of the files, edited."""

    edited: dict[str, Edited] = field(default_factory=dict)
    failed: list[tuple[Place, str]] = field(default_factory=list)


def _edit_all(work: Sequence[tuple[str, bytes, list[Piece]]]) -> _Part:
    part = _Part()
    for file, raw, pieces in work:
        try:
            part.edited[file] = edit(raw, pieces)
        except CannotEdit as error:
            part.failed.append((Place(file, error.path), error.what))
    return part


def _piece(each: Edit) -> Piece:
    return Piece(each.path, each.start, each.old, each.new)


def _changes(edits: Sequence[Edit], edited: Mapping[str, Edited]) -> tuple[Change, ...]:
    at = {file: dict(made.positions) for file, made in edited.items()}
    found = [
        Change(each.file, *at[each.file][_piece(each)], each.old, each.new)
        for each in edits
        if each.file in edited
    ]
    return tuple(sorted(found, key=lambda each: (each.file, each.line, each.column)))


class Checked(Struct, frozen=True, eq=False):
    """What indexes say of the catalogue's pins."""

    rows: tuple[Row, ...]
    failures: tuple[CouldNotAskError, ...]
    """Who could not be asked."""


def outdated(
    workspace: Workspace, ids: Sequence[str], locations: Locations, web: Web, *, pre_releases: bool = False
) -> Checked:
    """The pins of some images' own steps, each with the newest version that its index has."""
    from rgraph.engines.indexes import ask
    from rgraph.outdated import judge, pinned

    pins = pinned(workspace.resolved, workspace.inventory, ids)
    found = ask(web, locations, dict.fromkeys(pin.asked for pin in pins))
    rows = judge(pins, found.releases, found.unknown, pre_releases=pre_releases)
    return Checked(rows, tuple(found.failures))

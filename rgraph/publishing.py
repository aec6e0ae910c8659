"""The use cases that look outwards: the public copy, and what is due for a rebuild."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rgraph.app import Workspace, view

if TYPE_CHECKING:
    from rgraph.due import Due, Kind
    from rgraph.files.public_copy import Copied
    from rgraph.files.writer import Drift


def export(root: Path, target: Path, force: bool) -> Copied:
    """Makes a folder the public copy of the catalogue. Raises RefusedError, UsageError, WriteError."""
    from rgraph.files.public_copy import outside, write_copy

    target = outside(root, target)
    workspace = Workspace(root)
    return write_copy(target, workspace.catalog.settings.name, _files(workspace), force)


def check_export(root: Path, target: Path) -> Drift:
    """How a folder differs from the public copy that it should be. Raises RefusedError, UsageError."""
    from rgraph.files.public_copy import check_copy, outside

    target = outside(root, target)
    workspace = Workspace(root)
    return check_copy(target, workspace.catalog.settings.name, _files(workspace))


def unreleased(root: Path) -> tuple[str, ...]:
    """Images whose content no release has: their public copy is ahead of the tags that it names."""
    workspace = Workspace(root)
    return tuple(id for id, state in workspace.states().items() if state == "build")


def _files(workspace: Workspace) -> Callable[[], Iterator[tuple[str, bytes]]]:
    from rgraph.files.released_notes import released_externals, released_notes
    from rgraph.render.public import public_files

    seen, generated = view(workspace, workspace.ledger), workspace.root / "generated"
    released = released_externals(generated, workspace.ledger)
    return lambda: public_files(seen, released_notes(generated, workspace.ledger), released)


def due(
    workspace: Workspace,
    ids: Sequence[str] | None,
    as_of: datetime.date,
    only: Kind | None = None,
    until: datetime.date | None = None,
) -> tuple[Due, ...]:
    """When some images (or all) are due for a rebuild, the first first. Raises ManifestError.

    `only`: what is due for reasons of one kind; `until`: what is due by a day.
    """
    from rgraph.due import due as when

    chosen = None if ids is None else set(ids)
    found = when(workspace.resolved, workspace.inventory, workspace.ledger, as_of, only)
    return tuple(
        each
        for each in found
        if (chosen is None or each.image in chosen) and (until is None or each.day <= until)
    )

"""Errors, as people read them: `file:line:column: what`, the line itself, and help."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rgraph.cli.common import coloured, count, printable, shortened
from rgraph.errors import ManifestError, Problem, RgraphError

if TYPE_CHECKING:
    from rgraph.files.snapshot import Snapshot

_MOST = 100
"""Problems that are shown; more would only scroll."""


def show_error(error: RgraphError, root: Path) -> None:
    """Shows an error on stderr."""
    if isinstance(error, ManifestError):
        _show_problems(error.problems, root, getattr(error, "tree", None))
        help = getattr(error, "help", "")
        if help:
            typer.echo(f"  help: {help}", err=True)
    else:
        typer.echo(f"{_red('error')}: {shortened(str(error))}", err=True)
        help = getattr(error, "help", "")
        if help:
            typer.echo(f"  help: {help}", err=True)


def _show_problems(problems: tuple[Problem, ...], root: Path, tree: Snapshot | None) -> None:
    # Late: only an error needs positions, and they cost another reading of the file.
    from rgraph.files.reader import locate

    shown = problems[:_MOST]
    found = locate(root, [problem.place for problem in shown], tree)
    # As git names a file of a revision.
    before = f"{printable(tree.label)}:" if tree else ""
    ordered = sorted(shown, key=lambda problem: (problem.place.file, *found[problem.place][:2]))
    for problem in ordered:
        line, column, text = found[problem.place]
        what = shortened(problem.what)
        typer.echo(f"{before}{problem.place.file}:{line}:{column}: {_red('error')}: {what}", err=True)
        if text.strip():
            _show_line(line, column, text)
        if problem.help:
            typer.echo(f"  help: {shortened(problem.help)}", err=True)
    if len(problems) > _MOST:
        typer.echo(f"... and {count(len(problems) - _MOST, 'problem')} more", err=True)
    files = len({problem.place.file for problem in problems})
    where = f" of the catalogue at {printable(tree.label)}" if tree else ""
    typer.echo(f"{count(len(problems), 'problem')} in {count(files, 'file')}{where}", err=True)


def _show_line(line: int, column: int, text: str) -> None:
    visible = printable(text)
    start = max(0, column - 60)
    cut = visible[start : start + 110]
    typer.echo(f"  {line} | {cut}", err=True)
    typer.echo(f"  {' ' * len(str(line))} | {' ' * (column - 1 - start)}^", err=True)


def _red(text: str) -> str:
    return coloured(text, "red", err=True)

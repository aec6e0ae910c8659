"""Errors, as people read them: `file:line:column: what`, the line itself, and help."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import typer

from rgraph.cli.common import count
from rgraph.errors import ManifestError, Problem, RgraphError

_MOST = 100
"""Problems that are shown; more would only scroll."""


def show_error(error: RgraphError, root: Path) -> None:
    """Shows an error on stderr."""
    if isinstance(error, ManifestError):
        _show_problems(error.problems, root)
    else:
        typer.echo(f"{_red('error')}: {_shortened(str(error))}", err=True)
        help = getattr(error, "help", "")
        if help:
            typer.echo(f"  help: {help}", err=True)


def _show_problems(problems: tuple[Problem, ...], root: Path) -> None:
    # Late: only an error needs positions, and they cost another reading of the file.
    from rgraph.files.reader import locate

    shown = problems[:_MOST]
    found = locate(root, [problem.place for problem in shown])
    ordered = sorted(shown, key=lambda problem: (problem.place.file, *found[problem.place][:2]))
    for problem in ordered:
        line, column, text = found[problem.place]
        what = _shortened(problem.what)
        typer.echo(f"{problem.place.file}:{line}:{column}: {_red('error')}: {what}", err=True)
        if text.strip():
            _show_line(line, column, text)
        if problem.help:
            typer.echo(f"  help: {_shortened(problem.help)}", err=True)
    if len(problems) > _MOST:
        typer.echo(f"... and {count(len(problems) - _MOST, 'problem')} more", err=True)
    files = len({problem.place.file for problem in problems})
    typer.echo(f"{count(len(problems), 'problem')} in {count(files, 'file')}", err=True)


def _shortened(text: str) -> str:
    """A sentence in which nothing that it quotes is longer than a line."""
    return re.sub(r"`([^`]{80})[^`]{20,}`", r"`\1...`", text)


def _show_line(line: int, column: int, text: str) -> None:
    visible = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    start = max(0, column - 60)
    cut = visible[start : start + 110]
    typer.echo(f"  {line} | {cut}", err=True)
    typer.echo(f"  {' ' * len(str(line))} | {' ' * (column - 1 - start)}^", err=True)


def _red(text: str) -> str:
    return typer.style(text, fg="red", bold=True) if sys.stderr.isatty() else text

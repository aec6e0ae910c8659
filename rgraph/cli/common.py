"""What commands share: their options, and tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

Selectors = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECTOR]...",
        help="Images: `r-base:cpu`, `r-base:*`, `+x` (with what it needs), `x+` (with what needs it), "
        "`kind:framework`, `path:base-gpu/*`, `axis:device=gpu`, `component:openssl`, `state:build`. "
        "A space unites, a comma intersects. Default: all.",
    ),
]
Exclude = Annotated[list[str] | None, typer.Option(metavar="SELECTOR", help="Images to leave out.")]
Folders = Annotated[
    str, typer.Option("--path", metavar="'A;B'", help="Only images in these folders below generated/.")
]
TextOrJson = Annotated[
    Literal["text", "json"], typer.Option("--format", help="Text for people, JSON for programs.")
]
Date = Annotated[str, typer.Option(metavar="YYYYMMDD", help="Date of the release. Default: today (UTC).")]
Num = Annotated[
    int | None,
    typer.Option(metavar="N", help="Number of the release on its date. Default: the next free one."),
]
Tag = Annotated[str, typer.Option(metavar="TAG", help="The whole tag of the release; not with --num.")]


def directory(context: typer.Context) -> Path:
    """The catalogue's folder."""
    found: Path = context.obj
    return found


def today() -> str:
    """Today's date, YYYYMMDD: the only clock of the program."""
    return datetime.now(UTC).strftime("%Y%m%d")


def columns(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """A table of text, columns aligned, the last one not padded; heads are bold on a terminal."""
    widths = [max(len(row[index]) for row in (heads, *rows)) for index in range(len(heads))]

    def line(row: Sequence[str]) -> str:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        return "  ".join(cells).rstrip()

    return "\n".join([bold(line(heads)), *map(line, rows)])


def bold(text: str) -> str:
    """A text that stands out on a terminal."""
    return typer.style(text, bold=True) if sys.stdout.isatty() else text


def note(text: str) -> None:
    """A remark for people, on stderr."""
    typer.echo(text, err=True)


def count(number: int, what: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

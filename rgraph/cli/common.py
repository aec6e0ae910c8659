"""What commands share: their options, and tables."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, TextIO

import typer

from rgraph.errors import UsageError

Selectors = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECTOR]...",
        help="Images: `r-base:cpu`, `r-base:*`, `+x` (with what it needs), `x+` (with what needs it), "
        "`kind:framework`, `path:base-gpu/*`, `axis:device=gpu`, `component:openssl`, `state:build`. "
        "`state:modified` (with --since). A space unites, a comma intersects. Default: all.",
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
Since = Annotated[
    str | None,
    typer.Option(
        metavar="REV", help="Only images that changed since a revision of git, and all that stand on them."
    ),
]
Tag = Annotated[str, typer.Option(metavar="TAG", help="The whole tag of the release; not with --num.")]


_FEW = 2
"""Images that are named where they are many; the rest is counted."""


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


def json_lines(head: Mapping[str, object], lists: Mapping[str, Iterable[object]]) -> Iterator[str]:
    """A JSON object that begins with some values and ends with lists, an entry of theirs a line.

    In pieces: an audit's may have hundreds of megabytes in all.
    """
    # Late: `--help` needs none.
    import msgspec

    encode = msgspec.json.Encoder().encode
    start = "{"
    for name, value in head.items():
        yield f'{start}"{name}": {encode(value).decode()}'
        start = ",\n "
    for name, entries in lists.items():
        yield f'{start}"{name}": ['
        start, before, end = ",\n ", "\n  ", "]"
        for entry in entries:
            yield before
            yield encode(entry).decode()
            before, end = ",\n  ", "\n ]"
        yield end
    yield "}"


def write(pieces: Iterable[str]) -> None:
    """Writes a text and a line break to stdout, piece by piece."""
    sys.stdout.writelines(pieces)
    sys.stdout.write("\n")


def _is_terminal(stream: TextIO | None) -> bool:
    # A stream that the caller closed is None.
    return stream is not None and stream.isatty()


def bold(text: str) -> str:
    """A text that stands out on a terminal."""
    return typer.style(text, bold=True) if _is_terminal(sys.stdout) else text


def coloured(text: str, colour: str, *, err: bool = False) -> str:
    """A text in bold and in a colour, if stdout (or stderr) is a terminal."""
    stream = sys.stderr if err else sys.stdout
    return typer.style(text, fg=colour, bold=True) if _is_terminal(stream) else text


def dimmed(text: str) -> str:
    """A text that stands back on a terminal."""
    return typer.style(text, dim=True) if _is_terminal(sys.stdout) else text


def revision(since: str | None) -> str:
    """What `--since` names; empty if it was not given.

    Raises UsageError for an empty one: so it is when `$(git merge-base ...)` failed.
    """
    if since == "":
        raise UsageError("--since names no revision", "it is empty: did what should have named it fail?")
    return since or ""


def named(ids: Sequence[str], total: int = 0) -> str:
    """Ids of images in a sentence: all if they are few, else the first and how many more; `total` is how
    many there are in all.
    """
    if len(ids) == total > _FEW + 1:
        return f"all {total:,} images"
    if len(ids) <= _FEW + 1:
        return ", ".join(ids)
    return f"{', '.join(ids[:_FEW])} and {len(ids) - _FEW:,} more"


def printable(text: str) -> str:
    """A text that does nothing to a terminal, with every character in its own column."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def shortened(text: str) -> str:
    """A sentence in which nothing that it quotes is longer than a line."""
    parts = text.split("`")
    for index in range(1, len(parts) - 1, 2):
        if len(parts[index]) > _LONGEST_QUOTE:
            parts[index] = f"{parts[index][: _LONGEST_QUOTE - 20]}..."
    return "`".join(parts)


def cut(text: str, longest: int = 60) -> str:
    """A cell of a table that is no wider than a table for people can have."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


_LONGEST_QUOTE = 100
"""Most characters of a name or value that a sentence quotes whole."""


def note(text: str) -> None:
    """A remark for people, on stderr."""
    typer.echo(text, err=True)


def count(number: int, what: str) -> str:
    """`1 image`, `2 images`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"

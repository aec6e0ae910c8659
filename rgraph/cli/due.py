"""due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rgraph.cli.common import (
    Exclude,
    Selectors,
    TextOrJson,
    columns,
    count,
    directory,
    json_lines,
    note,
    today,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rgraph.due import Due, Reason


def due(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    as_of: Annotated[
        str,
        typer.Option(
            metavar="DATE",
            help="The day, YYYY-MM-DD; `audited` is the day that catalog.yaml states. Default: today (UTC).",
        ),
    ] = "",
    only: Annotated[
        Literal["cadence", "end-of-life"] | None,
        typer.Option(help="Only what a cadence asks for, which a rebuild answers; or only ends of life."),
    ] = None,
    until: Annotated[
        str, typer.Option(metavar="DATE", help="Show only what is due by this day, YYYY-MM-DD.")
    ] = "",
    format: TextOrJson = "text",
) -> None:
    """Show what is due for a rebuild, and when the rest will be; exit 1 if anything is due.

    By the cadence of layers and Externals since the last release of an image (Windows images: the second
    Wednesday of each month), and by ends of life that are near; images inherit what is below them.
    """
    from rgraph import app, publishing

    workspace = app.Workspace(directory(context))
    day = app.audit_day(workspace.catalog, as_of, today())
    ids = workspace.select(selectors or [], exclude or []) if selectors or exclude else None
    last = app.audit_day(workspace.catalog, until, today()) if until else None
    found = publishing.due(workspace, ids, day, only, last)
    now = sum(each.due for each in found)
    if format == "json":
        write(json_lines({"schema": 1, "as_of": day, "due": now}, {"images": found}))
    else:
        _show(found, day)
        note(_summary(found, now, day))
    raise typer.Exit(1 if now else 0)


def _show(found: Sequence[Due], today: date) -> None:
    """A line for each image and kind of reason: an end of life that has passed must not hide a cadence."""
    rows = []
    for each in found:
        kinds: dict[str, Reason] = {}
        for reason in each.reasons:
            kinds.setdefault(reason.kind, reason)
        rows += [(reason.day, each.image, _why(each, reason, today)) for reason in kinds.values()]
    rows.sort(key=lambda row: row[0])
    lines = [(str(day), "due" if day <= today else "later", image, why) for day, image, why in rows]
    if lines:
        typer.echo(columns(lines, ("due on", "state", "image", "why")))


def _why(each: Due, reason: Reason, today: date) -> str:
    below = "" if reason.by == each.image else f", below: {reason.by}"
    if reason.until is not None:
        gets = "gets" if reason.until >= today else "got"
        return f"`{reason.of}` {gets} fixes until {reason.until}{below}"
    since = f"last made as {reason.since}" if reason.since else "never released"
    return f"{reason.cadence} of `{reason.of}`, {since}{below}"


def _summary(found: Sequence[Due], now: int, day: date) -> str:
    text = f"{count(now, 'image')} due on {day}" if now else f"nothing is due on {day}"
    later = [reason.day for each in found for reason in each.reasons if reason.day > day]
    return f"{text}; next: {min(later)}" if later else text

"""release cut."""

from __future__ import annotations

import json

import typer

from rgraph.cli.common import Date, Num, Tag, TextOrJson, columns, count, directory, note, today

app = typer.Typer(
    help="Releases: tags that are given once and for all.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _release() -> None:
    """Releases: tags that are given once and for all."""


@app.command()
def cut(
    context: typer.Context, date: Date = "", num: Num = None, tag: Tag = "", format: TextOrJson = "text"
) -> None:
    """Give all changed images one tag, note it in the ledger, and regenerate.

    Unchanged images keep their tags. With nothing changed, nothing is cut.
    """
    from rgraph import app as use

    made = use.cut_release(directory(context), date or today(), num, tag)
    if made is None:
        if format == "json":
            typer.echo(json.dumps({"schema": 1, "tag": None, "images": {}}))
        note("nothing changed since the last release: nothing to cut")
        return
    if format == "json":
        images = {id: list(entry.references) for id, entry in made.release.images.items()}
        typer.echo(json.dumps({"schema": 1, "tag": made.release.tag, "images": images}, indent=2))
        return
    rows = [(planned.image.id, planned.state, ", ".join(planned.tags)) for planned in made.images]
    typer.echo(columns(rows, ("image", "state", "tags")))
    typer.echo(f"\nrelease {made.release.tag}: {count(len(rows), 'image')}")

"""check, schema, init."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, count, directory, note


def check(context: typer.Context, format: TextOrJson = "text") -> None:
    """Check the manifests; report everything that is wrong with them in one run."""
    from rgraph import app

    workspace = app.Workspace(directory(context))
    numbers = {
        "layers": len(workspace.catalog.layers),
        "images": len(workspace.resolved.images),
        "recipes": len(workspace.catalog.recipes),
        "externals": len(workspace.catalog.externals),
    }
    if format == "json":
        typer.echo(json.dumps({"schema": 1, **numbers}))
    else:
        typer.echo(", ".join(count(number, name[:-1]) for name, number in numbers.items()) + ": all well")


def schema(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            help="Kind of manifest: layer, recipe, catalog, externals, components. Default: one for all."
        ),
    ] = "",
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write all schemas into a folder.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", metavar="DIR", help="Exit 1 if the schemas in a folder differ.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The reference of the manifest language instead.")
    ] = False,
) -> None:
    """Print the JSON Schemas of the manifests, for editors."""
    from rgraph import schemas

    if check:
        stale = schemas.stale(check)
        for name in stale:
            typer.echo(f"differs: {name}")
        raise typer.Exit(1 if stale else 0)
    if write:
        for name in schemas.write(write):
            note(f"wrote {name}")
    else:
        typer.echo(schemas.markdown() if markdown else schemas.schema_text(kind), nl=False)


def init(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make the catalogue in.")],
) -> None:
    """Make a small catalogue that checks, plans and generates at once, with comments that teach."""
    from rgraph import app

    for file in app.init(target):
        typer.echo(file)
    note(f"next: rgraph -C {target} plan, then rgraph -C {target} generate")

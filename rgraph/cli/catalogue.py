"""check, schema, init."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, count, directory, note
from rgraph.errors import UsageError


def check(context: typer.Context, format: TextOrJson = "text") -> None:
    """Check the manifests and the records of releases; report everything that is wrong in one run."""
    from rgraph import app

    workspace = app.Workspace(directory(context))
    app.check_releases(workspace)
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
    kind: Annotated[
        str,
        typer.Argument(
            help="Kind of manifest: layer (base, r, framework), recipe, catalog, externals, components, "
            "compatibility, waivers. Default: the schema for all of them."
        ),
    ] = "",
    write: Annotated[
        Path | None,
        typer.Option(
            "--write", metavar="PATH", help="Write all schemas into a folder, or the reference into a file."
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            "--check", metavar="PATH", help="Exit 1 if what stands there is not what --write would write."
        ),
    ] = None,
    markdown: Annotated[
        bool,
        typer.Option("--markdown", help="The reference of the manifest language instead of the schemas."),
    ] = False,
) -> None:
    """Print the JSON Schemas of the manifests, for editors; or the reference, for people."""
    from rgraph.files import documents
    from rgraph.schema.build import NAMES, file_name, schema_name, schema_text
    from rgraph.schema.reference import markdown as reference

    target = write or check
    if (write and check) or (kind and (markdown or target)):
        raise UsageError("these do not go together", "KIND stands alone, and --write without --check")
    if target is None:
        typer.echo(reference() if markdown else schema_text(schema_name(kind)), nl=False)
        return
    by_name = {} if markdown else {target / file_name(name): schema_text(name) for name in NAMES}
    texts = by_name or {target: reference()}
    if write:
        for file in documents.write(texts):
            typer.echo(f"wrote {file}")
        return
    stale = documents.stale(texts)
    for file, what in stale.items():
        typer.echo(f"{what}: {file}")
    if stale:
        note(f"run `rgraph schema {'--markdown ' if markdown else ''}--write {target}`")
        raise typer.Exit(1)


def init(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make the catalogue in.")],
) -> None:
    """Make a small catalogue that checks, plans and generates at once, with comments that teach."""
    from rgraph import app

    for file in app.init(target):
        typer.echo(file)
    note(f"next: rgraph -C {target} plan, then rgraph -C {target} generate")

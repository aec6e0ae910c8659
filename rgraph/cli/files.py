"""generate."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, count, directory, note


def generate(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is missing, changed or stray.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Write nothing; show what would change; exit 1 if anything would.")
    ] = False,
    format: TextOrJson = "text",
) -> None:
    """Write generated/: Dockerfiles, licences, notices, READMEs, tests, the bake file.

    Touches only what changed, removes what it does not make, and never leaves a file half written.
    """
    from rgraph import app

    root = directory(context)
    if diff:
        found = False
        for line in app.diff_generated(root):
            found = True
            typer.echo(line, nl=False)
        raise typer.Exit(1 if found else 0)
    drift = app.check_generated(root) if check else app.generate(root)
    names = {"missing": drift.missing, "changed": drift.changed, "stray": drift.stray}
    if format == "json":
        typer.echo(
            json.dumps({"schema": 1, **{name: list(files) for name, files in names.items()}}, indent=2)
        )
    elif check:
        for name, files in names.items():
            for file in files:
                typer.echo(f"{name}: generated/{file}")
    else:
        done = (("wrote", drift.missing), ("changed", drift.changed), ("removed", drift.stray))
        for verb, files in done:
            for file in files[:_MOST]:
                typer.echo(f"{verb} generated/{file}")
            if len(files) > _MOST:
                typer.echo(f"{verb} {count(len(files) - _MOST, 'more file')}")
    if not drift:
        note("generated/ is up to date")
    if check and drift:
        note(f"{count(sum(map(len, names.values())), 'file')} differ: run `rgraph generate`")
        raise typer.Exit(1)


_MOST = 50
"""Files of a kind that are named; a first run makes thousands."""

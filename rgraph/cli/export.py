"""export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, count, directory, named, note

_MOST = 50
"""Files of a kind that are named; a first run makes thousands."""


def export(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of the public copy; made if it is not there.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the copy is not up to date.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Write into a folder that is no copy yet, and over files that were changed."
        ),
    ] = False,
    format: TextOrJson = "text",
) -> None:
    """Write the public copy: Dockerfiles, licences, notices, READMEs with tags, SBOMs, release notes.

    Nothing private is in it. Files in DIR that rgraph did not write are left alone.
    """
    from rgraph import publishing

    root = directory(context)
    left: tuple[str, ...] = ()
    if check:
        drift = publishing.check_export(root, target)
    else:
        made = publishing.export(root, target, force)
        drift, left = made.drift, made.left
    names = {"missing": drift.missing, "changed": drift.changed, "stray": drift.stray}
    if format == "json":
        lists = {name: list(files) for name, files in names.items()}
        typer.echo(json.dumps({"schema": 1, **lists, "left": list(left)}, indent=2))
    else:
        verbs = ("missing:", "changed:", "stray:") if check else ("wrote", "changed", "removed")
        for verb, files in zip(verbs, names.values(), strict=True):
            _show(verb, files, _MOST if not check else len(files))
    if ahead := publishing.unreleased(root):
        note(f"not released as it is: {named(ahead)}; `rgraph release cut` first, for tags that hold it")
    for path in left:
        note(f"left alone, as it was changed since: {path}")
    if not drift:
        note("the public copy is up to date")
    elif check:
        note(f"{count(sum(map(len, names.values())), 'file')} differ: run `rgraph export`")
        raise typer.Exit(1)


def _show(verb: str, files: tuple[str, ...], most: int) -> None:
    for file in files[:most]:
        typer.echo(f"{verb} {file}")
    if len(files) > most:
        typer.echo(f"{verb} {count(len(files) - most, 'more file')}")

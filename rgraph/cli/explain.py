"""explain."""

from __future__ import annotations

from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, directory
from rgraph.errors import UsageError


def explain(
    context: typer.Context,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Id of an image, for instance `r-base:gpu`.")],
    since: Annotated[str, typer.Option(metavar="REV", help="Compare with a revision of git.")] = "",
    release: Annotated[
        str, typer.Option(metavar="TAG", help="Compare with a release. Default: the image's last one.")
    ] = "",
    format: TextOrJson = "text",
) -> None:
    """Show why an image is to be built: what changed, in which line, from what to what.

    The story ends where changes were made: in steps, arguments, facts, the lock, files, or a parent's.
    """
    # Late: each command loads only what it shows.
    from rgraph import history
    from rgraph.cli.show_explained import explained_json, explained_text

    if since and release:
        raise UsageError("--since and --release exclude each other")
    root = directory(context)
    if since:
        found = history.explain_since(root, image, since)
    else:
        found = history.explain_release(root, image, release)
    typer.echo(explained_json(found) if format == "json" else explained_text(found))

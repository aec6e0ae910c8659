"""plan, list, show, tree, graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rgraph.cli.common import (
    Date,
    Exclude,
    Folders,
    Num,
    Selectors,
    Since,
    Tag,
    TextOrJson,
    directory,
    named,
    note,
    printable,
    revision,
    today,
)
from rgraph.errors import UsageError

if TYPE_CHECKING:
    from rgraph.history import Changed


def plan(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    date: Date = "",
    num: Num = None,
    tag: Tag = "",
    since: Since = None,
    all_if_unchanged: Annotated[
        bool, typer.Option("--all-if-unchanged", help="With --since: all images if none of them changed.")
    ] = False,
    format: Annotated[
        Literal["text", "json", "github", "azure-pipelines", "bake"],
        typer.Option(
            "--format",
            help="Text for people, JSON for programs; jobs for GitHub Actions or Azure Pipelines, or a bake "
            "file, of what is to be built.",
        ),
    ] = "text",
) -> None:
    """Show what to build, in which order, under which tags.

    An image is to `build` if the ledger does not hold its present content, `reuse` if it does,
    `retag` if only tags are missing. With --since, what changed is to `build`, the rest is left out.
    """
    from rgraph import app
    from rgraph.cli.show_plan import plan_json, plan_text

    workspace, day = app.Workspace(directory(context)), date or today()
    if rev := revision(since):
        from rgraph import history

        choice = history.Choice(selectors or [], exclude or [], path)
        asked = history.Since(rev, all_if_unchanged)
        found = history.plan_since(workspace, asked, choice, day, num, tag)
        made = found.plan
        _note_rest(found, rev)
    elif all_if_unchanged:
        raise UsageError("--all-if-unchanged needs --since", "name the revision to compare with")
    else:
        made = app.plan_of(workspace, selectors or [], exclude or [], path, day, num, tag)
    if format == "text" or format == "json":
        if made.lacking:
            note(f"to be built first, and not in this plan: {named(made.lacking)} (`+IMAGE` selects both)")
        typer.echo(plan_json(made) if format == "json" else plan_text(made))
    else:
        from rgraph.render.pipelines import pipeline

        typer.echo(pipeline(app.view(workspace, workspace.ledger), made, format))


def _note_rest(found: Changed, since: str) -> None:
    """Says what a plan since a revision does not hold."""
    if not found.plan.images:
        note(f"none of these images changed since {printable(since)}")
    if found.removed:
        note(f"removed since {printable(since)}: {named(found.removed)}")


def list_images(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    since: Since = None,
    format: Annotated[
        Literal["text", "json", "ids"], typer.Option("--format", help="A table, JSON, or bare ids.")
    ] = "text",
) -> None:
    """List images: what they are built on, where they are, their floating tags."""
    from rgraph import app
    from rgraph.cli.show_images import list_json, list_text

    workspace = app.Workspace(directory(context))
    if rev := revision(since):
        from rgraph import history

        ids = history.list_since(workspace, rev, history.Choice(selectors or [], exclude or [], path))
    else:
        ids = workspace.select(selectors or [], exclude or [], path)
    if format == "ids":
        typer.echo("\n".join(ids), nl=bool(ids))
    else:
        typer.echo(list_json(workspace, ids) if format == "json" else list_text(workspace, ids))


def show(
    context: typer.Context,
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="Id of an image, for instance `r-base:gpu`.")],
    flatten: Annotated[
        bool, typer.Option("--flatten", help="One self-contained Dockerfile, from the External up.")
    ] = False,
    private: Annotated[bool, typer.Option("--private", help="With --flatten: private parts too.")] = False,
    format: TextOrJson = "text",
) -> None:
    """Show everything about an image, with the file and line that said so."""
    from rgraph import app
    from rgraph.cli.show_image import show_json, show_text

    workspace = app.Workspace(directory(context))
    id = app.one_image(workspace, image)
    if flatten:
        typer.echo(app.flattened(workspace, id, private), nl=False)
    else:
        typer.echo(show_json(workspace, id) if format == "json" else show_text(workspace, id))


def tree(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    format: TextOrJson = "text",
) -> None:
    """Show which images stand on which, as a tree from the Externals up."""
    from rgraph import app
    from rgraph.cli.show_images import tree_json, tree_text

    workspace = app.Workspace(directory(context))
    ids = workspace.select(selectors or [], exclude or [], path)
    typer.echo(tree_json(workspace, ids) if format == "json" else tree_text(workspace, ids))


def graph(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    format: Annotated[
        Literal["mermaid", "dot", "json", "svg"], typer.Option("--format", help="Format of the picture.")
    ] = "mermaid",
) -> None:
    """Draw the graph: FROM edges solid, COPY edges dashed."""
    from rgraph import app

    workspace = app.Workspace(directory(context))
    ids = workspace.select(selectors or [], exclude or [], path)
    typer.echo(app.picture(workspace, ids, format), nl=False)

"""why, components, licenses."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rgraph.cli.common import Exclude, Selectors, TextOrJson, directory


def why(
    context: typer.Context,
    component: Annotated[
        str,
        typer.Argument(
            metavar="COMPONENT",
            help="Name (`openssl`), name and version (`openssl@1.1.1c`) or purl (`pkg:conda/openssl`); "
            "`*` stands for any text.",
        ),
    ],
    image: Annotated[
        str, typer.Argument(metavar="[IMAGE]", help="Only how it came into this image.", show_default=False)
    ] = "",
    format: TextOrJson = "text",
) -> None:
    """Show why images hold a component: the line and step that bring it, and who inherits it from whom."""
    from rgraph import app
    from rgraph.cli.show_components import why_json, why_text

    workspace = app.Workspace(directory(context))
    found = app.why(workspace, component, image)
    root = workspace.root
    typer.echo(why_json(root, found) if format == "json" else why_text(root, found, image))


def components(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    format: Annotated[
        Literal["table", "json", "csv"],
        typer.Option("--format", help="A table for people, JSON for programs, CSV for spreadsheets."),
    ] = "table",
) -> None:
    """List every component: version, purl, licence, who brings it, how many images hold it.

    In CSV, a value that a spreadsheet would take for a formula begins with an apostrophe.
    """
    from rgraph import app
    from rgraph.cli import show_components as show

    found = app.components(app.Workspace(directory(context)), selectors or [], exclude or [])
    match format:
        case "json":
            typer.echo(show.components_json(found))
        case "csv":
            typer.echo(show.components_csv(found))
        case _:
            typer.echo(show.components_table(found))


def licenses(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    format: TextOrJson = "text",
) -> None:
    """List every licence: how many components and images have it, and whether its text is there."""
    from rgraph import app
    from rgraph.cli.show_components import licenses_json, licenses_text

    found = app.licenses(app.Workspace(directory(context)), selectors or [], exclude or [])
    typer.echo(licenses_json(found) if format == "json" else licenses_text(found))

"""release cut, list, show and notes; diff."""

from __future__ import annotations

from typing import Annotated

import typer

from rgraph.cli.common import Date, Num, Tag, TextOrJson, directory, note, today, write
from rgraph.errors import UsageError

app = typer.Typer(
    help="Releases: tags that are given once and for all.", no_args_is_help=True, rich_markup_mode=None
)

OneImage = Annotated[str, typer.Option("--image", metavar="IMAGE", help="Only what became of this image.")]


@app.callback()
def _release() -> None:
    """Releases: tags that are given once and for all."""


@app.command()
def cut(
    context: typer.Context,
    date: Date = "",
    num: Num = None,
    tag: Tag = "",
    build_number: Annotated[
        str | None,
        typer.Option(
            "--build-number",
            metavar="N",
            help="The build that made the images, as their names in staging end with it. "
            "Default: the reference ${BUILD_NUMBER}.",
        ),
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """Give all changed images one tag, note it in the ledger, and regenerate.

    Unchanged images keep their tags. With nothing changed, nothing is cut. What the release pipeline
    needs goes into generated/releases/TAG/: release.json, import.cfg, tests.json and the notes.
    """
    # Late: each command loads only what it needs.
    from rgraph import releasing
    from rgraph.cli.show_releases import cut_json, cut_text

    made = releasing.cut_release(directory(context), date or today(), num, tag, build_number)
    if format == "json":
        typer.echo(cut_json(made))
    elif made is not None:
        typer.echo(cut_text(made))
    if made is None:
        note("nothing changed since the last release: nothing to cut")


@app.command("list")
def list_releases(context: typer.Context, format: TextOrJson = "text") -> None:
    """List the releases of the ledger, in the order of their cuts."""
    from rgraph import releasing
    from rgraph.cli.show_releases import list_json, list_text

    found = releasing.listed(directory(context))
    if format == "json":
        write(list_json(found))
    elif found:
        typer.echo(list_text(found))
    else:
        note("there is no release yet: `rgraph release cut` makes one")


@app.command()
def show(
    context: typer.Context,
    release: Annotated[
        str, typer.Argument(metavar="[TAG]", help="Release to show. Default: the last one.")
    ] = "",
    format: TextOrJson = "text",
) -> None:
    """Show what a release wrote down: its images, where they come from, their tags and tests."""
    from rgraph import releasing
    from rgraph.cli.show_releases import record_text
    from rgraph.release.record import encode

    record = releasing.recorded(directory(context), release)
    text = encode(record).decode().rstrip("\n") if format == "json" else record_text(record)
    typer.echo(text)


@app.command()
def notes(
    context: typer.Context,
    releases: Annotated[
        str,
        typer.Argument(
            metavar="[TAG | A..B]",
            help="A release, or all after A up to B; `A..` also has what is not released yet. "
            "Default: the last release.",
        ),
    ] = "",
    image: OneImage = "",
    format: TextOrJson = "text",
) -> None:
    """Show release notes, in Markdown: what was built, and what became of its components.

    They say nothing but what the difference of the images' components gives.
    """
    from rgraph import releasing
    from rgraph.cli.show_releases import notes_text, told_json

    told = releasing.notes_of(directory(context), releases, image)
    if format == "json":
        write(told_json(told))
    else:
        typer.echo(notes_text(told))


def diff(
    context: typer.Context,
    before: Annotated[
        str,
        typer.Argument(
            metavar="[A | A..B]", help="A release, or a revision of git. Default: the last release."
        ),
    ] = "",
    after: Annotated[
        str, typer.Argument(metavar="[B]", help="Another one. Default: the manifests as they are now.")
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="REV", help="Compare the manifests with a revision of git, or a release.")
    ] = "",
    image: OneImage = "",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 1 if there is a difference.")] = False,
    format: TextOrJson = "text",
) -> None:
    """Show how two releases or revisions differ: images, their components and Externals.

    A comment in a manifest is no difference, nor is the order of its keys.
    """
    from rgraph import releasing
    from rgraph.cli.show_releases import diff_text, told_json

    if since and before:
        raise UsageError("--since takes the place of A and B", "leave them out")
    if ".." in before:
        if after:
            raise UsageError(f"`{before}` names both sides", "leave out B")
        before, _, after = before.partition("..")
    told = releasing.compare(directory(context), since or before, after, image)
    if format == "json":
        write(told_json(told))
    else:
        typer.echo(diff_text(told))
    if exit_code and told.differs:
        raise typer.Exit(1)

"""import dockerfiles and other sources; import --verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgraph.cli.common import TextOrJson, directory, today
from rgraph.errors import UsageError

if TYPE_CHECKING:
    from rgraph.importer.sources import Asked

app = typer.Typer(
    help="Make manifests from what is there already, and prove that nothing was lost.",
    rich_markup_mode=None,
)

Into = Annotated[
    Path | None,
    typer.Option(
        "--into", metavar="DIR", help="The folder of the new catalogue. Default: the one of -C, or this one."
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Show for each image whether it stays the same, and what differs.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be found and write nothing.")]
BuildArgs = Annotated[
    list[str] | None,
    typer.Option("--build-arg", metavar="NAME=VALUE", help="A build argument of all images. Repeatable."),
]

Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--variable", metavar="NAME=VALUE", help="A value for a variable of the source. Repeatable."
    ),
]


@app.callback(invoke_without_command=True)
def import_(
    context: typer.Context,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Of a catalogue that was imported: regenerate all images and compare them with what they "
            "came from. Exits with 1 if one differs.",
        ),
    ] = False,
    originals: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --verify: where the imported folder is now, if it has moved."),
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """Make manifests from what is there already, and prove that nothing was lost."""
    if context.invoked_subcommand is not None:
        if verify or originals:
            raise UsageError(
                "--verify before a source", "write it behind: `rgraph import dockerfiles . --verify`"
            )
        return
    if not verify:
        typer.echo(context.get_help())
        return
    # Late: each command loads only what it needs.
    from rgraph import importer
    from rgraph.cli.show_import import show_proved

    proved = importer.verify(directory(context), originals)
    show_proved(proved, json=format == "json")
    if not proved.is_well:
        raise typer.Exit(1)


@app.command()
def dockerfiles(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders to look through, or Dockerfiles.")
    ],
    into: Into = None,
    build_arg: BuildArgs = None,
    verify: Verify = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",
) -> None:
    """Import Dockerfiles: all files that are called like one, in these folders and below.

    Exits with 1 if a file could not be imported or an image would not stay the same.
    """
    from rgraph import importer
    from rgraph.cli.show_import import show_imported

    target = into or directory(context)
    done = importer.import_dockerfiles(paths, target, arguments(build_arg), today(), dry_run=dry_run)
    show_imported(done, verify=verify, json=format == "json")
    if not done.report.is_well:
        raise typer.Exit(1)


@app.command("rocker-stacks")
def rocker_stacks(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The repository's folder, or its stacks.")],
    into: Into = None,
    verify: Verify = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",
) -> None:
    """Import the stacks of rocker-versioned2: JSON files that its Dockerfiles are written from."""
    from rgraph.importer.sources import ask_rocker

    _source(context, ask_rocker(folder), into, verify=verify, dry_run=dry_run, json=format == "json")


@app.command()
def imagebuilder(
    context: typer.Context,
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST", help="manifest.json of ImageBuilder.")],
    variable: Variables = None,
    into: Into = None,
    verify: Verify = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",
) -> None:
    """Import a manifest of .NET's ImageBuilder, with what it includes."""
    from rgraph.importer.sources import ask_imagebuilder

    asked = ask_imagebuilder(manifest, arguments(variable, "--variable"))
    _source(context, asked, into, verify=verify, dry_run=dry_run, json=format == "json")


@app.command()
def bake(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Bake files (HCL or JSON), read together.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(help="A target or group. Repeatable. Default: all that are not only inherited from."),
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="What paths start from. Default: the nearest folder above FILE with the Dockerfiles.",
        ),
    ] = None,
    variable: Variables = None,
    into: Into = None,
    verify: Verify = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",
) -> None:
    """Import bake files of docker buildx."""
    from rgraph.importer.sources import ask_bake

    asked = ask_bake(files, root, arguments(variable, "--variable"), target or ())
    _source(context, asked, into, verify=verify, dry_run=dry_run, json=format == "json")


@app.command()
def library(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of the library.")],
    tree: Annotated[
        list[str],
        typer.Option(
            metavar="[GITREPO=]DIR", help="The tree of a GitRepo; without one, of all others. Repeatable."
        ),
    ],
    into: Into = None,
    verify: Verify = False,
    dry_run: DryRun = False,
    format: TextOrJson = "text",
) -> None:
    """Import files of Docker's official images. Nothing is fetched: say where the trees are."""
    from rgraph.importer.sources import ask_library

    asked = ask_library(files, tree)
    _source(context, asked, into, verify=verify, dry_run=dry_run, json=format == "json")


def _source(
    context: typer.Context, asked: Asked, into: Path | None, *, verify: bool, dry_run: bool, json: bool
) -> None:
    from rgraph import importer
    from rgraph.cli.show_import import show_imported

    done = importer.import_source(asked, into or directory(context), today(), dry_run=dry_run)
    show_imported(done, verify=verify, json=json)
    if not done.report.is_well:
        raise typer.Exit(1)


def arguments(given: list[str] | None, option: str = "--build-arg") -> dict[str, str]:
    """Names and values of the command line. Raises UsageError."""
    found: dict[str, str] = {}
    for each in given or ():
        name, mark, value = each.partition("=")
        if not mark or not name:
            raise UsageError(f"`{each}` is no name with a value", f"write {option} NAME=VALUE")
        found[name] = value
    return found

"""The program `rgraph`."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rgraph import __version__
from rgraph.cli import (
    audit,
    build,
    bump,
    catalogue,
    components,
    due,
    explain,
    export,
    files,
    import_,
    lock,
    plans,
    promote,
    releases,
    test,
    verify,
)
from rgraph.errors import RgraphError, UsageError

app = typer.Typer(
    name="rgraph",
    help="A compiler for a catalogue of container images: "
    "manifests in; plans, Dockerfiles, notices and tags out.",
    epilog="Exit codes: 0 all well; 1 findings, drift or a failed check; 2 manifests or usage invalid; "
    "3 an engine, a registry, an index or git could not be asked.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"rgraph {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    directory: Annotated[
        Path,
        typer.Option("-C", "--directory", metavar="DIR", help="The catalogue's folder: it holds manifests/."),
    ] = Path(),
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    context.obj = directory


app.command()(plans.plan)
app.command("list")(plans.list_images)
app.command()(plans.show)
app.command()(plans.tree)
app.command()(plans.graph)
app.command()(explain.explain)
app.command()(releases.diff)
app.command()(bump.bump)
app.command()(bump.outdated)
app.command()(lock.lock)
app.command()(lock.stale)
app.command(cls=audit.AuditCommand)(audit.audit)
app.command()(components.why)
app.command()(components.components)
app.command()(components.licenses)
app.command()(catalogue.check)
app.command()(files.generate)
app.command()(export.export)
app.command()(build.build)
app.command("test")(test.run_tests)
app.command()(verify.verify)
app.command()(promote.promote)
app.command()(due.due)
app.add_typer(releases.app, name="release")
app.command()(catalogue.schema)
app.command()(catalogue.init)
app.add_typer(import_.app, name="import")


def main() -> None:
    """Runs the command of `sys.argv`; exits with its code."""
    # A run is short and makes few cycles; collecting them would take longer than everything else.
    gc.disable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # The same bytes in every locale.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        _run()
    except RgraphError as error:
        from rgraph.cli.problems import show_error

        show_error(error, _directory())
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader (`head`) has enough. Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is not None:
            raise
        # Of an open file: stdout. Python would try once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise UsageError(f"the output cannot be written: {(error.strerror or str(error)).lower()}") from None


def _directory() -> Path:
    """The catalogue's folder of the command line, for messages."""
    arguments = sys.argv[1:]
    for index, argument in enumerate(arguments):
        if argument in ("-C", "--directory") and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if argument.startswith("--directory="):
            return Path(argument.partition("=")[2])
        if argument.startswith("-C") and len(argument) > 2:
            return Path(argument[2:])
    return Path()

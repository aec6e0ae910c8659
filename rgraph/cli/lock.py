"""lock, stale."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rgraph.cli.common import Exclude, Selectors, TextOrJson, directory, write
from rgraph.errors import UsageError

# `--help` asks nobody.
if TYPE_CHECKING:
    from rgraph.relocking import Ask

PlainHttp = Annotated[
    list[str] | None,
    typer.Option(
        "--plain-http",
        metavar="HOST[:PORT]",
        help="A host that may be asked without encryption, as this machine may. Repeatable.",
    ),
]


def lock(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]...",
            help="Externals by name, downloads by URL, or selectors of images (`+r-base:cpu`) for what "
            "their own Dockerfiles name. Default: all.",
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Also resolve anew what the lock has already.")
    ] = False,
    prune: Annotated[bool, typer.Option("--prune", help="Remove entries that nothing wants.")] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Write nothing; exit 1 if an entry is missing, or if a locked digest is no longer at its "
            "registry or a download has another checksum.",
        ),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Write nothing and ask nobody; exit 1 if an entry is missing."),
    ] = False,
    plain_http: PlainHttp = None,
    format: TextOrJson = "text",
) -> None:
    """Resolve tags of Externals to digests and downloads to checksums, into manifests/rgraph.lock.

    What the lock has already stays as it is, unless --upgrade asks for it. What could be resolved is
    written even if something else could not be asked for. Credentials are those of `docker login`.
    """
    from rgraph import relocking
    from rgraph.cli import show_lock as show

    root, wanted = directory(context), names or []
    if (check or offline) and (upgrade or prune):
        raise UsageError(f"{'--check' if check else '--offline'} writes nothing", "leave one of them out")
    if check or offline:
        with _asking(plain_http) as ask:
            verified = relocking.verify(root, wanted, None if offline else ask)
        write(show.verified_json(root, verified) if format == "json" else show.verified_text(root, verified))
        bad, failures = bool(verified.problems), verified.failures
    else:
        with _asking(plain_http) as ask:
            done = relocking.lock(root, wanted, ask, upgrade=upgrade, prune=prune)
        write(show.lock_json(root, done) if format == "json" else show.lock_text(root, done))
        bad, failures = bool(done.absent), done.failures
    show.note_failures(failures)
    if failures or bad:
        raise typer.Exit(3 if failures else 1)


def stale(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    plain_http: PlainHttp = None,
    format: Annotated[
        Literal["text", "json", "ids"],
        typer.Option("--format", help="Text for people, JSON for programs, bare ids of the images."),
    ] = "text",
) -> None:
    """Show which tags have moved since they were locked, and the images to rebuild for it.

    Exit 1 if there are some, or if the lock has nothing to compare. `rgraph lock NAME --upgrade` takes a new digest into the lock.
    """
    from rgraph import app, relocking
    from rgraph.cli import show_lock as show

    workspace = app.Workspace(directory(context))
    ids = workspace.select(selectors or [], exclude or []) if selectors or exclude else None
    with _asking(plain_http) as ask:
        found = relocking.compare(workspace, ids, ask)
    match format:
        case "json":
            write(show.stale_json(found))
        case "ids":
            typer.echo("\n".join(found.rebuild), nl=bool(found.rebuild))
        case _:
            write(show.stale_text(found, len(workspace.resolved.images)))
    show.note_unlocked(found)
    show.note_failures(found.failures)
    # A check that knows nothing must not be green.
    if found.failures or found.stale or (found.unlocked and not found.compared):
        raise typer.Exit(3 if found.failures else 1)


@contextmanager
def _asking(plain_http: list[str] | None) -> Iterator[Ask]:
    """Whom to ask, with the credentials of the environment."""
    from rgraph.cli.progress import Meter
    from rgraph.engines.credentials import Keyring
    from rgraph.engines.registry import Registry
    from rgraph.engines.web import Web
    from rgraph.relocking import Ask

    with Meter() as meter, Web(frozenset(plain_http or ())) as web:
        yield Ask(web, Registry(web, Keyring.usual()), meter)

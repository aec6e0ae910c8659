"""promote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgraph.cli.common import TextOrJson, directory, write
from rgraph.cli.lock import PlainHttp


def promote(
    context: typer.Context,
    release: Annotated[str, typer.Option("--release", metavar="TAG", help="The release to promote.")],
    build_number: Annotated[
        str | None,
        typer.Option(
            "--build-number",
            metavar="N",
            help="The build whose images were tested. Default: that of the release, else `local`.",
        ),
    ] = None,
    builds: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where records of builds are. Default: .rgraph/builds.", file_okay=False
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything, and say what would be done.")
    ] = False,
    plain_http: PlainHttp = None,
    format: TextOrJson = "text",
) -> None:
    """Copy the tested images of a release from staging to its registry, by digest, all or none.

    Everything is checked first. Then come the contents, the tags that are given once and for all, the tags
    that move, and the digests in the ledger. After a failed build or test nothing is promoted, and the tags
    of that build in staging are deleted. Exit 1 if something forbids the promotion. Credentials are those
    of `docker login`.
    """
    from rgraph import promoting
    from rgraph.cli import show_promote as show
    from rgraph.cli.progress import Meter
    from rgraph.engines.credentials import Keyring
    from rgraph.engines.errors import NotAllAskedError
    from rgraph.engines.registry import Registry
    from rgraph.engines.registry_writing import RegistryWriter
    from rgraph.engines.web import Web

    request = promoting.Request(release, build_number, builds, dry_run)
    with Meter() as meter, Web(frozenset(plain_http or ())) as web:
        registry = Registry(web, Keyring.usual())
        ask = promoting.Ask(registry, RegistryWriter(registry), meter)
        done = promoting.promote(directory(context), request, ask)
    write(show.promoted_json(done) if format == "json" else show.promoted_text(done))
    show.note_rest(done)
    if done.not_deleted:
        raise NotAllAskedError(done.not_deleted.values())
    raise typer.Exit(0 if done.is_well else 1)

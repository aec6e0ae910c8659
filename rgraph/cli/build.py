"""build."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgraph.cli.common import (
    Exclude,
    Folders,
    Selectors,
    Since,
    TextOrJson,
    coloured,
    directory,
    note,
    revision,
)
from rgraph.cli.lock import PlainHttp
from rgraph.errors import UsageError

if TYPE_CHECKING:
    from rgraph.building import Done, Request

BuildNumber = Annotated[
    str | None,
    typer.Option(
        "--build-number",
        metavar="N",
        help="Number of the build: the end of the tags in staging, and the name of its record. "
        "Default: `local`.",
    ),
]
Builds = Annotated[
    Path | None,
    typer.Option(
        "--builds", metavar="FOLDER", help="Where records and logs are kept. Default: .rgraph/builds."
    ),
]


def build(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    path: Folders = "",
    since: Since = None,
    push: Annotated[bool, typer.Option("--push", help="Push to the staging registry.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Images to build at the same time. Default: as many as processors, up to 4."
        ),
    ] = None,
    build_number: BuildNumber = None,
    builder: Annotated[
        str, typer.Option(metavar="NAME", help="A builder of `docker buildx`, also a remote one.")
    ] = "",
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Time limit for one image: `90s`, `30m`, `2h`.")
    ] = "2h",
    network: Annotated[
        str, typer.Option(metavar="MODE", help="Network of RUN steps: `default`, `host` or `none`.")
    ] = "",
    no_cache: Annotated[
        bool,
        typer.Option(
            "--no-cache", help="Build what is selected anew, also what is there, and run every step."
        ),
    ] = False,
    builds: Builds = None,
    plain_http: PlainHttp = None,
    format: TextOrJson = "text",
) -> None:
    """Build images in waves, and push them to staging under `layer:variant--N`.

    Content that is there already is not built again. What stands on a failure is skipped, the rest goes on.
    Exit 1 if an image is not there at the end, 3 if an engine or registry did not answer.
    """
    from rgraph.building import Request
    from rgraph.cli.engines import duration
    from rgraph.cli.show_build import build_json, build_text
    from rgraph.engines.builder import Options
    from rgraph.history import Choice

    options = Options(push, duration(timeout, "--timeout"), network, no_cache)
    choice = Choice(selectors or [], exclude or [], path)
    request = Request(choice, options, revision(since), build_number, _jobs(jobs), builder, builds)
    done, signal = _built(directory(context), request, plain_http)
    for problem in done.problems:
        note(f"{coloured('warning', 'yellow', err=True)}: {problem}")
    typer.echo(build_json(done) if format == "json" else build_text(done))
    if signal:
        raise typer.Exit(128 + signal)
    if done.failure:
        raise done.failure
    if not done.is_well:
        raise typer.Exit(1)


def _built(root: Path, request: Request, plain_http: list[str] | None) -> tuple[Done, int]:
    """What a run did, with the credentials of the environment; and the signal that ended it early, if any."""
    from rgraph.building import Tools, build
    from rgraph.cli.build_progress import build_progress
    from rgraph.cli.progress import Meter
    from rgraph.engines.credentials import Keyring
    from rgraph.engines.registry import Registry
    from rgraph.engines.registry_writing import RegistryWriter
    from rgraph.engines.signals import Stop
    from rgraph.engines.staging import Staging
    from rgraph.engines.web import Web

    stop = Stop()
    with stop.listening(), Web(frozenset(plain_http or ())) as web:
        staging = Staging(RegistryWriter(Registry(web, Keyring.usual())))
        with build_progress() as reporter, Meter() as meter:
            tools = Tools(dict(os.environ), staging, reporter, meter, stop)
            try:
                return build(root, request, tools), stop.number
            except KeyboardInterrupt:
                raise typer.Exit(128 + stop.number) from None


def _jobs(number: int | None) -> int:
    if number is None:
        return min(4, os.cpu_count() or 1)
    if number < 1:
        raise UsageError(f"{number} jobs would build nothing", "give at least 1")
    return number

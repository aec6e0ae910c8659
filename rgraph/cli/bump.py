"""bump, outdated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rgraph.cli.common import Exclude, Selectors, TextOrJson, directory, note, write


def bump(
    context: typer.Context,
    component: Annotated[
        str,
        typer.Argument(
            metavar="COMPONENT",
            help="Name (`openssl`), name and present version (`openssl@1.1.1c`), purl "
            "(`pkg:conda/openssl`), or an External, whose tag then changes.",
        ),
    ],
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version to come.")],
    selectors: Selectors = None,
    exclude: Exclude = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the edits and write nothing.")] = False,
    sha256: Annotated[
        str, typer.Option(metavar="SUM", help="Checksum of the new version's file, where one is written.")
    ] = "",
    commit: Annotated[
        str, typer.Option(metavar="HEX", help="Commit of the new version's tag, where one is written.")
    ] = "",
    rename: Annotated[
        bool, typer.Option("--rename", help="Also where the version is part of an image's name.")
    ] = False,
    downgrade: Annotated[
        bool, typer.Option("--downgrade", help="Also where the version in the manifest is newer.")
    ] = False,
    format: TextOrJson = "text",
) -> None:
    """Write another version of a component into every manifest that pins it, or into none.

    Only the bytes of the pins change. What cannot be changed safely is refused, with its place.
    """
    from rgraph.bumping import Wish
    from rgraph.cli.show_bump import bump_json, bump_text
    from rgraph.upkeep import bump as run

    root = directory(context)
    wish = Wish(component, version, sha256, commit, rename, downgrade)
    done = run(root, wish, selectors or [], exclude or [], dry_run=dry_run)
    if done.put_back:
        note(f"an earlier bump was killed; as before it again: {', '.join(done.put_back)}")
    for remark in done.remarks:
        note(remark)
    write(bump_json(root, done) if format == "json" else [bump_text(root, done, dry_run=dry_run)])
    if done.refusals:
        raise typer.Exit(1)


_FILE = "FILE: a path or an address; packed ones are unpacked. Repeatable."


def outdated(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    index: Annotated[
        str, typer.Option(metavar="URL", help="Python package index. Default: those of pip's configuration.")
    ] = "",
    apt: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help="`Packages` of a distribution (`ubuntu-20.04=FILE`) or repository. "
            f"Default: apt's lists on this machine. {_FILE}",
        ),
    ] = None,
    conda: Annotated[
        list[str] | None,
        typer.Option(metavar="[CHANNEL=]FILE", help=f"`repodata.json` of a channel. {_FILE}"),
    ] = None,
    cran: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help=f"CRAN's `PACKAGES`. {_FILE}")
    ] = None,
    pre: Annotated[bool, typer.Option("--pre", help="Pre-releases count too.")] = False,
    plain_http: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST[:PORT]", help="A host that may be asked without encryption. Repeatable."),
    ] = None,
    format: TextOrJson = "text",
) -> None:
    """Show which pins have a newer version in the index of their ecosystem."""
    from rgraph import app, upkeep
    from rgraph.cli.show_bump import outdated_json, outdated_text
    from rgraph.engines.errors import NotAllAskedError
    from rgraph.engines.indexes import Locations
    from rgraph.engines.web import Web

    root: Path = directory(context)
    workspace = app.Workspace(root)
    ids = workspace.select(selectors or [], exclude or [])
    locations = Locations(index, _named(apt), _named(conda), tuple(cran or ()))
    with Web(frozenset(plain_http or ())) as web:
        found = upkeep.outdated(workspace, ids, locations, web, pre_releases=pre)
    write(outdated_json(root, found) if format == "json" else [outdated_text(root, found)])
    if found.failures:
        raise found.failures[0] if len(found.failures) == 1 else NotAllAskedError(found.failures)
    if any(row.state == "outdated" for row in found.rows):
        raise typer.Exit(1)


def _named(given: list[str] | None) -> tuple[tuple[str, str], ...]:
    """`NAME=FILE`, or `FILE` for any name: a `=` within an address or a path parts nothing."""
    found = []
    for each in given or ():
        name, mark, where = each.partition("=")
        plain = not mark or "://" in name or name.startswith((".", "/"))
        found.append(("", each) if plain else (name, where))
    return tuple(found)

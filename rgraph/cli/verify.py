"""verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rgraph.cli.build import BuildNumber, Builds
from rgraph.cli.common import (
    Exclude,
    TextOrJson,
    coloured,
    columns,
    count,
    cut,
    directory,
    json_lines,
    note,
    printable,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rgraph.contents.compare import Difference, Verdict
    from rgraph.verifying import Look, Verified

_MOST = 20
"""Undeclared packages of an image that the text names."""


def verify(
    context: typer.Context,
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE...", help="Images that were built, by selectors: `r-base:cpu`, `+x`."),
    ],
    exclude: Exclude = None,
    write_lock: Annotated[
        bool,
        typer.Option(
            "--write-lock", help="Record what is undeclared in manifests/rgraph.lock, with its licence."
        ),
    ] = False,
    build_number: BuildNumber = None,
    builds: Builds = None,
    reference: Annotated[
        str, typer.Option(metavar="REFERENCE", help="Look at this image, and not at what the build has.")
    ] = "",
    by: Annotated[
        Literal["container", "syft"],
        typer.Option(help="What looks: a script in a container without network, or syft."),
    ] = "container",
    format: TextOrJson = "text",
) -> None:
    """Compare what is in images with what the manifests declare; exit 1 if anything differs.

    Packages of dpkg, conda, pip and R that are missing, of another version, or undeclared. What an image has
    from what it is built on counts there. With --write-lock the notices and the SBOM hold the undeclared too.
    """
    from rgraph import app, verifying
    from rgraph.cli.engines import containers, number_of_build

    number = number_of_build(build_number)
    workspace = app.Workspace(directory(context))
    ids = workspace.select(images, exclude or [])
    sources = verifying.sources_of(workspace, ids, number, builds, reference)
    found = verifying.verify(workspace, sources, containers, _look(by), write=write_lock)
    for remark in found.remarks:
        note(f"{coloured('warning', 'yellow', err=True)}: {printable(remark)}")
    if format == "json":
        write(_json(workspace.root, found))
    else:
        _show(found, workspace.root)
    for name, why in found.unseen.items():
        note(f"`{name}` could not be looked into, so its packages are recorded with the images: {why}")
    if found.failures:
        from rgraph.engines.errors import CouldNotAskError, NotAllAskedError

        unreached = [each for each in found.failures.values() if isinstance(each, CouldNotAskError)]
        if unreached:
            raise NotAllAskedError(unreached)
    raise typer.Exit(0 if found.well else 1)


def _look(by: Literal["container", "syft"]) -> Look:
    from rgraph import verifying

    if by == "container":
        return verifying.from_container
    import os

    from rgraph.engines.syft import scan

    return lambda containers, image: scan(containers, image, "syft", os.environ)


def _show(found: Verified, root: Path) -> None:
    for id, verdict in found.images.items():
        typer.echo("\n".join([f"{id}: {_summary(verdict)}", *_lines(verdict, root)]))
    for id, error in found.failures.items():
        typer.echo(f"{id}: not verified: {error}")
    if found.recorded:
        total = sum(found.recorded.values())
        verb = "written" if found.written else "unchanged"
        where = f" of {count(len(found.sources), 'image')} and what they stand on"
        typer.echo(f"\nmanifests/rgraph.lock: {verb}; {count(total, 'transitive component')}{where}")
        if found.written:
            note("run `rgraph generate`: notices and SBOMs hold them now, and images that show them change")


def _summary(verdict: Verdict) -> str:
    from rgraph.verifying import worst

    counts = worst(verdict.differences)
    words = {"missing": "missing", "version": "of another version", "undeclared": "undeclared"}
    said = [f"{counts[kind]:,} {word}" for kind, word in words.items() if counts[kind]]
    what = ", ".join(said) or "as declared"
    looked = f"{count(verdict.packages, 'package')}, {verdict.checked:,} declared"
    unknown = f", {count(len(verdict.unchecked), 'component')} that no package manager knows"
    return f"{looked}{unknown if verdict.unchecked else ''}: {what}"


def _lines(verdict: Verdict, root: Path) -> Iterator[str]:
    from rgraph.files.reader import locate

    told = [each for each in verdict.differences if each.kind != "undeclared"]
    undeclared = [each for each in verdict.differences if each.kind == "undeclared"]
    at = locate(root, [each.place for each in told if each.place])
    rows = [
        (
            f"  {each.kind}",
            printable(each.name),
            each.declared or "any",
            printable(each.found) or "-",
            f"{each.place.file}:{at[each.place][0]} ({each.by})" if each.place else each.by,
        )
        for each in told
    ]
    rows += [
        (
            f"  {each.kind}",
            printable(each.name),
            "-",
            printable(each.found),
            cut(printable(each.license)) or "licence not known",
        )
        for each in undeclared[:_MOST]
    ]
    if rows:
        yield columns(rows, ("  what", "package", "declared", "found", "by, or licence"))
    if len(undeclared) > _MOST:
        yield f"  ... and {len(undeclared) - _MOST:,} more undeclared (--format json has them all)"


def _json(root: Path, found: Verified) -> Iterator[str]:
    from rgraph.files.reader import locate

    at = locate(
        root, [each.place for verdict in found.images.values() for each in verdict.differences if each.place]
    )

    def difference(each: Difference) -> dict[str, object]:
        line, column, _ = at[each.place] if each.place else (0, 0, "")
        return {
            "kind": each.kind,
            "name": each.name,
            "purl": each.purl,
            "declared": each.declared or None,
            "found": each.found or None,
            "by": each.by or None,
            "license": each.license or None,
            "file": each.place.file if each.place else None,
            "line": line or None,
            "column": column or None,
        }

    images = [
        {
            "id": id,
            "source": found.sources[id],
            "packages": verdict.packages,
            "declared": verdict.checked,
            "unchecked": verdict.unchecked,
            "differences": [difference(each) for each in verdict.differences],
        }
        for id, verdict in found.images.items()
    ]
    failures = [{"id": id, "why": str(error)} for id, error in found.failures.items()]
    recorded = [{"of": node, "components": number} for node, number in found.recorded.items()]
    head = {"schema": 1, "well": found.well, "written": found.written}
    return json_lines(head, {"images": images, "recorded": recorded, "failures": failures})

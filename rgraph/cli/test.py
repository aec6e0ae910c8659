"""test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rgraph.cli.build import BuildNumber, Builds
from rgraph.cli.common import (
    Exclude,
    Selectors,
    TextOrJson,
    coloured,
    columns,
    count,
    directory,
    json_lines,
    note,
    printable,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rgraph.builds.record import TestedImage
    from rgraph.testing import Tested

_JOBS = 2
_TIMEOUT = "10m"


def run_tests(
    context: typer.Context,
    selectors: Selectors = None,
    exclude: Exclude = None,
    build_number: BuildNumber = None,
    jobs: Annotated[int, typer.Option(metavar="N", min=1, max=64, help="Images at once.")] = _JOBS,
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help="Limit of a test that has none of its own: `90s`, `10m`.")
    ] = _TIMEOUT,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the results as JUnit XML.", dir_okay=False)
    ] = None,
    builds: Builds = None,
    format: TextOrJson = "text",
) -> None:
    """Test images that were built, in containers of exactly these images; exit 1 if a test fails.

    Each image starts, the R packages that its manifests declare load in their versions, and its own and
    inherited tests pass. The results go to tests.json of the build, which `rgraph promote` asks for.
    """
    from rgraph import app, testing
    from rgraph.cli.engines import containers, duration, number_of_build
    from rgraph.engines.containers import StoppedError
    from rgraph.engines.signals import Stop

    number, seconds = number_of_build(build_number), duration(timeout, "--timeout")
    workspace = app.Workspace(directory(context))
    chosen = workspace.select(selectors or [], exclude or []) if selectors or exclude else None
    stop = Stop()
    limits = testing.Limits(jobs, seconds, stop.event)
    with stop.listening(), stop.gently():
        try:
            found = testing.run_tests(workspace, chosen, number, builds, containers, limits, _told)
        except StoppedError:
            note("stopped: what was tested before stands in the record of the build")
            raise typer.Exit(128 + stop.number) from None
    for problem in found.problems:
        note(f"{coloured('warning', 'yellow', err=True)}: {problem}")
    if format == "json":
        write(_json(found))
    else:
        _show(found)
    if junit:
        _write_junit(junit, found)
    if found.unwritten:
        raise found.unwritten
    if found.failures:
        from rgraph.engines.errors import NotAllAskedError

        raise NotAllAskedError(found.failures.values())
    raise typer.Exit(0 if found.well else 1)


def _told(id: str, what: TestedImage | str) -> None:
    """A line for each image when it is done."""
    if isinstance(what, str):
        note(f"{id}: not tested: {what}")
        return
    passed = sum(each.state == "passed" for each in what.tests)
    note(f"{id}: {what.state}, {passed:,} of {count(len(what.tests), 'test')}")


def _show(found: Tested) -> None:
    rows: list[tuple[str, ...]] = [
        (
            id,
            image.state,
            f"{sum(each.state == 'passed' for each in image.tests)}/{len(image.tests)}",
            f"{sum(each.seconds for each in image.tests):.1f} s",
        )
        for id, image in found.images.items()
    ]
    rows += [(id, "not tested", "-", "-") for id in found.untested]
    if rows:
        typer.echo(columns(rows, ("image", "state", "passed", "time")))
    for id, image in found.images.items():
        for each in image.tests:
            if each.state != "passed":
                typer.echo(f"\n{id}: {each.name}: {_harmless(each.message)}")
    for id, why in found.untested.items():
        typer.echo(f"\n{id}: not tested: {why}")
    failed = sum(image.state == "failed" for image in found.images.values())
    said = f"{failed:,} failed" if failed else "all passed" if found.images else "nothing to test"
    left = f", {len(found.untested):,} not tested" if found.untested else ""
    typer.echo(f"\nbuild {found.number}: {count(len(found.images), 'image')} tested: {said}{left}")


def _harmless(text: str) -> str:
    """Lines of an output that do nothing to a terminal."""
    return "\n".join(printable(line.expandtabs()) for line in text.splitlines())


def _json(found: Tested) -> Iterator[str]:
    images = [
        {
            "id": id,
            "digest": image.digest,
            "image_id": image.image_id,
            "state": image.state,
            "tests": image.tests,
        }
        for id, image in found.images.items()
    ]
    untested = [{"id": id, "why": why} for id, why in found.untested.items()]
    head = {"schema": 1, "number": found.number, "passed": found.well and not found.failures}
    return json_lines(head, {"images": images, "untested": untested})


def _write_junit(path: Path, found: Tested) -> None:
    from rgraph.errors import UsageError
    from rgraph.trials.junit import junit_xml

    try:
        path.write_bytes(junit_xml(found.number, found.images, found.untested))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {(error.strerror or str(error)).lower()}") from None

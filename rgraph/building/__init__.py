"""The use case of `rgraph build`: what staging lacks is built, wave by wave, and pushed.

`request.py` has what it takes and gives, `finding.py` what is there already, `making.py` makes one image (or
bakes all), `run.py` leads from the one to the other and keeps the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rgraph.app import Workspace
from rgraph.building.request import Done, Request, Tools
from rgraph.building.run import Run
from rgraph.builds import naming
from rgraph.builds.context import secrets_of
from rgraph.engines.processes import Secrets
from rgraph.engines.ways import Way, find_way
from rgraph.errors import UsageError
from rgraph.files.builds import opened
from rgraph.history import list_since
from rgraph.image import Image
from rgraph.names import Bad

__all__ = ["Done", "Request", "Tools", "build"]


def build(root: Path, request: Request, tools: Tools) -> Done:
    """Builds those chosen images whose content is not in staging.

    Raises UsageError, ManifestError, WriteError, and CouldNotAskError if engine, builder or registry do not
    answer before anything is built; what happens later is told by what it returns.
    """
    number = naming.number_of(request.number)
    if isinstance(number, Bad):
        raise UsageError(number.what, number.help)
    workspace = Workspace(root)
    if request.options.push and not workspace.catalog.settings.staging:
        help = "write `staging: REGISTRY/PATH` into manifests/catalog.yaml"
        raise UsageError("the catalogue names no staging registry to push to", help)
    chosen, excluded = _chosen(workspace, request)
    secrets = _secrets(workspace.resolved.images.values(), tools.environment)
    way = find_way(request.builder, tools.environment, request.options, tools.stop.event, secrets)
    mine = _of_system(workspace, chosen, way, tools)
    with opened(root, request.builds, number) as folder:
        run = Run(workspace, request, tools, way, folder, number)
        run.find(mine, excluded)
        with tools.stop.gently():
            run.build()
        return run.end()


def _chosen(workspace: Workspace, request: Request) -> tuple[list[str], set[str]]:
    """The chosen images, and those that were left out on purpose."""
    choice = request.choice
    if request.since:
        chosen = list_since(workspace, request.since, choice)
    else:
        chosen = workspace.select(choice.selectors, choice.exclude, choice.path)
    excluded = set(workspace.select(choice.exclude)) if choice.exclude else set()
    return chosen, excluded - set(chosen)


def _secrets(images: Iterable[Image], environment: Mapping[str, str]) -> Secrets:
    names = {name for image in images for name in secrets_of(image)}
    return Secrets(environment.get(name, "") for name in sorted(names))


def _of_system(workspace: Workspace, chosen: Sequence[str], way: Way, tools: Tools) -> list[str]:
    """The chosen images of the operating system that can be built. Raises UsageError if there are none."""
    images = workspace.resolved.images
    mine = [id for id in chosen if images[id].state.os == way.os]
    others = sorted({images[id].state.os for id in chosen} - {way.os})
    if others and not mine:
        help = f"`DOCKER_HOST` or --builder name another one, for {' and '.join(others)}"
        raise UsageError(f"the engine builds images for {way.os}, and these are for {others[0]}", help)
    if others:
        left = len(chosen) - len(mine)
        tools.reporter.note(f"left out: {left} for {' and '.join(others)}, as the engine builds for {way.os}")
    return mine

"""Which program builds: bake in one call, buildx image by image, or Docker's own builder."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from threading import Event

from msgspec import Struct

from rgraph.engines.builder import Builder, Engine, Options
from rgraph.engines.buildx import Buildx
from rgraph.engines.docker import Docker
from rgraph.engines.processes import Secrets
from rgraph.errors import UsageError


class Way(Struct, frozen=True):
    """How images are built in a run."""

    builder: Builder
    """Builds image by image."""
    baker: Buildx | None
    """Builds all in one call, where that is possible."""
    engine: Engine | None
    """The engine whose images can be built upon by their names; None for a builder that has its own."""
    os: str
    """The operating system of images that can be built."""


def find_way(
    builder: str, environment: Mapping[str, str], options: Options, stop: Event, secrets: Secrets
) -> Way:
    """How to build, after a look whether it answers; `builder` is the name of one of buildx, or empty.

    `RGRAPH_DOCKER` and `RGRAPH_BUILDX` name other programs than `docker` and `docker buildx`. Raises
    CouldNotAskError if engine or builder does not answer, UsageError if there is no such builder.
    """
    program = environment.get("RGRAPH_DOCKER") or "docker"
    plugin = shlex.split(environment.get("RGRAPH_BUILDX") or "") or [program, "buildx"]
    buildx = Buildx(plugin, builder, environment, options, stop, secrets)
    docker = Docker(program, environment, options, stop, secrets)
    if not builder:
        server = docker.check()
        found = buildx.check() if buildx.is_there() else None
        # Bake has no networks.
        if found is None or not found.takes_named_contexts(server.version) or options.network:
            return Way(docker, None, docker, server.os)
        return Way(buildx, buildx, docker if found.driver == "docker" else None, server.os)
    found = buildx.check()
    if found.driver == "docker":
        docker = Docker(program, _of_context(environment, builder), options, stop, secrets)
        server = docker.check()
        bakes = found.takes_named_contexts(server.version) and not options.network
        return Way(buildx, buildx if bakes else None, docker, server.os)
    if options.network and not options.push:
        what = f"the builder `{builder}` makes images that stand on each other in one call, or pushes them"
        raise UsageError(what, "give --push, or leave out --network")
    # Without a push the images go to the engine of this machine.
    baker = None if options.network else buildx
    return Way(buildx, baker, None, "linux" if options.push else docker.check().os)


def _of_context(environment: Mapping[str, str], name: str) -> dict[str, str]:
    """An environment in which `docker` asks the engine of a context; such builders have its name."""
    if name == "default":
        return dict(environment)
    return {key: value for key, value in environment.items() if key != "DOCKER_HOST"} | {
        "DOCKER_CONTEXT": name
    }

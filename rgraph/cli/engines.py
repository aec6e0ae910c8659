"""What commands that ask an engine for containers share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Event

    from rgraph.engines.containers import Containers


def containers(run: str, stop: Event) -> Containers:
    """The containers of a run, at the engine that the environment names."""
    from rgraph.engines.containers import Containers

    return Containers(os.environ.get("RGRAPH_DOCKER") or "docker", os.environ, run, stop)


def duration(text: str, option: str) -> float:
    """The seconds of an option. Raises UsageError."""
    from rgraph.durations import seconds_of
    from rgraph.errors import UsageError

    found = seconds_of(text)
    if found is None:
        raise UsageError(f"`{text}` of {option} is no time limit", "write `90s` or `10m`")
    return found


def number_of_build(text: str | None) -> str:
    """The number of a build. Raises UsageError."""
    from rgraph.builds.naming import number_of
    from rgraph.errors import UsageError
    from rgraph.names import Bad

    made = number_of(text)
    if isinstance(made, Bad):
        raise UsageError(made.what, made.help)
    return made

"""What a trial of an image is: what runs in which containers, and what is to come out of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

STARTS = "starts"
"""The trial that every image has."""


class Launch(Struct, frozen=True, kw_only=True):
    """What runs, in one container or in several on one network."""

    words: tuple[str, ...]
    """The command, in exec form."""
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and content of the files that it needs."""
    nodes: int = 1
    by: Literal["mpirun", "each"] = "each"
    """Of several nodes: mpirun on the first one, or the command in each of them."""
    batch: bool = False
    """Whether it runs as on a node of Azure Batch."""


class Output(Struct, frozen=True):
    """What is wanted of a command."""

    text: str
    """What the output must hold; empty if nothing."""
    exit_code: int


class WantedPackage(Struct, frozen=True):
    """An R package that must load."""

    name: str
    version: str
    """What it must report; empty for any."""
    at_least: bool = False
    """Whether a later version will do."""


class Loading(Struct, frozen=True):
    """R packages that must load, each for itself."""

    packages: tuple[WantedPackage, ...]


class Trial(Struct, frozen=True):
    """One test of an image."""

    name: str
    launch: Launch | None
    """None: the image starts as it does for its users."""
    wanted: Output | Loading
    timeout: float | None = None
    """Seconds; None if the manifest has no limit of its own."""


class Ended(Struct, frozen=True, kw_only=True):
    """What became of a command in one container."""

    exit_code: int | None
    """None if it did not end by itself, or never began."""
    output: str = ""
    """What it wrote to stdout and stderr, in the order in which it came."""
    seconds: float = 0.0
    timed_out: bool = False
    problem: str = ""
    """Why the engine could not start it; empty if it did."""

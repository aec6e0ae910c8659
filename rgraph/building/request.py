"""What a build is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from rgraph.builds.record import BuiltImage
from rgraph.builds.reporter import Reporter
from rgraph.engines.builder import Options
from rgraph.engines.progress import Progress
from rgraph.engines.signals import Stop
from rgraph.engines.staging import Staging
from rgraph.errors import RgraphError
from rgraph.history import Choice


class Request(Struct, frozen=True):
    """What is to be built, and how."""

    choice: Choice
    options: Options
    since: str = ""
    """A revision of git: only what changed since is built."""
    number: str | None = None
    jobs: int = 2
    """Images that are built at the same time."""
    builder: str = ""
    """Name of a builder of buildx."""
    builds: Path | None = None
    """Where records are kept; None for the usual place."""


class Tools(Struct, frozen=True):
    """Whom to ask and whom to tell."""

    environment: Mapping[str, str]
    staging: Staging
    reporter: Reporter
    progress: Progress
    stop: Stop


class Done(Struct):
    """What a run did."""

    number: str
    pushed: bool
    folder: Path
    """Where its record and logs are."""
    images: dict[str, BuiltImage] = field(default_factory=dict)
    """Those of this run, in order of waves."""
    waves: dict[str, int] = field(default_factory=dict)
    """Image id -> its wave among all images, of those that were to be there at the end."""
    failure: RgraphError | None = None
    """Why the run ended early; None if it did not."""
    problems: list[str] = field(default_factory=list)
    """What went wrong beside the images, a sentence each."""

    @property
    def is_well(self) -> bool:
        """Whether all images are there."""
        return self.failure is None and all(image.is_there for image in self.images.values())

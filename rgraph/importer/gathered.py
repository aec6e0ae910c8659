"""What a source hands to the import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from rgraph.errors import Problem
from rgraph.files.import_tree import Text
from rgraph.importing.model import SourceImage


class Gathered(Struct, frozen=True):
    """What a source says is built, and the texts of its Dockerfiles."""

    kind: str
    """The source: `dockerfiles`, `bake`, ..."""
    root: Path
    """The folder that all paths are relative to."""
    name: str
    """A name for the catalogue."""
    texts: Mapping[str, Text]
    """Dockerfiles by path."""
    sources: tuple[SourceImage, ...] | None
    """None: one image for each Dockerfile, whose names and build contexts nobody says."""
    problems: tuple[Problem, ...]
    args: Mapping[str, str]
    """Build arguments that hold for all images."""
    inputs: tuple[str, ...] = ()
    """Files of the source itself, by path."""
    variables: Mapping[str, str] = {}
    """What was given for the source's variables."""
    rendered: Mapping[str, str] = {}
    """Dockerfile that the source itself holds -> how that of the tree is: `same`, `different`, `absent`."""
    notes: tuple[Problem, ...] = ()
    """What a person must look at."""
    unresolved: int = 0
    """Tags that cannot be known."""

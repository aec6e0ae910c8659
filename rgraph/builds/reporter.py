"""Who is told how far a build is."""

from __future__ import annotations

from typing import Protocol

from rgraph.builds.record import BuiltImage
from rgraph.builds.steps import Step


class Reporter(Protocol):
    """Shows how far a build is. All but `begin` are called from several threads."""

    def begin(self, total: int) -> None:
        """So many images are built now."""

    def started(self, id: str) -> None:
        """An image is being built."""

    def step(self, id: str, step: Step) -> None:
        """The build of an image has come to a step."""

    def ended(self, id: str, image: BuiltImage) -> None:
        """An image is there, or will not be."""

    def note(self, text: str) -> None:
        """A remark: one sentence."""

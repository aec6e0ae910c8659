"""The staging registry: which content it holds, and under which tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rgraph.builds.labels import is_content
from rgraph.builds.naming import at_digest
from rgraph.engines.answers import ask_all
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.progress import SILENT, Progress
from rgraph.engines.registry import Fetched
from rgraph.engines.registry_writing import RegistryWriter

_PATIENCE: Final = 120
"""Seconds for one image, other tries too."""
_AT_ONCE: Final = 8


class Holding(Struct, frozen=True):
    """What staging holds of some contents."""

    found: Mapping[str, Fetched]
    """Reference -> manifest."""
    failed: Mapping[str, CouldNotAskError]


class Staging:
    """Finds images by their content, and gives them tags. Several threads may share one."""

    def __init__(self, writer: RegistryWriter) -> None:
        self._writer = writer

    def holding(self, asked: Mapping[str, str], progress: Progress = SILENT) -> Holding:
        """Which of some references (each with a fingerprint) lead to that content, by the image's label."""
        manifests: dict[str, Fetched] = {}

        def ask(reference: str) -> str | Missing:
            fetched = self._writer.manifest(reference)
            if isinstance(fetched, Missing):
                return fetched
            labels = self._writer.labels_of(reference, fetched)
            if isinstance(labels, Missing) or not is_content(labels, asked[reference]):
                return Missing(f"`{reference}` has another content than its tag says")
            manifests[reference] = fetched
            return fetched.digest

        progress.begin("images in staging", len(asked))
        answers = ask_all(asked, ask, _AT_ONCE, _PATIENCE, progress)
        return Holding({each: manifests[each] for each in answers.found}, answers.failed)

    def pushed(self, reference: str, digest: str, by_content: str) -> Missing | None:
        """Lets an image that was pushed be found by its content; what is missing if it is not there.

        Raises CouldNotAskError.
        """
        fetched = self._writer.manifest(at_digest(reference, digest))
        if isinstance(fetched, Missing):
            return fetched
        self._writer.put(by_content, fetched)
        return None

    def tag(self, reference: str, fetched: Fetched) -> None:
        """Gives a tag to an image of the same repository. Raises CouldNotAskError."""
        self._writer.put(reference, fetched)

    def copy(self, source: str, reference: str, by_content: str) -> None:
        """Copies an image into staging, and gives it its tags there. Raises CouldNotAskError."""
        self._writer.copy(source, reference)
        self._writer.copy(source, by_content)

    def is_there(self, reference: str) -> bool:
        """Whether a reference leads to something. Raises CouldNotAskError."""
        return not isinstance(self._writer.manifest(reference), Missing)

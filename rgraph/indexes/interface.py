"""What every format gives."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Release(Struct, frozen=True):
    """One version of a package in an index."""

    version: str
    yanked: bool = False
    """Whether its makers took it back."""


Releases = Mapping[str, tuple[Release, ...]]
"""Package -> its versions, in no order; a package that the index does not have is missing."""


class FormatError(Exception):
    """A file that is no index of its kind; `what` goes on after its name."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(what)

"""manifests/compatibility.yaml: which versions go together."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Written
from rgraph.manifest.components import Status


class Fit(Written, frozen=True, kw_only=True):
    """What some versions of a component need of the image that they are in."""

    purl: str
    """The component without its version: `pkg:pypi/rpy2`."""
    versions: str = ""
    """Which of its versions, as in `components.yaml`. Left out: all."""
    needs: dict[str, str]
    """Component (purl without version), capability or part of the host (`nvidia-driver`) -> the
    versions of it that fit. It counts only where the image has such a thing, or the catalogue
    names it under `hosts`."""
    required: list[str] = field(default_factory=list)
    """Those of `needs` that an image must have."""
    status: Status = "needs-review"
    """Whether a person checked it against its source."""
    source: str
    """Where the fact comes from."""


class CompatibilityManifest(Written, frozen=True, kw_only=True):
    """Facts of compatibility; all that fit a component hold."""

    kind: Literal["compatibility"]
    """`compatibility`."""
    compatibility: list[Fit]
    """The facts."""

"""Advisories in OSV format, from a folder or a zip."""

from __future__ import annotations

from pathlib import Path

from rgraph.advisories.interface import Advisories


def read_advisories(source: Path) -> Advisories:
    """All advisories below a folder, or in a zip. Raises UsageError if there is none."""
    return Advisories(str(source))

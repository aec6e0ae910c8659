"""What a build has made, read without holding its folder."""

from __future__ import annotations

from pathlib import Path

from rgraph.builds.record import BUILD, BUILDS, BuildRecord
from rgraph.errors import UsageError
from rgraph.files.builds import BuildFolder


def built(root: Path, builds: Path | None, number: str) -> BuildRecord:
    """The record of a build number of the catalogue in `root`; it is replaced as a whole, never changed.

    Raises UsageError if there is none, ManifestError if it is damaged.
    """
    base = builds if builds is not None else root / BUILDS
    found = BuildFolder(base / number).build() if base.is_dir() else None
    if found is None:
        known = sorted(path.parent.name for path in base.glob(f"*/{BUILD}"))
        help = (
            f"--build-number names one of {', '.join(known[:_MOST])}" if known else "run `rgraph build` first"
        )
        raise UsageError(f"there is no build `{number}`", help)
    return found


_MOST = 5

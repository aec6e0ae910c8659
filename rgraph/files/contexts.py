"""Build contexts on the disk, for as long as a builder reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rgraph.builds.context import Context
from rgraph.files.transaction import WriteError
from rgraph.files.tree import reason
from rgraph.render_names import COMBINED

_TIME: Final = 315_619_200
"""Time stamp of all files, 1980-01-02: builders copy it into images. ZIP knows no earlier year."""


@contextmanager
def written(context: Context) -> Iterator[tuple[Path, Path]]:
    """Path of the Dockerfile and folder of the context. Raises WriteError."""
    try:
        temporary = TemporaryDirectory(prefix="rgraph-")
    except OSError as error:
        raise WriteError(f"cannot make a temporary folder: {reason(error)}", "is the disk full?") from error
    with temporary as name:
        folder = Path(name)
        try:
            _fill(folder, context)
        except OSError as error:
            what = f"cannot write the build context to {folder}: {reason(error)}"
            raise WriteError(what, "is the disk full? `TMPDIR` names another one") from error
        yield folder / COMBINED, folder / "context"


def _fill(folder: Path, context: Context) -> None:
    # Beside the context: it names references that are true for this build only.
    (folder / COMBINED).write_text(context.dockerfile, encoding="utf-8", newline="")
    base = folder / "context"
    base.mkdir(0o755)
    for path, content in context.files.items():
        target = base / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
        os.utime(target, (_TIME, _TIME))
    for each, _, _ in os.walk(base, topdown=False):
        os.chmod(each, 0o755)
        os.utime(each, (_TIME, _TIME))

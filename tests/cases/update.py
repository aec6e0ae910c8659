"""Writes what the golden cases expect anew: `python -m tests.cases.update [CASE...]`.

Read the difference before you commit it: it is what maintainers of images would see.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.cases.running import CASES, made, names


def main(chosen: list[str]) -> None:
    for case in chosen or names():
        with tempfile.TemporaryDirectory() as folder:
            files = made(case, Path(folder))
        expected = CASES / case / "expected"
        shutil.rmtree(expected, ignore_errors=True)
        for path, content in files.items():
            target = expected / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])

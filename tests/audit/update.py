"""Writes the expected findings of all cases, or of those that are named: read them before you commit them.

`python -m tests.audit.update [CASE...]`
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.audit.running import CASES, found, names

for case in sys.argv[1:] or names():
    with tempfile.TemporaryDirectory() as folder:
        (CASES / case / "expected.txt").write_text(found(case, Path(folder)))

"""The golden cases of tests/cases: what rgraph makes of small catalogues, byte by byte.

After a change that is meant: `python -m tests.cases.update`, and read the difference.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from rgraph import app
from tests.cases.running import CASES, Tree, made, names, tree


def difference(expected: Tree, found: Tree) -> str:
    """What differs, as a unified diff; empty if nothing does."""
    lines: list[str] = []
    for path in sorted(expected.keys() | found.keys()):
        old, new = expected.get(path), found.get(path)
        if old != new:
            before, after = ((each or b"").decode().split("\n") for each in (old, new))
            lines += difflib.unified_diff(before, after, f"expected/{path}", f"found/{path}", lineterm="")
            lines.append(f"({path} differs)")
    return "\n".join(lines)


@pytest.mark.parametrize("case", names())
def test_case(case: str, tmp_path: Path) -> None:
    found = made(case, tmp_path)
    assert difference(tree(CASES / case / "expected"), found) == ""


@pytest.mark.parametrize("case", names())
def test_what_is_expected_is_complete(case: str, tmp_path: Path) -> None:
    found = made(case, tmp_path)
    assert not app.check_generated(tmp_path)
    again = app.generate(tmp_path)
    assert not again
    assert {path.removeprefix("generated/") for path in found if path.startswith("generated/")} == set(
        tree(tmp_path / "generated")
    )


def test_there_are_cases() -> None:
    assert len(names()) >= 12


def test_a_difference_is_shown() -> None:
    assert "+b" in difference({"x": b"a\n"}, {"x": b"b\n"})
    assert "(y differs)" in difference({}, {"y": b""})
    assert difference({"x": b"a"}, {"x": b"a"}) == ""

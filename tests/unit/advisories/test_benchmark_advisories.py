"""The advisories that the benchmark measures with."""

from __future__ import annotations

from pathlib import Path

from rgraph.files.advisories import read_advisories
from tests.benchmarks.advisories import write_zip

PACKAGES = [("PyPI", "one"), ("CRAN", "two"), ("Ubuntu:22.04:LTS", "three")]


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    for name, seed in (("a.zip", 1), ("b.zip", 1), ("c.zip", 2)):
        write_zip(tmp_path / name, 50, PACKAGES, seed)
    first, second, other = ((tmp_path / name).read_bytes() for name in ("a.zip", "b.zip", "c.zip"))
    assert first == second != other


def test_all_can_be_read_and_some_are_the_same_vulnerability(tmp_path: Path) -> None:
    write_zip(tmp_path / "a.zip", 300, PACKAGES)
    found = read_advisories(tmp_path / "a.zip")
    assert (found.count, found.skipped) == (300, ())
    assert {name for _, name in found.by_package} == {"one", "two", "three"}
    shared = [given for given in found.by_id.values() if len(given) == 2]
    assert shared
    assert all(len({each.affected[0].package for each in given if each.affected}) == 1 for given in shared)

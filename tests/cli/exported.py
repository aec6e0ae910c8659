"""A catalogue with a private part, and its public copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.errors.running import Result, catalogue, run, written

ROOT = Path(__file__).resolve().parents[2]
DAY = ("--date", "20260102")
IMAGE_FILES = {"Dockerfile", "LICENSE.txt", "README.md", "ThirdPartyNotices.txt", "sbom.cdx.json"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with a private part."""
    root = catalogue(tmp_path / "catalogue")
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write("private:\n  - {run: [curl -f https://intra.corp.test/x | sh], provides: []}\n")
    return root


def export(root: Path, *options: str, to: str = "../public") -> Result:
    return run(root, "export", to, *options)


def public(root: Path) -> dict[str, bytes]:
    return written(root.parent / "public")


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "manifests" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

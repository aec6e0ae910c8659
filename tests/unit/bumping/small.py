"""Small catalogues on disk to bump in."""

from __future__ import annotations

from pathlib import Path

from rgraph.bumping import Wish
from rgraph.upkeep import Bumped, bump

SUM, OTHER = "a" * 64, "b" * 64
COMMIT = "c" * 40

SETTINGS = "kind: catalog\nname: made-up\npolicy: {unpinned: [apt, github]}\n"
EXTERNALS = """\
kind: externals
externals:
  debian: {reference: "debian:12", distribution: debian-12}
  ubuntu: {reference: "ubuntu:22.04", distribution: ubuntu-22.04, provides: ["pkg:generic/cuda@11.1.1"]}
"""
ONE = "kind: base\nname: one\nfrom: debian\nvariant: x\n"
"""The head of a layer with one image, `one:x`."""


def write(root: Path, **files: str) -> Path:
    """A catalogue: name of a manifest -> its text, beside settings and Externals."""
    for name, text in {"catalog": SETTINGS, "externals": EXTERNALS, **files}.items():
        path = root / "manifests" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode())
    return root


def texts(root: Path) -> dict[str, bytes]:
    """The manifests as they are."""
    return {path.name: path.read_bytes() for path in sorted((root / "manifests").iterdir())}


def run(
    root: Path,
    component: str,
    version: str,
    *selectors: str,
    dry_run: bool = False,
    rename: bool = False,
    downgrade: bool = False,
    sha256: str = "",
    commit: str = "",
) -> Bumped:
    """A bump."""
    return bump(root, Wish(component, version, sha256, commit, rename, downgrade), selectors, dry_run=dry_run)

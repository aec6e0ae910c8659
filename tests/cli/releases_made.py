"""A catalogue with releases, and what tests ask of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.errors.running import catalogue, run

A, B, C = "20260101.v1", "20260102.v1", "20260103.v1"


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "manifests" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def cut(root: Path, tag: str, *more: str) -> None:
    assert run(root, "release", "cut", "--tag", tag, *more).code == 0


def three_releases(folder: Path) -> Path:
    """A catalogue with three releases: of all; with another pin, fixes and External; with an image less
    and a pin back.
    """
    root = catalogue(folder)
    edit(root, "externals.yaml", '{reference: "nvidia/', '{distribution: ubuntu-20.04, reference: "nvidia/')
    cut(root, A)
    edit(
        root,
        "base/base.yaml",
        "apt: [curl=7.68.0-1ubuntu2]",
        "apt: [{name: curl, version: 7.68.0-1ubuntu2.24, fixes: [CVE-2024-7264, USN-6944-1]}]",
    )
    edit(root, "externals.yaml", "nvidia/cuda:11.1.1", "nvidia/cuda:11.1.2")
    cut(root, B, "--build-number", "7781")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    edit(root, "r/r-base.yaml", "3.6.0", "3.5.0")
    cut(root, C)
    return root


def release(root: Path, tag: str, name: str) -> Any:
    return json.loads((root / "generated/releases" / tag / name).read_text())


def notes(root: Path, *arguments: str) -> str:
    result = run(root, "release", "notes", *arguments)
    assert (result.code, result.err) == (0, "")
    return result.out


def told(root: Path, *arguments: str) -> Any:
    result = run(root, *arguments, "--format", "json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def changes(entry: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (
            each["change"],
            each["name"],
            each["before"] and each["before"]["version"],
            each["after"] and each["after"]["version"],
        )
        for each in entry["direct"]
    ]

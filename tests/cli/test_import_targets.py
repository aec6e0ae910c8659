"""Imports of public repositories, of which nothing is part of this one.

`RGRAPH_IMPORT_TARGETS` names a folder with clones of them, plain or bare, by the repository's name:

    git clone --bare https://github.com/Azure/AzureML-Containers TARGETS/AzureML-Containers
    RGRAPH_IMPORT_TARGETS=TARGETS python -m pytest tests/cli/test_import_targets.py

Without it these tests are skipped, and say so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest


def checked_out(name: str, commit: str, into: Path) -> Path:
    """The files of a commit."""
    targets = os.environ.get("RGRAPH_IMPORT_TARGETS", "")
    if not targets:
        pytest.skip("RGRAPH_IMPORT_TARGETS names no folder with clones of public repositories")
    clone = Path(targets, name)
    if not clone.exists():
        pytest.skip(f"there is no clone {clone}")
    command = ["git", "-C", str(clone), "archive", "--format=tar", commit]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    into.mkdir()
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(into, filter="data")
    return into


def imported(root: Path, into: Path, *source: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "rgraph", "import", *source, str(root), "--into", str(into)]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_azureml_containers_in_march_2023(tmp_path: Path) -> None:
    root = checked_out("AzureML-Containers", "3bb68cb8", tmp_path / "source")
    answer = imported(root, tmp_path / "new", "dockerfiles")
    figures = answer["figures"]
    assert (figures["files"], figures["parsed"], figures["images"]) == (24, 15, 15)
    assert answer["states"]["different"] == 0
    assert figures["typed"] >= 0.8 * figures["runs"]
    assert figures["lines_after"] < figures["lines_before"] / 2


def test_azureml_containers_where_nine_files_do_not_parse(tmp_path: Path) -> None:
    root = checked_out("AzureML-Containers", "dfa40a5", tmp_path / "source")
    answer = imported(root, tmp_path / "new", "dockerfiles")
    figures = answer["figures"]
    assert (figures["files"], figures["parsed"], figures["images"]) == (22, 13, 13)
    assert answer["states"]["different"] == 0
    assert {each["file"].removeprefix("base/"): each["line"] for each in answer["problems"]} == {
        "cpu/openmpi3.1.2-ubuntu18.04/Dockerfile": 55,
        "cpu/openmpi4.1.0-ubuntu20.04/Dockerfile": 73,
        "cpu/openmpi4.1.0-ubuntu22.04/Dockerfile": 84,
        "gpu/openmpi3.1.2-cuda10.1-cudnn7-ubuntu18.04/Dockerfile": 38,
        "gpu/openmpi3.1.2-cuda9.0-cudnn7-ubuntu16.04/Dockerfile": 20,
        "gpu/openmpi4.1.0-cuda11.0.3-cudnn8-ubuntu18.04/Dockerfile": 140,
        "gpu/openmpi4.1.0-cuda11.1-cudnn8-ubuntu20.04/Dockerfile": 144,
        "gpu/openmpi4.1.0-cuda11.6-cudnn8-ubuntu20.04/Dockerfile": 115,
        "gpu/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04/Dockerfile": 104,
    }

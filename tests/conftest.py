"""Fixtures that tests of every kind use."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
BUILDX = ROOT / ".cache/buildx/usr/libexec/docker/cli-plugins/docker-buildx"
"""Where tests/tools/get-buildx puts it."""

if not os.environ.get("CI"):
    # A busy machine is no reason for a law to fail. In CI hypothesis has such a profile itself.
    settings.register_profile("rgraph", deadline=None)
    settings.load_profile("rgraph")


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder that holds manifests/ and generated/."""
    return ROOT


@pytest.fixture(scope="session")
def buildx() -> Path:
    """A docker-buildx that runs: the one that RGRAPH_BUILDX names, else the one in .cache."""
    program = Path(os.environ.get("RGRAPH_BUILDX") or BUILDX)
    if not program.is_file():
        missing = f"there is no docker-buildx at {program}: `make buildx` brings it (on Debian)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    subprocess.run([program, "version"], check=True, capture_output=True)
    return program

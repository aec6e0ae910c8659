"""syft, asked by its own program for what is in an image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rgraph.contents.installed import Contents
from rgraph.contents.syft import syft_contents
from rgraph.engines.containers import Containers, EngineRefusedError
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import capture

_PATIENCE: Final = 1800
"""Seconds for one image."""


def scan(containers: Containers, image: str, program: str, environment: Mapping[str, str]) -> Contents:
    """What syft finds in an image, which the engine writes to a file for it: so it needs no name that syft
    understands, and no access to the engine. Raises CouldNotAskError, EngineRefusedError.
    """
    with TemporaryDirectory(prefix="rgraph-") as folder:
        archive = Path(folder) / "image.tar"
        containers.save(image, str(archive), _PATIENCE)
        # It would ask whether there is a newer one.
        quiet = {**environment, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
        words = (program, "scan", f"docker-archive:{archive}", "--output=cyclonedx-json", "--quiet")
        code, out, error = capture(words, quiet, _PATIENCE)
    if code:
        told = [line.strip() for line in error.splitlines() if line.strip()]
        raise CouldNotAskError("syft", told[-1] if told else f"it ends with code {code}")
    try:
        return syft_contents(out.encode())
    except ValueError:
        raise EngineRefusedError("syft's answer cannot be read", "it is to be CycloneDX as JSON") from None

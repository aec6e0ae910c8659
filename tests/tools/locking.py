"""A small catalogue whose Externals and downloads are where a test says, and the program as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "rgraph"]
_LEFT_OUT = ("_RGRAPH", "COV_", "DOCKER_", "REGISTRY_", "XDG_", "SSL_", "CI")
"""Settings of the machine that must not count."""


def small_catalogue(root: Path, externals: Mapping[str, str], *urls: str) -> Path:
    """Images `low:one` on the first External, with the downloads; `mid:one` on it, with what it takes from
    the second; `top:one` on that; and `own:one` on the last. External -> reference.
    """
    names = list(externals)
    take = {"take": {"from": names[1 % len(names)], "path": "/a", "to": "/a"}}
    downloads = [{"download": {"url": url, "to": f"/opt/{n}"}, "provides": []} for n, url in enumerate(urls)]
    manifests: dict[str, dict[str, Any]] = {
        "catalog": {"kind": "catalog", "name": "x", "registry": "registry.example.com"},
        "externals": {
            "kind": "externals",
            "externals": {name: {"reference": reference} for name, reference in externals.items()},
        },
        "base/low": _layer("base", "low", names[0], downloads),
        "base/own": _layer("base", "own", names[-1], []),
        "r/mid": _layer("r", "mid", "low:one", [take]),
        "framework/top": _layer("framework", "top", "mid:one", []),
    }
    for name, content in manifests.items():
        path = root / "manifests" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    return root


def _layer(kind: str, name: str, below: str, steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": kind, "name": name, "from": below, "variant": "one", "steps": steps}


def lock_path(root: Path) -> Path:
    """Where the lock of a catalogue is."""
    return root / "manifests/rgraph.lock"


def lock_of(root: Path) -> dict[str, Any]:
    """What the lock of a catalogue holds."""
    found: dict[str, Any] = json.loads(lock_path(root).read_text())
    return found


def digests(root: Path) -> dict[str, str]:
    """External -> its digest in the lock."""
    return {name: each["digest"] for name, each in lock_of(root)["externals"].items()}


def settings(home: Path, **more: str) -> dict[str, str]:
    """An environment without the machine's own credentials and proxies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_LEFT_OUT) and not name.lower().endswith("_proxy")
    }
    return {**kept, "PYTHONPATH": str(ROOT), "HOME": str(home), **more}


def rgraph(root: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the program in a catalogue whose folder is also the person's home."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=root,
        env=settings(root, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

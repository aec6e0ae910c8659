"""Catalogues whose registries are the tests' own, and the program as a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).resolve().parent
PROGRAM = [sys.executable, "-m", "rgraph"]
DAY = "20261121"
"""The day of the releases that tests cut."""
_LEFT_OUT = ("_RGRAPH", "RGRAPH_", "COV_", "DOCKER_", "BUILDX_", "REGISTRY_", "XDG_", "SSL_", "CI", "COLUMNS")
"""Settings of the machine that must not count."""


class Done(NamedTuple):
    """What became of a run of rgraph."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both outputs."""
        return self.out + self.err

    def json(self) -> dict[str, Any]:
        """What `--format json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


class Catalogue(NamedTuple):
    """A catalogue on disk, and what a run on it needs to know of the world."""

    root: Path
    env: Mapping[str, str]
    """What talks to the engine and the registries."""

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a run."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
        return kept | dict(self.env) | {"HOME": str(self.root)} | more

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Begins a run, with both its outputs on pipes."""
        return subprocess.Popen(
            [*PROGRAM, "-C", str(self.root), *arguments],
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def rgraph(self, *arguments: str, code: int | None = 0, timeout: float = 600, **more: str) -> Done:
        """Runs rgraph to its end; fails if it ends with another code (None: any)."""
        process = self.start(*arguments, **more)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"rgraph {arguments} has no end:\n{out}\n{err}") from None
        done = Done(process.returncode, out, err)
        assert code is None or done.code == code, f"rgraph {arguments} ended with {done.code}:\n{out}\n{err}"
        return done

    def record(self, number: str, file: str = "build.json") -> dict[str, Any]:
        """What is written of a build: `build.json` or `tests.json`."""
        found: dict[str, Any] = json.loads((self.builds / number / file).read_text())
        return found

    @property
    def builds(self) -> Path:
        """Where builds are written down."""
        return self.root / ".rgraph/builds"

    def ledger(self) -> list[dict[str, Any]]:
        """The lines of the ledger."""
        file = self.root / "manifests/releases.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def cut(self, number: str, release: str = "1") -> str:
        """Cuts a release of this build, and gives its tag."""
        self.rgraph("release", "cut", "--date", DAY, "--num", release, "--build-number", number)
        return f"{DAY}.v{release}"


def large(root: Path, env: Mapping[str, str], *, production: str, staging: str) -> Catalogue:
    """A copy of the catalogue in tests/e2e/manifests, with the names of registries that run."""
    shutil.copytree(HERE / "manifests", root / "manifests")
    for name in ("catalog.yaml", "externals.yaml"):
        file = root / "manifests" / name
        text = file.read_text().replace("staging.example.com", staging)
        file.write_text(text.replace("registry.example.com", production))
    return Catalogue(root, env)


def tiny(root: Path, env: Mapping[str, str], *, production: str, staging: str, below: str) -> Catalogue:
    """Images that build in a second: `low:one` on an External; `mid:one` on it, and `top:one` on that;
    `own:one` beside them on the same External. A test may rewrite any by `layer`. `top:one` has a test.
    """
    made = Catalogue(root, env)
    write(root, "catalog", {"kind": "catalog", "name": "tiny", "registry": production, "staging": staging})
    write(root, "externals", {"kind": "externals", "externals": {"tiny": {"reference": below}}})
    for kind, name, parent in (
        ("base", "low", "tiny"),
        ("r", "mid", "low:one"),
        ("framework", "top", "mid:one"),
        ("base", "own", "tiny"),
    ):
        layer(root, kind, name, parent)
    return made


def layer(root: Path, kind: str, name: str, below: str, *commands: str, **more: Any) -> None:
    """Writes the manifest of a layer with one image, `NAME:one`."""
    run = list(commands) or [f"echo {name} >/{name}"]
    test = {"name": "there", "command": "cat /mid", "output": "mid"}
    written = {
        "kind": kind,
        "name": name,
        "from": below,
        "variant": "one",
        "steps": [{"run": run, "provides": []}],
        "tests": [test] if name == "top" else [],
    }
    write(root, f"{kind}/{name}", written | more)


def write(root: Path, name: str, content: Mapping[str, Any]) -> None:
    """Writes one manifest."""
    path = root / "manifests" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(dict(content), sort_keys=False))

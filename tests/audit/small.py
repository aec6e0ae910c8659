"""Small catalogues, and what rgraph says of them."""

from __future__ import annotations

import datetime
from pathlib import Path

from rgraph import app
from tests.errors.running import run

DAY = datetime.date(2026, 11, 21)

CATALOG = """\
kind: catalog
name: example
registry: registry.example.com
"""
EXTERNALS = """\
kind: externals
externals:
  ubuntu: {reference: "ubuntu:20.04", distribution: ubuntu-20.04}
  bionic: {reference: "ubuntu:18.04", distribution: ubuntu-18.04}
  cuda:
    reference: nvidia/cuda:11.8.0-cudnn8-devel-ubuntu20.04
    distribution: ubuntu-20.04
    capabilities: {gpu: true, cuda: 11.8.0}
"""


def catalogue(root: Path, **manifests: str) -> Path:
    """A catalogue of some manifests, by file; the settings and Externals may be among them."""
    for name, text in {"catalog": CATALOG, "externals": EXTERNALS, **manifests}.items():
        path = root / f"manifests/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def layer(steps: str, name: str = "base", below: str = "ubuntu", variant: str = "one") -> str:
    """A layer with some steps, in YAML."""
    indented = "".join(f"  {line}\n" for line in steps.splitlines())
    return f"kind: base\nname: {name}\nfrom: {below}\nvariant: {variant}\nsteps:\n{indented}"


def refused(root: Path) -> str:
    """What `rgraph check` says of a catalogue that is wrong."""
    result = run(root, "check")
    assert (result.code, result.out) == (2, "")
    return result.err


def findings(root: Path, rule: str) -> list[str]:
    """What a rule of the audit finds, with the manifest that a person must change."""
    report = app.audit(app.Workspace(root), None, DAY, None)
    return [f"{each.place.file}: {each.what}" for each in report.findings if each.rule.id == rule]


def generated(root: Path) -> dict[str, str]:
    """What `rgraph generate` writes, by path below `generated/`."""
    app.generate(root)
    folder = root / "generated"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }

"""A catalogue that has something of everything, and the causes that `explain` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_since import (
    answer,
    put,
)
from tests.errors.running import run
from tests.tools.repository import commit

MANY = """\
kind: base
name: many
matrix: {python: ["3.8", "3.9"], include: [{python: "3.9", mode: slow}]}
from: ubuntu
variant: "py${{ python }}"
args: {A: "1"}
steps:
  - group:
      - apt: {packages: [git=2.25], env: {ACCEPT: Y}}
      - conda: {channels: [r], packages: ["python=${{ python }}", numpy=1.0]}
  - cran: {snapshot: 2020-01-01, packages: [forecast, dplyr==1.0.0]}
  - env: {MODE: "${{ mode | default('fast') }}", B: "2"}
  - run: [echo one, echo two, echo three]
    provides: []
  - use: outer
    with: {number: "1"}
  - workdir: /work
  - volume: [/a, /b]
cmd: [a]
tests: [{name: t, command: "true"}]
"""
OUTER = """\
kind: recipe
name: outer
params: {number: , word: {default: x}}
steps:
  - {use: inner, with: {value: "${{ number }}"}}
  - label: {word: "${{ word }}"}
"""
INNER = "kind: recipe\nname: inner\nparams: {value: }\nsteps:\n  - env: {INNER: '${{ value }}'}\n"
MINE = "base/many.yaml"


@pytest.fixture
def many(root: Path) -> Path:
    """The catalogue of the other tests, and a layer that has something of everything."""
    for name, text in {MINE: MANY, "recipes/outer.yaml": OUTER, "recipes/inner.yaml": INNER}.items():
        put(name, text)(root / "manifests")
    commit(root)
    return root


def where(place: dict[str, Any] | None) -> str:
    return f"{place['file'].removeprefix('manifests/')}:{place['line']}" if place else ""


def told(root: Path, image: str, *arguments: str) -> list[tuple[str, ...]]:
    """kind, change, what, from, to, where it was, where it is; of every cause."""
    found = answer(run(root, "explain", image, *(arguments or ("--since", "HEAD")), "--format", "json"))
    return [
        (
            *(each[key] for key in ("kind", "change", "what", "from", "to")),
            where(each["old"]),
            where(each["new"]),
        )
        for each in found["causes"]
    ]


def changed(kind: str, what: str, before: str, after: str, place: str) -> tuple[str, ...]:
    return kind, "changed", what, before, after, place, place


LOCKED = "sha256:" + "c" * 64

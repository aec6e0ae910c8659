"""Two real registries, a catalogue to promote between them, and what is asked about them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rgraph.engines.credentials import Keyring
from rgraph.engines.registry import Registry as Client
from rgraph.engines.web import Web
from tests.engines.running import Registry, registry
from tests.errors.running import Result, run
from tests.tools.promoting import Stage, stage

OTHER = f"sha256:{'0' * 64}"
_numbers = count(1)


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("staging")) as running:
        yield running


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("production")) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own credentials must not count."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "none"))


@pytest.fixture
def made(staging: Registry, production: Registry, tmp_path: Path) -> Stage:
    """A catalogue with paths of its own at both registries: no two tests meet."""
    return stage(tmp_path / "catalogue", staging, production, f"p{next(_numbers)}")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Web() as web:
        yield Client(web, Keyring([Path("none.json")]))


def answer(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.out)
    return found


def promote(made: Stage, tag: str, *options: str) -> Result:
    return run(made.root, "promote", "--release", tag, *options)


def seen(client: Client, references: dict[str, str]) -> dict[str, str]:
    """Reference -> digest, of those that are there."""
    return dict(client.digests(references).found)


def expected(references: dict[str, str], digests: dict[str, str]) -> dict[str, str]:
    return {reference: digests[id] for reference, id in references.items()}


Spoil = Callable[[Stage], object]

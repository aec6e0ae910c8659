"""Engines, registries and catalogues for the tests with real builds.

They run when they are asked for: `make e2e`, or by their path. Where there is no engine they are skipped with
the reason; in CI they fail instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e import catalogue
from tests.e2e.catalogue import Catalogue
from tests.e2e.engine import Engine, missing
from tests.e2e.registries import Registry, registry
from tests.e2e.table import TABLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Says why these tests do not run, where they do not."""
    asked = os.environ.get("RGRAPH_E2E") or any("e2e" in argument for argument in item.config.args)
    if not asked:
        pytest.skip("real builds take minutes: `make e2e` runs them")
    if reason := missing():
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what the tests have measured."""
    for line in TABLE.lines():
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder for everything, removed at the end: pytest would keep gigabytes of images."""
    made = Path(tempfile.mkdtemp(prefix="rgraph-e2e-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def base() -> Path:
    """The folder of the root file systems that images are built on."""
    done = subprocess.run([ROOT / "tests/tools/get-base"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


@pytest.fixture(scope="session")
def engine(folder: Path) -> Iterator[Engine]:
    """The engine of all tests that leave it alone."""
    made = Engine(folder)
    try:
        made.start()
        yield made
    finally:
        made.remove()


class World(NamedTuple):
    """An engine, two registries, and the tiny catalogue that names them."""

    engine: Engine
    staging: Registry
    production: Registry
    catalogue: Catalogue

    @property
    def root(self) -> Path:
        """The folder of the catalogue."""
        return self.catalogue.root


@pytest.fixture(scope="session")
def fault_engine(folder: Path, base: Path) -> Iterator[Engine]:
    """An engine that tests may stop and kill; it holds `tiny:1`."""
    made = Engine(folder, "fault-engine")
    try:
        made.start()
        made.load(base / "tiny.tar", "tiny:1", "ENV PATH=/bin", 'CMD ["sh"]')
        yield made
    finally:
        made.remove()


@pytest.fixture
def world(fault_engine: Engine, tmp_path: Path) -> Iterator[World]:
    """An engine without leftovers, fresh registries, and the tiny catalogue."""
    yield from _world(fault_engine, tmp_path, closed=False)


@pytest.fixture
def closed_world(fault_engine: Engine, tmp_path: Path) -> Iterator[World]:
    """The same, with registries that let in one user, whom the engine's client knows."""
    yield from _world(fault_engine, tmp_path, closed=True)


def _world(engine: Engine, folder: Path, *, closed: bool) -> Iterator[World]:
    with (
        registry(folder / "staging", closed=closed) as staging,
        registry(folder / "production", closed=closed) as production,
    ):
        for each in (staging, production):
            if each.login:
                engine.login(each.host, *each.login)
        engine.forget_cache()
        below = f"{production.host}/external/tiny:1"
        engine.docker("tag", "tiny:1", below)
        engine.docker("push", below)
        made = catalogue.tiny(
            folder / "catalogue",
            engine.env,
            production=production.host,
            staging=f"{staging.host}/team",
            below=below,
        )
        yield World(engine, staging, production, made)
        shutil.rmtree(engine.config, ignore_errors=True)
        engine.config.mkdir()

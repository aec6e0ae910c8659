"""The catalogue that rgraph ships, as the programs that will read its files see it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rgraph import app, releasing
from tests.unit.render import checks


@pytest.fixture(scope="module")
def shipped(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the shipped catalogue, generated."""
    root = tmp_path_factory.mktemp("shipped")
    shutil.copytree(repo_root / "manifests", root / "manifests")
    app.generate(root)
    return root


def test_nothing_was_released(shipped: Path) -> None:
    workspace = app.Workspace(shipped)
    assert workspace.ledger.releases == ()
    assert set(workspace.states().values()) == {"build"}


def test_dockerfiles_hold_what_the_images_say(shipped: Path) -> None:
    checks.check_instructions(shipped)


def test_flattened_dockerfiles_hold_what_the_images_say(shipped: Path) -> None:
    checks.check_flattened(shipped)


def test_hadolint_finds_nothing(shipped: Path, tmp_path: Path) -> None:
    checks.check_lint(shipped, tmp_path)


def test_bake_accepts_the_bake_file(shipped: Path, buildx: Path) -> None:
    checks.check_bake(shipped, buildx)


def test_a_cut_regenerates_and_leaves_nothing_to_cut(shipped: Path, tmp_path: Path) -> None:
    shutil.copytree(shipped, tmp_path, dirs_exist_ok=True)
    made = releasing.cut_release(tmp_path, "20261121", None, "")
    assert made is not None
    assert len(made.images) == len(app.Workspace(tmp_path).resolved.images)
    assert not app.check_generated(tmp_path)
    assert {each.state for each in app.plan(tmp_path, [], [], "", "20261122", None, "").images} == {"reuse"}
    assert releasing.cut_release(tmp_path, "20261122", None, "") is None

"""The Dockerfiles and bake files of the golden cases, as the programs that will read them see them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.running import names, set_up
from tests.unit.render import checks
from tests.unit.render.instructions import findings, parsed


@pytest.mark.parametrize("case", names())
def test_dockerfiles_hold_what_the_images_say(case: str, tmp_path: Path) -> None:
    set_up(case, tmp_path)
    checks.check_instructions(tmp_path)


@pytest.mark.parametrize("case", names())
def test_flattened_dockerfiles_hold_what_the_images_say(case: str, tmp_path: Path) -> None:
    set_up(case, tmp_path)
    checks.check_flattened(tmp_path)


@pytest.mark.parametrize("case", names())
def test_hadolint_finds_nothing(case: str, tmp_path: Path) -> None:
    root = tmp_path / "catalogue"
    root.mkdir()
    set_up(case, root)
    checks.check_lint(root, tmp_path)


@pytest.mark.parametrize("case", names())
def test_bake_accepts_the_bake_file(case: str, tmp_path: Path, buildx: Path) -> None:
    set_up(case, tmp_path)
    checks.check_bake(tmp_path, buildx)


def test_the_parser_sees_what_is_injected() -> None:
    assert parsed("FROM a\nLABEL x='y\nRUN evil'\n") == ["FROM", "LABEL", "RUN"]


def test_the_parser_sees_what_is_swallowed() -> None:
    assert parsed("FROM a\nUSER x\\\nRUN y\n") == ["FROM", "USER"]


def test_hadolint_finds_something(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM debian\nRUN sudo echo $x\n", "utf-8")
    assert {finding.split()[1] for finding in findings([file])} >= {"DL3004", "DL3006"}

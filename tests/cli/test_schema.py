"""`rgraph schema`, as people call it; and that what is committed is what it makes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("layer", "recipe", "catalog", "externals", "components", "compatibility", "waivers")
FILES = [f"{name}.schema.json" for name in ("manifest", *KINDS)]


def rgraph(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    command = [sys.executable, "-m", "rgraph", "schema", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_committed_schemas_are_up_to_date() -> None:
    done = rgraph("--check", ROOT / "docs/schemas")
    assert (done.returncode, done.stdout) == (0, "")
    assert {path.name for path in (ROOT / "docs/schemas").iterdir()} == set(FILES)


def test_the_committed_reference_is_up_to_date() -> None:
    done = rgraph("--markdown", "--check", ROOT / "docs/manifests.md")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        ((), "Manifest of rgraph"),
        (("base",), "Manifest of rgraph: layer"),
        (("recipe",), "Manifest of rgraph: recipe"),
    ],
)
def test_prints_one_schema(kind: tuple[str, ...], title: str) -> None:
    done = rgraph(*kind)
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == title


def test_prints_the_reference() -> None:
    done = rgraph("--markdown")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs/manifests.md").read_text(encoding="utf-8")


def test_writes_all_schemas_and_then_nothing(tmp_path: Path) -> None:
    target = tmp_path / "new" / "schemas"
    done = rgraph("--write", target)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [f"wrote {target / name}" for name in FILES]
    again = rgraph("--write", target)
    assert (again.returncode, again.stdout) == (0, "")
    assert rgraph("--check", target).returncode == 0


def test_names_what_differs_and_what_is_missing(tmp_path: Path) -> None:
    rgraph("--write", tmp_path)
    (tmp_path / "layer.schema.json").write_text("{}")
    (tmp_path / "recipe.schema.json").unlink()
    done = rgraph("--check", tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"differs: {tmp_path / 'layer.schema.json'}",
        f"missing: {tmp_path / 'recipe.schema.json'}",
    ]
    assert done.stderr == f"run `rgraph schema --write {tmp_path}`\n"
    assert (tmp_path / "layer.schema.json").read_text() == "{}"


def test_writes_and_checks_the_reference(tmp_path: Path) -> None:
    target = tmp_path / "manifests.md"
    missing = rgraph("--markdown", "--check", target)
    assert (missing.returncode, missing.stdout) == (1, f"missing: {target}\n")
    assert not target.exists()
    assert rgraph("--markdown", "--write", target).stdout == f"wrote {target}\n"
    target.write_text(target.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    drift = rgraph("--markdown", "--check", target)
    assert (drift.returncode, drift.stdout) == (1, f"differs: {target}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recipes",), "error: there is no schema for `recipes`\n  help: did you mean `recipe`?\n"),
        (
            ("recipe", "--markdown"),
            "error: these do not go together\n  help: KIND stands alone, and --write without --check\n",
        ),
        (
            ("--write", "a", "--check", "a"),
            "error: these do not go together\n  help: KIND stands alone, and --write without --check\n",
        ),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], message: str) -> None:
    done = rgraph(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = rgraph("--write", tmp_path / "file")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "cannot write" in done.stderr

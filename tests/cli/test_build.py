"""`rgraph build` as a process, as far as it goes without an engine; with one: tests/e2e."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.tools.locking import PROGRAM, settings, small_catalogue

VERSION = '{"Version": "20.10.24", "Os": "%s", "Arch": "amd64"}'
NO_ENGINE = "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return small_catalogue(tmp_path / "catalogue", {"one": "example.com/one:1"})


def docker(folder: Path, script: str) -> str:
    """A program in the place of docker."""
    path = folder / "docker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def answers(folder: Path, os: str = "linux") -> str:
    """A docker whose engine has nothing, without buildx."""
    return docker(
        folder,
        f"case $1 in version) echo '{VERSION % os}';; image) echo '[]';; *) echo 'ERROR: no'; exit 1;; esac",
    )


def build(root: Path, *arguments: str, code: int, program: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*PROGRAM, "-C", str(root), "build", *arguments],
        env=settings(root) | {"RGRAPH_DOCKER": program, "RGRAPH_BUILDX": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("script", [f"echo null; echo '{NO_ENGINE}' >&2; exit 1", "exit 1"])
def test_an_engine_that_does_not_answer(root: Path, tmp_path: Path, script: str) -> None:
    done = build(root, code=3, program=docker(tmp_path, script))
    assert "cannot ask the Docker engine" in done.stderr
    assert "help: start it" in done.stderr
    assert not (root / ".rgraph").exists(), "nothing was begun"


def test_no_engine_at_all(root: Path) -> None:
    assert "it is not installed" in build(root, code=3, program="/nowhere/docker").stderr


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--push"], "the catalogue names no staging registry to push to"),
        (["--build-number", ".."], "`..` is no build number"),
        (["--build-number", "a/b"], "`a/b` is no build number"),
        (["--timeout", "soon"], "`soon` of --timeout is no time limit"),
        (["--jobs", "0"], "0 jobs would build nothing"),
        (["nothing:one"], "no image"),
        (["--since", "HEAD"], "git"),
    ],
)
def test_what_cannot_be_asked_for(root: Path, tmp_path: Path, arguments: list[str], what: str) -> None:
    done = build(root, *arguments, code=2, program=answers(tmp_path))
    assert what in done.stderr
    assert not (root / ".rgraph").exists()


def test_the_manifests_come_first(root: Path, tmp_path: Path) -> None:
    (root / "manifests/base/low.yaml").write_text("kind: base\n")
    assert "error" in build(root, code=2, program=docker(tmp_path, "exit 1")).stderr


def test_a_build_that_fails(root: Path, tmp_path: Path) -> None:
    done = build(root, "--format", "json", code=1, program=answers(tmp_path))
    answer = json.loads(done.stdout)
    assert {image["id"]: image["state"] for image in answer["images"]} == {
        "low:one": "failed",
        "own:one": "failed",
        "mid:one": "skipped",
        "top:one": "skipped",
    }
    assert (answer["schema"], answer["number"], answer["well"]) == (1, "local", False)
    record = json.loads((root / ".rgraph/builds/local/build.json").read_text())
    assert {id: image["state"] for id, image in record["images"].items()} == {
        image["id"]: image["state"] for image in answer["images"]
    }
    assert (root / ".rgraph/builds/local/logs/low--one.log").read_text() == "ERROR: no\n"


def test_secrets_that_are_not_set(root: Path, tmp_path: Path) -> None:
    file = root / "manifests/base/low.yaml"
    step = {"run": "--mount=type=secret,id=TOKEN true", "provides": []}
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | {"steps": [step]}))
    done = build(root, code=2, program=answers(tmp_path))
    assert "secrets are not set: `TOKEN` (for `low:one`)" in done.stderr


def test_images_for_another_system(root: Path, tmp_path: Path) -> None:
    done = build(root, code=2, program=answers(tmp_path, "windows"))
    assert "the engine builds images for windows, and these are for linux" in done.stderr


def test_nothing_to_build(root: Path, tmp_path: Path) -> None:
    done = build(root, "state:reuse", code=0, program=answers(tmp_path))
    assert done.stdout == "build local: nothing to build\n"

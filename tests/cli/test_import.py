"""`rgraph import dockerfiles` and `rgraph import --verify`, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BASE = """\
# syntax=docker/dockerfile:1
ARG UBUNTU=22.04
FROM ubuntu:${UBUNTU}
RUN apt-get update && apt-get install -y --no-install-recommends curl=7.81.0-1ubuntu1 \\
    && rm -rf /var/lib/apt/lists/*
ENV LANG C.UTF-8
"""
CHILD = """\
FROM example/base AS build
COPY . /src
RUN make -C /src
FROM example/base
COPY --from=build /src/out /out
COPY start.sh /usr/local/bin/
ENTRYPOINT ["start.sh"]
"""


def rgraph(*arguments: str | Path, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rgraph", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=seconds
    )


def write(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files: dict[str, str | bytes] = {
        "base/Dockerfile": BASE,
        "child/Dockerfile": CHILD,
        "child/start.sh": "exec true\n",
        "child/Makefile": "all:\n",
        "child/skipped.log": "x\n",
        "child/.dockerignore": "*.log\n",
    }
    root = write(tmp_path / "source", files)
    (root / "child/start.sh").chmod(0o755)
    return root


def imported(source: Path, into: Path, *more: str) -> dict[str, Any]:
    done = rgraph("import", "dockerfiles", source, "--into", into, "--format", "json", *more)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if answer["well"] else 1), done.stderr
    return answer


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_an_import_checks_plans_generates_and_is_proved(source: Path, tmp_path: Path) -> None:
    before = {name: (source / name).read_bytes() for name in tree(source)}
    answer = imported(source, tmp_path / "new")
    assert answer["states"] == {"identical": 0, "equivalent": 2, "different": 0}
    figures = answer["figures"]
    assert (figures["files"], figures["parsed"], figures["images"]) == (2, 2, 2)
    assert (figures["edges"], figures["internal"], figures["externals"]) == (2, 1, 1)
    assert figures["waves"] == [1, 1]
    assert answer["linked"] == [{"reference": "example/base", "image": "base/Dockerfile"}]
    assert answer["externals"] == [{"name": "ubuntu22.04", "reference": "ubuntu:22.04", "pinned": False}]
    assert answer["packages"] == [{"ecosystem": "deb", "pinned": 1, "unpinned": []}]

    new = tmp_path / "new"
    assert tree(new / "manifests/files") == [
        "child/.dockerignore",
        "child/Dockerfile",
        "child/Makefile",
        "child/start.sh",
    ]
    assert os.access(new / "manifests/files/child/start.sh", os.X_OK)
    assert rgraph("-C", new, "check").returncode == 0
    plan = json.loads(rgraph("-C", new, "plan", "--format", "json").stdout)
    assert plan["waves"] == [["base:latest"], ["child:latest"]]
    assert rgraph("-C", new, "generate").returncode == 0
    assert os.access(new / "generated/child/child/start.sh", os.X_OK)
    assert not os.access(new / "generated/child/child/Makefile", os.X_OK)
    assert rgraph("-C", new, "generate", "--check").returncode == 0
    assert before == {name: (source / name).read_bytes() for name in tree(source)}


def test_a_file_that_lost_its_mode_is_generated_anew(source: Path, tmp_path: Path) -> None:
    imported(source, tmp_path / "new")
    assert rgraph("-C", tmp_path / "new", "generate").returncode == 0
    (tmp_path / "new/generated/child/child/start.sh").chmod(0o644)
    assert rgraph("-C", tmp_path / "new", "generate", "--check").returncode == 1


def test_the_proof_can_be_repeated_and_fails_where_something_changed(source: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    imported(source, new)
    done = rgraph("-C", new, "import", "--verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "child/Dockerfile: equivalent" in done.stdout

    manifest = new / "manifests/base/base.yaml"
    manifest.write_text(manifest.read_text().replace("7.81.0-1ubuntu1", "7.81.0-1ubuntu2"))
    done = rgraph("-C", new, "import", "--verify", "--format", "json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["states"]["different"]) == (1, 1)
    difference = answer["images"][0]["differences"][0]
    assert "ubuntu1" in difference["original"]
    assert "ubuntu2" in difference["regenerated"]


def test_the_proof_sees_files_and_dockerfiles_that_changed(source: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    imported(source, new)
    (new / "manifests/files/child/start.sh").write_text("exec false\n")
    done = rgraph("-C", new, "import", "--verify")
    assert done.returncode == 1
    assert "the file child/start.sh is another" in done.stdout
    (new / "manifests/files/child/start.sh").write_text("exec true\n")
    (source / "base/Dockerfile").write_text(BASE + "# a comment\n")
    done = rgraph("-C", new, "import", "--verify")
    assert done.returncode == 0
    assert "base/Dockerfile: changed since it was imported" in done.stdout


def test_originals_that_have_moved(source: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    imported(source, new)
    source.rename(tmp_path / "elsewhere")
    done = rgraph("-C", new, "import", "--verify")
    assert (done.returncode, "--originals DIR" in done.stderr) == (2, True)
    assert rgraph("-C", new, "import", "--verify", "--originals", tmp_path / "elsewhere").returncode == 0


def test_what_cannot_be_parsed_is_told_and_the_rest_goes_on(source: Path, tmp_path: Path) -> None:
    write(
        source,
        {"broken/Dockerfile": "FROM x\nRUN a \\\n  b\n  c\n", "needs/Dockerfile": "ARG BASE\nFROM $BASE\n"},
    )
    done = rgraph("import", "dockerfiles", source, "--into", tmp_path / "new")
    assert done.returncode == 1
    assert f"{source}/broken/Dockerfile:4:3: error: `c` is no instruction" in done.stderr
    assert f"{source}/needs/Dockerfile:2:1: error: `$BASE` needs the argument BASE" in done.stderr
    assert "4 Dockerfiles: 3 parsed, 1 cannot be read" in done.stdout
    assert rgraph("-C", tmp_path / "new", "check").returncode == 0
    answer = imported(source, tmp_path / "other", "--build-arg", "BASE=debian:12")
    assert [each["file"] for each in answer["problems"]] == ["broken/Dockerfile"]
    assert answer["figures"]["images"] == 3


def test_no_catalogue_is_overwritten(source: Path, tmp_path: Path) -> None:
    new = write(tmp_path / "new", {"manifests/catalog.yaml": "kind: catalog\nname: mine\n"})
    done = rgraph("import", "dockerfiles", source, "--into", new)
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert tree(new) == ["manifests/catalog.yaml"]


def test_a_dry_run_writes_nothing(source: Path, tmp_path: Path) -> None:
    answer = imported(source, tmp_path / "new", "--dry-run")
    assert answer["catalogue"] is None
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dockerfiles", "nowhere"], "there is no nowhere"),
        (["dockerfiles", "."], "no Dockerfile below"),
        (["dockerfiles", ".", "--build-arg", "X"], "`X` is no name with a value"),
        (["--verify"], "there is no"),
        (["--verify", "dockerfiles", "."], "write it behind"),
    ],
)
def test_wrong_usage(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    done = rgraph("import", *arguments)
    assert (done.returncode, message in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == []


HOSTILE: dict[str, str | bytes] = {
    "line/Dockerfile": b"FROM x\nRUN " + b"a" * 10_000_000,
    "binary/Dockerfile": bytes(range(256)) * 20,
    "continued/Dockerfile": "FROM x\nRUN a" + " \\\n" * 12_000,
    "nested/Dockerfile": "ARG A=" + "${A:-" * 5000 + "x" + "}" * 5000 + "\nFROM $A\n",
    "bomb/Dockerfile": "ARG A0=x\n"
    + "".join(f"ARG A{n + 1}=$A{n}$A{n}$A{n}$A{n}\n" for n in range(40))
    + "FROM $A40\n",
    "surrogate/Dockerfile": b"FROM x\nRUN \xed\xa0\x80\n",
    "reference/Dockerfile": "FROM ../../etc/passwd\n",
}


def test_hostile_files_are_errors_of_their_own(source: Path, tmp_path: Path) -> None:
    write(source, HOSTILE)
    (source / "link").mkdir()
    (source / "link/Dockerfile").symlink_to("/etc/passwd")
    (source / "loop").symlink_to(source)
    os.mkfifo(source / "x.Dockerfile")
    answer = imported(source, tmp_path / "new")
    assert {each["file"] for each in answer["problems"]} == {*HOSTILE, "link/Dockerfile"}
    assert answer["figures"]["images"] == 2
    assert answer["states"]["different"] == 0


def test_deep_commands_stay_what_they_are(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "parens/Dockerfile": f"FROM x:1\nRUN {'(' * 9000}true{')' * 9000}\n",
        "braces/Dockerfile": f"FROM x:1\nRUN echo {'{a,' * 9000}b{'}' * 9000}\n",
        "substitutions/Dockerfile": f"FROM x:1\nRUN echo {'$(' * 9000}a{')' * 9000}\n",
    }
    answer = imported(write(tmp_path / "source", files), tmp_path / "new")
    assert (answer["figures"]["images"], answer["states"]["different"]) == (3, 0)


def test_nothing_of_an_imported_file_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    text = f"FROM x:1\nRUN touch {mark} $(touch {mark}) `touch {mark}`\nENV A=$(touch {mark})\n"
    imported(write(tmp_path / "source", {"Dockerfile": text}), tmp_path / "new")
    rgraph("-C", tmp_path / "new", "generate")
    assert not mark.exists()


def test_what_a_catalogue_generated_is_no_source(source: Path) -> None:
    assert imported(source, source)["figures"]["images"] == 2
    assert rgraph("-C", source, "generate").returncode == 0
    done = rgraph("import", "dockerfiles", source, "--dry-run", "--format", "json")
    assert json.loads(done.stdout)["figures"]["files"] == 2

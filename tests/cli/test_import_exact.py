"""What an import must not lose or change without a word: files, platforms, triggers, names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_import import imported, rgraph, tree, write

FROM = "FROM debian:12\n"


def made(tmp_path: Path, files: dict[str, str | bytes]) -> dict[str, Any]:
    return imported(write(tmp_path / "source", files), tmp_path / "new")


def context(tmp_path: Path, image: str) -> list[str]:
    """The files that a build of an image can copy, and its Dockerfile's instructions."""
    assert rgraph("-C", tmp_path / "new", "generate").returncode == 0
    return tree(tmp_path / "new/generated" / image)


def dockerfile(tmp_path: Path, image: str) -> str:
    assert rgraph("-C", tmp_path / "new", "generate").returncode == 0
    return (tmp_path / "new/generated" / image / "Dockerfile").read_text()


@pytest.mark.parametrize("name", ["Dockerfile", "app/other.Dockerfile"])
@pytest.mark.parametrize("ignore", ["app/.dockerignore", "app/Dockerfile.dockerignore"])
def test_what_is_ignored_for_one_image_stays_out_of_it(tmp_path: Path, name: str, ignore: str) -> None:
    files: dict[str, str | bytes] = {
        "app/Dockerfile": f"{FROM}COPY . /x\n",
        ignore: "secret\n",
        "app/secret": "s",
        "app/open": "o",
        name: f"{FROM}COPY {'app/' if name == 'Dockerfile' else ''}secret /y\n",
    }
    if ignore == "app/.dockerignore":
        files[f"{name}.dockerignore"] = "nothing\n"
    answer = made(tmp_path, files)
    assert answer["well"], answer
    found = context(tmp_path, "app" if name == "Dockerfile" else "app/app")
    assert any(path.endswith("open") for path in found)
    assert not any(path.endswith("secret") for path in found), found
    assert rgraph("-C", tmp_path / "new", "import", "--verify").returncode == 0


def test_a_variable_names_the_file_of_its_own_context(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "a/Dockerfile": f"{FROM}ARG D=conf\nCOPY $D /k\n",
        "a/conf": "own",
        "b/Dockerfile": f"{FROM}ARG D\nCOPY $D /k\n",
        "Dockerfile": f"{FROM}COPY conf /c\n",
        "conf": "other",
    }
    answer = made(tmp_path, files)
    assert "COPY a/conf /k" in " ".join(dockerfile(tmp_path, "a").split())
    assert "COPY b/$D /k" in " ".join(dockerfile(tmp_path, "b").split())
    assert (tmp_path / "new/generated/a/a/conf").read_text() == "own"
    (note,) = answer["notes"]
    assert "`$D` has no value that is known here" in str(note)
    rules = {each["dockerfile"]: each["rules"] for each in answer["images"]}
    assert "arguments-in-copy" in rules["a/Dockerfile"]


def test_what_no_file_can_keep_is_named_and_counts(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"app/Dockerfile": f"{FROM}COPY d /d\n", "app/d/real": "r"})
    (source / "app/d/link").symlink_to("real")
    (source / "app/d/empty").mkdir()
    os.mkfifo(source / "app/d/pipe")
    for name, mode in (("secret", 0o600), ("su", 0o4755)):
        (source / "app/d" / name).write_text("x")
        (source / "app/d" / name).chmod(mode)
    answer = imported(source, tmp_path / "new")
    assert answer["states"]["different"] == 1
    told = sorted(each["what"] for each in answer["notes"])
    assert told == [
        "`d/empty` is an empty folder: a catalogue cannot keep that",
        "`d/link` is a symbolic link: a catalogue cannot keep that",
        "`d/pipe` is no regular file: a catalogue cannot keep that",
        "`d/secret` is a file with the mode 0600: a catalogue cannot keep that",
        "`d/su` is a file with the mode 4755: a catalogue cannot keep that",
    ]


def test_a_platform_of_the_build_is_taken_for_none(tmp_path: Path) -> None:
    text = "FROM debian:12 AS base-amd64\nFROM debian:11 AS base-arm64\nFROM base-${TARGETARCH}\n"
    source = write(tmp_path / "source", {"app/Dockerfile": text, "b/Dockerfile": FROM})
    done = rgraph("import", "dockerfiles", source, "--into", tmp_path / "new")
    assert done.returncode == 1
    assert "app/Dockerfile:3:1: error: `base-${TARGETARCH}` depends on the platform" in done.stderr


def test_a_trigger_runs_where_stages_are_joined(tmp_path: Path) -> None:
    text = 'FROM node:20 AS base\nONBUILD RUN npm ci\nONBUILD COPY a /a\nFROM base\nCMD ["node"]\n'
    answer = made(tmp_path, {"app/Dockerfile": text, "app/a": "a"})
    assert answer["well"]
    lines = dockerfile(tmp_path, "app")
    assert "ONBUILD" not in lines
    assert "npm ci" in lines
    assert "app/app/a" in {f"app/{path}" for path in context(tmp_path, "app")}
    assert "onbuild-in-place" in answer["images"][0]["rules"]


def test_parents_of_a_copied_file_stay(tmp_path: Path) -> None:
    answer = made(tmp_path, {"app/Dockerfile": f"{FROM}COPY --parents ./d/e.txt /p/\n", "app/d/e.txt": "e"})
    assert answer["well"]
    assert "COPY --parents app/./d/e.txt /p/" in dockerfile(tmp_path, "app")


def test_stages_that_no_image_needs_are_named(tmp_path: Path) -> None:
    text = "FROM debian:12 AS base\nFROM base AS dev\nRUN d\nFROM base AS prod\nRUN p\nFROM base\nFROM prod\n"
    answer = made(tmp_path, {"app/Dockerfile": text, "other/Dockerfile": text})
    assert answer["well"]
    what = "the stage {} is not needed for the image, and is left out"
    assert [(each["file"], each["line"], each["what"]) for each in answer["notes"]] == [
        (f"{name}/Dockerfile", line, what.format(stage))
        for name in ("app", "other")
        for line, stage in ((2, "dev"), (6, "3"))
    ]


def test_a_mount_of_an_image_is_an_edge_that_no_plan_has(tmp_path: Path) -> None:
    run = "RUN --mount=type=bind,from=ex/base,target=/b c\n"
    answer = made(tmp_path, {"app/Dockerfile": f"{FROM}{run}", "base/Dockerfile": FROM})
    edges = [(each["image"], each["to"], each["external"]) for each in answer["edges"]]
    assert ("app/Dockerfile", "base/Dockerfile", False) in edges
    (note,) = answer["notes"]
    assert (note["line"], "no plan knows that base/Dockerfile must be built before" in note["what"]) == (
        2,
        True,
    )


def test_a_platform_of_from_is_that_of_the_image(tmp_path: Path) -> None:
    answer = made(tmp_path, {"app/Dockerfile": "FROM --platform=linux/s390x ubuntu:24.04\nRUN a\n"})
    assert (answer["well"], answer["states"]["equivalent"]) == (True, 1)
    assert "platforms: [linux/s390x]" in (tmp_path / "new/manifests/base/app.yaml").read_text()


def test_a_folder_is_the_image_of_one_registry_only(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "svc/Dockerfile": FROM,
        "a/Dockerfile": "FROM ghcr.io/aaa/svc\nRUN a\n",
        "c/Dockerfile": "FROM nginx\nRUN a\n",
        "nginx/Dockerfile": FROM,
    }
    answer = made(tmp_path / "one", files)
    assert answer["linked"] == [{"reference": "ghcr.io/aaa/svc", "image": "svc/Dockerfile"}]
    rules = {each["dockerfile"]: each["rules"] for each in answer["images"]}
    assert "image-by-folder" in rules["a/Dockerfile"]
    assert rgraph("-C", tmp_path / "one/new", "import", "--verify").returncode == 0
    answer = made(tmp_path / "two", {**files, "b/Dockerfile": "FROM quay.io/bbb/svc\nRUN b\n"})
    assert answer["linked"] == []


def test_one_image_that_no_manifest_can_say_leaves_its_siblings_in(tmp_path: Path) -> None:
    text = "FROM debian:12\nRUN make it\nRUN other {n}\nENV A=1 B={n}\n"
    files: dict[str, str | bytes] = {f"app{n}/Dockerfile": text.format(n=n) for n in range(4)}
    files["app2/Dockerfile"] = text.format(n=2) + "COPY <<EOF /x\na\nEOF\n"
    answer = made(tmp_path, files)
    (problem,) = answer["problems"]
    assert (problem["file"], problem["line"]) == ("app2/Dockerfile", 5)
    assert "here-document" in problem["what"]
    assert answer["states"]["identical"] == 3
    assert answer["figures"]["layers"] == 1


def test_a_file_that_no_step_brings_along_is_named(tmp_path: Path) -> None:
    text = f"{FROM}RUN --mount=type=bind,source=a,target=/a b\nCOPY c /c\n"
    answer = made(tmp_path, {"app/Dockerfile": text, "app/a": "a", "app/c": "c"})
    (note,) = answer["notes"]
    assert (note["line"], note["what"].partition(",")[0]) == (2, "`app/a` is kept")

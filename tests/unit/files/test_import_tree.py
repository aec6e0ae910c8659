"""Finding Dockerfiles and the files of build contexts, in folders that nobody has vouched for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rgraph.errors import UsageError
from rgraph.files.import_tree import Contexts, read_dockerfiles


def put(root: Path, *names: str, content: bytes = b"FROM x\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found(*paths: Path, into: Path | None = None) -> list[str]:
    return [text.path for text in read_dockerfiles(paths, into).texts]


def test_names_and_folders(tmp_path: Path) -> None:
    put(
        tmp_path,
        "Dockerfile",
        "a/dockerfile",
        "a/b/x.DOCKERFILE",
        "a/Dockerfile.gpu",
        ".devcontainer/Dockerfile",
    )
    put(tmp_path, "a/.git/Dockerfile", "node_modules/x/Dockerfile", "a/Dockerfile.md", "a/README")
    put(tmp_path, "a/Dockerfile.go", content=b"package main\n")
    put(tmp_path, "a/Dockerfile.py", content=b"ARG A\nFROM python\n")
    assert found(tmp_path) == [
        ".devcontainer/Dockerfile",
        "Dockerfile",
        "a/Dockerfile.gpu",
        "a/Dockerfile.py",
        "a/b/x.DOCKERFILE",
        "a/dockerfile",
    ]


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    put(tmp_path, "a/image.txt", "b/c/Dockerfile")
    assert found(tmp_path / "a/image.txt") == ["image.txt"]
    assert found(tmp_path / "a/image.txt", tmp_path / "b") == ["a/image.txt", "b/c/Dockerfile"]
    assert found(tmp_path / "b", tmp_path / "b/c") == ["c/Dockerfile"]


def test_a_catalogue_is_no_source(tmp_path: Path) -> None:
    put(
        tmp_path,
        "generated/x/Dockerfile",
        "manifests/files/Dockerfile",
        "y/Dockerfile",
        "z/generated/Dockerfile",
    )
    assert len(found(tmp_path)) == 4
    put(tmp_path, "manifests/catalog.yaml")
    assert found(tmp_path) == ["y/Dockerfile", "z/generated/Dockerfile"]
    assert found(tmp_path, into=tmp_path / "z") == ["y/Dockerfile"]


def test_links_and_special_files(tmp_path: Path) -> None:
    put(tmp_path, "real/Dockerfile")
    (tmp_path / "real/Dockerfile.same").symlink_to("Dockerfile")
    (tmp_path / "real/Dockerfile.away").symlink_to("/etc/passwd")
    (tmp_path / "real/Dockerfile.gone").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "Dockerfile.pipe")
    made = read_dockerfiles([tmp_path])
    assert [text.path for text in made.texts] == ["real/Dockerfile"]
    assert [each.place.file for each in made.problems] == ["real/Dockerfile.away", "real/Dockerfile.gone"]


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"FROM x\nRUN \xff\n", 2, "is not UTF-8"),
        ("FROM x\n".encode("utf-16"), 1, "is UTF-16, not UTF-8"),
        (b"FROM x\n# caf\xe9\nRUN a # \xe9\n", 2, "is not UTF-8"),
        (b"FROM x\nRUN \xed\xa0\x80\n", 2, "is not UTF-8"),
        (b"FROM x\n" + b"#" * 2**20, 0, "more than the 1 MiB"),
    ],
)
def test_what_is_no_text(content: bytes, line: int, what: str, tmp_path: Path) -> None:
    put(tmp_path, "Dockerfile", content=content)
    made = read_dockerfiles([tmp_path])
    assert made.texts == ()
    assert (made.problems[0].place.line, what in made.problems[0].what) == (line, True)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    put(tmp_path, "Dockerfile", content=b"\xef\xbb\xbfFROM x\n")
    assert read_dockerfiles([tmp_path]).texts[0].text == "FROM x\n"


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no"):
        read_dockerfiles([tmp_path / "x"])


def test_the_files_of_a_context(tmp_path: Path) -> None:
    put(tmp_path, "web/a", "web/b/c", "web/.git/x", "web/.dockerignore", "other", content=b"12")
    (tmp_path / "web/link").symlink_to("a")
    contexts = Contexts(tmp_path)
    assert contexts.listing("web", "web/Dockerfile").sizes == {".dockerignore": 2, "a": 2, "b/c": 2}
    (tmp_path / "web/.dockerignore").write_text("b\n")
    assert set(Contexts(tmp_path).listing("web", "web/Dockerfile").sizes) == {".dockerignore", "a"}
    (tmp_path / "web/Dockerfile.dockerignore").write_text("a\n")
    mine = Contexts(tmp_path).listing("web", "web/Dockerfile").sizes
    assert set(mine) == {".dockerignore", "Dockerfile.dockerignore", "b/c"}
    assert set(Contexts(tmp_path).listing("", "web/Dockerfile").sizes) >= {"other", "web/a"}

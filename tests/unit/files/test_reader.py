"""The tree of manifests: which files are read, and what is said of those that cannot be."""

from __future__ import annotations

import gc
import os
import socket
import tempfile
from pathlib import Path

import pytest

from rgraph.errors import ManifestError, Problem, UsageError
from rgraph.files import reader
from rgraph.files.reader import Document, read_sources


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "manifests").mkdir()
    return tmp_path


def put(root: Path, file: str, content: str | bytes = "a: b\n") -> Path:
    path = root / "manifests" / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems(root: Path) -> list[Problem]:
    with pytest.raises(ManifestError) as raised:
        read_sources(root)
    return list(raised.value.problems)


def said(root: Path) -> list[tuple[str, str, str]]:
    return [(problem.place.file, problem.what, problem.help) for problem in problems(root)]


def test_everything_that_belongs_to_a_catalogue_is_read(root: Path) -> None:
    put(root, "r/r-base.yaml", "kind: r")
    put(root, "catalog.yaml", "kind: catalog")
    put(root, "base/deep/er/x.yml", "kind: base")
    put(root, "files/train.py", b"\x00\xff")
    put(root, "files/sub/.hidden.yaml", "not: read")
    put(root, "notices/mit.txt", "text\r\n")
    put(root, "rgraph.lock", b"{}")
    put(root, "releases.jsonl", b"line\n")
    sources = read_sources(root)
    assert sources.documents == (
        Document("manifests/base/deep/er/x.yml", {"kind": "base"}, b"kind: base"),
        Document("manifests/catalog.yaml", {"kind": "catalog"}, b"kind: catalog"),
        Document("manifests/r/r-base.yaml", {"kind": "r"}, b"kind: r"),
    )
    assert sources.files == {"train.py": b"\x00\xff", "sub/.hidden.yaml": b"not: read"}
    assert sources.notices == {"mit.txt": "text\n"}
    assert (sources.lock, sources.ledger) == (b"{}", b"line\n")


def test_other_files_are_left_alone(root: Path) -> None:
    for file in (
        "README.md",
        ".hidden.yaml",
        ".git/x.yaml",
        "base/notes",
        "notices/x.yaml",
        "notices/README",
    ):
        put(root, file, "[")
    sources = read_sources(root)
    assert sources.documents == ()
    assert sources.notices == {}
    assert (sources.lock, sources.ledger) == (None, None)


def test_folders_named_files_elsewhere_hold_manifests(root: Path) -> None:
    put(root, "base/files/x.yaml")
    assert [document.file for document in read_sources(root).documents] == ["manifests/base/files/x.yaml"]


def test_without_a_catalogue_there_is_help(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read_sources(tmp_path)
    assert raised.value.what == f"{tmp_path} holds no catalogue: there is no folder `manifests`"
    assert raised.value.help == "make one: `rgraph init DIR`"


def test_the_problems_of_all_files_are_reported_together(root: Path) -> None:
    put(root, "a.yaml", "a: 1\na: 2\n")
    put(root, "b/c.yaml", "[")
    put(root, "notices/x.txt", b"ok\n\xff")
    put(root, "good.yaml")
    assert [(p.place.file, p.place.line, p.what) for p in problems(root)] == [
        ("manifests/a.yaml", 2, "the key `a` stands twice, first in line 1"),
        ("manifests/b/c.yaml", 1, "the file ends inside brackets"),
        ("manifests/notices/x.txt", 2, "is not UTF-8"),
    ]


def test_symbolic_links_are_refused_wherever_they_lead(root: Path) -> None:
    outside = root / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text("a: b")
    put(root, "files/real")
    (root / "manifests/link.yaml").symlink_to(outside / "x.yaml")
    (root / "manifests/dangling.yaml").symlink_to("nowhere")
    (root / "manifests/folder").symlink_to(outside)
    (root / "manifests/files/passwd").symlink_to("/etc/passwd")
    (root / "manifests/files/up").symlink_to(root)
    (root / "manifests/rgraph.lock").symlink_to(outside / "x.yaml")
    help = "rgraph follows none: put the file itself here"
    assert said(root) == [
        ("manifests/dangling.yaml", "is a symbolic link", help),
        ("manifests/files/passwd", "is a symbolic link", help),
        ("manifests/files/up", "is a symbolic link", help),
        ("manifests/folder", "is a symbolic link", help),
        ("manifests/link.yaml", "is a symbolic link", help),
        ("manifests/rgraph.lock", "is a symbolic link", help),
    ]


@pytest.mark.parametrize("name", ["files", "notices"])
def test_the_folders_with_a_meaning_may_be_no_links_either(root: Path, name: str) -> None:
    (root / "manifests" / name).symlink_to(root)
    assert [(file, what) for file, what, _ in said(root)] == [(f"manifests/{name}", "is a symbolic link")]


def test_manifests_itself_may_be_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "manifests").symlink_to("elsewhere")
    assert [(file, what) for file, what, _ in said(tmp_path)] == [("manifests", "is a symbolic link")]


def test_special_files_do_not_block(root: Path) -> None:
    os.mkfifo(root / "manifests" / "pipe.yaml")
    (root / "manifests" / "files").mkdir()
    os.mkfifo(root / "manifests" / "files" / "pipe")
    (root / "manifests" / "releases.jsonl").mkdir()
    help = "only files and folders may stand here"
    assert said(root) == [
        ("manifests/files/pipe", "is not a regular file", help),
        ("manifests/pipe.yaml", "is not a regular file", help),
        ("manifests/releases.jsonl", "is not a regular file", help),
    ]


def test_sockets_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # The path of a socket may have about 100 characters only.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        (Path(folder) / "manifests").mkdir()
        monkeypatch.chdir(folder)
        server.bind("manifests/s.yaml")
        assert said(Path(folder)) == [("manifests/s.yaml", "cannot be read: no such device or address", "")]


def test_a_file_over_the_limit_is_refused_unread(root: Path) -> None:
    with put(root, "big.yaml").open("r+b") as stream:
        stream.truncate(100 * 2**20)
    with put(root, "files/big").open("r+b") as stream:
        stream.truncate(100 * 2**20)
    assert said(root) == [
        ("manifests/big.yaml", "has 100 MiB, more than the 8 MiB that are read", ""),
        ("manifests/files/big", "has 100 MiB, more than the 64 MiB that are read", ""),
    ]


def test_a_file_of_exactly_the_limit_is_read(root: Path) -> None:
    put(root, "a.yaml", b"a: b" + b" " * (8 * 2**20 - 4))
    assert read_sources(root).documents[0].data == {"a": "b"}


def test_too_many_manifests(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_MANIFESTS", 2)
    for number in range(3):
        put(root, f"{number}.yaml", "[")
    assert said(root) == [
        ("manifests", "holds 3 manifests, more than the 2 that are read", "is it the right folder?")
    ]


def test_folders_nested_too_deep(root: Path) -> None:
    folder = root / "manifests"
    for _ in range(40):
        folder /= "d"
    folder.mkdir(parents=True)
    deep = "/".join(["manifests", *["d"] * 31])
    assert said(root) == [(deep, "folders are nested deeper than 30 levels", "")]


def test_a_file_without_permission(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may run as root, whom no permission stops.
    put(root, "secret.yaml")
    put(root, "gone.yaml")
    put(root, "empty.yaml", "")
    really = os.open

    def refuse(path: str, flags: int) -> int:
        if path.endswith("secret.yaml"):
            raise PermissionError(13, "Permission denied")
        if path.endswith("gone.yaml"):
            os.unlink(path)
        return really(path, flags)

    monkeypatch.setattr(os, "open", refuse)
    assert [(file, what) for file, what, _ in said(root)] == [
        ("manifests/empty.yaml", "the file is empty"),
        ("manifests/gone.yaml", "cannot be read: no such file or directory"),
        ("manifests/secret.yaml", "cannot be read: permission denied"),
    ]


def test_names_that_cannot_be_printed(root: Path) -> None:
    put(root, "files/a\nb")
    (root / "manifests" / os.fsdecode(b"\xff.yaml")).write_text("a: b")
    help = "rename the file"
    assert said(root) == [
        ("manifests/\\udcff.yaml", "its name holds a character that cannot be seen", help),
        ("manifests/files/a\\nb", "its name holds a character that cannot be seen", help),
    ]


def test_the_garbage_collector_is_as_before(root: Path) -> None:
    put(root, "a.yaml", "[")
    assert gc.isenabled()
    problems(root)
    assert gc.isenabled()
    gc.disable()
    try:
        problems(root)
        assert not gc.isenabled()
    finally:
        gc.enable()

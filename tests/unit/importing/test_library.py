"""Files of Docker's official images."""

from __future__ import annotations

import pytest

from rgraph.importing.sources.found import Found
from rgraph.importing.sources.library import library

TEXT = """\
# this file is generated
Maintainers: A <a@example.com>,
             B <b@example.com>
GitRepo: https://git.example/x.git
GitCommit: 1111111111111111111111111111111111111111
Directory: all

Tags: 1.2-slim, slim
SharedTags: 1.2, latest
Architectures: amd64, arm32v7,
 arm64v8
Directory: 1.2/slim

Tags: 1.2-windows
SharedTags: 1.2, latest
Architectures: windows-amd64
File: Dockerfile.windows
"""


def found(text: str, tree: str | None = "") -> Found:
    return library({"library/thing": text}, lambda _: tree)


def test_blocks_inherit_from_the_first_one() -> None:
    slim, windows = found(TEXT).images
    assert (slim.name, slim.dockerfile, slim.context) == (
        "thing:1.2-slim",
        "1.2/slim/Dockerfile",
        "1.2/slim",
    )
    assert slim.tags == ("docker.io/library/thing:1.2-slim", "docker.io/library/thing:slim")
    assert slim.shared == ("docker.io/library/thing:1.2", "docker.io/library/thing:latest")
    assert slim.platforms == ("linux/amd64", "linux/arm/v7", "linux/arm64")
    assert (windows.dockerfile, windows.platforms) == ("all/Dockerfile.windows", ("windows/amd64",))
    assert (slim.place.line, windows.place.line) == (8, 14)


def test_an_architecture_can_have_a_dockerfile_of_its_own() -> None:
    text = "Tags: 1, latest\nArchitectures: amd64, i386, s390x\ns390x-Directory: z\nDirectory: d\n"
    one, other = found(text, "tree").images
    assert (one.dockerfile, one.platforms) == ("tree/d/Dockerfile", ("linux/amd64", "linux/386"))
    assert (other.dockerfile, other.platforms) == ("tree/z/Dockerfile", ("linux/s390x",))
    assert other.tags == ("docker.io/s390x/thing:1", "docker.io/s390x/thing:latest")
    assert one.shared == other.shared == ("docker.io/library/thing:1", "docker.io/library/thing:latest")


def test_a_tree_is_that_of_one_commit() -> None:
    second = "\nTags: 9\nGitCommit: 2222222222222222222222222222222222222222\n"
    assert not found(TEXT).notes
    assert "name 2 commits" in found(TEXT + second).notes[0].what


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("1.0: git://github.example/x@abc 1.0\n", 1, "is the old format"),
        ("Tags: 1\nnonsense\n", 2, "is no `Key: value`"),
        ("Tags: 1\nTags: 2\n", 2, "`Tags` stands twice"),
        ("Maintainers: A\n\nDirectory: x\n", 3, "has no Tags"),
        ("Tags: 1\nDirectory: ../x\n", 1, "leads out of the tree"),
        ("Tags: 1\nBuilder: oci-import\n", 1, "has no Dockerfile"),
        ("# nothing\n", 1, "holds nothing"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int, what: str) -> None:
    made = found(text)
    assert not made.images
    assert what in made.problems[0].what
    assert made.problems[0].place.line == line


def test_an_unknown_tree_is_named() -> None:
    assert "is not known" in found("Tags: 1\nGitRepo: https://a\n", None).problems[0].what

"""From a path in a document to a line and a column."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.errors import Place
from rgraph.files.reader import locate

FILE = "manifests/r.yaml"
TEXT = """\
kind: r
steps:
  - apt:
      packages: [git, "wget"]
  - take:
      from: a
  - user:
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "manifests").mkdir()
    (tmp_path / FILE).write_text(TEXT)
    return tmp_path


def at(root: Path, place: Place) -> tuple[int, int, str]:
    return locate(root, [place])[place]


@pytest.mark.parametrize(
    ("path", "on_key", "expected"),
    [
        ((), False, (1, 1, "kind: r")),
        (("kind",), False, (1, 7, "kind: r")),
        (("kind",), True, (1, 1, "kind: r")),
        (("steps", 0, "apt", "packages"), True, (4, 7, '      packages: [git, "wget"]')),
        (("steps", 0, "apt", "packages", 1), False, (4, 23, '      packages: [git, "wget"]')),
        (("steps", 1), True, (5, 5, "  - take:")),
        (("steps", 1, "take"), True, (5, 5, "  - take:")),
        (("steps", 1, "take"), False, (6, 7, "      from: a")),
    ],
)
def test_a_path_that_leads_somewhere(
    root: Path, path: tuple[str | int, ...], on_key: bool, expected: tuple[int, int, str]
) -> None:
    assert at(root, Place(FILE, path, on_key)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("nothing",), (1, 1)),
        (("steps", 9), (2, 1)),
        (("steps", 1, "take", "path"), (5, 5)),
        (("steps", 1, "take", "from", 0), (6, 7)),
        (("steps", 2, "user", "name"), (7, 5)),
        (("steps", "x"), (2, 1)),
    ],
)
def test_a_path_that_leads_nowhere_gives_the_nearest_thing_above(
    root: Path, path: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    assert at(root, Place(FILE, path))[:2] == expected


def test_a_line_that_is_known_is_kept(root: Path) -> None:
    assert at(root, Place(FILE, ("kind",), line=3, column=5)) == (3, 5, "  - apt:")
    assert at(root, Place(FILE, line=99, column=1)) == (99, 1, "")


def test_a_known_line_is_shown_even_if_the_file_cannot_be_parsed(root: Path) -> None:
    (root / FILE).write_bytes(b"a: [\n\tb\x1b[31m\xff\n")
    place, lost = Place(FILE, line=2, column=1), Place(FILE, ("a",))
    assert locate(root, [place, lost]) == {place: (2, 1, " b\ufffd[31m\ufffd"), lost: (1, 1, "a: [")}


@pytest.mark.parametrize(
    "file", ["manifests/none.yaml", "manifests", "../outside.yaml", "/etc/hostname", "link/r.yaml"]
)
def test_files_that_are_not_there_or_outside_are_not_opened(root: Path, file: str) -> None:
    (root / "link").symlink_to("manifests")
    (root.parent / "outside.yaml").write_text("a: b\n")
    assert at(root, Place(file, ("a",))) == (1, 1, "")


def test_columns_count_characters(root: Path) -> None:
    (root / FILE).write_text("kind: [é😀, x]\n", encoding="utf-8")
    assert at(root, Place(FILE, ("kind", 1)))[:2] == (1, 12)


WORDS = """\
steps:
  - conda:
      packages: [r-base=1, r=2, libr=3, "R_Utils=4", r-utils-more=5, c++=6, g++=7]
  - run: install r-base here
"""


@pytest.mark.parametrize(
    ("path", "word", "expected"),
    [
        (("steps",), "packages", (3, 7)),
        (("steps", 0), "r-base", (3, 18)),
        (("steps", 1), "r-base", (4, 10)),
        (("steps", 0), "r", (3, 18)),
        (("steps", 0), "r=2", (3, 28)),
        (("steps", 0), "base", (3, 18)),
        (("steps", 0), "libr", (3, 33)),
        (("steps", 0), "lib", (2, 5)),  # part of a word only
        (("steps", 0), "r-utils", (3, 41)),  # as purls write it
        (("steps", 0), "R_utils_More", (3, 54)),
        (("steps", 0), "g++", (3, 77)),
        (("steps", 0), "+", (3, 70)),  # no letter or digit to look it up by
        (("steps", 0), "nothing", (2, 5)),
        (("steps", 9), "libr", (3, 33)),
    ],
)
def test_a_word_below_a_place(
    root: Path, path: tuple[str | int, ...], word: str, expected: tuple[int, int]
) -> None:
    (root / FILE).write_text(WORDS)
    assert at(root, Place(FILE, path, word=word))[:2] == expected

"""Pieces of scalars replaced, every other byte kept."""

from __future__ import annotations

import pytest

from rgraph.errors import Path
from rgraph.files.yaml_edit import CannotEdit, Edited, Piece, edit


def bumped(raw: bytes, path: Path, old: str = "1.9", new: str = "1.10", nth: int = 0) -> Edited:
    """The file with the nth old piece of one scalar replaced."""
    value = value_at(raw, path)
    start = -1
    for _ in range(nth + 1):
        start = value.index(old, start + 1)
    return edit(raw, [Piece(path, start, old, new)])


def value_at(raw: bytes, path: Path) -> str:
    data = edit(raw, []).data
    for item in path:
        data = data[item]
    assert isinstance(data, str)
    return data


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        (b"a: x=1.9\n", ("a",), b"a: x=1.10\n"),
        (b"a:   x=1.9   # 1.9 is old\nb: 1.9\n", ("a",), b"a:   x=1.10   # 1.9 is old\nb: 1.9\n"),
        (b"a: 'x=1.9'\n", ("a",), b"a: 'x=1.10'\n"),
        (b"a: 'it''s 1.9'\n", ("a",), b"a: 'it''s 1.10'\n"),
        (b'a: "x\\t1.9\\n"\n', ("a",), b'a: "x\\t1.10\\n"\n'),
        (b"a: [y, x=1.9, 'z']   # c\n", ("a", 1), b"a: [y, x=1.10, 'z']   # c\n"),
        (b"{a: {b: [1.9,1.9]}}", ("a", "b", 1), b"{a: {b: [1.9,1.10]}}"),
        (b"a:\r\n- x=1.9\r\n- y\r\n", ("a", 0), b"a:\r\n- x=1.10\r\n- y\r\n"),
        (b"\xef\xbb\xbfa: 1.9\n", ("a",), b"\xef\xbb\xbfa: 1.10\n"),
        ("# ünï\na: 'ü 1.9 ü'\n".encode(), ("a",), "# ünï\na: 'ü 1.10 ü'\n".encode()),
        (b"a: |\n  get 1.9\n  use 1.9\nb: c\n", ("a",), b"a: |\n  get 1.10\n  use 1.9\nb: c\n"),
        (b"a: >-\n  one\n  two 1.9\n\n  x\n", ("a",), b"a: >-\n  one\n  two 1.10\n\n  x\n"),
        (b"a: one\n  two 1.9\n  three\n", ("a",), b"a: one\n  two 1.10\n  three\n"),
        (b"a: 'one\n\n  two 1.9'\n", ("a",), b"a: 'one\n\n  two 1.10'\n"),
        (b"? a\n: 1.9\n", ("a",), b"? a\n: 1.10\n"),
        (b"a: 1.9", ("a",), b"a: 1.10"),
    ],
)
def test_only_the_piece_changes(before: bytes, path: Path, after: bytes) -> None:
    assert bumped(before, path).raw == after
    assert bumped(after, path, "1.10", "1.9").raw == before


def test_the_sign_of_a_block_is_no_text() -> None:
    # The indentation of a block may be given as a number, which could be the version, too.
    assert bumped(b"a: |2\n   2 2\n", ("a",), "2", "3").raw == b"a: |2\n   3 2\n"


def test_each_of_several_equal_pieces_can_be_meant() -> None:
    raw = b"a: '1.9 or 1.9 or 1.9'\n"
    assert bumped(raw, ("a",), nth=1).raw == b"a: '1.9 or 1.10 or 1.9'\n"


def test_several_scalars_at_once() -> None:
    raw = b"a: 1.9 # x\nb: [1.9, k=1.9]\n"
    pieces = [Piece(("b", 1), 2, "1.9", "2"), Piece(("a",), 0, "1.9", "2.0.0")]
    made = edit(raw, pieces)
    assert made.raw == b"a: 2.0.0 # x\nb: [1.9, k=2]\n"
    assert made.data == {"a": "2.0.0", "b": ["1.9", "k=2"]}
    assert dict(made.positions) == {pieces[0]: (2, 12), pieces[1]: (1, 4)}


@pytest.mark.parametrize(
    ("raw", "new", "after"),
    [
        (b"a: 1.9 # c\n", "1.10: x", b"a: '1.10: x' # c\n"),
        (b"a: 1.9\n", "1.10 # x", b"a: '1.10 # x'\n"),
        (b"a: [1.9]\n", "1,2", b"a: ['1,2']\n"),
        (b"a: 1.9\n", "true", b"a: 'true'\n"),
        (b"a: 1.9\n", "~", b"a: '~'\n"),
        (b"a: 1.9\n", "*x", b"a: '*x'\n"),
        (b"a: 1.9\n", "it's: 1", b"a: 'it''s: 1'\n"),
    ],
)
def test_what_needs_quotes_gets_them(raw: bytes, new: str, after: bytes) -> None:
    path: Path = ("a", 0) if b"[" in raw else ("a",)
    assert bumped(raw, path, "1.9", new).raw == after


def test_a_plain_text_that_only_a_block_admits_stays_plain() -> None:
    assert bumped(b"a: x, 1.9\n", ("a",)).raw == b"a: x, 1.10\n"


@pytest.mark.parametrize(
    ("raw", "path", "old", "new", "says"),
    [
        (b'a: "1\\x2e9"\n', ("a",), "1.9", "2", "escapes"),
        (b'a: "one\\\n   .9"\n', ("a",), "one.9", "2", "escapes, or parted"),
        (b"a: 'x 1.9'\n", ("a",), "1.9", "it's", "would not read"),
        (b'a: "x 1.9"\n', ("a",), "1.9", 'a"b', "would not read"),
        (b"a: |\n  1.9\n", ("a",), "1.9", "2\n3", "would not read"),
    ],
)
def test_what_would_read_otherwise_is_refused(raw: bytes, path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(CannotEdit, match=says):
        bumped(raw, path, old, new)


@pytest.mark.parametrize(
    ("path", "start", "says"),
    [(("b",), 0, "no text"), (("a", 0), 0, "no text"), ((), 0, "no text"), (("a",), 1, "does not stand")],
)
def test_a_file_that_changed_meanwhile_is_refused(path: Path, start: int, says: str) -> None:
    with pytest.raises(CannotEdit, match=says):
        edit(b"a: 1.9\n", [Piece(path, start, "1.9", "2")])


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(CannotEdit, match="overlap"):
        edit(b"a: v1.9\n", [Piece(("a",), 0, "v1.9", "v2"), Piece(("a",), 1, "1.9", "2")])


@pytest.mark.parametrize("raw", [b"", b"# nothing\n", b"a: [\n", b"\xff\xfea"])
def test_what_is_no_document_is_refused(raw: bytes) -> None:
    with pytest.raises(CannotEdit):
        edit(raw, [Piece(("a",), 0, "1", "2")])

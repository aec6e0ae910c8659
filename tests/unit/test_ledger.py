"""The ledger: read, indexed, and continued."""

from __future__ import annotations

import pytest

from rgraph.errors import Problems
from rgraph.ledger import (
    Entry,
    Ledger,
    Release,
    current_tag,
    encode,
    line_hash,
    next_tag,
    read_ledger,
)
from rgraph.names import Fingerprint

ONE, TWO = Fingerprint("sha256:" + "1" * 64), Fingerprint("sha256:" + "2" * 64)


def chain(*releases: tuple[str, dict[str, Entry]]) -> bytes:
    """The bytes of a ledger of releases, each with the hash of the line before it."""
    lines: list[bytes] = []
    for tag, images in releases:
        lines.append(encode(Release(tag, line_hash(lines[-1]) if lines else "", images)))
    return b"".join(line + b"\n" for line in lines)


GOOD = chain(
    ("20260101.v1", {"a:x": Entry(ONE, ("r:20260101.v1", "r:latest")), "b:x": Entry(ONE, ("s:1",))}),
    ("20260101.v2", {"a:x": Entry(TWO, ("r:20260101.v2", "r:latest"))}),
    ("20260101.v10", {"a:x": Entry(ONE, ("r:20260101.v1", "r:latest"))}),
)


def read(data: bytes | None) -> tuple[Ledger, list[tuple[int, str]]]:
    problems = Problems()
    return read_ledger(data, problems), [(problem.place.line, problem.what) for problem in problems]


def test_no_ledger_is_an_empty_one() -> None:
    assert read(None) == (Ledger(), [])
    assert read(b"") == (Ledger(), [])


def test_what_follows_from_a_ledger() -> None:
    ledger, problems = read(GOOD)
    assert problems == []
    assert [release.tag for release in ledger.releases] == ["20260101.v1", "20260101.v2", "20260101.v10"]
    assert ledger.head == line_hash(GOOD.split(b"\n")[2])
    assert ledger.latest == {"a:x": ONE, "b:x": ONE}
    assert ledger.holders["r:latest"] == ("a:x", ONE)
    assert ledger.holders["r:20260101.v2"] == ("a:x", TWO)
    assert current_tag(ledger, "a:x", ONE) == "20260101.v1"
    assert current_tag(ledger, "a:x", TWO) == "20260101.v2"
    assert current_tag(ledger, "b:x", TWO) is None
    assert current_tag(ledger, "c:x", ONE) is None


def test_the_next_number_is_counted_as_a_number() -> None:
    ledger, _ = read(GOOD)
    assert next_tag(ledger, "20260101") == "20260101.v11"
    assert next_tag(ledger, "20260102") == "20260102.v1"
    assert next_tag(Ledger(), "20260102") == "20260102.v1"


def test_a_line_is_canonical() -> None:
    line = encode(Release("20260101.v1", "", {"a:x": Entry(ONE, ("r:1",))}))
    assert line == (
        b'{"tag":"20260101.v1","previous":"","images":{"a:x":{"fingerprint":"'
        + ONE.encode()
        + b'","references":["r:1"]}}}'
    )
    assert line_hash(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


LINES = GOOD.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (GOOD[:-1], [(3, "the last line has no end: it was not written whole")]),
        (LINES[1] + LINES[2], [(1, "`20260101.v2` does not follow the line before it")]),
        (LINES[0] + LINES[2], [(2, "`20260101.v10` does not follow the line before it")]),
        (GOOD.replace(b"s:1", b"s:2"), [(2, "`20260101.v2` does not follow the line before it")]),
        (
            GOOD + LINES[2],
            [
                (4, "the release `20260101.v10` stands twice"),
                (4, "`20260101.v10` does not follow the line before it"),
            ],
        ),
        (chain(("yesterday", {})), [(1, "`yesterday` is no release tag")]),
        (chain(("20260101.v1", {"a:x": Entry("x", ())})), [(1, "`a:x` has no fingerprint in `20260101.v1`")]),
    ],
)  # fmt: skip
def test_a_ledger_that_was_changed(data: bytes, expected: list[tuple[int, str]]) -> None:
    assert read(data)[1] == expected


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"x", b"\xff", b"[" * 100_000, b"<<<<<<< HEAD"])
def test_a_line_that_is_no_release(line: bytes) -> None:
    ledger, problems = read(LINES[0] + line + b"\n" + LINES[1])
    assert ledger == Ledger()
    assert [number for number, _ in problems] == [2]
    assert problems[0][1].startswith("this line is no release: ")

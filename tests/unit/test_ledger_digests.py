"""Digests in the ledger: a line of their own, after the release that was promoted."""

from __future__ import annotations

import pytest

from rgraph.errors import UsageError
from rgraph.ledger import Digests, Entry, Ledger, Line, Release, encode, indexed, line_hash, next_tag
from rgraph.names import Fingerprint
from rgraph.promotion.noting import noted
from tests.unit.test_ledger import read

ONE, TWO = Fingerprint("sha256:" + "1" * 64), Fingerprint("sha256:" + "2" * 64)
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
FIRST = Release(
    "20260101.v1", "", {"a:x": Entry(ONE, ("r:20260101.v1", "r:latest")), "b:x": Entry(ONE, ("s:1",))}
)
SECOND = Release("20260101.v2", "", {"a:x": Entry(TWO, ("r:20260101.v2", "r:latest"))})
BACK = Release("20260102.v1", "", {"a:x": Entry(ONE, ("r:20260101.v1", "r:latest"))})
BOTH = {"a:x": A, "b:x": B}


def chain(*lines: Line) -> bytes:
    """The bytes of a ledger of lines, each with the hash of the line before it."""
    made: list[bytes] = []
    for line in lines:
        previous = line_hash(made[-1]) if made else ""
        follows: Line = (
            Release(line.tag, previous, line.images)
            if isinstance(line, Release)
            else Digests(line.digests, line.of, previous)
        )
        made.append(encode(follows))
    return b"".join(line + b"\n" for line in made)


def digests(of: Release) -> Digests:
    return Digests({id: BOTH[id] for id in of.images}, of.tag, "")


def test_what_follows_from_digests() -> None:
    data = chain(FIRST, SECOND, digests(FIRST), BACK)
    ledger, problems = read(data)
    assert problems == []
    assert [release.tag for release in ledger.releases] == ["20260101.v1", "20260101.v2", "20260102.v1"]
    assert ledger.digests == {("a:x", ONE): A, ("b:x", ONE): B}
    assert ledger.promoted == {"20260101.v1": BOTH}
    assert ledger.head == line_hash(data.splitlines()[-1])
    assert len(ledger.lines) == 4
    assert next_tag(ledger, "20260102") == "20260102.v2"
    # They change nothing of what releases say.
    plain, _ = read(chain(FIRST, SECOND, BACK))
    assert (ledger.first_tag, ledger.latest, ledger.holders) == (plain.first_tag, plain.latest, plain.holders)


def test_a_line_is_canonical() -> None:
    assert encode(Digests({"a:x": A}, "20260101.v1", ONE)) == (
        b'{"digests":{"a:x":"' + A.encode() + b'"},"of":"20260101.v1","previous":"' + ONE.encode() + b'"}'
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([digests(FIRST)], [(1, "these digests are of `20260101.v1`, and no line before is")]),
        (
            [FIRST, Digests({"a:x": A}, FIRST.tag, "")],
            [(2, "these digests are not those of all images of `20260101.v1`")],
        ),
        (
            [SECOND, Digests({"a:x": A, "c:x": A}, SECOND.tag, "")],
            [(2, "these digests are not those of all images of `20260101.v2`")],
        ),
        (
            [SECOND, Digests({"a:x": "latest"}, SECOND.tag, "")],
            [(2, "`a:x` has no digest in the line of `20260101.v2`")],
        ),
        ([SECOND, digests(SECOND), digests(SECOND)], [(3, "the digests of `20260101.v2` stand twice")]),
        (
            [FIRST, digests(FIRST), BACK, Digests({"a:x": B}, BACK.tag, "")],
            [(4, "`a:x` has another digest in the line of `20260102.v1` than it had before")],
        ),
    ],
)
def test_digests_that_were_changed(lines: list[Line], expected: list[tuple[int, str]]) -> None:
    assert read(chain(*lines))[1] == expected


def test_a_line_that_was_edited() -> None:
    data = chain(FIRST, digests(FIRST), SECOND)
    assert read(data.replace(b"aaaa", b"cccc"))[1] == [
        (3, "`20260101.v2` does not follow the line before it")
    ]
    assert read(data.replace(b'"of":', b'"of": '))[1] == [
        (2, "`20260101.v1` is not written as rgraph writes it"),
        (3, "`20260101.v2` does not follow the line before it"),
    ]
    ledger, problems = read(data.replace(b'{"digests":{', b'{"digests":[{'))
    assert ledger == Ledger()
    assert problems[0][1].startswith("this line holds no digests: ")


def test_digests_are_noted_once() -> None:
    ledger = indexed([FIRST, SECOND], line_hash(encode(SECOND)))
    line, after = noted(ledger, FIRST.tag, {"b:x": B, "a:x": A})
    made = Digests(BOTH, FIRST.tag, ledger.head)
    assert line == encode(made)
    assert list(made.digests) == list(FIRST.images)
    assert after == indexed([FIRST, SECOND, made], line_hash(line))
    assert noted(after, FIRST.tag, BOTH) == (b"", after)
    with pytest.raises(UsageError, match=r"the ledger has other digests of what 20260101\.v1 holds by now"):
        noted(after, FIRST.tag, {"a:x": A, "b:x": A})
    # The same content in a later release.
    later = indexed([*after.lines, BACK], ONE)
    with pytest.raises(UsageError):
        noted(later, BACK.tag, {"a:x": B})
    assert noted(later, BACK.tag, {"a:x": A})[1].promoted[BACK.tag] == {"a:x": A}

"""Which stored files are what the disk holds, in another form."""

from __future__ import annotations

import hashlib

import pytest

from rgraph.engines.checkout import is_pointer_to, is_with_line_feeds, makes_crlf

HELD = b"a model\n" * 1000


def pointer(content: bytes, *lines: str, size: int | None = None) -> bytes:
    oid = hashlib.sha256(content).hexdigest()
    head = ["version https://git-lfs.github.com/spec/v1", *lines]
    return "\n".join(
        [*head, f"oid sha256:{oid}", f"size {len(content) if size is None else size}", ""]
    ).encode()


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (pointer(HELD), True),
        (pointer(HELD, "ext-0-foo sha256:" + "a" * 64), True),
        (pointer(b""), False),
        (pointer(HELD, size=7), False),
        (pointer(HELD + b"x"), False),
        (pointer(HELD).rstrip(), False),
        (pointer(HELD) + b"more\n", False),
        (pointer(HELD, "ext " + "a" * 1024), False),
        (pointer(HELD).replace(b"git-lfs", b"other"), False),
        (HELD, False),
        (b"", False),
    ],
)
def test_pointers(stored: bytes, expected: bool) -> None:
    assert is_pointer_to(stored, HELD) is expected


@pytest.mark.parametrize(
    ("stored", "held", "expected"),
    [
        (b"a\nb\n", b"a\r\nb\r\n", True),
        (b"a\nb", b"a\r\nb", True),
        (b"a\nb\n", b"a\nb\r\n", True),
        (b"a\nb\n", b"a\nb\n", False),
        (b"a\r\nb\n", b"a\r\nb\r\n", False),
        (b"a\r\n", b"a\n", False),
        (b"a\nc\n", b"a\r\nb\r\n", False),
        (b"ab", b"a\rb", False),
    ],
)
def test_line_feeds(stored: bytes, held: bytes, expected: bool) -> None:
    assert is_with_line_feeds(stored, held) is expected


@pytest.mark.parametrize(
    ("text", "eol", "autocrlf", "core_eol", "expected"),
    [
        ("unspecified", "unspecified", "", "", False),
        ("unspecified", "unspecified", "true", "", True),
        ("unspecified", "unspecified", "input", "crlf", False),
        ("unspecified", "unspecified", "false", "crlf", False),
        ("unspecified", "crlf", "", "", True),
        ("set", "unspecified", "", "crlf", True),
        ("auto", "unspecified", "", "crlf", True),
        ("set", "unspecified", "input", "crlf", False),
        ("set", "crlf", "input", "lf", True),
        ("auto", "lf", "true", "crlf", False),
        ("unset", "crlf", "true", "crlf", False),
        ("input", "unspecified", "true", "", False),
    ],
)
def test_attributes_and_settings(text: str, eol: str, autocrlf: str, core_eol: str, expected: bool) -> None:
    assert makes_crlf(text, eol, autocrlf, core_eol) is expected

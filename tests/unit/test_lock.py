"""The lock, read."""

from __future__ import annotations

import json

import pytest

from rgraph.errors import Problems
from rgraph.lock import Lock, LockedExternal, read_lock

HEX = "0" * 64


def read(data: bytes | None) -> tuple[Lock, list[str]]:
    problems = Problems()
    return read_lock(data, problems), [problem.what for problem in problems]


def test_no_lock_is_an_empty_one() -> None:
    assert read(None) == (Lock(), [])
    assert read(b"{}") == (Lock(), [])


def test_a_lock() -> None:
    external = {"requested": "ubuntu:20.04", "digest": f"sha256:{HEX}"}
    data = json.dumps({"schema": 1, "externals": {"ubuntu": external}, "downloads": {"https://x/y": HEX}})
    lock, problems = read(data.encode())
    assert problems == []
    assert lock.externals == {"ubuntu": LockedExternal("ubuntu:20.04", f"sha256:{HEX}")}
    assert lock.downloads == {"https://x/y": HEX}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the lock cannot be read"),
        (b"\xff\xfe", "the lock cannot be read"),
        (b"[]", "the lock cannot be read"),
        (b"[" * 100_000, "the lock cannot be read"),
        (b'{"schema": "1"}', "the lock cannot be read"),
        (b'{"schema": 1, "unknown": 1}', "the lock cannot be read"),
        (b'{"externals": {"a": {"digest": "x"}}}', "the lock cannot be read"),
        (b'{"schema": 2}', "schema 2 is not known"),
        (b'{"externals": {"a": {"requested": "x", "digest": "sha256:1"}}}', "`a`: `sha256:1` is no digest"),
        (b'{"downloads": {"https://x": "1"}}', "`https://x`: `1` is no SHA-256 checksum"),
    ],
)
def test_a_wrong_lock(data: bytes, message: str) -> None:
    _, problems = read(data)
    assert len(problems) == 1
    assert problems[0].startswith(message)

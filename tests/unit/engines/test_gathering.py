"""Archives of an image's files: whole, cut off, or no archives at all."""

from __future__ import annotations

import io
import tarfile

import pytest

from rgraph.contents.files import Files
from rgraph.engines.gathering import _read

NAMES = ("var/lib/dpkg/status", "usr/share/large", "etc/os-release")


def archive() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in (*NAMES, f"{'long/' * 40}x.dist-info/METADATA"):
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = 30_000
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    return made.getvalue()


def test_a_whole_archive() -> None:
    found = _read(io.BytesIO(archive()))
    assert found is not None
    assert [path[-20:] for path in found.contents] == [
        "var/lib/dpkg/status",
        "etc/os-release",
        "x.dist-info/METADATA",
    ]
    assert all(len(content) == 30_000 for content in found.contents.values())


def test_every_archive_that_is_cut_off_is_none() -> None:
    """Also one that is cut where an entry ends, or in zeros of a file."""
    whole = archive()
    end = len(whole.rstrip(b"\0")) + 30_000
    blocks = range(0, end - 1024, 512)
    assert [size for size in blocks if _read(io.BytesIO(whole[:size])) is not None] == []
    assert _read(io.BytesIO(whole[:1000])) is None


@pytest.mark.parametrize("data", [b"", b"no tar", b"no tar" * 1000])
def test_what_is_no_archive(data: bytes) -> None:
    assert _read(io.BytesIO(data)) is None


def test_an_archive_of_nothing() -> None:
    assert _read(io.BytesIO(bytes(10_240))) == Files({})

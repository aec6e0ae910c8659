"""What indexes say, in each of their formats."""

from __future__ import annotations

import json

import pytest

from rgraph.indexes import conda, paragraphs, pypi
from rgraph.indexes.interface import FormatError, Release

PACKAGES = b"""\
Package: curl
Version: 7.88.1-10+deb12u12
Description: tool
 Package: fake
 Version: 9

Package: curl-more
Version: 1

Version: 8.0-1
Package: curl
Depends: x
"""


def test_the_packages_of_a_distribution() -> None:
    found = paragraphs.packages(PACKAGES, ["curl", "fake", "none"])
    assert found == {"curl": (Release("7.88.1-10+deb12u12"), Release("8.0-1"))}


def test_crans_packages_with_windows_line_ends() -> None:
    raw = b"Package: forecast\r\nVersion: 8.9\r\nDepends: R\r\n\r\nPackage: zoo\r\nVersion: 1.8-6\r\n"
    assert paragraphs.packages(raw, ["forecast", "zoo"]) == {
        "forecast": (Release("8.9"),),
        "zoo": (Release("1.8-6"),),
    }


@pytest.mark.parametrize("raw", [b"", b"\n\n"])
def test_an_empty_list_has_no_packages(raw: bytes) -> None:
    assert paragraphs.packages(raw, ["curl"]) == {}


def test_what_is_no_list_of_packages() -> None:
    with pytest.raises(FormatError, match="no paragraph"):
        paragraphs.packages(b"<html>not found</html>", ["curl"])


SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{}\n-----BEGIN PGP SIGNATURE-----\n"


@pytest.mark.parametrize(
    ("text", "distribution"),
    [
        ("Origin: Debian\nSuite: stable\nVersion: 12.9\n", "debian-12"),
        ("Origin: Debian\nVersion: 12-updates\nDescription: x\n more\n", "debian-12"),
        (SIGNED.format("Origin: Ubuntu\nSuite: focal-updates\nVersion: 20.04"), "ubuntu-20.04"),
        ("Origin: Debian Backports\nVersion: 12-backports\nNotAutomatic: yes\n", ""),
        ("Origin: Debian\nSuite: sid\n", ""),
        ("Suite: x\nVersion: 1\n", ""),
        ("", ""),
    ],
)
def test_the_distribution_of_a_release_file(text: str, distribution: str) -> None:
    assert paragraphs.distribution(paragraphs.fields(text.encode())) == distribution


def test_a_channel_of_conda() -> None:
    entry = {"name": "openssl", "build": "0", "build_number": 0, "depends": []}
    raw = json.dumps(
        {
            "info": {"subdir": "linux-64"},
            "packages": {"a.tar.bz2": {**entry, "version": "1.1.1c"}, "b": {**entry, "version": "1.1.1c"}},
            "packages.conda": {"c.conda": {**entry, "version": "3.0"}, "d": {"name": "zlib", "version": "1"}},
            "removed": ["openssl-9.tar.bz2"],
        }
    ).encode()
    assert conda.repodata(raw, ["openssl", "none"]) == {"openssl": (Release("1.1.1c"), Release("3.0"))}


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"packages": {"a": {"name": 1}}}', b"\xff\xfe"])
def test_what_is_no_channel(raw: bytes) -> None:
    with pytest.raises(FormatError, match="no repodata"):
        conda.repodata(raw, ["openssl"])


def test_an_empty_channel() -> None:
    assert conda.repodata(b'{"packages": {}, "packages.conda": {}}', ["openssl"]) == {}


def test_a_project_in_json() -> None:
    raw = json.dumps(
        {
            "meta": {"api-version": "1.1"},
            "name": "rpy2",
            "versions": ["3.0.5", "3.1"],
            "files": [
                {"filename": "rpy2-3.0.5.tar.gz", "url": "x", "hashes": {}, "yanked": False},
                {"filename": "rpy2-3.1.tar.gz", "url": "x", "hashes": {}, "yanked": "broken"},
                {"filename": "rpy2-3.1-cp39-cp39-linux_x86_64.whl", "url": "x", "hashes": {}},
                {"filename": "rpy2-3.2.zip", "url": "x", "hashes": {}, "yanked": True},
                {"filename": "rpy2-3.3.exe", "url": "x", "hashes": {}},
                {"filename": "other-9.0.tar.gz", "url": "x", "hashes": {}},
            ],
        }
    ).encode()
    assert pypi.releases(raw, "rpy2") == (Release("3.0.5"), Release("3.1"), Release("3.2", yanked=True))


def test_a_project_in_html() -> None:
    raw = b"""<!DOCTYPE html><html><body>
      <a href="../../f/azure_core-1.0%2Blocal.tar.gz#sha256=0">azure_core</a>
      <a href="azure_core-1.1-py3-none-any.whl" data-yanked="bad &amp; broken">x</a>
      <a href="https://e.org/azure-core-2.0rc1.tar.gz?a=1" data-requires-python="&gt;=3">x</a>
    </body></html>"""
    assert pypi.releases(raw, "Azure.Core") == (
        Release("1.0+local"),
        Release("1.1", yanked=True),
        Release("2.0rc1"),
    )


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"files": 1}', b"nothing here"])
def test_what_is_no_project(raw: bytes) -> None:
    with pytest.raises(FormatError, match="no page of a package index"):
        pypi.releases(raw, "x")

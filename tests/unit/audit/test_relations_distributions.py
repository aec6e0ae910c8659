"""Releases of distributions in addresses and commands."""

from __future__ import annotations

import pytest

from rgraph.audit.relations.distributions import releases_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/repos/ubuntu1804/x86_64/3bf863cc.pub", ["ubuntu-18.04"]),
        ("https://example.com/ubuntu/20.04/prod focal main", ["ubuntu-20.04", "ubuntu-20.04"]),
        ("deb https://example.com/debian buster-backports main", ["debian-10"]),
        ("https://example.com/debian/12/x.deb", ["debian-12"]),
        ("tool_1.0-1~ubuntu22.04.1_amd64.deb", ["ubuntu-22.04"]),
        ("deb https://example.com/bin/linux/ubuntu jammy-cran40/", ["ubuntu-22.04"]),
        ("https://example.com/debian-stable/binary/", []),
        ("ubuntu2099", []),
        ("debian1234", []),
        ("focalize bufocal", []),
    ],
)
def test_releases_that_a_text_names(text: str, expected: list[str]) -> None:
    assert [release for _, release in releases_in(text)] == expected

"""Addresses as purls show them."""

from __future__ import annotations

import pytest

from rgraph.steps.fetching import shown


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a.tar.gz", "https://example.com/a.tar.gz"),
        ("https://robot:SECRET@example.com/a", "https://example.com/a"),
        ("https://SECRET@example.com/a", "https://example.com/a"),
        ("git+https://SECRET@example.com/a.git", "git+https://example.com/a.git"),
        ("ftp://robot:SECRET@example.com/a", "ftp://example.com/a"),
        ("git+ssh://git:SECRET@example.com/a.git", "git+ssh://git@example.com/a.git"),
        ("ssh://git@example.com/a.git", "ssh://git@example.com/a.git"),
        ("https://example.com/a?sig=SECRET&b=1#part", "https://example.com/a#part"),
        ("https://conda.example.com/t/SECRET/channel", "https://conda.example.com/channel"),
        (
            "https://robot:SECRET@conda.example.com/t/SECRET/channel?a=SECRET",
            "https://conda.example.com/channel",
        ),
        ("https://example.com/@scope/name", "https://example.com/@scope/name"),
    ],
)
def test_an_address_shows_no_secret(url: str, expected: str) -> None:
    assert shown(url) == expected

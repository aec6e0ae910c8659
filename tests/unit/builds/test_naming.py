"""Numbers of builds, and names by content."""

from __future__ import annotations

import pytest

from rgraph.builds.naming import at_digest, by_content, number_of, numbered
from rgraph.names import Bad, ImageReference, reference

FINGERPRINT = f"sha256:{'ab' * 32}"


@pytest.mark.parametrize(("text", "number"), [(None, "local"), ("7", "7"), ("main-7.2", "main-7.2")])
def test_numbers(text: str | None, number: str) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", [".", "..", "....", "a/b", "../x", " ", "a b", "x" * 65, "${BUILD_NUMBER}"])
def test_no_numbers(text: str) -> None:
    """They name a folder: none may lead out of the one for builds."""
    assert isinstance(number_of(text), Bad)


@pytest.mark.parametrize(
    ("staging", "name"),
    [
        ("", "r-base"),
        ("staging.example.com", "staging.example.com/r-base"),
        ("127.0.0.1:5055/team", "127.0.0.1:5055/team/r-base"),
    ],
)
def test_names(staging: str, name: str) -> None:
    content = by_content(staging, "r-base:cpu", FINGERPRINT)
    assert content == f"{name}:fingerprint-{'ab' * 20}"
    assert numbered(staging, "r-base:cpu", "7") == f"{name}:cpu--7"
    assert at_digest(content, FINGERPRINT) == f"{name}@{FINGERPRINT}"
    assert reference(content) == ImageReference(name, f"fingerprint-{'ab' * 20}", "")


def test_a_name_without_tag() -> None:
    assert at_digest("localhost:5000/r", FINGERPRINT) == f"localhost:5000/r@{FINGERPRINT}"

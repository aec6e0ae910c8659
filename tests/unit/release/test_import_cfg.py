"""Names in staging, and numbers of builds."""

from __future__ import annotations

import pytest

from rgraph.names import Bad
from rgraph.release.import_cfg import BUILD_NUMBER, build_number, staging_name
from rgraph.release.notes import page_of


def test_the_name_of_the_readme() -> None:
    """`base:intelmpi2018.3-ubuntu16.04--<build number>`: the images' developer README, "Build pipeline"."""
    id = "base:intelmpi2018.3-ubuntu16.04"
    assert staging_name("", id, "20220302.6") == f"{id}--20220302.6"
    assert (
        staging_name("staging.example.com", id, BUILD_NUMBER)
        == f"staging.example.com/{id}--${{BUILD_NUMBER}}"
    )


@pytest.mark.parametrize("text", ["1", "20220302.6", "main-7", "a" * 64])
def test_build_numbers(text: str) -> None:
    assert build_number(text) == text


def test_no_build_number_is_a_reference() -> None:
    assert build_number(None) == "${BUILD_NUMBER}"


@pytest.mark.parametrize("text", ["", " ", "a b", "a/b", "a:b", "${X}", "\u0661", "a\n", "a" * 65])
def test_no_build_numbers(text: str) -> None:
    assert isinstance(build_number(text), Bad)


def test_a_tag_has_128_characters_at_most() -> None:
    assert staging_name("", f"base:{'v' * 120}", "123456") == f"base:{'v' * 120}--123456"
    assert staging_name("", f"base:{'v' * 120}", "1234567") == Bad(
        f"`{'v' * 120}--1234567` is too long for a tag", "give a build number of at most 6 characters"
    )


@pytest.mark.parametrize(
    ("advisory", "page"),
    [
        ("CVE-2022-0778", "https://nvd.nist.gov/vuln/detail/CVE-2022-0778"),
        ("GHSA-w7pp-m8wf-vj6r", "https://github.com/advisories/GHSA-w7pp-m8wf-vj6r"),
        ("USN-5328-1", "https://ubuntu.com/security/notices/USN-5328-1"),
        ("CVE-2022-0778)](x", ""),
        ("CVE-2022-1", ""),
        ("RHSA-2022:1066", ""),
        ("", ""),
    ],
)
def test_pages_of_advisories(advisory: str, page: str) -> None:
    assert page_of(advisory) == page

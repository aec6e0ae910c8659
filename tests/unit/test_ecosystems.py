"""Versions by the rules of their ecosystems."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from rgraph.ecosystems import LONGEST, bad_bound, compared, in_range, order_of
from rgraph.versions import parse_range

ASCENDING = {
    # PEP 440, "Summary of permitted suffixes and relative ordering", and its epochs.
    "pypi": [
        ["1.dev0", "1.0.dev456", "1.0a1", "1.0a2.dev456", "1.0a12", "1.0b1.dev456", "1.0rc1", "1.0"],
        ["1.0", "1.0+abc.5", "1.0+abc.7", "1.0+5", "1.0.post456.dev34", "1.0.post456", "1.0.15", "1.1.dev1"],
        ["39.0.1", "41.0.0", "41.0.2", "1!1.0"],
    ],
    # deb-version(7) and Debian Policy 5.6.12.
    "deb": [
        ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0a", "1.0+", "1.0."],
        ["1.9", "1.10", "1.10-1", "1.10-1ubuntu1", "1.10-1.1"],
        ["9.9", "1:0.1", "1:8.2p1-4ubuntu0.5", "1:8.2p1-4ubuntu0.11", "2:0"],
        ["1.1.1-1ubuntu2.1~18.04.20", "1.1.1-1ubuntu2.1", "1.1.1f-1ubuntu2.22"],
    ],
    # conda's documentation of its VersionOrder.
    "conda": [
        ["0.4", "0.4.1.rc", "0.4.1", "0.5a1", "0.5b3", "0.5C1", "0.5", "0.9.6", "0.960923", "1.0"],
        ["1.0", "1.1dev1", "1.1_", "1.1a1", "1.1.0dev1", "1.1.a1", "1.1.0rc1", "1.1.0", "1.1.0post1"],
        ["1.1.post1", "1.1post1", "1996.07.12", "1!0.4.1", "1!3.1.1.6", "2!0.4.1"],
        # There a letter is a prerelease; OpenSSL's plain versions are marked by `_` where that matters.
        ["1.0.1_", "1.0.1a", "1.0.1b", "1.0.1", "1.1.1c", "1.1.1d"],
        ["4.12.0", "22.11.1", "22.11.1+1", "22.11.1+2"],
    ],
    # R's package_version: a longer version of equal beginning is newer, and `-` separates as `.` does.
    "cran": [["8.9", "8.10", "8.10.0", "8.10-1", "8.10.2", "10.0"], ["1.0-4", "1.0.5", "1.1-0"]],
    "bioconductor": [["3.40.6", "3.40.10", "3.42"]],
    "github": [["v0.5.7", "0.6", "v0.10.0-rc1", "v0.10.0"], ["v29", "v30.0"]],
    "generic": [["2018.3", "2018.3.222"], ["1.1.1", "1.1.1b", "1.1.1c"], ["py37_4.9.2", "py38_4.11.0"]],
}
EQUAL = {
    "pypi": [["1.0", "1", "v1.0.0", "1.0.0.0"], ["1.0rc1", "1.0-RC.1", "1.0c1"]],
    "deb": [["1.0", "0:1.0", "1.0-0", "1.00"]],
    "conda": [["1.1", "1.1.0", "1.1.0.0", "0!1.1"], ["0.4.1.rc", "0.4.1.RC"], ["1.0-1", "1.0_1", "1.0.1"]],
    "cran": [["1.0-4", "1.0.4", "1.00.4"]],
    "bioconductor": [["1.0-4", "1.0.4"]],
    "github": [["v2.1.0", "2.1.0", "V2.1.0"]],
    "generic": [["1.0", "1-0", "v1.0"]],
}
NO_VERSIONS = {
    "pypi": ["1.0-ubuntu1", "py38_4.12.0", "1..0", "latest", ""],
    "deb": ["v1.0", "1.0-", "1_0", "a:1.0", ":1.0", "1.0 ", "-1", ""],
    "conda": ["1..0", "1.0-1_2", "1!", "a!1", "1+", "+1", "1+1+1", "_", "1~1", "1.*", ""],
    "cran": ["1.0rc1", "1.", "v1.0", "1..0", "1_0", ""],
    "bioconductor": ["1.0.x", ""],
    "github": ["main", "HEAD", "3bb68cb8" * 5, "0a" * 32, ""],
    "generic": ["latest", "+", ""],
}


def _cases(table: dict[str, list[list[str]]]) -> list[tuple[str, str, str]]:
    return [
        (type, *pair)
        for type, lists in table.items()
        for each in lists
        for pair in itertools.combinations(each, 2)
    ]


@pytest.mark.parametrize(("type", "lower", "higher"), _cases(ASCENDING))
def test_order(type: str, lower: str, higher: str) -> None:
    order = order_of(type)
    assert order(lower) < order(higher)
    assert in_range(type, lower, (("<", higher), ("<=", higher)))
    assert not in_range(type, lower, ((">=", higher),))
    # A local version of PEP 440 counts only beside another one.
    if compared(type, higher, lower) == higher:
        assert in_range(type, higher, ((">", lower), (">=", lower)))
        assert not in_range(type, higher, (("==", lower),))


@pytest.mark.parametrize(
    ("version", "comparison", "fits"),
    [
        ("2.0.1+cu118", ("<=", "2.0.1"), True),
        ("2.0.1+cu118", ("==", "2.0.1"), True),
        ("2.0.1+cu118", (">", "2.0.1"), False),
        ("2.0.1+cu118", ("==", "2.0.1+cu117"), False),
        ("2.0.1+cu118", (">", "2.0.1+cu117"), True),
        ("2.0.1", ("<", "2.0.1+cu118"), True),
    ],
)
def test_a_local_version_counts_only_beside_another_one(
    version: str, comparison: tuple[str, str], fits: bool
) -> None:
    assert in_range("pypi", version, (comparison,)) is fits


@pytest.mark.parametrize(("type", "left", "right"), _cases(EQUAL))
def test_equal(type: str, left: str, right: str) -> None:
    assert in_range(type, left, (("==", right), ("<=", right), (">=", right)))
    assert not in_range(type, left, (("<", right),))
    assert not in_range(type, left, ((">", right),))


@pytest.mark.parametrize(
    ("type", "text"), [(type, text) for type, all in NO_VERSIONS.items() for text in all]
)
def test_no_version(type: str, text: str) -> None:
    assert order_of(type)(text) is None
    assert bad_bound(type, ((">=", "1.0"), ("<", text))) == text
    for operator in ("<", "<=", ">", ">="):
        assert not in_range(type, text, ((operator, "9999"),))
        assert not in_range(type, "0", ((operator, text),))
    assert not in_range(type, "0", (("==", text),))
    assert in_range(type, text, (("==", text),)) is bool(text)


@pytest.mark.parametrize("type", ["pypi", "deb", "conda", "cran", "github"])
def test_a_version_has_an_end(type: str) -> None:
    assert order_of(type)("1" * LONGEST) is not None
    assert order_of(type)("1" * (LONGEST + 1)) is None


@pytest.mark.parametrize(
    ("type", "version", "text", "expected"),
    [
        ("conda", "1.5", ">=1.0, <3", True),
        ("conda", "3.0rc1", "<3.0", True),
        ("conda", "1.1.1c", "==1.1.1c", True),
        ("conda", "1.1.1c", "<3", True),
        ("conda", "1.1.1c", ">=1.1.1", False),
        ("generic", "1.1.1c", ">=1.1.1", True),
        ("pypi", "3.0.5", "==3.0.5", True),
        ("pypi", "1!1.0", "<2", False),
        ("deb", "1:1.0-1", ">=9", True),
        ("cran", "1.10", ">1.9", True),
        ("github", "v0.5.7", "==v0.5.7", True),
        ("github", "v0.5.7", "==0.5.7", True),
        ("github", "main", "==main", True),
        ("github", "main", ">=0", False),
        # What is not known fits only what asks for nothing.
        ("conda", "", "", True),
        ("conda", "", ">=1", False),
        ("conda", "", "==1", False),
        ("conda", "no version at all", "", True),
    ],
)
def test_in_range(type: str, version: str, text: str, expected: bool) -> None:
    comparisons = parse_range(text)
    assert comparisons is not None
    assert in_range(type, version, comparisons) is expected


def test_bounds_that_are_versions() -> None:
    assert bad_bound("pypi", ()) is None
    assert bad_bound("pypi", ((">=", "1.0rc1"), ("<", "1!2"))) is None
    assert bad_bound("deb", ((">=", "1:2.0~rc1-1+b1"),)) is None
    assert bad_bound("cran", ((">=", "1.0-4"), ("<", "2rc1"), ("<", "x"))) == "2rc1"


def test_libraries_are_imported_when_a_comparison_needs_them() -> None:
    code = (
        "import sys\n"
        "from rgraph.ecosystems import bad_bound, in_range\n"
        "for type in ('pypi', 'deb', 'conda', 'cran', 'generic'):\n"
        "    assert in_range(type, '1.0', ())\n"
        "    assert in_range(type, '1.0rc1', (('==', '1.0rc1'),))\n"
        "    assert bad_bound(type, (('>=', '1.0'), ('<', '2'))) is None\n"
        "assert in_range('conda', '1.0', (('<', '2'),)) and in_range('cran', '1.0', (('<', '2'),))\n"
        "heavy = {'packaging', 'debian_inspector', 'rattler'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert in_range('pypi', '1.0', (('<', '2'),)) and in_range('deb', '1.0', (('<', '2'),))\n"
        "assert {'packaging', 'debian_inspector'} <= set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

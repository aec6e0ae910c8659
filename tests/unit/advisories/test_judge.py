"""Whether a statement of an advisory holds for a version."""

from __future__ import annotations

import msgspec
import pytest

from rgraph.advisories.interface import Affected, Event, Interval
from rgraph.advisories.judge import first_fixed, judge, last_affected, may_return


def affected(*ranges: str, versions: str = "", type: str = "ECOSYSTEM") -> Affected:
    """Of ranges such as `introduced 0, fixed 1.2`."""
    made = tuple(
        Interval(type, tuple(Event(**{kind: text}) for kind, text in map(str.split, each.split(","))), "a")  # type: ignore[arg-type]
        for each in ranges
    )
    return Affected(None, made, tuple(versions.split()))


TWICE = affected("introduced 1.0, fixed 1.2, introduced 2.0, fixed 2.1")
LAST = affected("introduced 0, last_affected 1.5")


@pytest.mark.parametrize(
    ("statement", "type", "version", "verdict"),
    [
        (TWICE, "pypi", "0.9", "free"),
        (TWICE, "pypi", "1.0", "affected"),
        (TWICE, "pypi", "1.0rc1", "free"),
        (TWICE, "pypi", "1.1.9", "affected"),
        (TWICE, "pypi", "1.2", "free"),
        (TWICE, "pypi", "1.10", "free"),
        (TWICE, "pypi", "2", "affected"),
        (TWICE, "pypi", "2.1.0", "free"),
        (LAST, "pypi", "0.0.0a1", "affected"),
        (LAST, "pypi", "1.5.0", "affected"),
        (LAST, "pypi", "1.5.post1", "free"),
        (affected("introduced 0, fixed 1.2", "introduced 3, fixed 4"), "pypi", "3.5", "affected"),
        (affected("introduced 0, fixed 1.2", "introduced 1.0"), "pypi", "9", "affected"),
        (affected("introduced 0, limit 1.5"), "pypi", "1.4", "affected"),
        (affected("introduced 0, limit 1.5"), "pypi", "1.5", "free"),
        (affected("introduced 0, limit 1.5, limit *"), "pypi", "1.5", "affected"),
        (affected("introduced 1.0, last_affected 1.0"), "pypi", "1.1", "free"),
        (affected("introduced 1.0, fixed 1.0"), "pypi", "1.0", "free"),
        (affected("introduced 1.0.0, fixed 1.2.0", type="SEMVER"), "pypi", "1.1", "affected"),
        # Enumerated versions count beside ranges, in any notation of the same version.
        (affected("introduced 0, fixed 1.0", versions="1.5.0"), "pypi", "1.5", "affected"),
        (affected("introduced 0, fixed 1.0", versions="1.5.0"), "pypi", "1.6", "free"),
        (affected(versions="1.0-1"), "cran", "1.0.1", "affected"),
        (affected(versions="not-a-version"), "pypi", "not-a-version", "affected"),
        # Other orders.
        (affected("introduced 0, fixed 1:1.0-1"), "deb", "2.0-1", "affected"),
        (affected("introduced 0, fixed 1.0-1"), "deb", "1.0-1~bpo1", "affected"),
        (affected("introduced 0, fixed 0.10"), "cran", "0.9-1", "affected"),
        # What cannot be said.
        (TWICE, "pypi", "", "unknown"),
        (TWICE, "pypi", "0123abc", "unknown"),
        (affected("introduced 0, fixed odd"), "pypi", "1.0", "unknown"),
        (affected("introduced 0, fixed odd", "introduced 0, fixed 2"), "pypi", "1.0", "affected"),
        (affected("introduced 0, fixed odd", versions="2.0"), "pypi", "1.0", "unknown"),
        # A local version is the public one with patches of somebody's own.
        (LAST, "pypi", "1.5+cu118", "affected"),
        (affected("introduced 0, fixed 1.5"), "pypi", "1.5+cu118", "free"),
        (affected("introduced 0, fixed 1.5+cu118"), "pypi", "1.5+cu117", "affected"),
        (affected(versions="1.5"), "pypi", "1.5.0+cu118", "affected"),
        (affected(versions="1.5+cu117"), "pypi", "1.5+cu118", "free"),
        # Fixed, and introduced again by the same version.
        (affected("introduced 0, fixed 1.0, introduced 1.0, fixed 2.0"), "pypi", "1.5", "affected"),
        (affected("introduced 0", type="GIT"), "pypi", "1.0", "unknown"),
        (affected("introduced 0", type="GIT", versions="1.1"), "pypi", "1.0", "free"),
        (affected(), "pypi", "1.0", "unknown"),
        # Refs of a repository.
        (affected("introduced 0", type="GIT", versions="v1.0 v1.1"), "github", "v1.0", "affected"),
        (affected("introduced 0", type="GIT", versions="1.0"), "github", "v1.0", "affected"),
        (affected("introduced 0", type="GIT", versions="v1.0"), "github", "v1.2", "free"),
        (affected("introduced 0", type="GIT", versions="v1.0"), "github", "main", "unknown"),
        (affected("introduced 0", type="GIT", versions="v1.0"), "github", "0" * 40, "unknown"),
        (affected("introduced 0", type="GIT"), "github", "v1.2", "unknown"),
    ],
)
def test_a_verdict(statement: Affected, type: str, version: str, verdict: str) -> None:
    assert judge(statement, type, version) == verdict


def test_a_commit_of_digits_is_no_tag() -> None:
    assert judge(affected("introduced 0", type="GIT", versions="v1.0"), "github", "20230222") == "unknown"


@pytest.mark.parametrize(
    ("statement", "version", "expected"),
    [
        (TWICE, "0.9", True),
        (TWICE, "1.5", True),
        (TWICE, "2.1", False),
        (LAST, "1.6", False),
        (affected("introduced 0, fixed 1.0", versions="3.0"), "2.0", True),
        (affected("introduced 0, fixed 1.0", versions="odd"), "2.0", True),
    ],
)
def test_whether_a_later_version_may_be_affected(statement: Affected, version: str, expected: bool) -> None:
    assert may_return(statement, "pypi", version) is expected


def test_the_fixed_version_is_the_lowest_that_no_statement_calls_affected() -> None:
    assert first_fixed([TWICE], "pypi", "1.1") == "1.2"
    assert first_fixed([TWICE], "pypi", "2.0") == "2.1"
    assert first_fixed([TWICE, affected("introduced 1.1, fixed 1.3")], "pypi", "1.1") == "1.3"
    assert first_fixed([TWICE, affected("introduced 1.1")], "pypi", "1.1") == ""
    assert first_fixed([TWICE, affected(versions="1.1 1.2")], "pypi", "1.1") == "2.1"
    assert (
        first_fixed([affected("introduced 0, fixed 1.10", "introduced 0, fixed 1.9")], "pypi", "1") == "1.10"
    )
    assert first_fixed([LAST], "pypi", "1.1") == ""
    assert last_affected([LAST, affected("introduced 0, last_affected 1.10")], "pypi") == "1.10"
    assert last_affected([TWICE], "pypi") == ""


@pytest.mark.parametrize(
    "event", [{}, {"introduced": ""}, {"introduced": "1", "fixed": "2"}, {"introduced": 1}, {"other": "1"}]
)
def test_an_event_says_one_thing(event: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(event, Event)


@pytest.mark.parametrize(
    "interval",
    [
        {"type": "ECOSYSTEM", "events": []},
        {"type": "ECOSYSTEM", "events": [{"fixed": "1"}]},
        {"type": "VERSION", "events": [{"introduced": "0"}]},
        {"type": "GIT", "events": [{"introduced": "0"}]},
    ],
)
def test_a_range_has_a_type_and_a_beginning(interval: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(interval, Interval)


@pytest.mark.parametrize("type", ["pypi", "deb", "cran", "bioconductor"])
def test_texts_that_are_no_versions_are_no_obstacle(type: str) -> None:
    odd = affected("introduced 0, fixed 1", "introduced odd", versions="odd 1..0 1:1:0 -1.0")
    assert judge(odd, type, "0.5") == "affected"
    assert judge(odd, type, "1.0") == "unknown"
    assert first_fixed([odd], type, "0.5") == "1"
    assert may_return(odd, type, "1.0") is True

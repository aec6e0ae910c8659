"""Which pins have a newer version."""

from __future__ import annotations

import pytest

from rgraph.errors import Place
from rgraph.indexes.interface import Release
from rgraph.inventory import Inventory
from rgraph.outdated import Pinned, is_pre_release, judge, newest_of, pinned
from rgraph.steps.interface import Component
from tests.laws.strategies import minimal, resolved


@pytest.mark.parametrize(
    ("type", "versions", "newest", "with_pre"),
    [
        ("pypi", ["1.9", "1.10", "2.0rc1", "1.10.post1", "nonsense"], "1.10.post1", "2.0rc1"),
        ("pypi", ["1.0.dev1", "1.0a1"], "", "1.0a1"),
        ("deb", ["1:1.0-1", "2.0-1", "1:1.0-1+deb12u1", "1:1.1~rc1-1"], "1:1.0-1+deb12u1", "1:1.1~rc1-1"),
        ("deb", ["1.0-1~deb11u1", "1.0-1~bpo11+1"], "1.0-1~deb11u1", "1.0-1~deb11u1"),
        # By conda's order a letter makes a version older than one without.
        ("conda", ["1.1.1c", "1.1.1d", "3.0.0beta2", "3.0.0dev"], "1.1.1d", "3.0.0beta2"),
        ("cran", ["1.8-6", "1.8-12", "1.8.9"], "1.8-12", "1.8-12"),
    ],
)
def test_the_newest_by_each_ecosystems_order(
    type: str, versions: list[str], newest: str, with_pre: str
) -> None:
    releases = [Release(each) for each in versions]
    assert newest_of(type, releases, pre_releases=False) == newest
    assert newest_of(type, releases, pre_releases=True) == with_pre


def test_what_was_taken_back_does_not_count() -> None:
    releases = [Release("1.0"), Release("2.0", yanked=True)]
    assert newest_of("pypi", releases, pre_releases=True) == "1.0"


@pytest.mark.parametrize(
    ("type", "version", "early"),
    [
        ("conda", "1.1.1c", False),
        ("conda", "1.0b2", True),
        ("conda", "2018.3", False),
        ("cran", "1.0-1", False),
    ],
)
def test_pre_releases(type: str, version: str, early: bool) -> None:
    assert is_pre_release(type, version) is early


def pin(version: str) -> Pinned:
    return Pinned(Component("pypi", "foo", version), f"pkg:pypi/foo@{version}", "", (Place("a"),), ("b:1",))


@pytest.mark.parametrize(
    ("version", "releases", "state", "newest", "remark"),
    [
        ("1.0", [Release("1.0"), Release("1.1")], "outdated", "1.1", ""),
        ("1.1", [Release("1.0"), Release("1.1.0")], "current", "1.1.0", ""),
        ("2.0rc1", [Release("1.0"), Release("2.0rc1")], "current", "1.0", ""),
        (
            "1.0",
            [Release("1.0", True), Release("1.1")],
            "outdated",
            "1.1",
            "the pinned version was taken back",
        ),
        ("1.0", [Release("1.1")], "outdated", "1.1", "the pinned version is not in the index"),
        ("1.0", [Release("1.0", True)], "unknown", "", "the pinned version was taken back"),
        ("1.0", [], "unknown", "", "its index does not have it"),
    ],
)
def test_states(version: str, releases: list[Release], state: str, newest: str, remark: str) -> None:
    one = pin(version)
    (row,) = judge([one], {one.asked: tuple(releases)}, {}, pre_releases=False)
    assert (row.state, row.newest, row.remark) == (state, newest, remark)


def test_why_there_is_no_answer() -> None:
    one = pin("1.0")
    (row,) = judge([one], {}, {one.asked: "nobody asked"}, pre_releases=False)
    assert (row.state, row.remark) == ("unknown", "nobody asked")


def test_what_is_asked_for() -> None:
    steps = [
        {"apt": ["curl=1-1", "wget"]},
        {"conda": {"packages": ["a=1", "b::c=2"], "channels": ["x"]}},
        {"pip": ["Foo.Bar==1.0", f"d @ https://e.org/d.zip#sha256={'a' * 64}"]},
        {"pip": {"packages": ["e==1"], "index": "https://user:word@e.org/simple"}},
        {"pip": {"packages": ["f==1"], "extra_indexes": ["https://e.org/more"]}},
        {"cran": {"snapshot": "2019-01-01", "packages": ["zoo", "xts==0.11-2"]}},
        {"github": {"repo": "a/bb", "ref": "v1"}},
        {"group": [{"conda": ["a=1"]}]},
    ]
    documents = minimal(steps=steps)
    documents["manifests/externals.yaml"]["externals"]["debian"]["distribution"] = "debian-12"
    images = resolved(documents)
    found = pinned(images, Inventory(images), list(images.images))
    assert [each.asked for each in found] == [
        ("conda", "", "a"),
        ("conda", "x", "a"),
        ("conda", "b", "c"),
        ("cran", "", "xts"),
        ("deb", "debian-12", "curl"),
        ("pypi", "https://user:word@e.org/simple", "e"),
        ("pypi", "- https://e.org/more", "f"),
        ("pypi", "", "foo-bar"),
    ]
    assert "word" not in "".join(each.purl for each in found)

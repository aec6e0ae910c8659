"""What became of the components of an image."""

from __future__ import annotations

import pytest

from rgraph.release.changes import ExternalChange, changes, external_changes
from rgraph.release.differences import ImageDifference, Item, Standing
from rgraph.release.record import Part
from rgraph.release.state import Stand

BEFORE, AFTER = Stand("20260101.v1", "sha256:a"), Stand("20260102.v1", "sha256:b")


def item(purl: str, by: str = "base:cpu", license: str = "MIT", *fixes: str) -> Item:
    name, _, version = purl.partition("?")[0].rpartition("/")[2].partition("@")
    return Item(Part(f"pkg:{purl}", name, version, license, fixes), by)


def difference(gone: list[Item], come: list[Item]) -> ImageDifference:
    return ImageDifference(BEFORE, AFTER, frozenset(gone), frozenset(come))


@pytest.mark.parametrize(
    ("gone", "come", "kinds"),
    [
        ([], ["pypi/a@1"], ["added"]),
        (["pypi/a@1"], [], ["removed"]),
        (["pypi/a@1.9"], ["pypi/a@1.10"], ["upgraded"]),
        (["pypi/a@1.10"], ["pypi/a@1.9"], ["downgraded"]),
        (["conda/openssl@1.1.1c"], ["conda/openssl@1.1.1n"], ["upgraded"]),
        (["deb/ubuntu/a@1.0~rc1"], ["deb/ubuntu/a@1.0"], ["upgraded"]),
        (["deb/ubuntu/a@1:1.0"], ["deb/ubuntu/a@9.0"], ["downgraded"]),
        (["cran/a@1.0-2"], ["cran/a@1.0-10"], ["upgraded"]),
        (["conda/a@1?channel=r"], ["conda/a@1?channel=conda-forge"], ["changed"]),
        (["github/o/a@main"], ["github/o/a@v2"], ["changed"]),
        (["pypi/a@1"], ["pypi/b@1"], ["removed", "added"]),
        (["pypi/a@1"], ["conda/a@2"], ["added", "removed"]),
        (["pypi/a@1", "pypi/a@2"], ["pypi/a@3"], ["removed", "upgraded"]),
    ],
)
def test_kinds(gone: list[str], come: list[str], kinds: list[str]) -> None:
    found = changes(difference([item(each) for each in gone], [item(each) for each in come]))
    assert sorted(change.kind for change in found) == sorted(kinds)


def test_another_licence() -> None:
    (change,) = changes(difference([item("pypi/a@1")], [item("pypi/a@1", license="Apache-2.0")]))
    assert (change.kind, change.relicensed) == ("relicensed", True)


def test_brought_by_another_image() -> None:
    (change,) = changes(difference([item("pypi/a@1")], [item("pypi/a@1", "top:cpu")]))
    assert (change.kind, change.by) == ("moved", "top:cpu")


def test_the_same_bringer_counts_first() -> None:
    gone = [item("pypi/a@1", "base:cpu"), item("pypi/a@5", "top:cpu")]
    come = [item("pypi/a@2", "base:cpu"), item("pypi/a@4", "top:cpu")]
    assert {change.by: change.kind for change in changes(difference(gone, come))} == {
        "base:cpu": "upgraded",
        "top:cpu": "downgraded",
    }


def test_fixes_are_those_of_a_new_pin_only() -> None:
    old, new = item("pypi/a@1", "x:y", "MIT", "CVE-1"), item("pypi/a@2", "x:y", "MIT", "CVE-1", "CVE-2")
    (change,) = changes(difference([old], [new]))
    assert change.fixed == ("CVE-2",)
    (change,) = changes(difference([new], []))
    assert change.fixed == ()
    (noted,) = changes(difference([item("pypi/a@1")], [item("pypi/a@1", "base:cpu", "MIT", "CVE-2026-1")]))
    assert (noted.kind, noted.fixed) == ("noted", ()), "a note beside an old pin fixes nothing"


def test_externals() -> None:
    found = ImageDifference(
        BEFORE,
        AFTER,
        left=frozenset({Standing("debian", "debian:12.9"), Standing("old", "old:1")}),
        taken=frozenset({Standing("debian", "debian:12.10"), Standing("new", "new:1")}),
    )
    assert external_changes(found) == (
        ExternalChange("debian", "debian:12.9", "debian:12.10"),
        ExternalChange("new", "", "new:1"),
        ExternalChange("old", "old:1", ""),
    )

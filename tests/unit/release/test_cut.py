"""Cutting a release of a plan, as values."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.app import Workspace
from rgraph.errors import UsageError
from rgraph.ledger import Ledger, line_hash
from rgraph.names import ReleaseTag
from rgraph.plan import make_plan
from rgraph.release.cut import Cut, cut
from tests.errors.running import catalogue

FIRST, SECOND = ReleaseTag("20260101.v1"), ReleaseTag("20260101.v2")


def cut_of(root: Path, ledger: Ledger, tag: ReleaseTag) -> Cut | None:
    workspace = Workspace(root)
    return cut(make_plan(workspace.resolved, workspace.fingerprints, ledger, tag), ledger, tag)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return catalogue(tmp_path)


def change(root: Path, old: str, new: str) -> None:
    path = root / "manifests/r/r-base.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_a_first_cut_holds_all_images(root: Path) -> None:
    made = cut_of(root, Ledger(), FIRST)
    assert made is not None
    assert list(made.release.images) == ["base:cpu", "base:gpu", "r-base:cpu", "r-base:gpu"]
    assert (made.release.tag, made.release.previous) == (FIRST, "")
    assert made.ledger.head == line_hash(made.line)
    assert cut_of(root, made.ledger, SECOND) is None


def test_a_second_cut_holds_what_changed(root: Path) -> None:
    first = cut_of(root, Ledger(), FIRST)
    assert first is not None
    change(root, "3.6.0", "3.6.1")
    second = cut_of(root, first.ledger, SECOND)
    assert second is not None
    assert list(second.release.images) == ["r-base:cpu", "r-base:gpu"]
    assert second.release.previous == line_hash(first.line)
    assert [release.tag for release in second.ledger.releases] == [FIRST, SECOND]


def test_a_tag_is_given_once(root: Path) -> None:
    first = cut_of(root, Ledger(), FIRST)
    assert first is not None
    change(root, "3.6.0", "3.6.1")
    with pytest.raises(UsageError, match=r"the release 20260101\.v1 exists, and 2 images have other content"):
        cut_of(root, first.ledger, FIRST)


def test_a_reference_of_a_release_is_not_given_to_another_image(root: Path) -> None:
    first = cut_of(root, Ledger(), FIRST)
    assert first is not None
    change(
        root,
        "name: r-base",
        'name: other\nrepository: r-base\ntags: ["${{ device }}-${{ release }}", "${{ device }}"]',
    )
    change(root, "device: [cpu, gpu]", "device: [cpu]")
    with pytest.raises(UsageError, match="was released with other content, as r-base:cpu"):
        cut_of(root, indexed_without_release(first), FIRST)


def indexed_without_release(made: Cut) -> Ledger:
    """A ledger whose release has another name, but still holds the references."""
    ledger = made.ledger
    return Ledger((), ledger.head, ledger.first_tag, ledger.latest, ledger.holders)

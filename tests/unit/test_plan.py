"""Plans of the common catalogue against made-up ledgers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rgraph.app import Workspace
from rgraph.ledger import Entry, Ledger, Release, indexed
from rgraph.names import Fingerprint, ReleaseTag
from rgraph.plan import Reason, make_plan, state_of
from tests.errors.running import catalogue

TAG, OLD = ReleaseTag("20260202.v1"), ReleaseTag("20260101.v1")
OTHER = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(catalogue(tmp_path_factory.mktemp("catalogue")))


def ledger_of(workspace: Workspace, changed: Mapping[str, str] | None = None, release: str = OLD) -> Ledger:
    """A ledger with all images as they are, but for the fingerprints in `changed`."""
    prints: dict[str, str] = {**workspace.fingerprints, **(changed or {})}
    images = {
        id: Entry(prints[id], image.references(release)) for id, image in workspace.resolved.images.items()
    }
    return indexed([Release(release, "", images)], "sha256:x")


def test_nothing_released(workspace: Workspace) -> None:
    plan = make_plan(workspace.resolved, workspace.fingerprints, Ledger(), TAG)
    assert plan.waves == (("base:cpu", "base:gpu"), ("r-base:cpu", "r-base:gpu"))
    assert {planned.state for planned in plan.images} == {"build"}
    assert plan.images[0].reasons == (Reason("new"),)
    assert plan.images[2].reasons == (Reason("new"), Reason("parent", "base:cpu"))
    assert plan.images[0].tags == ("cpu-20260202.v1", "cpu")


def test_everything_released(workspace: Workspace) -> None:
    plan = make_plan(workspace.resolved, workspace.fingerprints, ledger_of(workspace), TAG)
    assert {planned.state for planned in plan.images} == {"reuse"}
    assert {planned.reasons for planned in plan.images} == {()}
    assert [planned.release for planned in plan.images] == [OLD] * 4
    assert plan.images[0].tags == ("cpu-20260101.v1", "cpu")


def test_one_changed(workspace: Workspace) -> None:
    ledger = ledger_of(workspace, {"base:cpu": OTHER, "r-base:cpu": OTHER})
    plan = make_plan(workspace.resolved, workspace.fingerprints, ledger, TAG)
    assert [(planned.image.id, planned.state, planned.release) for planned in plan.images] == [
        ("base:cpu", "build", TAG),
        ("base:gpu", "reuse", OLD),
        ("r-base:cpu", "build", TAG),
        ("r-base:gpu", "reuse", OLD),
    ]
    assert plan.images[0].reasons == (Reason("changed"),)
    assert plan.images[2].reasons == (Reason("parent", "base:cpu"),)


def test_a_floating_tag_that_went_elsewhere_is_a_retag(workspace: Workspace) -> None:
    ledger = ledger_of(workspace)
    moved = {**ledger.holders, "team/base:cpu": ("base:cpu", OTHER)}
    ledger = Ledger(ledger.releases, ledger.head, ledger.first_tag, ledger.latest, moved)
    image = workspace.resolved.images["base:cpu"]
    assert state_of(image, workspace.fingerprints["base:cpu"], ledger) == "retag"
    assert state_of(image, Fingerprint(OTHER), ledger) == "build"


@pytest.mark.parametrize(
    ("selected", "waves"),
    [
        ([], ()),
        (["r-base:gpu"], (("r-base:gpu",),)),
        (["r-base:gpu", "base:cpu"], (("base:cpu",), ("r-base:gpu",))),
    ],
)
def test_waves_of_a_selection(
    selected: list[str], waves: tuple[tuple[str, ...], ...], workspace: Workspace
) -> None:
    plan = make_plan(workspace.resolved, workspace.fingerprints, Ledger(), TAG, selected)
    assert plan.waves == waves
    assert [planned.wave for planned in plan.images] == list(range(1, len(waves) + 1))

"""Selectors on made-up images; the grammar as a whole is a table in tests/cli/test_selectors.py."""

from __future__ import annotations

import pytest

from rgraph.app import Workspace
from rgraph.errors import UsageError
from rgraph.selection import Selectable, select, under
from tests.errors.running import catalogue


@pytest.fixture(scope="module")
def selectable(tmp_path_factory: pytest.TempPathFactory) -> Selectable:
    workspace = Workspace(catalogue(tmp_path_factory.mktemp("catalogue")))
    states = {"base:cpu": "build", "base:gpu": "reuse", "r-base:cpu": "retag", "r-base:gpu": "build"}
    return Selectable(workspace.resolved.images, lambda: states, lambda: workspace.inventory.names)


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (["state:build"], ["base:cpu", "r-base:gpu"]),
        (["state:reuse+"], ["base:gpu", "r-base:gpu"]),
        (["state:retag", "state:reuse"], ["base:gpu", "r-base:cpu"]),
        (["state:build,base"], ["base:cpu"]),
        (["r-base base"], ["base:cpu", "base:gpu", "r-base:cpu", "r-base:gpu"]),
        # A deb's purl has its distribution as namespace.
        (["component:pkg:deb/ubuntu/curl"], ["base:cpu", "r-base:cpu"]),
    ],
)
def test_selected_in_the_order_of_the_images(
    selectors: list[str], expected: list[str], selectable: Selectable
) -> None:
    assert select(selectable, selectors) == expected


def test_states_and_components_are_not_worked_out_in_vain(selectable: Selectable) -> None:
    def fails() -> dict[str, str]:
        raise AssertionError

    lazy = Selectable(selectable.images, fails, fails)  # type: ignore[arg-type]
    assert select(lazy, ["kind:r", "axis:device=cpu", "+base:gpu", "path:base"]) == list(selectable.images)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("+", "`+` is no selector"),
        ("", "an empty selector"),
        (",", "`` is no selector"),
        ("base:cpu,", "`` is no selector"),
        ("nope", "no image is called `nope`"),
        ("base:tpu", "no image is called `base:tpu`"),
        ("kind:rr", "there is no kind `rr`"),
        ("state:modified", "there is no state `modified`"),
        ("axis:device", "`axis:device` names no axis"),
        ("axis:os=x", "`axis:os=x` names no axis"),
        ("path:nowhere", "no image has its folder in `nowhere`"),
        ("component:nothing", "no image holds a component `nothing`"),
    ],
)
def test_what_matches_nothing_by_its_form(selector: str, message: str, selectable: Selectable) -> None:
    if not message:
        assert select(selectable, [selector]) == []
        return
    with pytest.raises(UsageError) as raised:
        select(selectable, [selector])
    assert raised.value.what == message


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ("base", {"base:cpu", "base:gpu"}),
        ("base/cpu;r-base/gpu", {"base:cpu", "r-base:gpu"}),
        (" ; base/cpu ;", {"base:cpu"}),
        ("generated/base", {"base:cpu", "base:gpu"}),
        ("./generated/base/", {"base:cpu", "base:gpu"}),
    ],
)
def test_folders(folders: str, expected: set[str], selectable: Selectable) -> None:
    assert under(selectable.images, folders) == expected


@pytest.mark.parametrize("folders", ["generated", "generated/", "./generated", ".", "base;."])
def test_the_folder_of_all(folders: str, selectable: Selectable) -> None:
    assert under(selectable.images, folders) == set(selectable.images)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (";", "`;` names no folder"),
        (" ", "` ` names no folder"),
        ("base;bse", "no image has its folder in `bse`"),
    ],
)
def test_folders_of_nothing(folders: str, message: str, selectable: Selectable) -> None:
    """A pipeline whose variable is empty is not to build nothing and call it well."""
    with pytest.raises(UsageError) as raised:
        under(selectable.images, folders)
    assert raised.value.what == message
    assert raised.value.help

"""Which components an image holds, and who brought them."""

from __future__ import annotations

import pytest

from rgraph.app import Workspace
from tests.errors.running import catalogue

EXTERNALS = """\
kind: externals
externals:
  toolkit: {reference: "toolkit:1", provides: ["pkg:generic/cuda@11.1", "pkg:generic/cudnn"]}
"""
FACTS = """\
kind: components
components:
  - {purl: pkg:generic/cuda, versions: "<11", license: LicenseRef-Old}
  - {purl: pkg:generic/cuda, license: LicenseRef-CUDA, status: verified}
  - {purl: pkg:deb/curl, license: curl}
"""
STAGED = """\
kind: base
name: staged
from: ubuntu
variant: one
stages:
  - name: build
    from: toolkit
    steps:
      - pip: [built==1.0]
  - {name: unused, from: assets, steps: [{pip: [unused==1.0]}]}
steps:
  - take: {from: build, path: /a, to: /a}
  - take: {from: "base:gpu", path: /b, to: /b}
    provides: ["pkg:generic/only@1"]
"""
TAKES = """\
kind: base
name: takes
from: assets
variant: one
steps:
  - take: {from: "base:cpu", path: /a, to: /a}
  - apt: [{name: curl, version: 7.68.0-1ubuntu2, fixes: [USN-1]}]
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = catalogue(tmp_path_factory.mktemp("catalogue"))
    for name, text in {"more": EXTERNALS, "components": FACTS, "staged": STAGED, "takes": TAKES}.items():
        (root / f"manifests/{name}.yaml").write_text(text)
    return Workspace(root)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("ubuntu", ["ubuntu"]),
        ("base:cpu", ["base:cpu", "ubuntu"]),
        ("r-base:cpu", ["r-base:cpu", "base:cpu", "ubuntu"]),
        # What a stage stands on comes along; a `take` that says what it provides brings nothing else.
        ("staged:one", ["staged:one", "ubuntu", "toolkit"]),
        ("takes:one", ["takes:one", "assets", "base:cpu", "ubuntu"]),
    ],
)
def test_bringers(node: str, expected: list[str], workspace: Workspace) -> None:
    assert list(workspace.inventory.bringers(node)) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("toolkit", [("cuda", "11.1", "LicenseRef-CUDA"), ("cudnn", "", "")]),
        ("base:cpu", [("curl", "7.68.0-1ubuntu2", "curl"), ("tool", "1.2.0", "")]),
        ("staged:one", [("built", "1.0", ""), ("only", "1", "")]),
        ("r-base:gpu", [("r-essentials", "3.6.0", "")]),
    ],
)
def test_own(node: str, expected: list[tuple[str, str, str]], workspace: Workspace) -> None:
    own = workspace.inventory.own(node)
    assert [(each.component.name, each.version, each.license) for each in own] == expected


def test_all_names_who_brought_each(workspace: Workspace) -> None:
    found = [(bringer, each.component.name) for bringer, each in workspace.inventory.all("takes:one")]
    assert found == [("takes:one", "curl"), ("base:cpu", "curl"), ("base:cpu", "tool")]


def test_places_are_those_of_the_steps(workspace: Workspace) -> None:
    places = {each.component.name: each.place for each in workspace.inventory.own("base:cpu")}
    assert (places["curl"].file, places["curl"].path) == ("manifests/base/base.yaml", ("steps", 1))
    assert (places["tool"].file, places["tool"].path) == ("manifests/recipes/tool.yaml", ("steps", 0))
    external = workspace.inventory.own("toolkit")[1].place
    assert external.path == ("externals", "toolkit", "provides", 1)


def test_a_deb_has_its_distribution(workspace: Workspace) -> None:
    purls = [each.purl for each in workspace.inventory.own("base:cpu")]
    assert purls == [
        "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2?distro=ubuntu-20.04",
        "pkg:generic/tool@1.2.0",
    ]
    assert workspace.inventory.distribution("r-base:cpu") == "ubuntu-20.04"
    assert workspace.inventory.distribution("base:gpu") == ""


def test_names_for_selectors(workspace: Workspace) -> None:
    names = workspace.inventory.names["r-base:cpu"]
    assert {
        "curl",
        "curl@7.68.0-1ubuntu2",
        "pkg:deb/ubuntu/curl",
        "r-essentials",
        "pkg:conda/r-essentials",
    } <= names
    assert "curl" not in workspace.inventory.names["staged:one"]
    assert {"cuda", "built", "only"} <= workspace.inventory.names["staged:one"]
    assert "unused" not in workspace.inventory.names["staged:one"]

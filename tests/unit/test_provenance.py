"""Ways by which components reach images, where a parent is not the only source."""

from __future__ import annotations

import pytest

from rgraph.app import Workspace
from rgraph.errors import UsageError
from rgraph.provenance import Bringing, components, why
from tests.errors.running import catalogue

TOOLS = """\
kind: base
name: tools
from: ubuntu
variant: one
steps: [{pip: [tool==1.0]}]
"""
# Its name comes before that of its own source: edges are sorted.
BETWEEN = """\
kind: base
name: zz-between
from: ubuntu
variant: one
steps: [{take: {from: "tools:one", path: /a, to: /a}}]
"""
TAKES = """\
kind: base
name: takes
from: assets
variant: one
steps:
  - take: {from: "tools:one", path: /a, to: /a}
    provides: ["pkg:generic/part@1"]
  - take: {from: "zz-between:one", path: /b, to: /b}
"""
STAGED = """\
kind: base
name: staged
from: ubuntu
variant: one
stages:
  - name: build
    from: "tools:one"
    steps: [{pip: [built==1.0]}]
steps: [{take: {from: build, path: /a, to: /a}}]
private:
  - group:
      - {run: [make], provides: "pkg:generic/made@1"}
      - {use: "${{ 'to' ~ 'ol' }}", with: {version: 9.0.0}}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = catalogue(tmp_path_factory.mktemp("catalogue"))
    for name, text in {"tools": TOOLS, "between": BETWEEN, "takes": TAKES, "staged": STAGED}.items():
        (root / f"manifests/{name}.yaml").write_text(text)
    return Workspace(root)


def answers(workspace: Workspace, pattern: str, image: str | None = None) -> tuple[Bringing, ...]:
    return why(workspace.resolved, workspace.inventory, pattern, image)


def test_a_way_goes_through_what_passes_components_on(workspace: Workspace) -> None:
    """Of a source that says what comes along nothing is inherited, though it has the component."""
    (found,) = answers(workspace, "pkg:pypi/tool")
    assert found.bringers == ("tools:one",)
    assert found.inherited == (
        ("staged:one", "tools:one"),
        ("zz-between:one", "tools:one"),
        ("takes:one", "zz-between:one", "tools:one"),
    )


@pytest.mark.parametrize(
    ("name", "step", "recipe", "uses"),
    [
        ("pkg:pypi/tool", "pip", "", [("tools", ("steps", 0))]),
        ("part", "take", "", [("takes", ("steps", 0))]),
        ("built", "pip", "", [("staged", ("stages", 0, "steps", 0))]),
        ("made", "run", "", [("staged", ("private", 0, "group", 0))]),
        # The layer names the recipe by an expression: its manifest is all that can be shown.
        ("tool@9.0.0", "download", "tool", [("staged", ())]),
        ("tool@1.2.0", "download", "tool", [("base", ("steps", 0))]),
    ],
)
def test_the_step_is_named(
    name: str, step: str, recipe: str, uses: list[tuple[str, tuple[str | int, ...]]], workspace: Workspace
) -> None:
    (found,) = answers(workspace, name)
    assert (found.step, found.recipe) == (step, recipe)
    assert [(layer, place.path) for layer, place in found.uses] == uses


def test_in_an_image_only_what_it_holds_counts(workspace: Workspace) -> None:
    (found,) = answers(workspace, "*tool*", "takes:one")
    assert found.inherited == (("takes:one", "zz-between:one", "tools:one"),)
    with pytest.raises(UsageError) as error:
        answers(workspace, "part", "staged:one")
    assert error.value.what == "`staged:one` holds no component `part`"


def test_every_component_of_every_image_is_listed(workspace: Workspace) -> None:
    ids = list(workspace.resolved.images)
    listed = components(workspace.resolved, workspace.inventory, ids)
    found = {(each.declared.purl, id) for each in listed for id in each.images}
    assert found == {(each.purl, id) for id in ids for _, each in workspace.inventory.all(id)}
    for each in listed:
        ways = [way for brought in answers(workspace, each.declared.purl) for way in brought.inherited]
        direct = {id for id in each.bringers if ":" in id}
        assert {way[0] for way in ways} | direct == set(each.images)
        assert {way[-1] for way in ways} <= set(each.bringers)

"""From manifests to images: rows, names, recipes, edges, what a parent passes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgraph.app import Workspace
from rgraph.errors import ManifestError
from rgraph.image import RELEASE, Edge, Image
from rgraph.resolve.steps import hashable, key_of
from tests.errors.running import catalogue

HEAD = "kind: base\nname: bad\nfrom: ubuntu\nvariant: one\n"


def images(tmp_path: Path, text: str, **more: str) -> dict[str, Image]:
    """The images of the common catalogue and of a manifest (and others)."""
    root = catalogue(tmp_path)
    for name, each in {"bad": text, **more}.items():
        (root / f"manifests/{name}.yaml").write_text(each)
    return dict(Workspace(root).resolved.images)


def problems(tmp_path: Path, text: str, **more: str) -> list[str]:
    with pytest.raises(ManifestError) as raised:
        images(tmp_path, text, **more)
    return [problem.what for problem in raised.value.problems]


def texts(image: Image) -> list[str]:
    return [step.text for step in image.public]


def test_defaults(tmp_path: Path) -> None:
    image = images(tmp_path, HEAD)["bad:one"]
    assert image.repository == "team/bad"
    assert image.folder == "bad/one"
    assert image.tags == (f"one-{RELEASE}", "one")
    assert image.floating_tags == ("one",)
    assert image.references("20260101.v1") == ("team/bad:one-20260101.v1", "team/bad:one")
    assert image.parent == Edge("from", "ubuntu", external=True)
    assert (image.state.user, image.state.workdir, image.state.shell) == ("root", "/", ("/bin/sh", "-c"))
    assert image.state.platforms == ("linux/amd64",)


def test_rows_give_images_in_order(tmp_path: Path) -> None:
    text = HEAD.replace("one", '"${{ b }}${{ a }}"') + "matrix: {a: [x, y], b: ['2', '1']}\n"
    ids = [id for id in images(tmp_path, text) if id.startswith("bad:")]
    assert ids == ["bad:1x", "bad:1y", "bad:2x", "bad:2y"]


def test_an_entry_that_says_nothing_is_no_tag(tmp_path: Path) -> None:
    text = HEAD + "tags: [\"${{ release }}\", latest, \"${{ 'x' if variant == 'two' }}\", \"${{ '' }}\"]\n"
    assert images(tmp_path, text)["bad:one"].tags == (RELEASE, "latest")


def test_an_axis_that_other_rows_have(tmp_path: Path) -> None:
    text = (
        HEAD.replace("variant: one", 'variant: "${{ a }}"')
        + "matrix: {include: [{a: x, b: y}, {a: z}]}\nsteps:\n"
        + '  - env: {B: "${{ b }}"}\n    when: "${{ b }}"\n  - env: {C: "${{ b | default(\'none\') }}"}\n'
    )
    found = images(tmp_path, text)
    assert texts(found["bad:x"]) == ["ENV B=y", "ENV C=y"]
    assert texts(found["bad:z"]) == ["ENV C=none"]


def test_a_recipe_sees_its_parameters_only(tmp_path: Path) -> None:
    recipe = "kind: recipe\nname: mine\nparams: {a: {default: x}}\n"
    recipe += 'steps:\n  - env: {A: "${{ a }}${{ variant }}"}\n'
    found = problems(tmp_path, HEAD + "steps: [{use: mine}]\n", mine=recipe)
    assert found == ["`variant` is not defined"]


def test_recipes_in_recipes(tmp_path: Path) -> None:
    inner = "kind: recipe\nname: inner\nparams: {a: , b: {default: '2'}}\n"
    inner += 'steps:\n  - env: {A: "${{ a }}", B: "${{ b }}"}\n'
    outer = "kind: recipe\nname: outer\nparams: {v: }\n"
    outer += 'steps:\n  - use: inner\n    with: {a: "${{ v }}"}\n  - user: root\n'
    found = images(tmp_path, HEAD + "steps: [{use: outer, with: {v: '1'}}]\n", inner=inner, outer=outer)
    assert texts(found["bad:one"]) == ["# outer: inner\nENV A=1 \\\n    B=2", "USER root"]


def test_a_recipe_that_nobody_uses_is_checked(tmp_path: Path) -> None:
    recipe = "kind: recipe\nname: mine\nparams: {a: {default: x}}\nsteps: [{expose: nope}]\n"
    assert problems(tmp_path, HEAD, mine=recipe) == ["`nope` is no port"]


def test_edges_over_takes_and_stages(tmp_path: Path) -> None:
    text = HEAD + (
        "stages:\n  - {name: build, from: cuda, steps: [{run: [make], provides: []}]}\n"
        "  - {name: next, from: build, steps: [{take: {from: assets, path: /a, to: /a}}]}\n"
        "steps:\n  - take: {from: next, path: /a, to: /a}\n  - take: {from: 'base:cpu', path: /a, to: /a}\n"
    )
    image = images(tmp_path, text)["bad:one"]
    assert image.edges == (
        Edge("from", "ubuntu", external=True),
        Edge("copy", "assets", external=True),
        Edge("copy", "base:cpu", external=False),
        Edge("copy", "cuda", external=True),
    )
    assert [(stage.name, stage.source) for stage in image.stages] == [("build", "cuda"), ("next", "build")]


def test_a_stage_stands_on_an_earlier_one_only(tmp_path: Path) -> None:
    text = HEAD + "stages:\n  - {name: first, from: second}\n  - {name: second, from: ubuntu}\n"
    assert problems(tmp_path, text) == ["there is no stage or External `second`"]


def test_what_a_parent_passes_on(tmp_path: Path) -> None:
    parent = (
        HEAD
        + "steps: [{user: me}, {workdir: /a}, {workdir: b}, {shell: [/bin/bash, -c]}]\n"
        + "private: [{user: other}]\n"
    )
    child = 'kind: r\nname: child\nfrom: "bad:one"\nvariant: one\n'
    found = images(tmp_path, parent, child=child)
    state = found["child:one"].state
    assert (state.user, state.workdir, state.shell) == ("me", "/a/b", ("/bin/bash", "-c"))
    assert found["bad:one"].restore[-1] == "USER me"


def test_capabilities_are_inherited_and_claims_checked(tmp_path: Path) -> None:
    text = 'kind: r\nname: bad\nfrom: "base:gpu"\nvariant: one\n'
    text += "capabilities: {gpu: true, cuda: 11.1.1, rdma: false}\n"
    assert images(tmp_path, text)["bad:one"].state.capabilities == {"gpu": True, "cuda": "11.1.1"}
    found = problems(tmp_path, text.replace("base:gpu", "base:cpu"))
    assert found == [
        "`bad:one` claims `cuda: 11.1.1`, but `base:cpu` has no `cuda`",
        "`bad:one` claims `gpu: true`, but `base:cpu` has no `gpu`",
    ]


def test_platforms(tmp_path: Path) -> None:
    more = 'kind: externals\nexternals:\n  both: {reference: "b:1", platforms: [linux/arm64, linux/amd64]}\n'
    text = HEAD.replace("ubuntu", "both") + "platforms: [linux/arm64, linux/amd64]\n"
    child = 'kind: r\nname: child\nfrom: "bad:one"\nvariant: one\n'
    found = images(tmp_path, text, more=more, child=child)
    assert found["bad:one"].state.platforms == ("linux/amd64", "linux/arm64")
    # The catalogue's own list holds for who says nothing.
    assert found["child:one"].state.platforms == ("linux/amd64",)


def test_equal_steps_are_resolved_once(tmp_path: Path) -> None:
    text = (
        HEAD.replace("one", '"${{ a }}"')
        + 'matrix: {a: [x, y]}\nsteps: [{user: root}, {env: {A: "${{ a }}"}}]\n'
    )
    found = images(tmp_path, text)
    first, second = found["bad:x"].public, found["bad:y"].public
    assert first[0] is second[0]
    assert first[1] is not second[1]


def test_a_group_is_one_instruction(tmp_path: Path) -> None:
    text = (
        HEAD
        + "steps:\n  - group:\n      - run: [a]\n        provides: [pkg:generic/a@1]\n      - apt: [b=1]\n"
    )
    step = images(tmp_path, text)["bad:one"].public[0]
    assert step.text.count("RUN ") == 1
    assert [component.name for component in step.source.components] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + "folder: BASE/cpu\n", "`base:cpu` and `bad:one` share the folder `base/cpu`"),
        (HEAD + "folder: base/cpu/x\n", "the folder `base/cpu/x` of `bad:one` is inside that of `base:cpu`"),
        (
            HEAD + "repository: base\ntags: [cpu]\n",
            "`base:cpu` and `bad:one` share the reference `team/base:cpu`",
        ),
        (HEAD + "matrix: {a: [x, y]}\n", "two rows give `bad:one`: {a: x} and {a: y}"),
    ],
)
def test_what_must_not_be_shared(text: str, expected: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text) == [expected]


def test_what_cannot_be_read_hides_nothing_else(tmp_path: Path) -> None:
    """A name that leads to nothing may stand in the broken file, so it is not reported; the rest is."""
    text = HEAD.replace("ubuntu", '"broken:one"') + "steps: [{use: gone}, {apt: [curl]}]\n"
    found = problems(tmp_path, text, broken="kind: base\nname: [\n")
    assert "`curl` is not pinned" in found
    assert [what for what in found if "broken:one" in what or "gone" in what] == []
    assert len(found) == 2


def test_keys_tell_booleans_from_texts() -> None:
    assert hashable(True) != hashable("true")
    assert hashable(["a", ["b"]]) == ("a", ("b",))
    assert key_of(["a", "b"], {"a": "x"}) != key_of(["a", "b"], {"a": "x", "b": None})

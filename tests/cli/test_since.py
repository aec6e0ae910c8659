"""`--since REV` on real repositories: what an edit makes to build, and how it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rgraph.app import Workspace
from rgraph.graph import closure, reverse
from rgraph.history import workspace_at
from tests.errors.running import Result, catalogue, run
from tests.tools.repository import commit, git, repository

BASE, R, RECIPE = "base/base.yaml", "r/r-base.yaml", "recipes/tool.yaml"
CHILD = """\
kind: framework
name: child
from: "r-base:gpu"
variant: one
stages:
  - {name: build, from: assets, steps: [{run: [make], provides: []}]}
steps:
  - take: {from: "base:cpu", path: /opt/tool, to: /opt/}
  - take: {from: build, path: /a, to: /b}
  - pip: [rpy2==3.0.5]
"""
ALONE = """\
kind: framework
name: alone
from: servercore
variant: "1"
steps:
  - env: {KEY: value}
  - {run: [echo one, echo two], provides: []}
private:
  - copy: {files: [LICENSE.txt], to: 'C:\\'}
"""
COMPONENTS = """\
kind: components
components:
  - {purl: "pkg:conda/r-essentials", license: BSD-3-Clause, status: assumed}
  - {purl: "pkg:deb/curl", versions: ">=8", license: curl}
  - {purl: "pkg:deb/curl", license: curl, notice: curl.txt}
"""
LOCK = {
    "externals": {"assets": {"requested": "example/assets:1", "digest": "sha256:" + "a" * 64}},
    "downloads": {"https://example.com/tool-1.2.0.tar.gz": "b" * 64},
}
BASES, RS = {"base:cpu", "base:gpu"}, {"r-base:cpu", "r-base:gpu"}
UPON = BASES | RS | {"child:one"}
ALL = UPON | {"alone:1"}

Edit = Callable[[Path], None]


def put(name: str, text: str | bytes) -> Edit:
    """Writes a file of `manifests/`."""

    def edit(manifests: Path) -> None:
        path = manifests / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    return edit


def change(name: str, old: str, new: str) -> Edit:
    """Replaces a text of a file of `manifests/`, which must be there."""

    def edit(manifests: Path) -> None:
        text = (manifests / name).read_text()
        assert old in text
        (manifests / name).write_text(text.replace(old, new))

    return edit


def locked(part: str, name: str, value: object) -> Edit:
    """Sets an entry of the lock; None removes it."""

    def edit(manifests: Path) -> None:
        lock = json.loads((manifests / "rgraph.lock").read_text())
        lock[part] = {key: each for key, each in {**lock[part], name: value}.items() if each is not None}
        (manifests / "rgraph.lock").write_text(json.dumps(lock))

    return edit


def several(*edits: Edit) -> Edit:
    def edit(manifests: Path) -> None:
        for each in edits:
            each(manifests)

    return edit


def move(name: str, target: str) -> Edit:
    def edit(manifests: Path) -> None:
        (manifests / name).rename(manifests / target)

    return edit


def remove(name: str) -> Edit:
    return lambda manifests: (manifests / name).unlink()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue, committed."""
    folder = repository(tmp_path / "catalogue")
    catalogue(folder)
    for name, text in {
        "framework/child.yaml": CHILD,
        "framework/alone.yaml": ALONE,
        "components.yaml": COMPONENTS,
        "notices/curl.txt": "The licence of curl\n",
        "rgraph.lock": json.dumps(LOCK),
    }.items():
        put(name, text)(folder / "manifests")
    commit(folder)
    return folder


def answer(result: Result) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


def built(root: Path, *arguments: str) -> dict[str, list[dict[str, str]]]:
    """The images of a plan, all to build, with the reasons."""
    plan = answer(run(root, "plan", "--since", "HEAD", "--format", "json", *arguments))
    assert {image["state"] for image in plan["images"]} <= {"build"}
    return {image["id"]: image["reasons"] for image in plan["images"]}


NEW_LAYER = "kind: base\nname: new\nfrom: ubuntu\nvariant: '1'\n"
EDITS: list[tuple[str, Edit, set[str]]] = [
    ("nothing", several(), set()),
    ("a comment", change(BASE, "kind: base\n", "# why\nkind: base   # what\n"), set()),
    (
        "the order of keys",
        several(
            change(BASE, 'variant: "${{ device }}"\n', ""),
            change(BASE, "name: base\n", 'variant: "${{ device }}"\nname: base\n'),
        ),
        set(),
    ),
    (
        "flow instead of block",
        change(R, "matrix: {device: [cpu, gpu]}", "matrix:\n  device:\n  - cpu\n  - gpu"),
        set(),
    ),
    ("quotes", change(BASE, "version: 1.2.0", 'version: "1.2.0"'), set()),
    ("a description", change(BASE, "kind: base\n", "kind: base\ndescription: Another\n"), set()),
    ("a moved manifest", move(BASE, "elsewhere.yaml"), set()),
    ("tags", change(R, "kind: r\n", 'kind: r\ntags: ["${{ variant }}", "latest-${{ variant }}"]\n'), set()),
    ("a folder", change(R, "kind: r\n", 'kind: r\nfolder: "other/${{ variant }}"\n'), set()),
    ("the registry", change("catalog.yaml", "registry.example.com", "other.example.com"), set()),
    (
        "the policy",
        change("catalog.yaml", "name: example\n", "name: example\npolicy: {unpinned: [apt]}\n"),
        set(),
    ),
    (
        "where staging is",
        change("catalog.yaml", "name: example\n", "name: example\nstaging: s.example.com\n"),
        set(),
    ),
    ("a recipe", change(RECIPE, "/opt/tool", "/opt/tools"), UPON),
    ("a recipe's step that nobody has", change(RECIPE, "TOOL_MODE: fast", "TOOL_MODE: slow"), set()),
    ("a default", change(RECIPE, "default: false", "default: true"), UPON),
    ("an argument", change(BASE, "version: 1.2.0", "version: 1.3.0"), UPON),
    ("a package of a layer", change(R, "r-essentials=3.6.0", "r-essentials=3.6.1"), RS | {"child:one"}),
    ("a package at the top", change("framework/child.yaml", "rpy2==3.0.5", "rpy2==3.0.6"), {"child:one"}),
    (
        "one row",
        change(BASE, "7.68.0-1ubuntu2]", "7.68.0-1ubuntu2]\n    when: \"${{ device == 'cpu' }}\""),
        {"base:gpu", "r-base:gpu", "child:one"},
    ),
    (
        "a row more",
        change(BASE, "    - {device: cpu", "    - {device: tpu, below: ubuntu}\n    - {device: cpu"),
        {"base:tpu"},
    ),
    (
        "a row less",
        several(
            change(BASE, "    - {device: gpu, below: cuda}\n", ""),
            change(R, "[cpu, gpu]", "[cpu]"),
            change("framework/child.yaml", "r-base:gpu", "r-base:cpu"),
        ),
        {"child:one"},
    ),
    ("the order of rows", change(R, "[cpu, gpu]", "[gpu, cpu]"), set()),
    ("a renamed variant", change("framework/child.yaml", "variant: one", "variant: two"), {"child:two"}),
    ("a parent", change("framework/child.yaml", "r-base:gpu", "r-base:cpu"), {"child:one"}),
    ("a take", change("framework/child.yaml", "/opt/tool,", "/opt/tools,"), {"child:one"}),
    ("what is taken from", change("framework/child.yaml", "base:cpu", "base:gpu"), {"child:one"}),
    ("a stage", change("framework/child.yaml", "run: [make]", "run: [make all]"), {"child:one"}),
    ("a private step", change("framework/alone.yaml", "LICENSE.txt", "ThirdPartyNotices.txt"), {"alone:1"}),
    (
        "an External",
        change("externals.yaml", "nvidia/cuda:11.1.1", "nvidia/cuda:11.1.2"),
        UPON - {"base:cpu", "r-base:cpu"},
    ),
    (
        "a digest in the lock",
        locked("externals", "assets", {"requested": "example/assets:1", "digest": "sha256:" + "c" * 64}),
        {"child:one"},
    ),
    ("a digest less", locked("externals", "assets", None), {"child:one"}),
    (
        "a void entry of the lock",
        locked("externals", "cuda", {"requested": "nvidia/cuda:9", "digest": "sha256:" + "c" * 64}),
        set(),
    ),
    ("a checksum in the lock", locked("downloads", "https://example.com/tool-1.2.0.tar.gz", "c" * 64), UPON),
    ("a checksum that nobody uses", locked("downloads", "https://example.com/x", "c" * 64), set()),
    ("a fact", change("components.yaml", "status: assumed", "status: verified"), RS | {"child:one"}),
    (
        "a fact of other versions",
        change("components.yaml", 'versions: ">=8", license: curl', 'versions: ">=8", license: MIT'),
        set(),
    ),
    ("a notice", put("notices/curl.txt", "Another text\n"), UPON),
    ("a notice that nobody uses", put("notices/other.txt", "text"), set()),
    ("a file", put("files/train.py", "print()\n"), UPON),
    ("what ends the lines of a file", put("files/train.py", "print(1)\r\n"), UPON),
    ("a file that nobody uses", put("files/other.py", "print()\n"), set()),
    ("a test", change(BASE, "name: train,", "name: trains,"), UPON),
    ("the licence", change("catalog.yaml", "Example Ltd.", "Example Inc."), ALL),
    ("the licence's text", put("notices/own.txt", "Permission is given.\n"), ALL),
    ("a new image", put("base/new.yaml", NEW_LAYER), {"new:1"}),
    ("an image less", remove("framework/child.yaml"), set()),
    ("a layer renamed", change("framework/alone.yaml", "name: alone", "name: lonely"), {"lonely:1"}),
    ("the ledger", put("releases.jsonl", ""), set()),
    ("a waiver", put("waivers.yaml", "kind: waivers\nwaivers: []\n"), set()),
]


@pytest.mark.parametrize(("what", "edit", "expected"), EDITS, ids=[each[0] for each in EDITS])
def test_what_an_edit_makes_to_build(what: str, edit: Edit, expected: set[str], root: Path) -> None:
    edit(root / "manifests")
    plan = built(root)
    assert set(plan) == expected
    listed = run(root, "list", "--since", "HEAD", "--format", "ids")
    assert listed.out.split() == list(plan)
    assert run(root, "list", "--since", "HEAD", "--format", "ids", "state:modified") == listed
    then, now = workspace_at(root, "HEAD"), Workspace(root)
    needs = {
        id: [edge.to for edge in image.edges if not edge.external]
        for id, image in now.resolved.images.items()
    }
    assert closure(plan, reverse(needs)) == set(plan)
    for id, reasons in plan.items():
        assert ({"kind": "new"} in reasons) == (id not in then.fingerprints)
        parents = [{"kind": "parent", "of": each} for each in dict.fromkeys(needs[id]) if each in plan]
        assert [reason for reason in reasons if reason["kind"] == "parent"] == parents
        explained = answer(run(root, "explain", id, "--since", "HEAD", "--format", "json"))
        assert explained["causes"], id
    for id in now.fingerprints.keys() - plan.keys():
        explained = answer(run(root, "explain", id, "--since", "HEAD", "--format", "json"))
        assert (explained["change"], explained["causes"]) == ("unchanged", [])


def test_a_commit_changes_what_is_compared(root: Path) -> None:
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    before = built(root)
    commit(root)
    assert built(root) == {}
    plan = answer(run(root, "plan", "--since", "HEAD~1", "--format", "json"))
    assert {image["id"]: image["reasons"] for image in plan["images"]} == before


def test_what_git_does_not_follow_counts(root: Path) -> None:
    (root / ".gitignore").write_text("manifests/base/new.yaml\n")
    put("base/new.yaml", NEW_LAYER)(root / "manifests")
    assert set(built(root)) == {"new:1"}


def test_nothing_is_written(root: Path) -> None:
    change(RECIPE, "/opt/tool", "/opt/tools")(root / "manifests")
    before = git(root, "status", "--porcelain", "--ignored")  # writes the index
    files = {path: path.stat().st_mtime_ns for path in (root / ".git").rglob("*")}
    built(root)
    assert {path: path.stat().st_mtime_ns for path in (root / ".git").rglob("*")} == files
    assert git(root, "status", "--porcelain", "--ignored") == before


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["r-base"], ["r-base:cpu", "r-base:gpu"]),
        (["state:modified,kind:r"], ["r-base:cpu", "r-base:gpu"]),
        (["state:modified", "--exclude", "kind:r"], ["child:one"]),
        (["--exclude", "state:modified"], []),
        (["--path", "child;base"], ["child:one"]),
        (["base"], []),
        (["child+"], ["child:one"]),
    ],
)
def test_with_selectors(arguments: list[str], expected: list[str], root: Path) -> None:
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    assert list(built(root, *arguments)) == expected
    listed = run(root, "list", "--since", "HEAD", "--format", "ids", *arguments)
    assert listed.out.split() == expected


def test_waves_are_those_of_the_plan(root: Path) -> None:
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    plan = answer(
        run(root, "plan", "--since", "HEAD", "--format", "json", "--date", "20260102", "--num", "3")
    )
    assert plan["waves"] == [["r-base:cpu", "r-base:gpu"], ["child:one"]]
    assert plan["images"][0]["tags"] == ["cpu-20260102.v3", "cpu"]
    tagged = answer(run(root, "plan", "--since", "HEAD", "--format", "json", "--tag", "20250101.v7"))
    assert tagged["images"][0]["tags"] == ["cpu-20250101.v7", "cpu"]


def test_all_of_the_path_if_nothing_changed(root: Path) -> None:
    assert built(root, "--path", "r-base;base/cpu") == {}
    asked = [{"kind": "asked"}]
    assert built(root, "--path", "r-base;base/cpu", "--all-if-unchanged") == {
        "base:cpu": asked,
        "r-base:cpu": asked,
        "r-base:gpu": asked,
    }
    assert set(built(root, "--all-if-unchanged")) == ALL
    change("framework/child.yaml", "rpy2==3.0.5", "rpy2==3.0.6")(root / "manifests")
    assert set(built(root, "--all-if-unchanged")) == {"child:one"}
    # What changed lies elsewhere: the whole path, as the old pipeline took it.
    assert set(built(root, "--path", "r-base", "--all-if-unchanged")) == RS


def test_all_if_unchanged_needs_a_revision(root: Path) -> None:
    result = run(root, "plan", "--all-if-unchanged")
    assert (result.code, result.out) == (2, "")
    assert "--all-if-unchanged needs --since" in result.err


def test_state_modified_needs_a_revision(root: Path) -> None:
    result = run(root, "list", "state:modified")
    assert result.code == 2
    assert "it needs `--since REV`" in result.err


def test_a_catalogue_that_no_longer_reads(root: Path) -> None:
    change(BASE, "variant:", "varient:")(root / "manifests")
    put("r/r-base.yaml", "kind: r\n  bad")(root / "manifests")
    commit(root)
    git(root, "checkout", "--quiet", "HEAD~1", "--", ".")
    for command in (["plan"], ["list"], ["explain", "child:one"]):
        result = run(root, *command, "--since", "HEAD")
        assert (result.code, result.out) == (2, "")
        assert "HEAD:manifests/base/base.yaml:8:1: error: " in result.err
        assert '  8 | varient: "${{ device }}"\n' in result.err
        assert "HEAD:manifests/r/r-base.yaml:" in result.err
        assert " in 2 files of the catalogue at HEAD\n" in result.err
        assert result.err.endswith("help: name a revision whose manifests are right\n")
        assert "\nmanifests/" not in result.err


def test_the_present_catalogue_is_read_first(root: Path) -> None:
    change(BASE, "variant:", "varient:")(root / "manifests")
    result = run(root, "plan", "--since", "nope")
    assert result.code == 2
    assert result.err.startswith("manifests/base/base.yaml:1:1: error: ")


def test_an_unknown_revision(root: Path) -> None:
    for command in (["plan"], ["list"], ["explain", "child:one"]):
        result = run(root, *command, "--since", "--output=x")
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("error: git knows no commit `--output=x`\n  help: name a commit")
    assert not (root / "x").exists()


def test_git_that_is_not_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = run(root, "plan", "--since", "HEAD")
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: cannot ask git: ")


@pytest.mark.parametrize("command", [["plan"], ["list"], ["diff"]])
def test_an_empty_revision_is_none(root: Path, command: list[str]) -> None:
    result = run(root, *command, "--since", "")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: --since names no revision\n")


def test_a_parent_that_changed_before_the_revision_must_be_there(root: Path) -> None:
    run(root, "release", "cut", "--date", "20260101")
    commit(root)
    change("base/base.yaml", "curl", "wget")(root / "manifests")
    commit(root)
    change("r/r-base.yaml", "3.6.0", "3.6.1")(root / "manifests")
    text = run(root, "plan", "r-base:*", "--since", "HEAD")
    assert text.err == "to be built first, and not in this plan: base:cpu, base:gpu (`+IMAGE` selects both)\n"
    jobs = run(root, "plan", "r-base:*", "--since", "HEAD", "--format", "github")
    assert (jobs.code, jobs.out) == (2, "")
    assert "what is planned is made from `base:cpu`, `base:gpu`, which" in jobs.err
    run(root, "release", "cut", "--date", "20260102")
    change("r/r-base.yaml", "3.6.1", "3.6.2")(root / "manifests")
    again = run(root, "plan", "r-base:*", "--since", "HEAD", "--format", "github")
    assert again.code == 0, "what was released is there"

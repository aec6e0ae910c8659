"""Every command: what it prints where, its JSON, its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.errors.running import Result, catalogue, run

CHILD = """\
kind: framework
name: child
from: "r-base:gpu"
variant: one
tags: ["${{ variant }}-${{ release }}", "${{ variant }}", latest]
steps:
  - take: {from: "base:cpu", path: /opt/tool, to: /opt/}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The common catalogue and one image that takes from another."""
    catalogue(tmp_path)
    (tmp_path / "manifests/framework").mkdir()
    (tmp_path / "manifests/framework/child.yaml").write_text(CHILD)
    return tmp_path


def answer(result: Result) -> Any:
    assert result.code == 0, result.err
    return json.loads(result.out)


IMAGES = ["base:cpu", "base:gpu", "r-base:cpu", "r-base:gpu", "child:one"]
HELP = {
    (): [
        "-C, --directory",
        "--version",
        "plan",
        "list",
        "show",
        "tree",
        "graph",
        "check",
        "generate",
        "release",
        "schema",
        "init",
        "import",
        "0 all well",
        "1 findings, drift",
        "2 manifests or usage invalid",
        "3 an engine",
    ],
    ("plan",): [
        "SELECTOR",
        "kind:framework",
        "component:openssl",
        "--exclude",
        "--path",
        "--date",
        "--num",
        "--tag",
        "--format",
        "A space unites, a comma intersects",
        "retag",
    ],
    ("list",): ["SELECTOR", "--exclude", "--path", "text|json|ids"],
    ("show",): ["IMAGE", "--flatten", "--private", "--format", "file and line"],
    ("tree",): ["SELECTOR", "--format"],
    ("graph",): ["mermaid|dot|json|svg"],
    ("check",): ["--format", "everything that is wrong"],
    ("generate",): ["--check", "--diff", "exit 1", "never leaves"],
    ("release",): ["cut"],
    ("release", "cut"): ["--date", "--num", "--tag", "nothing is cut"],
    ("schema",): ["--write", "--check", "--markdown"],
    ("init",): ["DIR"],
    ("import",): ["dockerfiles", "--verify", "--originals", "--format"],
    ("import", "dockerfiles"): ["PATH", "--into", "--build-arg", "--verify", "--dry-run", "--format"],
}


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help(command: tuple[str, ...], tmp_path: Path) -> None:
    result = run(tmp_path, *command, "--help")
    assert result.code == 0
    assert result.err == ""
    text = " ".join(result.out.split())
    assert [word for word in HELP[command] if word not in text] == []
    assert run(tmp_path, *command, "-h") == result


def test_no_command_shows_the_help(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.code == 2
    assert "[OPTIONS] COMMAND [ARGS]..." in result.out + result.err
    assert "release" in result.out + result.err


def test_version(tmp_path: Path) -> None:
    result = run(tmp_path, "--version")
    assert result.code == 0
    assert re.fullmatch(r"rgraph [0-9]+\.[0-9]+\.[0-9]+\n", result.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["plan", "--nope"],
        ["plan", "--num", "x"],
        ["plan", "--format", "xml"],
        ["graph", "--format", "png"],
        ["show"],
        ["show", "a", "b"],
        ["release"],
        ["release", "nope"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], root: Path) -> None:
    result = run(root, *arguments)
    assert result.code == 2
    assert result.out == "" or arguments == ["release"]
    assert "Traceback" not in result.err


def test_check(root: Path) -> None:
    assert run(root, "check") == Result(0, "3 layers, 5 images, 1 recipe, 4 externals: all well\n", "")
    numbers = {"schema": 1, "layers": 3, "images": 5, "recipes": 1, "externals": 4}
    assert answer(run(root, "check", "--format", "json")) == numbers


def test_plan_as_json(root: Path) -> None:
    plan = answer(run(root, "plan", "--date", "20260102", "--format", "json"))
    assert list(plan) == ["schema", "waves", "images"]
    assert plan["schema"] == 1
    assert plan["waves"] == [["base:cpu", "base:gpu"], ["r-base:cpu", "r-base:gpu"], ["child:one"]]
    assert [image["id"] for image in plan["images"]] == IMAGES
    keys = ["id", "kind", "wave", "state", "reasons", "repository", "tags", "fingerprint", "folder", "edges"]
    assert [list(image) for image in plan["images"]] == [keys] * 5
    child = plan["images"][-1]
    assert re.fullmatch("sha256:[0-9a-f]{64}", child.pop("fingerprint"))
    assert child == {
        "id": "child:one",
        "kind": "framework",
        "wave": 3,
        "state": "build",
        "reasons": [
            {"kind": "new"},
            {"kind": "parent", "of": "r-base:gpu"},
            {"kind": "parent", "of": "base:cpu"},
        ],
        "repository": "team/child",
        "tags": ["one-20260102.v1", "one", "latest"],
        "folder": "child/one",
        "edges": [
            {"type": "from", "to": "r-base:gpu", "external": False},
            {"type": "copy", "to": "base:cpu", "external": False},
        ],
    }
    assert plan["images"][0]["edges"] == [{"type": "from", "to": "ubuntu", "external": True}]


def test_plan_as_text(root: Path) -> None:
    result = run(root, "plan", "--date", "20260102")
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[0].split() == ["wave", "image", "state", "why", "built", "on", "tags"]
    assert re.split(" {2,}", lines[5]) == [
        "3",
        "child:one",
        "build",
        "new",
        "r-base:gpu (+1)",
        "one-20260102.v1, one, latest",
    ]
    assert lines[-1] == "5 images in 3 waves: 5 to build"


def test_plan_numbers_waves_of_what_is_chosen(root: Path) -> None:
    plan = answer(run(root, "plan", "child", "r-base:cpu", "--format", "json"))
    assert plan["waves"] == [["r-base:cpu"], ["child:one"]]
    assert [image["wave"] for image in plan["images"]] == [1, 2]


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        (["--date", "20260102"], "20260102.v1"),
        (["--date", "2026-01-02"], "20260102.v1"),
        (["--date", "20260102", "--num", "7"], "20260102.v7"),
        (["--tag", "20251231.v12"], "20251231.v12"),
    ],
)
def test_plan_shows_the_tags_of_a_cut(arguments: list[str], tag: str, root: Path) -> None:
    plan = answer(run(root, "plan", "base:cpu", *arguments, "--format", "json"))
    assert plan["images"][0]["tags"] == [f"cpu-{tag}", "cpu"]


def test_list(root: Path) -> None:
    assert run(root, "list", "--format", "ids") == Result(0, "\n".join(IMAGES) + "\n", "")
    text = run(root, "list").out
    assert text.splitlines()[0].split() == ["image", "kind", "built", "on", "folder", "floating", "tags"]
    assert text.splitlines()[-1] == "5 images"
    found = answer(run(root, "list", "r-base:gpu", "--format", "json"))
    assert found == {
        "schema": 1,
        "images": [
            {
                "id": "r-base:gpu",
                "kind": "r",
                "layer": "r-base",
                "variant": "gpu",
                "row": {"device": "gpu"},
                "wave": 2,
                "from": "base:gpu",
                "repository": "team/r-base",
                "floating_tags": ["gpu"],
                "folder": "r-base/gpu",
                "platforms": ["linux/amd64"],
                "capabilities": {"gpu": True, "cuda": "11.1.1"},
                "manifest": "manifests/r/r-base.yaml",
            }
        ],
    }


def test_tree(root: Path) -> None:
    assert run(root, "tree").out == (
        "cuda\n"
        "└── base:gpu\n"
        "    └── r-base:gpu\n"
        "        └── child:one  (takes from base:cpu)\n"
        "ubuntu\n"
        "└── base:cpu\n"
        "    └── r-base:cpu\n"
    )
    found = answer(run(root, "tree", "r-base", "--format", "json"))
    assert found == {
        "schema": 1,
        "roots": [
            {"id": "base:cpu", "children": [{"id": "r-base:cpu", "children": []}]},
            {"id": "base:gpu", "children": [{"id": "r-base:gpu", "children": []}]},
        ],
    }


def test_graph(root: Path) -> None:
    drawn = {name: run(root, "graph", "--format", name) for name in ("mermaid", "dot", "svg")}
    assert {result.code for result in drawn.values()} == {0}
    assert drawn["mermaid"].out.startswith("flowchart LR\n")
    assert drawn["mermaid"].out.count("-->") == 5
    assert drawn["mermaid"].out.count("-.->") == 1
    assert '"base:cpu" -> "child:one" [style=dashed];' in drawn["dot"].out
    assert drawn["svg"].out.startswith("<svg ")
    assert run(root, "graph") == drawn["mermaid"]
    found = answer(run(root, "graph", "--format", "json"))
    assert found["schema"] == 1
    assert {"id": "ubuntu", "type": "external", "reference": "ubuntu:20.04"} in found["nodes"]
    assert {"id": "child:one", "type": "image", "kind": "framework", "wave": 3} in found["nodes"]
    assert {"from": "child:one", "to": "base:cpu", "type": "copy"} in found["edges"]


def test_show(root: Path) -> None:
    text = run(root, "show", "base:gpu")
    assert text.code == 0
    assert "manifests/base/base.yaml:7" in text.out
    found = answer(run(root, "show", "base:gpu", "--format", "json"))
    assert found["schema"] == 1
    documented = {
        "id",
        "kind",
        "manifest",
        "row",
        "from",
        "edges",
        "repository",
        "tags",
        "folder",
        "platforms",
        "capabilities",
        "user",
        "workdir",
        "shell",
        "state",
        "release",
        "fingerprint",
        "said",
        "steps",
        "components",
        "tests",
        "usage_restrictions",
    }
    assert documented <= set(found)
    assert found["said"]["from"] == "manifests/base/base.yaml:7"
    assert [step["where"] for step in found["steps"]] == [
        "manifests/recipes/tool.yaml:5",
        "manifests/base/base.yaml:13",
    ]
    tool = next(each for each in found["components"] if each["name"] == "tool")
    assert (tool["version"], tool["from"]) == ("1.2.0", "base:gpu")
    assert [test["name"] for test in found["tests"]] == ["train"]


def test_show_flattened(root: Path) -> None:
    result = run(root, "show", "r-base:gpu", "--flatten")
    assert result.code == 0
    assert re.findall("^FROM (\\S+)", result.out, re.MULTILINE)[-1] == "nvidia/cuda:11.1.1"
    assert "apt-get install" in result.out
    assert "r-essentials=3.6.0" in result.out


def test_a_pattern_that_names_one_image(root: Path) -> None:
    assert run(root, "show", "child").out == run(root, "show", "child:one").out


def test_another_folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    expected = run(root, "list")
    for option in (["-C", str(root)], [f"-C{root}"], ["--directory", str(root)], [f"--directory={root}"]):
        assert run(elsewhere, *option, "list") == expected
    assert run(elsewhere, "list").code == 2
    (root / "manifests/r/r-base.yaml").write_text("kind: r\nnaem: x\n")
    there, here = run(elsewhere, "-C", str(root), "check"), run(root, "check")
    assert there == here
    assert "  2 | naem: x\n" in there.err


def test_nothing_is_coloured_off_a_terminal(root: Path) -> None:
    for arguments in (["plan"], ["list"], ["show", "child"], ["tree"], ["list", "nope"]):
        result = run(root, *arguments)
        assert "\x1b" not in result.out + result.err

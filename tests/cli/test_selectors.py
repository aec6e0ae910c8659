"""The grammar of selectors, as one table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.errors.running import catalogue, run

CHILD = 'kind: framework\nname: child\nfrom: "r-base:gpu"\nvariant: one\nfolder: deep/folder/child\nsteps:\n'
CHILD += '  - take: {from: "base:cpu", path: /opt/tool, to: /opt/}\n    provides: []\n'
LONE = "kind: base\nname: lone\nfrom: assets\nvariant: v1.2\nsteps:\n  - pip: [openssl-tool==1.0]\n"

ALL = "base:cpu base:gpu lone:v1.2 r-base:cpu r-base:gpu child:one"
TABLE = [
    # include, exclude, expected
    ("", "", ALL),
    ("base:cpu", "", "base:cpu"),
    ("base:*", "", "base:cpu base:gpu"),
    ("base", "", "base:cpu base:gpu"),
    ("*:cpu", "", "base:cpu r-base:cpu"),
    ("*", "", ALL),
    ("*:*", "", ALL),
    ("r-base:[cg]pu", "", "r-base:cpu r-base:gpu"),
    ("lone:v1.2", "", "lone:v1.2"),
    ("+r-base:cpu", "", "base:cpu r-base:cpu"),
    ("+child", "", "base:cpu base:gpu r-base:gpu child:one"),
    ("base:cpu+", "", "base:cpu r-base:cpu child:one"),
    ("base:gpu+", "", "base:gpu r-base:gpu child:one"),
    ("+r-base:gpu+", "", "base:gpu r-base:gpu child:one"),
    ("lone+", "", "lone:v1.2"),
    ("base:cpu child", "", "base:cpu child:one"),
    ("base:cpu,child", "", ""),
    ("base:cpu+,kind:r", "", "r-base:cpu"),
    ("+child,kind:base lone", "", "base:cpu base:gpu lone:v1.2"),
    ("kind:framework", "", "child:one"),
    ("kind:r", "", "r-base:cpu r-base:gpu"),
    ("+kind:framework,kind:r", "", "r-base:gpu"),
    ("axis:device=gpu", "", "base:gpu r-base:gpu"),
    ("axis:device=*pu", "", "base:cpu base:gpu r-base:cpu r-base:gpu"),
    ("axis:below=cuda", "", "base:gpu"),
    ("path:base", "", "base:cpu base:gpu"),
    ("path:base/*", "", "base:cpu base:gpu"),
    ("path:generated/base/cpu", "", "base:cpu"),
    ("path:./generated/base/", "", "base:cpu base:gpu"),
    ("path:deep", "", "child:one"),
    ("path:deep/folder/child", "", "child:one"),
    ("component:r-essentials", "", "r-base:cpu r-base:gpu child:one"),
    ("component:r-essentials@3.6.0", "", "r-base:cpu r-base:gpu child:one"),
    ("component:pkg:generic/tool", "", "base:cpu base:gpu r-base:cpu r-base:gpu child:one"),
    ("component:openssl-tool", "", "lone:v1.2"),
    ("component:r-*,kind:r", "", "r-base:cpu r-base:gpu"),
    ("state:build", "", ALL),
    ("state:reuse", "", ""),
    ("state:retag", "", ""),
    ("", "kind:r", "base:cpu base:gpu lone:v1.2 child:one"),
    ("", "r-base:gpu+", "base:cpu base:gpu lone:v1.2 r-base:cpu"),
    ("", "base lone", "r-base:cpu r-base:gpu child:one"),
    ("+child", "axis:device=cpu", "base:gpu r-base:gpu child:one"),
    ("base", "base", ""),
    ("", "*", ""),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = catalogue(tmp_path_factory.mktemp("catalogue"))
    (found / "manifests/framework").mkdir()
    (found / "manifests/framework/child.yaml").write_text(CHILD)
    (found / "manifests/base/lone.yaml").write_text(LONE)
    return found


def ids(root: Path, *arguments: str) -> str:
    result = run(root, "list", "--format", "ids", *arguments)
    assert result.code == 0, result.err
    assert result.err == ""
    return " ".join(result.out.split())


@pytest.mark.parametrize(("include", "exclude", "expected"), TABLE)
def test_selectors(include: str, exclude: str, expected: str, root: Path) -> None:
    without = ["--exclude", exclude] if exclude else []
    assert ids(root, *([include] if include else []), *without) == expected
    # The shell may part at spaces what is one argument here.
    assert ids(root, *include.split(), *without) == expected


def test_exclude_may_stand_twice(root: Path) -> None:
    assert ids(root, "--exclude", "base", "--exclude", "kind:r") == "lone:v1.2 child:one"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("base", "base:cpu base:gpu"),
        ("base;deep", "base:cpu base:gpu child:one"),
        ("base/cpu;r-base/cpu", "base:cpu r-base:cpu"),
        (" base ; deep ; ", "base:cpu base:gpu child:one"),
        ("generated/base;./generated/lone/", "base:cpu base:gpu lone:v1.2"),
        ("*/cpu", "base:cpu r-base:cpu"),
        ("", ALL),
    ],
)
def test_path(path: str, expected: str, root: Path) -> None:
    assert ids(root, "--path", path) == expected


def test_path_and_selectors(root: Path) -> None:
    assert ids(root, "kind:base", "--path", "base;deep", "--exclude", "base:gpu") == "base:cpu"


@pytest.mark.parametrize("command", ["plan", "list", "tree", "graph"])
def test_every_command_that_selects(command: str, root: Path) -> None:
    text = run(root, command, "kind:r", "--exclude", "*:cpu", "--path", "r-base;deep").out
    assert "r-base:gpu" in text
    assert "r-base:cpu" not in text
    assert "child" not in text

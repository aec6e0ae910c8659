"""explain: which line changed, from what to what, as a table of edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.explained import INNER, LOCKED, MINE, OUTER, changed, many, told
from tests.cli.test_since import (
    BASE,
    LOCK,
    NEW_LAYER,
    RECIPE,
    Edit,
    R,
    change,
    locked,
    move,
    put,
    remove,
    root,
    several,
)

__all__ = ["many", "root"]


CASES: list[tuple[str, str, Edit, list[tuple[str, ...]]]] = [
    (
        "a package of a parent",
        "child:one",
        change(R, "r-essentials=3.6.0", "r-essentials=3.6.1"),
        [changed("package", "r-essentials", "3.6.0", "3.6.1", "r/r-base.yaml:7")],
    ),
    (
        "an argument of a recipe",
        "base:cpu",
        change(BASE, "version: 1.2.0", "version: 1.3.0"),
        [
            changed("parameter", "version", "1.2.0", "1.3.0", "base/base.yaml:12"),
            changed("package", "tool", "1.2.0", "1.3.0", "base/base.yaml:12"),
        ],
    ),
    (
        "a default",
        "base:cpu",
        change(RECIPE, "default: false", "default: true"),
        [changed("parameter", "default of fast", "false", "true", "recipes/tool.yaml:3")],
    ),
    (
        "an argument of a recipe within one",
        "many:py3.8",
        change(MINE, 'number: "1"', 'number: "2"'),
        [changed("parameter", "number", "1", "2", "base/many.yaml:16")],
    ),
    (
        "a default of a recipe around it",
        "many:py3.8",
        change("recipes/outer.yaml", "default: x", "default: y"),
        [changed("parameter", "default of word", "x", "y", "recipes/outer.yaml:3")],
    ),
    (
        "the argument between two recipes",
        "many:py3.8",
        change("recipes/outer.yaml", 'value: "${{ number }}"', 'value: "${{ number }}0"'),
        [changed("parameter", "value", "${{ number }}", "${{ number }}0", "recipes/outer.yaml:5")],
    ),
    (
        "a recipe",
        "child:one",
        change(RECIPE, "extract: /opt/tool", "extract: /opt/tools"),
        [changed("setting", "extract", "/opt/tool", "/opt/tools", "recipes/tool.yaml:7")],
    ),
    (
        "a use less",
        "many:py3.8",
        change(MINE, '  - use: outer\n    with: {number: "1"}\n', ""),
        [("step", "removed", "use outer", "", "", "base/many.yaml:15", "")],
    ),
    (
        "a new recipe",
        "many:py3.8",
        several(
            put("recipes/more.yaml", "kind: recipe\nname: more\nsteps:\n  - user: root\n  - user: me\n"),
            change(MINE, "  - workdir: /work\n", "  - workdir: /work\n  - use: more\n"),
        ),
        [("step", "added", "use more", "", "", "", "base/many.yaml:18")],
    ),
    (
        "a step before a recipe within one",
        "many:py3.8",
        change("recipes/outer.yaml", "steps:\n", "steps:\n  - pip: [new==1.0]\n"),
        [("step", "added", "pip", "", "new==1.0", "", "recipes/outer.yaml:5")],
    ),
    (
        "another recipe within one",
        "many:py3.8",
        several(
            put("recipes/inner2.yaml", INNER.replace("name: inner", "name: inner2")),
            change("recipes/outer.yaml", "use: inner", "use: inner2"),
        ),
        [changed("step", "use", "inner", "inner2", "recipes/outer.yaml:5")],
    ),
    (
        "the inner recipe instead of the outer one",
        "many:py3.8",
        change(MINE, '- use: outer\n    with: {number: "1"}', '- use: inner\n    with: {value: "1"}'),
        [changed("step", "use", "outer", "inner", "base/many.yaml:15")],
    ),
    (
        "a recipe that is called otherwise",
        "many:py3.8",
        several(
            move("recipes/inner.yaml", "recipes/x.yaml"),
            change("recipes/x.yaml", "name: inner", "name: x"),
            change("recipes/outer.yaml", "use: inner", "use: x"),
        ),
        [changed("step", "use", "inner", "x", "recipes/outer.yaml:5")],
    ),
    (
        "a recipe that others use otherwise now",
        "many:py3.8",
        several(
            change("recipes/inner.yaml", "env: {INNER:", "env: {OTHER:"),
            put("recipes/o.yaml", OUTER.replace("name: outer", "name: o").replace("number }}", "word }}")),
        ),
        [
            ("setting", "removed", "env INNER", "1", "", "recipes/inner.yaml:5", ""),
            ("setting", "added", "env OTHER", "", "1", "", "recipes/inner.yaml:5"),
        ],
    ),
    (
        "a row",
        "many:py3.9",
        change(MINE, "mode: slow", "mode: slower"),
        [changed("matrix", "mode", "slow", "slower", "base/many.yaml:3")],
    ),
    (
        "an apt package more in a group",
        "many:py3.8",
        change(MINE, "packages: [git=2.25]", "packages: [git=2.25, make=4.3-1]"),
        [("package", "added", "make", "", "4.3-1", "", "base/many.yaml:9")],
    ),
    (
        "a conda package in a group",
        "many:py3.8",
        change(MINE, "numpy=1.0", "numpy=1.1"),
        [changed("package", "numpy", "1.0", "1.1", "base/many.yaml:10")],
    ),
    (
        "the order of packages",
        "many:py3.8",
        change(MINE, '"python=${{ python }}", numpy=1.0', 'numpy=1.0, "python=${{ python }}"'),
        [("setting", "moved", "order of packages", "", "", "base/many.yaml:10", "base/many.yaml:10")],
    ),
    (
        "a channel",
        "many:py3.8",
        change(MINE, "channels: [r]", "channels: [conda-forge, r]"),
        [
            changed("package", "python qualifiers", "channel, r", "", "base/many.yaml:10"),
            changed("package", "numpy qualifiers", "channel, r", "", "base/many.yaml:10"),
            changed("setting", "channels", "", "conda-forge", "base/many.yaml:10"),
        ],
    ),
    (
        "a snapshot",
        "many:py3.8",
        change(MINE, "2020-01-01", "2020-02-01"),
        [changed("setting", "snapshot", "2020-01-01", "2020-02-01", "base/many.yaml:11")],
    ),
    (
        "a variable",
        "many:py3.8",
        change(MINE, 'B: "2"', 'B: "3", C: "4"'),
        [
            changed("setting", "env B", "2", "3", "base/many.yaml:12"),
            ("setting", "added", "env C", "", "4", "", "base/many.yaml:12"),
        ],
    ),
    (
        "a command",
        "many:py3.8",
        change(MINE, "echo two", "echo 2"),
        [changed("setting", "run", "echo two", "echo 2", "base/many.yaml:13")],
    ),
    (
        "a step more",
        "many:py3.8",
        change(MINE, "cmd: [a]", "  - user: me\ncmd: [a]"),
        [("step", "added", "user", "", "me", "", "base/many.yaml:19")],
    ),
    (
        "a step moved",
        "many:py3.8",
        several(
            change(MINE, "  - workdir: /work\n", ""),
            change(MINE, "  - cran:", "  - workdir: /work\n  - cran:"),
        ),
        [("step", "moved", "workdir", "", "", "base/many.yaml:17", "base/many.yaml:11")],
    ),
    (
        "cmd",
        "many:py3.8",
        change(MINE, "cmd: [a]", "cmd: [a, b]"),
        [changed("setting", "cmd", "a", "a, b", "base/many.yaml:19")],
    ),
    (
        "an argument before FROM",
        "many:py3.8",
        change(MINE, 'A: "1"', 'A: "2"'),
        [changed("setting", "args", "A, 1", "A, 2", "base/many.yaml:6")],
    ),
    (
        "a test",
        "many:py3.8",
        change(MINE, "{name: t,", "{name: u,"),
        [
            ("test", "removed", "t", "", "", "base/many.yaml:20", ""),
            ("test", "added", "u", "", "", "", "base/many.yaml:20"),
        ],
    ),
    (
        "another parent",
        "child:one",
        change("framework/child.yaml", "r-base:gpu", "r-base:cpu"),
        [changed("parent", "from", "r-base:gpu", "r-base:cpu", "framework/child.yaml:3")],
    ),
    (
        "a stage",
        "child:one",
        change("framework/child.yaml", "{name: build, from: assets", "{name: build, from: ubuntu"),
        [changed("stage", "build from", "assets", "ubuntu", "framework/child.yaml:6")],
    ),
    (
        "an External",
        "r-base:gpu",
        change("externals.yaml", "nvidia/cuda:11.1.1", "nvidia/cuda:11.1.2"),
        [changed("external", "reference", "nvidia/cuda:11.1.1", "nvidia/cuda:11.1.2", "externals.yaml:4")],
    ),
    (
        "a digest in the lock",
        "child:one",
        locked("externals", "assets", {"requested": "example/assets:1", "digest": LOCKED}),
        [changed("lock", "assets", LOCK["externals"]["assets"]["digest"], LOCKED, "rgraph.lock:1")],  # type: ignore[index]
    ),
    (
        "a checksum in the lock",
        "base:cpu",
        locked("downloads", "https://example.com/tool-1.2.0.tar.gz", "c" * 64),
        [changed("lock", "https://example.com/tool-1.2.0.tar.gz", "b" * 64, "c" * 64, "rgraph.lock:1")],
    ),
    (
        "a fact",
        "r-base:cpu",
        change("components.yaml", "status: assumed", "status: verified"),
        [changed("fact", "status", "assumed", "verified", "components.yaml:3")],
    ),
    (
        "the versions of a fact, so that another one holds",
        "base:cpu",
        change("components.yaml", '">=8", license: curl', '">=7", license: MIT'),
        [
            changed("fact", "versions", ">=8", ">=7", "components.yaml:4"),
        ],
    ),
    (
        "the versions of the last fact that held",
        "r-base:cpu",
        change(
            "components.yaml",
            '"pkg:conda/r-essentials", lic',
            '"pkg:conda/r-essentials", versions: ">=4", lic',
        ),
        [changed("fact", "versions", "", ">=4", "components.yaml:3")],
    ),
    (
        "a fact that comes before the one that held",
        "base:cpu",
        change(
            "components.yaml",
            '  - {purl: "pkg:deb/curl", versions',
            '  - {purl: "pkg:deb/curl", versions: "<8", license: MIT}\n  - {purl: "pkg:deb/curl", versions',
        ),
        [("fact", "added", "fact", "", "MIT", "", "components.yaml:4")],
    ),
    (
        "a fact that is no more",
        "r-base:cpu",
        change(
            "components.yaml",
            '  - {purl: "pkg:conda/r-essentials", license: BSD-3-Clause, status: assumed}\n',
            "",
        ),
        [("fact", "removed", "fact", "BSD-3-Clause", "", "components.yaml:3", "")],
    ),
    (
        "a notice",
        "base:cpu",
        put("notices/curl.txt", "Another\n"),
        [changed("notice", "curl.txt", "", "", "notices/curl.txt:1")],
    ),
    (
        "a file",
        "base:cpu",
        put("files/train.py", "print()\n"),
        [changed("file", "train.py", "", "", "files/train.py:1")],
    ),
    (
        "the licence",
        "alone:1",
        change("catalog.yaml", "Example Ltd.", "Example Inc."),
        [
            changed(
                "license",
                "copyright",
                "Copyright (c) Example Ltd.",
                "Copyright (c) Example Inc.",
                "catalog.yaml:5",
            )
        ],
    ),
    (
        "the downloader",
        "base:cpu",
        change("catalog.yaml", "name: example\n", "name: example\ndownloader: wget\n"),
        [("setting", "changed", "downloader", "curl", "wget", "catalog.yaml:1", "catalog.yaml:3")],
    ),
    (
        "what an External leaves",
        "many:py3.8",
        several(
            change("externals.yaml", "distribution: ubuntu-20.04", "shell: [/bin/bash, -c], workdir: /home"),
        ),
        [
            changed("external", "distribution", "ubuntu-20.04", "", "externals.yaml:3"),
        ],
    ),
    (
        "a shell that the steps are written for",
        "alone:1",
        change(
            "externals.yaml",
            "os_version: 10.0.17763",
            "os_version: 10.0.17763, shell: [powershell, -Command]",
        ),
        [changed("external", "shell", "", "powershell, -Command", "externals.yaml:6")],
    ),
    (
        "platforms",
        "many:py3.8",
        several(
            change("catalog.yaml", "platforms: [linux/amd64,", "platforms: [linux/amd64, linux/arm64,"),
            change(
                "externals.yaml", '"ubuntu:20.04",', '"ubuntu:20.04", platforms: [linux/amd64, linux/arm64],'
            ),
        ),
        [
            changed(
                "setting",
                "platforms",
                "linux/amd64, windows/amd64",
                "linux/amd64, linux/arm64, windows/amd64",
                "catalog.yaml:6",
            ),
            changed("external", "platforms", "linux/amd64", "linux/amd64, linux/arm64", "externals.yaml:3"),
        ],
    ),
    (
        "a package in a manifest that was moved",
        "r-base:cpu",
        several(
            move(R, "elsewhere.yaml"), change("elsewhere.yaml", "r-essentials=3.6.0", "r-essentials=3.6.1")
        ),
        [("package", "changed", "r-essentials", "3.6.0", "3.6.1", "r/r-base.yaml:7", "elsewhere.yaml:7")],
    ),
    (
        "a recipe that was moved",
        "base:cpu",
        several(move(RECIPE, "recipes/x.yaml"), change("recipes/x.yaml", "/opt/tool", "/opt/tools")),
        [
            (
                "setting",
                "changed",
                "extract",
                "/opt/tool",
                "/opt/tools",
                "recipes/tool.yaml:7",
                "recipes/x.yaml:7",
            )
        ],
    ),
    (
        "a default in a recipe that was moved",
        "base:cpu",
        several(move(RECIPE, "recipes/x.yaml"), change("recipes/x.yaml", "default: false", "default: true")),
        [
            (
                "parameter",
                "changed",
                "default of fast",
                "false",
                "true",
                "recipes/tool.yaml:3",
                "recipes/x.yaml:3",
            )
        ],
    ),
    (
        "two manifests that changed places",
        "r-base:cpu",
        several(
            move(R, "x"),
            move(BASE, R),
            move("x", BASE),
            change(BASE, "r-essentials=3.6.0", "r-essentials=3.6.1"),
        ),
        [("package", "changed", "r-essentials", "3.6.0", "3.6.1", "r/r-base.yaml:7", "base/base.yaml:7")],
    ),
    (
        "two things, the nearer first",
        "r-base:cpu",
        several(
            change(BASE, "7.68.0-1ubuntu2", "7.68.0-1ubuntu3"),
            change(R, "r-essentials=3.6.0", "r-essentials=3.6.1"),
        ),
        [
            changed("package", "r-essentials", "3.6.0", "3.6.1", "r/r-base.yaml:7"),
            changed("package", "curl", "7.68.0-1ubuntu2", "7.68.0-1ubuntu3", "base/base.yaml:13"),
        ],
    ),
    (
        "a new image",
        "new:1",
        put("base/new.yaml", NEW_LAYER),
        [("new", "added", "new:1", "", "", "", "base/new.yaml:1")],
    ),
    (
        "an image that is no more",
        "child:one",
        remove("framework/child.yaml"),
        [("removed", "removed", "child:one", "", "", "framework/child.yaml:1", "")],
    ),
    ("a comment", "base:cpu", change(BASE, "kind: base\n", "# why\nkind: base\n"), []),
]


@pytest.mark.parametrize(("what", "image", "edit", "expected"), CASES, ids=[each[0] for each in CASES])
def test_the_causes(what: str, image: str, edit: Edit, expected: list[tuple[str, ...]], many: Path) -> None:
    edit(many / "manifests")
    assert told(many, image) == expected

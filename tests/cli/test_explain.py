"""explain: which line changed, from what to what, and by which way it reached the image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rgraph.ledger import LEDGER_FILE
from tests.cli.test_since import (
    BASE,
    LOCK,
    NEW_LAYER,
    RECIPE,
    Edit,
    R,
    answer,
    change,
    locked,
    move,
    put,
    remove,
    root,
    several,
)
from tests.errors.running import run
from tests.tools.repository import commit, git

__all__ = ["root"]

MANY = """\
kind: base
name: many
matrix: {python: ["3.8", "3.9"], include: [{python: "3.9", mode: slow}]}
from: ubuntu
variant: "py${{ python }}"
args: {A: "1"}
steps:
  - group:
      - apt: {packages: [git=2.25], env: {ACCEPT: Y}}
      - conda: {channels: [r], packages: ["python=${{ python }}", numpy=1.0]}
  - cran: {snapshot: 2020-01-01, packages: [forecast, dplyr==1.0.0]}
  - env: {MODE: "${{ mode | default('fast') }}", B: "2"}
  - run: [echo one, echo two, echo three]
    provides: []
  - use: outer
    with: {number: "1"}
  - workdir: /work
  - volume: [/a, /b]
cmd: [a]
tests: [{name: t, command: "true"}]
"""
OUTER = """\
kind: recipe
name: outer
params: {number: , word: {default: x}}
steps:
  - {use: inner, with: {value: "${{ number }}"}}
  - label: {word: "${{ word }}"}
"""
INNER = "kind: recipe\nname: inner\nparams: {value: }\nsteps:\n  - env: {INNER: '${{ value }}'}\n"
MINE = "base/many.yaml"


@pytest.fixture
def many(root: Path) -> Path:
    """The catalogue of the other tests, and a layer that has something of everything."""
    for name, text in {MINE: MANY, "recipes/outer.yaml": OUTER, "recipes/inner.yaml": INNER}.items():
        put(name, text)(root / "manifests")
    commit(root)
    return root


def where(place: dict[str, Any] | None) -> str:
    return f"{place['file'].removeprefix('manifests/')}:{place['line']}" if place else ""


def told(root: Path, image: str, *arguments: str) -> list[tuple[str, ...]]:
    """kind, change, what, from, to, where it was, where it is; of every cause."""
    found = answer(run(root, "explain", image, *(arguments or ("--since", "HEAD")), "--format", "json"))
    return [
        (
            *(each[key] for key in ("kind", "change", "what", "from", "to")),
            where(each["old"]),
            where(each["new"]),
        )
        for each in found["causes"]
    ]


def changed(kind: str, what: str, before: str, after: str, place: str) -> tuple[str, ...]:
    return kind, "changed", what, before, after, place, place


LOCKED = "sha256:" + "c" * 64
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


def test_the_shortest_way(root: Path) -> None:
    """child:one stands on base by r-base, and takes from base:cpu itself."""
    change(RECIPE, "extract: /opt/tool", "extract: /opt/tools")(root / "manifests")
    found = answer(run(root, "explain", "child:one", "--since", "HEAD", "--format", "json"))
    assert [each["way"] for each in found["causes"]] == [["child:one", "base:cpu"]]
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    found = answer(run(root, "explain", "child:one", "--since", "HEAD", "--format", "json"))
    assert [each["way"][1:] for each in found["causes"]] == [["r-base:gpu"], ["base:cpu"]]


SECRET = """\
kind: base
name: secret
from: ubuntu
variant: "1"
steps:
  - download: {url: "https://u:SEKRET@e.org/a?sig=SIGN", to: /a}
    provides: []
  - run: ["get 'https://u:SEKRET@e.org/b?sig=SIGN' now"]
    provides: []
"""


@pytest.mark.parametrize(
    ("edit", "causes"),
    [
        (
            change("base/secret.yaml", "e.org/a", "e.org/new"),
            [changed("setting", "url", "https://e.org/a", "https://e.org/new", "base/secret.yaml:6")],
        ),
        (
            change("base/secret.yaml", "SIGN", "MORE"),
            [
                changed("setting", "url", "", "", "base/secret.yaml:6"),
                changed("setting", "run", "", "", "base/secret.yaml:8"),
            ],
        ),
        (
            change("base/secret.yaml", "e.org/b", "e.org/c"),
            [
                changed(
                    "setting",
                    "run",
                    "get 'https://e.org/b' now",
                    "get 'https://e.org/c' now",
                    "base/secret.yaml:8",
                )
            ],
        ),
        (
            locked("downloads", "https://u:SEKRET@e.org/a?sig=SIGN", "c" * 64),
            [("lock", "added", "https://e.org/a", "", "c" * 64, "", "rgraph.lock:1")],
        ),
        (
            change("base/secret.yaml", ", to: /a", ", sha256: " + "d" * 64 + ", to: /a"),
            [changed("setting", "sha256", "", "d" * 64, "base/secret.yaml:6")],
        ),
    ],
)
def test_no_password_is_shown(root: Path, edit: Edit, causes: list[tuple[str, ...]]) -> None:
    put("base/secret.yaml", SECRET)(root / "manifests")
    commit(root)
    edit(root / "manifests")
    assert told(root, "secret:1") == causes
    for format in ("json", "text"):
        shown = run(root, "explain", "secret:1", "--since", "HEAD", "--format", format).out
        assert not {word for word in ("SEKRET", "SIGN", "MORE") if word in shown}


def test_as_json(root: Path) -> None:
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    found = answer(run(root, "explain", "child:one", "--since", "HEAD~0", "--format", "json"))
    prints = found.pop("fingerprint")
    assert prints["old"].startswith("sha256:")
    assert prints["old"] != prints["new"]
    place = {"file": "manifests/r/r-base.yaml", "line": 7}
    assert found == {
        "schema": 1,
        "image": "child:one",
        "state": "build",
        "change": "changed",
        "since": "HEAD~0",
        "release": "",
        "tag": "",
        "proved": True,
        "causes": [
            {
                "kind": "package",
                "change": "changed",
                "what": "r-essentials",
                "from": "3.6.0",
                "to": "3.6.1",
                "step": "conda",
                "recipe": "",
                "of": "r-essentials",
                "old": place,
                "new": place,
                "way": ["child:one", "r-base:gpu"],
            }
        ],
    }


def test_as_text(root: Path) -> None:
    several(
        change(R, "r-essentials=3.6.0", "r-essentials=3.6.1"),
        change("framework/child.yaml", "  - pip: [rpy2==3.0.5]\n", ""),
        change(RECIPE, "extract: /opt/tool", "extract: /opt/tools"),
    )(root / "manifests")
    assert (
        run(root, "explain", "child:one", "--since", "HEAD").out
        == """\
child:one changed since HEAD: to build

  - step pip removed: rpy2==3.0.5
    manifests/framework/child.yaml:10 (before)

  ~ package r-essentials: 3.6.0 -> 3.6.1
    manifests/r/r-base.yaml:7
    child:one <- r-base:gpu

  ~ setting extract: /opt/tool -> /opt/tools
    manifests/recipes/tool.yaml:7, recipe tool
    child:one <- base:cpu
"""
    )
    assert run(root, "explain", "alone:1", "--since", "HEAD").out == (
        "alone:1 did not change since HEAD: nothing to do\n"
    )


def cut(root: Path, date: str) -> None:
    assert run(root, "release", "cut", "--date", date).code == 0
    commit(root, date)


def test_against_the_last_release(root: Path) -> None:
    assert told(root, "base:cpu", "--release", "") == [
        ("new", "added", "base:cpu", "", "", "", "base/base.yaml:1")
    ]
    assert run(root, "explain", "base:cpu").out.startswith("base:cpu is in no release yet: to build\n")
    cut(root, "20260101")
    assert (
        run(root, "explain", "base:cpu").out == "base:cpu did not change since 20260101.v1: nothing to do\n"
    )
    change(BASE, "7.68.0-1ubuntu2", "7.68.0-1ubuntu3")(root / "manifests")
    curl = changed("package", "curl", "7.68.0-1ubuntu2", "7.68.0-1ubuntu3", "base/base.yaml:13")
    assert told(root, "base:cpu", "--release", "") == [curl]
    assert told(root, "child:one", "--release", "20260101.v1") == [curl]
    cut(root, "20260102")
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    essentials = changed("package", "r-essentials", "3.6.0", "3.6.1", "r/r-base.yaml:7")
    assert told(root, "r-base:cpu", "--release", "") == [essentials]
    assert told(root, "r-base:cpu", "--release", "20260101.v1") == [essentials, curl]
    found = answer(run(root, "explain", "base:cpu", "--format", "json"))
    assert (found["state"], found["change"], found["release"], found["proved"]) == (
        "reuse",
        "unchanged",
        "20260102.v1",
        True,
    )


def test_an_image_that_is_to_be_retagged(root: Path) -> None:
    tags = 'kind: r\ntags: ["${{ variant }}-${{ release }}", "${{ variant }}"]\n'
    change(R, "kind: r\n", tags)(root / "manifests")
    cut(root, "20260101")
    change(R, '"${{ variant }}"]\n', '"${{ variant }}", "${{ variant }}-stable"]\n')(root / "manifests")
    found = answer(run(root, "explain", "r-base:cpu", "--format", "json"))
    assert (found["state"], found["change"]) == ("retag", "unchanged")
    assert told(root, "r-base:cpu", "--release", "") == [
        ("tag", "added", "team/r-base:cpu-stable", "", "r-base:cpu", "", "r/r-base.yaml:2")
    ]
    assert run(root, "explain", "r-base:cpu").out == (
        "r-base:cpu did not change since 20260101.v1: "
        "its content is that of 20260101.v1, tags are missing\n\n"
        "  + tag team/r-base:cpu-stable is not given yet\n    manifests/r/r-base.yaml:2\n"
    )


def test_a_release_that_is_in_no_commit(root: Path) -> None:
    assert run(root, "release", "cut", "--date", "20260101").code == 0
    assert run(root, "explain", "base:cpu").code == 0
    change(BASE, "7.68.0-1ubuntu2", "7.68.0-1ubuntu3")(root / "manifests")
    result = run(root, "explain", "base:cpu")
    assert (result.code, result.out) == (2, "")
    assert "git has no commit with the release 20260101.v1" in result.err


def test_a_release_of_manifests_that_were_never_committed(root: Path) -> None:
    change(BASE, "7.68.0-1ubuntu2", "7.68.0-1ubuntu1")(root / "manifests")
    assert run(root, "release", "cut", "--date", "20260101").code == 0
    change(BASE, "7.68.0-1ubuntu1", "7.68.0-1ubuntu2")(root / "manifests")
    commit(root)
    found = answer(run(root, "explain", "base:cpu", "--format", "json"))
    assert (found["state"], found["change"], found["proved"]) == ("build", "changed", False)
    assert [each["kind"] for each in found["causes"]] == ["template"]


def test_an_image_of_an_earlier_release(root: Path) -> None:
    cut(root, "20260101")
    remove("framework/child.yaml")(root / "manifests")
    assert told(root, "child:one", "--release", "20260101.v1") == [
        ("removed", "removed", "child:one", "", "", "framework/child.yaml:1", "")
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope:x"], "no image is called `nope:x`"),
        (["base"], "`base` names 2 images"),
        (["nope:x", "--since", "HEAD"], "no image is called `nope:x`"),
        (["base:cpu", "--release", "20260101.v1"], "the ledger has no release 20260101.v1"),
        (["base:cpu", "--release", "x"], "`x` is no release tag"),
        (["base:cpu", "--since", "HEAD", "--release", "20260101.v1"], "exclude each other"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, root: Path) -> None:
    result = run(root, "explain", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_the_ledger_is_that_of_the_disk(root: Path) -> None:
    cut(root, "20260101")
    lines = (root / LEDGER_FILE).read_bytes()
    git(root, "rm", "--quiet", "--cached", LEDGER_FILE)
    git(root, "commit", "--quiet", "-m", "forget")
    assert (root / LEDGER_FILE).read_bytes() == lines
    assert json.loads(run(root, "explain", "base:cpu", "--format", "json").out)["state"] == "reuse"


EVERYTHING: list[tuple[str, Edit, set[str]]] = [
    (
        "a tag more",
        change(
            R,
            "kind: r\n",
            'kind: r\ntags: ["${{ variant }}-${{ release }}", "${{ variant }}", "x-${{ variant }}"]\n',
        ),
        {"retag"},
    ),
    ("a step", change(R, "r-essentials=3.6.0", "r-essentials=3.6.1"), {"build"}),
    (
        "a digest",
        locked("externals", "assets", {"requested": "example/assets:1", "digest": LOCKED}),
        {"build"},
    ),
    ("a fact", change("components.yaml", "status: assumed", "status: verified"), {"build"}),
    ("a notice", put("notices/curl.txt", "Another\n"), {"build"}),
    ("a new image", put("base/new.yaml", NEW_LAYER), {"build"}),
    ("a comment", change(BASE, "kind: base\n", "# why\nkind: base\n"), set()),
]


@pytest.mark.parametrize(("what", "edit", "states"), EVERYTHING, ids=[each[0] for each in EVERYTHING])
def test_every_image_of_a_plan_has_its_cause(what: str, edit: Edit, states: set[str], root: Path) -> None:
    """Plan and explain tell the same of every image; what is to be done has a cause, and nothing else has."""
    cut(root, "20260101")
    edit(root / "manifests")
    planned = answer(run(root, "plan", "--format", "json"))["images"]
    assert {image["state"] for image in planned} - {"reuse"} == states
    for image in planned:
        found = answer(run(root, "explain", image["id"], "--format", "json"))
        assert (found["state"], found["proved"]) == (image["state"], True)
        assert bool(found["causes"]) == (image["state"] != "reuse"), image["id"]
        assert found["fingerprint"]["new"] == image["fingerprint"]


def test_a_revert_is_a_retag(root: Path) -> None:
    """What was released before keeps its old tag; its floating tags stand elsewhere until the next cut."""
    cut(root, "20260101")
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    cut(root, "20260102")
    change(R, "r-essentials=3.6.1", "r-essentials=3.6.0")(root / "manifests")
    found = answer(run(root, "explain", "r-base:cpu", "--format", "json"))
    assert (found["state"], found["release"], found["tag"]) == ("retag", "20260102.v1", "20260101.v1")
    assert run(root, "explain", "r-base:cpu").out == (
        "r-base:cpu changed since 20260102.v1: its content is that of 20260101.v1, tags are missing\n\n"
        "  ~ package r-essentials: 3.6.1 -> 3.6.0\n    manifests/r/r-base.yaml:7\n"
    )
    cut(root, "20260103")
    assert answer(run(root, "explain", "r-base:cpu", "--format", "json"))["state"] == "reuse"


def test_a_clone_without_the_commit_of_the_release(root: Path, tmp_path: Path) -> None:
    cut(root, "20260101")
    change(R, "r-essentials=3.6.0", "r-essentials=3.6.1")(root / "manifests")
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth=1", root.as_uri(), "shallow")
    result = run(tmp_path / "shallow", "explain", "r-base:cpu")
    assert (result.code, result.out) == (2, "")
    assert "what the release 20260101.v1 was made of is not known" in result.err
    assert "`git fetch --unshallow` brings the rest" in result.err
    assert run(tmp_path / "shallow", "explain", "base:cpu").code == 0
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    assert "r-essentials: 3.6.0 -> 3.6.1" in run(tmp_path / "shallow", "explain", "r-base:cpu").out

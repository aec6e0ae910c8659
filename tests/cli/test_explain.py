"""explain: by which way a change reached an image, against which release, and how it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rgraph.ledger import LEDGER_FILE
from tests.cli.explained import LOCKED, changed, told
from tests.cli.test_since import (
    BASE,
    NEW_LAYER,
    RECIPE,
    Edit,
    R,
    answer,
    change,
    locked,
    put,
    remove,
    root,
    several,
)
from tests.errors.running import run
from tests.tools.repository import commit, git

__all__ = ["root"]


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

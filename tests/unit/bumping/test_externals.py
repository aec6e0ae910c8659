"""What comes with an External, and the tag of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rgraph.errors import UsageError
from tests.unit.bumping.small import ONE, run, texts, write

EXTERNALS = """\
kind: externals
externals:
  # 20230222.v4 of the assets
  assets: {reference: "example.org/team/python-assets:20230222.v4"}   # 20230222.v4
  other: {reference: 'example.org/other/python-assets:1.0'}
  debian: {reference: "debian:12.5", distribution: debian-12}
  cuda11.1: {reference: "nvidia/cuda:11.1.1-devel", provides: ["pkg:generic/cuda@11.1.1"]}
  cuda11.8: {reference: "nvidia/cuda:11.8.0-devel", provides: ["pkg:generic/cuda@11.8.0"]}
  old: {reference: "tool/x:1.0", capabilities: {cuda: "9.0"}}
  sealed: {reference: "tool/y@sha256:SUM"}
  bare: {reference: "tool/z"}
  ubuntu: {reference: "ubuntu:22.04", distribution: ubuntu-22.04}
  debian11: {reference: "debian:11"}
  twelve: {reference: "debian:12", distribution: debian-12}
  codename: {reference: "debian:bookworm", distribution: debian-12}
  bookworm: {reference: "debian:bookworm-slim"}
  python: {reference: "python:3.9-slim", distribution: debian-12, end_of_life: 2026-10-31}
  focal: {reference: "nvidia/cuda:11.8.0-ubuntu20.04", distribution: ubuntu-20.04}
""".replace("SUM", "a" * 64)
STEPS = "steps: [take: {from: assets, path: /a, to: /b}]\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    child = ONE.replace("name: one", "name: child").replace("from: debian", "from: one:x")
    gpu = ONE.replace("name: one", "name: gpu").replace("from: debian", "from: cuda11.1")
    return write(tmp_path, externals=EXTERNALS, one=ONE + STEPS, child=child, gpu=gpu)


@pytest.mark.parametrize(
    "name", ["assets", "example.org/team/python-assets", "python-assets@20230222.v4", "assets@20230222.v4"]
)
def test_the_tag_of_an_external(root: Path, name: str) -> None:
    done = run(root, name, "20230419.v1")
    assert (done.refusals, done.written, done.what) == ((), True, "assets")
    assert (done.direct, done.above) == (("one:x",), ("child:x",))
    assert texts(root)["externals.yaml"].decode() == EXTERNALS.replace(
        'assets:20230222.v4"}', 'assets:20230419.v1"}'
    )
    again = run(root, "assets", "20230419.v1")
    assert (again.changes, again.direct, again.refusals, again.written) == ((), (), (), False)


@pytest.mark.parametrize(
    ("name", "new", "says"),
    [
        ("assets", "20220101.v1", "`20220101.v1` is older than `20230222.v4`"),
        ("cuda11.1", "11.2.0-devel", "`pkg:generic/cuda@11.1.1` is what `11.1.1-devel` brings"),
        ("old", "2.0", "`cuda: 9.0` is what `1.0` has"),
        ("ubuntu", "24.04", "`ubuntu-22.04` is what `22.04` is"),
        ("debian11", "13", "`debian11` is named for `11`"),
        ("twelve", "13", "`debian-12` is what `12` is"),
        ("debian", "13.1", "`debian-12` is what `12.5` is"),
        ("codename", "trixie", "`debian-12` is what `bookworm` is"),
        ("bookworm", "trixie-slim", "`bookworm` is named for `bookworm-slim`"),
        ("focal", "12.0.0-ubuntu22.04", "`ubuntu-20.04` is what `11.8.0-ubuntu20.04` is"),
        ("sealed", "2.0", "has a digest"),
        ("bare", "2.0", "has no tag"),
    ],
)
def test_a_tag_that_would_make_an_external_untrue(root: Path, name: str, new: str, says: str) -> None:
    done = run(root, name, new)
    assert [(each.place.file, says in each.what) for each in done.refusals] == [
        ("manifests/externals.yaml", True)
    ]
    assert texts(root)["externals.yaml"].decode() == EXTERNALS


@pytest.mark.parametrize(
    ("name", "new", "left"),
    [
        ("debian", "12.6", []),
        ("focal", "12.0.0-ubuntu20.04", []),
        ("codename", "bookworm-20260101", ["debian-12"]),
        ("python", "3.10-slim", ["debian-12", "2026-10-31"]),
    ],
)
def test_a_tag_of_the_same_distribution(root: Path, name: str, new: str, left: list[str]) -> None:
    done = run(root, name, new)
    assert (done.refusals, done.written) == ((), True)
    assert [each.why.split("`")[1] for each in done.left] == left


def test_an_external_that_others_share(root: Path) -> None:
    done = run(root, "debian", "12.6", "child")
    assert [(each.what, each.images) for each in done.refusals] == [
        ("the External is shared with images that are not selected", ("one:x",))
    ]


def test_a_locked_digest_is_left_behind(root: Path) -> None:
    reference = "example.org/team/python-assets:20230222.v4"
    lock = {"schema": 1, "externals": {"assets": {"requested": reference, "digest": "sha256:" + "a" * 64}}}
    (root / "manifests/rgraph.lock").write_text(json.dumps(lock))
    done = run(root, "assets", "20230419.v1")
    assert done.written
    assert ["run `rgraph lock`" in each.why for each in done.left] == [True]


@pytest.mark.parametrize(
    ("name", "new", "says"),
    [
        ("python-assets", "2", "`python-assets` is 2 Externals"),
        ("asets", "2", "no image holds a component `asets`"),
        ("assets", "a b", "is no reference"),
    ],
)
def test_what_names_no_external(root: Path, name: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        run(root, name, new)


def test_a_checksum_of_an_external(root: Path) -> None:
    with pytest.raises(UsageError, match="neither checksum nor commit"):
        run(root, "assets", "20230419.v1", sha256="a" * 64)


def test_a_component_that_comes_with_an_external(root: Path) -> None:
    done = run(root, "cuda", "11.8")
    assert [(each.place.path, each.what, each.help, each.images) for each in done.refusals] == [
        (
            ("externals", "cuda11.1", "provides", 0),
            "`cuda` comes with the External `cuda11.1`, as 11.1.1",
            "`cuda11.8` brings 11.8: name one that fits in `from`",
            ("gpu:x",),
        )
    ]
    assert [each.help for each in run(root, "cuda", "12.0", "gpu").refusals] == [
        "name another image in its `reference`, or make another External and name that in `from`"
    ]
    assert run(root, "cuda", "11.1.1", "gpu").refusals == ()
    with pytest.raises(UsageError, match="none of the selected images"):
        run(root, "cuda", "11.8", "one")

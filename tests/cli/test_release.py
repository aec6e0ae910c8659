"""release cut, and what plan says afterwards."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.errors.running import Result, catalogue, run, written

DAY = ("--date", "20260102")
LEDGER = "manifests/releases.jsonl"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue without releases."""
    return catalogue(tmp_path)


def cut(root: Path, *arguments: str) -> Result:
    return run(root, "release", "cut", *(arguments or DAY))


def bump(root: Path, version: str) -> None:
    """Changes a pin of base, on which everything stands."""
    path = root / "manifests/base/base.yaml"
    text = path.read_text()
    path.write_text(text.replace(text[text.index("curl=") : text.index("]\ntests")], f"curl={version}"))


def tags(root: Path) -> list[str]:
    lines = (root / LEDGER).read_text().splitlines()
    return [json.loads(line)["tag"] for line in lines]


def states(root: Path) -> list[str]:
    plan = json.loads(run(root, "plan", *DAY, "--format", "json").out)
    return [image["state"] for image in plan["images"]]


def test_the_first_cut(root: Path) -> None:
    result = cut(root)
    assert result.code == 0
    assert result.err == ""
    lines = result.out.splitlines()
    assert lines[0].split() == ["image", "state", "tags"]
    assert lines[1].split() == ["base:cpu", "build", "cpu-20260102.v1,", "cpu"]
    assert lines[-1] == "release 20260102.v1: 4 images"
    line = json.loads((root / LEDGER).read_text())
    assert list(line) == ["tag", "previous", "images"]
    assert (line["tag"], line["previous"]) == ("20260102.v1", "")
    assert list(line["images"]) == ["base:cpu", "base:gpu", "r-base:cpu", "r-base:gpu"]
    assert line["images"]["base:cpu"]["references"] == ["team/base:cpu-20260102.v1", "team/base:cpu"]
    assert run(root, "generate", "--check").code == 0
    assert states(root) == ["reuse"] * 4


def test_the_first_cut_as_json(root: Path) -> None:
    found = json.loads(cut(root, *DAY, "--format", "json").out)
    assert found["schema"] == 1
    assert found["tag"] == "20260102.v1"
    assert (root / found["folder"] / "release.json").is_file()
    assert found["images"]["r-base:gpu"] == ["team/r-base:gpu-20260102.v1", "team/r-base:gpu"]


def test_again_nothing_is_cut(root: Path) -> None:
    cut(root)
    before = written(root)
    result = cut(root)
    assert result == Result(0, "", "nothing changed since the last release: nothing to cut\n")
    found = json.loads(cut(root, "--date", "20260103", "--format", "json").out)
    assert found == {"schema": 1, "tag": None, "images": {}}
    assert written(root) == before


def test_a_cut_says_what_is_no_longer_there(root: Path) -> None:
    cut(root)
    (root / "manifests/r/r-base.yaml").unlink()
    result = cut(root)
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        "no longer in the catalogue: r-base:cpu, r-base:gpu; the tags that they were given stay\n"
        "nothing else changed since the last release: nothing to cut\n"
    )


def test_a_day_before_an_earlier_cut_is_remarked(root: Path) -> None:
    cut(root, "--date", "20260202")
    path = root / "manifests/r/r-base.yaml"
    path.write_text(path.read_text().replace("3.6.0", "3.6.1"))
    result = cut(root, "--date", "20260201")
    assert result.code == 0
    assert result.err == "20260201.v1 is dated before the release 20260202.v1, which was cut earlier\n"


def test_an_empty_build_number_is_none(root: Path) -> None:
    result = cut(root, "--build-number", "")
    assert result.code == 2
    assert "`` is no build number" in result.err
    assert not (root / "manifests/releases.jsonl").exists()


def test_numbers_are_compared_as_numbers(root: Path) -> None:
    cut(root, *DAY, "--num", "9")
    for version in ("2", "3"):
        bump(root, version)
        assert cut(root).code == 0
    assert tags(root) == ["20260102.v9", "20260102.v10", "20260102.v11"]
    bump(root, "4")
    cut(root, "--date", "20260101")
    assert tags(root)[-1] == "20260101.v1"


def test_unchanged_images_keep_their_tag(root: Path) -> None:
    cut(root)
    text = (root / "manifests/r/r-base.yaml").read_text()
    (root / "manifests/r/r-base.yaml").write_text(text.replace("3.6.0", "3.6.1"))
    plan = json.loads(run(root, "plan", *DAY, "--format", "json").out)
    assert [(image["state"], image["tags"][0]) for image in plan["images"]] == [
        ("reuse", "cpu-20260102.v1"),
        ("reuse", "gpu-20260102.v1"),
        ("build", "cpu-20260102.v2"),
        ("build", "gpu-20260102.v2"),
    ]
    assert [image["reasons"] for image in plan["images"]][2:] == [[{"kind": "changed"}]] * 2
    assert "2 to build, 2 to reuse" in run(root, "plan", *DAY).out
    assert "2 images" in cut(root).out
    docker = (root / "generated/r-base/cpu/Dockerfile").read_text()
    assert "FROM registry.example.com/team/base:cpu-20260102.v1\n" in docker


def test_a_revert_is_a_retag(root: Path) -> None:
    original = (root / "manifests/base/base.yaml").read_bytes()
    cut(root)
    bump(root, "2")
    cut(root)
    (root / "manifests/base/base.yaml").write_bytes(original)
    assert states(root) == ["retag"] * 4
    plan = json.loads(run(root, "plan", *DAY, "--format", "json").out)
    assert plan["images"][0]["tags"] == ["cpu-20260102.v1", "cpu"]
    assert cut(root).code == 0
    assert states(root) == ["reuse"] * 4
    references = json.loads((root / LEDGER).read_text().splitlines()[-1])["images"]["base:cpu"]["references"]
    assert references == ["team/base:cpu-20260102.v1", "team/base:cpu"]


def test_a_tag_that_exists(root: Path) -> None:
    cut(root, "--tag", "20260102.v3")
    bump(root, "2")
    before = written(root)
    for arguments in (("--tag", "20260102.v3"), (*DAY, "--num", "3")):
        result = cut(root, *arguments)
        assert result.code == 2
        assert result.out == ""
        assert "error: the release 20260102.v3 exists" in result.err
        assert "help: a tag is never given to other content" in result.err
    assert written(root) == before
    assert cut(root).code == 0
    assert tags(root)[-1] == "20260102.v4"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--num", "1", "--tag", "20260102.v1"), "--num and --tag exclude each other"),
        (("--tag", "v1"), "`v1` is no release tag"),
        (("--tag", "20261301.v1"), "`20261301.v1` is no release tag"),
        (("--tag", "20260102.v0"), "`20260102.v0` is no release tag"),
        (("--tag", "\uff12\uff10260102.v1"), "is no release tag"),
        (("--date", "20260230"), "`20260230` is no date"),
        (("--date", "tomorrow"), "`tomorrow` is no date"),
        ((*DAY, "--num", "0"), "0 is no number of a release"),
        ((*DAY, "--num", "-1"), "-1 is no number of a release"),
    ],
)
def test_wrong_arguments(arguments: tuple[str, ...], message: str, root: Path) -> None:
    before = written(root)
    result = cut(root, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert written(root) == before


def damaged(change: str, text: str) -> str:
    first, second = text.splitlines()
    match change:
        case "edited":
            return text.replace("cpu-20260102.v1", "cpu-20260102.v9")
        case "line removed":
            return f"{second}\n"
        case "lines swapped":
            return f"{second}\n{first}\n"
        case "line twice":
            return f"{text}{second}\n"
        case "cut short":
            return text[:-20]
        case "end lost":
            return text[:-1]
        case "empty line":
            return f"{first}\n\n{second}\n"
        case "merge conflict":
            return f"<<<<<<< HEAD\n{text}"
        case _:
            return text.replace('"tag"', '"date":"20260102","tag"')


@pytest.mark.parametrize(
    "change",
    ["edited", "line removed", "lines swapped", "line twice", "cut short", "end lost", "empty line",
     "merge conflict", "unknown key"],
)  # fmt: skip
def test_a_damaged_ledger(change: str, root: Path) -> None:
    cut(root)
    bump(root, "2")
    cut(root)
    ledger = root / LEDGER
    ledger.write_text(damaged(change, ledger.read_text()))
    bump(root, "3")
    before = written(root)
    for command in (["check"], ["plan"], ["generate"], ["release", "cut"]):
        result = run(root, *command)
        assert (result.code, result.out) == (2, "")
        assert f"{LEDGER}:" in result.err
        assert "help: restore the file from version control" in result.err
        assert written(root) == before


def test_a_tag_that_stands_twice(root: Path) -> None:
    """With a chain that holds: somebody made the second line by the rules."""
    cut(root)
    ledger = root / LEDGER
    first = ledger.read_text().rstrip("\n")
    previous = f"sha256:{hashlib.sha256(first.encode()).hexdigest()}"
    second = first.replace('"previous":""', f'"previous":"{previous}"')
    ledger.write_text(f"{first}\n{second}\n")
    for command in (["check"], ["plan"], ["generate"], ["release", "cut"], ["release", "list"]):
        result = run(root, *command)
        assert (result.code, result.out) == (2, "")
        assert f"{LEDGER}:2:1: error: the release `20260102.v1` stands twice" in result.err


def test_a_folder_that_cannot_be_written_takes_the_release_back(root: Path) -> None:
    cut(root)
    bump(root, "2")
    for path in sorted((root / "generated").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (root / "generated").rmdir()
    (root / "generated").write_text("a file")
    before = written(root)
    assert cut(root).code == 2
    assert written(root) == before


def test_a_policy_refuses_incomplete_notices(root: Path) -> None:
    settings = root / "manifests/catalog.yaml"
    settings.write_text(settings.read_text() + "policy: {notices: complete, unpinned: [apt]}\n")
    assert "policy:" not in settings.read_text().split("policy: {notices")[0]
    before = written(root)
    result = cut(root)
    assert result.code == 1
    assert "the policy wants complete notices" in result.err
    assert "licence not known to the catalogue" in result.err
    assert written(root) == before, "a refused cut changes nothing"
    assert cut(root).err == result.err


def test_a_policy_lets_complete_notices_pass(tmp_path: Path) -> None:
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "catalog.yaml").write_text("kind: catalog\nname: c\npolicy: {notices: complete}\n")
    (manifests / "externals.yaml").write_text(
        "kind: externals\nexternals:\n  alpine: {reference: 'alpine:3.20', license: MIT}\n"
    )
    (manifests / "tool.yaml").write_text(
        "kind: base\nname: tool\nfrom: alpine\nvariant: one\nsteps: [{pip: [numpy==2.1.0]}]\n"
    )
    fact = "kind: components\ncomponents:\n  - {{purl: 'pkg:pypi/numpy', license: {}{}}}\n"
    (manifests / "components.yaml").write_text(fact.format("LicenseRef-numpy", ""))
    assert "no text supplied for LicenseRef-numpy" in cut(tmp_path).err
    (manifests / "components.yaml").write_text(fact.format("BSD-3-Clause", ""))
    assert "no copyright line known, which the text of BSD-3-Clause has a place for" in cut(tmp_path).err
    (manifests / "components.yaml").write_text(fact.format("BSD-3-Clause", ", copyright: NumPy Developers"))
    assert cut(tmp_path).code == 0

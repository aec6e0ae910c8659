"""release list, show and notes; diff; and what a release writes down."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rgraph.app import Workspace, check_releases
from rgraph.errors import ManifestError
from tests.errors.running import Result, catalogue, run, written

A, B, C = "20260101.v1", "20260102.v1", "20260103.v1"


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "manifests" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def cut(root: Path, tag: str, *more: str) -> None:
    assert run(root, "release", "cut", "--tag", tag, *more).code == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three releases: of all; with another pin, fixes and External; with an image less and a pin back."""
    root = catalogue(tmp_path / "catalogue")
    edit(root, "externals.yaml", '{reference: "nvidia/', '{distribution: ubuntu-20.04, reference: "nvidia/')
    cut(root, A)
    edit(
        root,
        "base/base.yaml",
        "apt: [curl=7.68.0-1ubuntu2]",
        "apt: [{name: curl, version: 7.68.0-1ubuntu2.24, fixes: [CVE-2024-7264, USN-6944-1]}]",
    )
    edit(root, "externals.yaml", "nvidia/cuda:11.1.1", "nvidia/cuda:11.1.2")
    cut(root, B, "--build-number", "7781")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    edit(root, "r/r-base.yaml", "3.6.0", "3.5.0")
    cut(root, C)
    return root


def release(root: Path, tag: str, name: str) -> Any:
    return json.loads((root / "generated/releases" / tag / name).read_text())


def notes(root: Path, *arguments: str) -> str:
    result = run(root, "release", "notes", *arguments)
    assert (result.code, result.err) == (0, "")
    return result.out


def told(root: Path, *arguments: str) -> Any:
    result = run(root, *arguments, "--format", "json")
    assert (result.code, result.err) == (0, "")
    return json.loads(result.out)


def changes(entry: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    return [
        (
            each["change"],
            each["name"],
            each["before"] and each["before"]["version"],
            each["after"] and each["after"]["version"],
        )
        for each in entry["direct"]
    ]


def test_the_files_of_a_release(root: Path) -> None:
    folder = root / "generated/releases" / B
    assert sorted(written(folder)) == [
        "import.cfg",
        "notes.md",
        "notes/base/cpu.md",
        "notes/base/gpu.md",
        "notes/r-base/cpu.md",
        "notes/r-base/gpu.md",
        "release.json",
        "tests.json",
    ]


def test_import_cfg(root: Path) -> None:
    entries = release(root, B, "import.cfg")
    assert entries[0] == {
        "source": {
            "imageName": "base:cpu--7781",
            "registryUsername": "${STAGING_USERNAME}",
            "registryPassword": "${STAGING_PASSWORD}",
        },
        "destination": {"imageNames": [f"public/team/base:cpu-{B}", "public/team/base:cpu"]},
    }
    assert [each["source"]["imageName"] for each in release(root, A, "import.cfg")] == [
        "base:cpu--${BUILD_NUMBER}",
        "base:gpu--${BUILD_NUMBER}",
        "r-base:cpu--${BUILD_NUMBER}",
        "r-base:gpu--${BUILD_NUMBER}",
    ]


def test_tests_to_run(root: Path) -> None:
    found = release(root, C, "tests.json")
    assert (found["schema"], found["release"]) == (1, C)
    assert [each["image"] for each in found["images"]] == ["r-base:cpu"]
    assert found["images"][0]["tests"][0]["from"] == "base:cpu", "inherited ones too"


def test_a_retag_is_imported_from_the_registry_and_tested_no_more(root: Path) -> None:
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.0")
    cut(root, "20260104.v1")
    assert release(root, "20260104.v1", "tests.json")["images"] == []
    assert release(root, "20260104.v1", "import.cfg") == [
        {
            "source": {
                "imageName": f"registry.example.com/team/r-base:cpu-{B}",
                "registryUsername": "${REGISTRY_USERNAME}",
                "registryPassword": "${REGISTRY_PASSWORD}",
            },
            "destination": {"imageNames": ["public/team/r-base:cpu"]},
        }
    ]
    page = notes(root, "--image", "r-base:cpu")
    assert f"It went back to the content of {B}, from that of {C}." in page


def test_notes_are_read_back_as_they_were_written(root: Path) -> None:
    for tag in (A, B, C):
        folder = root / "generated/releases" / tag
        assert notes(root, tag) == (folder / "notes.md").read_text()
        for image in release(root, tag, "release.json")["images"]:
            page = folder / "notes" / f"{image['folder']}.md"
            assert notes(root, tag, "--image", image["id"]) == page.read_text()
    assert notes(root) == notes(root, C)


def test_notes_of_one_release(root: Path) -> None:
    page = notes(root, B)
    assert page.startswith(
        f"# Release {B}\n\n`example`, 2026-01-02. Compared with {A}: 4 changed.\n\n## Advisories\n"
    )
    advisory = "[CVE-2024-7264](https://nvd.nist.gov/vuln/detail/CVE-2024-7264): `curl 7.68.0-1ubuntu2.24`"
    assert f"- {advisory}, in `base:cpu`, `base:gpu`, `r-base:cpu`, `r-base:gpu`\n" in page
    assert (
        "| upgraded | `curl` (deb) | `7.68.0-1ubuntu2` | `7.68.0-1ubuntu2.24` | `base:cpu`, `base:gpu` | "
        "`base:cpu`, `base:gpu`, `r-base:cpu`, `r-base:gpu` |\n"
    ) in page
    assert "| `cuda` | `nvidia/cuda:11.1.1` | `nvidia/cuda:11.1.2` | `base:gpu`, `r-base:gpu` |\n" in page
    inherited = notes(root, B, "--image", "r-base:gpu")
    assert "What it stands on or takes from changed too: `base:gpu`." in inherited
    assert "## Inherited from `base:gpu`\n\n| change | component |" in inherited
    assert "`curl 7.68.0-1ubuntu2.24`, of `base:gpu`" in inherited


def test_what_notes_claim_stands_in_the_sbom(root: Path) -> None:
    for tag, before in ((C, A), (C, B), (C, "")):
        for image in told(root, "release", "notes", f"{before}..{tag}")["images"]:
            folder = root / "generated" / image["id"].replace(":", "/")
            sbom = json.loads((folder / "sbom.cdx.json").read_text())
            purls = {each.get("purl") for each in sbom["components"]}
            told_of = [*image["direct"], *(one for each in image["inherited"] for one in each["changes"])]
            claimed = {one["after"]["purl"] for one in told_of if one["after"]}
            claimed |= {part["purl"] for each in image["holds"] for part in each["components"]}
            gone = {one["before"]["purl"] for one in told_of if not one["after"]}
            assert claimed, image["id"]
            assert claimed <= purls
            assert not gone & purls


def test_notes_of_several_releases(root: Path) -> None:
    page = notes(root, f"{A}..{C}")
    assert "Compared with 20260101.v1: 3 changed, 1 no longer there." in page
    assert "## No longer in the catalogue\n\n- `r-base:gpu`\n" in page
    assert "](notes/" not in page, "there are no pages beside it"
    found = told(root, "release", "notes", f"{A}..{C}")
    images = {each["id"]: each for each in found["images"]}
    assert changes(images["r-base:cpu"]) == [("downgraded", "r-essentials", "3.6.0", "3.5.0")]
    assert images["r-base:cpu"]["inherited"][0]["by"] == "base:cpu"
    assert images["r-base:cpu"]["tags"] == [
        f"registry.example.com/team/r-base:cpu-{C}",
        "registry.example.com/team/r-base:cpu",
    ]
    assert [each["id"] for each in found["removed"]] == ["r-base:gpu"]
    assert "became" in images["base:cpu"]
    assert told(root, "release", "notes", f"..{A}")["before"] == {"kind": "nothing", "name": ""}


def test_notes_up_to_now(root: Path) -> None:
    assert "Compared with 20260103.v1: 3 as before." in notes(root, f"{C}..")
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    page = notes(root, f"{C}..")
    assert page.startswith("# The catalogue as it is now\n")
    assert "| upgraded | `r-essentials` (conda) | `3.5.0` | `3.6.1` |" in page


def test_notes_of_an_image_that_did_not_change(root: Path) -> None:
    assert notes(root, C, "--image", "base:gpu") == f"base:gpu did not change: {B} -> {C}\n"
    assert told(root, "release", "notes", C, "--image", "base:gpu")["same"] == 1
    assert "It is no longer in the catalogue." in notes(root, C, "--image", "r-base:gpu")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["20260109.v1"], "there is no release `20260109.v1`"),
        (["nonsense"], "there is no release `nonsense`"),
        ([f"{A}..20260109.v1"], "there is no release `20260109.v1`"),
        ([f"{C}..{A}"], f"{A} was not cut after {C}"),
        ([f"{A}..{A}"], f"{A} was not cut after {A}"),
        ([A, "--image", "nope:1"], "neither side has an image `nope:1`"),
    ],
)
def test_notes_of_nothing(arguments: list[str], what: str, root: Path) -> None:
    result = run(root, "release", "notes", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {what}\n  help: ")


def test_list(root: Path) -> None:
    lines = run(root, "release", "list").out.splitlines()
    assert lines[0].split() == ["release", "date", "built", "retagged", "images"]
    assert lines[2].split()[:4] == [B, "2026-01-02", "4", "0"]
    assert len(lines) == 4
    found = told(root, "release", "list")
    assert found["schema"] == 1
    assert found["releases"][2] == {
        "tag": C,
        "date": "2026-01-03",
        "build": ["r-base:cpu"],
        "retag": [],
        "recorded": True,
    }


def test_show(root: Path) -> None:
    out = run(root, "release", "show", B).out
    assert out.splitlines()[0] == f"release {B} of example, 2026-01-02, after {A}"
    assert out.splitlines()[1] == "build 7781: 4 images of 4"
    assert out.splitlines()[5].split()[:4] == ["1", "base:cpu", "build", "base:cpu--7781"]
    assert f"release {C} of" in run(root, "release", "show").out
    folder = root / "generated/releases" / B
    assert run(root, "release", "show", B, "--format", "json").out == (folder / "release.json").read_text()


def test_without_a_release(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    assert run(root, "release", "list") == Result(
        0, "", "there is no release yet: `rgraph release cut` makes one\n"
    )
    assert told(root, "release", "list") == {"schema": 1, "releases": []}
    for command in ("show", "notes"):
        assert run(root, "release", command).err.startswith("error: there is no release yet\n")
    assert run(root, "diff").out.startswith("nothing -> now: 4 new\n")


def test_releases_are_read_whatever_the_manifests_say(root: Path) -> None:
    (root / "manifests/base/base.yaml").write_text("kind: bse\n")
    for command in (["list"], ["show", A], ["notes", f"{A}..{C}"]):
        assert run(root, "release", *command).code == 0
    assert run(root, "diff", A, B).code == 0
    assert run(root, "diff", A).code == 2


def test_diff_of_releases(root: Path) -> None:
    result = run(root, "diff", A, B)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"{A} -> {B}: 4 changed"
    assert any(
        line.split()[:5] == ["CVE-2024-7264", "curl", "7.68.0-1ubuntu2.24", "all", "4"] for line in lines
    )
    assert any(line.startswith("upgraded  curl (deb)") for line in lines)
    assert any(line.startswith("cuda      nvidia/cuda:11.1.1") for line in lines)
    assert run(root, "diff", f"{A}..{B}") == result
    assert told(root, "diff", A, C)["removed"][0]["id"] == "r-base:gpu"
    assert "no longer in the catalogue" in run(root, "diff", A, C).out


def test_a_diff_turned_round(root: Path) -> None:
    back = told(root, "diff", B, A)
    assert [(each["change"], each["name"]) for each in back["components"]] == [("downgraded", "curl")]
    assert {each["became"] for each in back["images"]} == {"returned"}
    assert back["fixes"] == []


def test_diff_with_the_manifests(root: Path) -> None:
    assert run(root, "diff", "--exit-code") == Result(0, f"{C} -> now: 3 as before\n", "")
    edit(root, "r/r-base.yaml", "kind: r\n", "# a comment\nkind: r\n")
    assert run(root, "diff", "--exit-code").code == 0, "a comment is no difference"
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    result = run(root, "diff", "--exit-code")
    assert result.code == 1
    assert result.out.startswith(f"{C} -> now: 1 changed, 2 as before\n")
    assert run(root, "diff").code == 0
    only = run(root, "diff", "--image", "base:cpu", "--exit-code")
    assert (only.code, only.out) == (0, f"base:cpu did not change: {C} -> now\n")


def git(root: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


def test_diff_of_revisions(root: Path) -> None:
    git(root, "init")
    git(root, "add", "-A")
    git(root, "commit", "-m", "one")
    git(root, "tag", "one")
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    git(root, "commit", "-a", "-m", "two")
    edit(root, "r/r-base.yaml", "3.6.1", "3.6.2")
    found = told(root, "diff", "one", "HEAD")
    assert (found["before"], found["after"]) == (
        {"kind": "revision", "name": "one"},
        {"kind": "revision", "name": "HEAD"},
    )
    assert changes(found["images"][0]) == [("upgraded", "r-essentials", "3.5.0", "3.6.1")]
    for arguments in (["one"], ["--since", "one"], ["one.."]):
        found = told(root, "diff", *arguments)
        assert changes(found["images"][0]) == [("upgraded", "r-essentials", "3.5.0", "3.6.2")]
        assert found["after"] == {"kind": "now", "name": ""}
    assert changes(told(root, "diff", C, "HEAD")["images"][0]) == [
        ("upgraded", "r-essentials", "3.5.0", "3.6.1")
    ]
    assert told(root, "diff", "one", C)["images"] == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([A, "--since", B], "--since takes the place of A and B"),
        ([f"{A}..{B}", C], f"`{A}..{B}` names both sides"),
        (["20260109.v1"], "there is no release `20260109.v1`"),
    ],
)
def test_diff_of_nothing(arguments: list[str], what: str, root: Path) -> None:
    result = run(root, "diff", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: {what}\n  help: ")


def test_a_record_that_is_gone(root: Path) -> None:
    (root / "generated/releases" / C / "release.json").unlink()
    assert told(root, "release", "list")["releases"][2]["recorded"] is False
    result = run(root, "release", "show", C)
    assert result.code == 2
    assert f"generated/releases/{C}/release.json is missing" in result.err
    edit(root, "r/r-base.yaml", "3.5.0", "3.6.1")
    cut(root, "20260104.v1")
    page = (root / "generated/releases/20260104.v1/notes/r-base/cpu.md").read_text()
    assert f"Its content was that of {C}. What changed cannot be said: a record of it is missing." in page


@pytest.mark.parametrize("number", ["a b", "1/2", "x" * 65, "$(id)", "\u0665", "1\n"])
def test_what_is_no_build_number(number: str, tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    before = written(root)
    result = run(root, "release", "cut", "--build-number", number)
    assert result.code == 2
    assert "is no build number" in result.err
    assert written(root) == before


HOSTILE = "pkg:generic/%3Cscript%3E%7C%60%23%20x@1%7C2"


def test_hostile_names(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    cut(root, A)
    edit(root, "recipes/tool.yaml", "pkg:generic/tool@${{ version }}", f'"{HOSTILE}"')
    edit(root, "catalog.yaml", "name: example", 'name: "<b>|`\\n# x"')
    cut(root, B)
    page = notes(root, B)
    assert "<" not in page
    assert "\x1b" not in page
    assert [line for line in page.splitlines() if line.startswith("# ")] == [f"# Release {B}"]
    for line in page.splitlines():
        if line.startswith("| added"):
            assert line.count("|") == 7
    for command in (["diff", A, B], ["release", "show", B], ["release", "list"]):
        assert "\x1b" not in run(root, *command).out


def line_edited(text: str, old: str, new: str) -> str:
    *others, last = text.splitlines(keepends=True)
    assert old in last
    return "".join([*others, last.replace(old, new)])


def test_the_last_line_of_the_ledger_edited_by_hand(root: Path) -> None:
    """No later line has its hash: its record tells."""
    ledger = root / "manifests/releases.jsonl"
    print = json.loads(ledger.read_text().splitlines()[-1])["images"]["r-base:cpu"]["fingerprint"]
    other = f"sha256:{'0' * 64}"
    for old, new, what in (
        (print, other, "`r-base:cpu` has another fingerprint than in"),
        (f"cpu-{C}", f"gpu-{C}", "`r-base:cpu` has other tags than in"),
        ('"r-base:cpu"', '"r-base:gpu"', f"`{C}` has `r-base:gpu`, unlike"),
    ):
        whole = ledger.read_text()
        ledger.write_text(line_edited(whole, old, new))
        before = written(root)
        for command in (["generate"], ["generate", "--check"], ["release", "cut"], ["release", "notes"]):
            result = run(root, *command)
            assert result.code == 2, command
            assert f"manifests/releases.jsonl:3:1: error: {what}" in result.err
            assert f"generated/releases/{C}/release.json" in result.err
            assert written(root) == before
        ledger.write_text(whole)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("3.5.0", "3.9.9", "it was changed after the cut"),
        ('"schema": 1', '"schema": 2', "schema 2 is not known"),
        ('"tag"', '"name"', "this is no record of a release"),
        ("{", "", "this is no record of a release"),
        ('"tag": "20260103.v1"', '"tag":  "20260103.v1"', "it was changed after the cut"),
    ],
)
def test_a_record_edited_by_hand(old: str, new: str, what: str, root: Path) -> None:
    path = root / "generated/releases" / C / "release.json"
    path.write_text(path.read_text().replace(old, new))
    before = written(root)
    for command in (["generate"], ["generate", "--check"], ["release", "cut"], ["release", "show"], ["diff"]):
        result = run(root, *command)
        assert result.code == 2, command
        assert f"generated/releases/{C}/release.json:1:1: error: {what}" in result.err
        assert written(root) == before


def test_a_record_of_another_release(root: Path) -> None:
    folder = root / "generated/releases"
    (folder / C / "release.json").write_bytes((folder / B / "release.json").read_bytes())
    assert f"it is the record of `{B}`" in run(root, "release", "show", C).err


def test_all_records_are_checked(root: Path) -> None:
    check_releases(Workspace(root))
    for tag in (A, C):
        path = root / "generated/releases" / tag / "release.json"
        path.write_text(path.read_text().replace('"build": "', '"build": "0'))
    with pytest.raises(ManifestError) as caught:
        check_releases(Workspace(root))
    assert [each.place.file for each in caught.value.problems] == [
        f"generated/releases/{tag}/release.json" for tag in (A, C)
    ]

"""release list, show and notes; and what a release writes down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.releases_made import A, B, C, changes, cut, edit, notes, release, three_releases, told
from tests.errors.running import Result, catalogue, run, written


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with three releases."""
    return three_releases(tmp_path / "catalogue")


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
    assert lines[0].split() == ["release", "date", "built", "retagged", "promoted", "images"]
    assert lines[2].split()[:5] == [B, "2026-01-02", "4", "0", "no"]
    assert len(lines) == 4
    found = told(root, "release", "list")
    assert found["schema"] == 1
    assert found["releases"][2] == {
        "tag": C,
        "date": "2026-01-03",
        "build": ["r-base:cpu"],
        "retag": [],
        "recorded": True,
        "promoted": False,
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


def test_notes_of_several_releases_say_so(root: Path) -> None:
    assert notes(root, A).splitlines()[:3] == [f"# Release {A}", "", notes(root, A).splitlines()[2]]
    assert "The first release: 4 new." in notes(root, A)
    whole = notes(root, f"..{C}")
    assert whole.startswith(f"# Releases {A} to {C}\n")
    assert "From the first release on: " in whole
    assert "The first release" not in whole
    later = notes(root, f"{A}..{C}")
    assert later.startswith(f"# Releases {B} to {C}\n")
    assert f"Compared with {A}: " in later
    assert notes(root, f"{A}..{B}").startswith(f"# Release {B}\n")


def test_what_a_nearer_pin_takes_the_place_of_is_not_claimed(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    steps = "steps:\n  - conda: {packages: [openssl=1.1.1c]}\n"
    edit(root, "base/base.yaml", "steps:\n", steps)
    edit(root, "r/r-base.yaml", "steps:\n", steps.replace("1.1.1c", "1.1.1d"))
    cut(root, A)
    pin = "{name: openssl, version: 1.1.1w, fixes: [CVE-2023-0001]}"
    edit(root, "base/base.yaml", "openssl=1.1.1c", pin)
    cut(root, B)
    page = (root / "generated/releases" / B / "notes/r-base/cpu.md").read_text()
    assert "CVE-2023-0001" not in page
    assert "1.1.1w" not in page
    assert "CVE-2023-0001" in (root / "generated/releases" / B / "notes/base/cpu.md").read_text()
    assert "CVE-2023-0001" in notes(root, B)
    assert "r-base:cpu" not in notes(root, B).split("## Components")[0]


def test_the_same_version_in_another_notation_is_no_fix(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    edit(root, "r/r-base.yaml", "steps:\n", "steps:\n  - pip: [foo==1.0]\n")
    cut(root, A)
    edit(root, "r/r-base.yaml", "foo==1.0", "{name: foo, version: 1.0.0, fixes: [CVE-2023-0002]}")
    cut(root, B)
    assert "CVE-2023-0002" not in notes(root, B)


def test_a_retag_under_another_repository_is_imported_from_where_it_is(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    cut(root, A)
    edit(root, "r/r-base.yaml", "steps:\n", "repository: renamed\nsteps:\n")
    cut(root, B, "--build-number", "5")
    entries = release(root, B, "import.cfg")
    assert {each["source"]["imageName"].partition(":")[0].rpartition("/")[2] for each in entries} == {
        "r-base"
    }
    assert all("--5" not in each["source"]["imageName"] for each in entries)
    assert release(root, B, "tests.json")["images"] == []


def test_what_no_tag_leads_to_is_built_and_tested_again(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    edit(root, "r/r-base.yaml", "steps:\n", 'tags: ["${{ variant }}"]\nsteps:\n')
    cut(root, A)
    edit(root, "r/r-base.yaml", "3.6.0", "3.6.1")
    cut(root, B)
    edit(root, "r/r-base.yaml", "3.6.1", "3.6.0")
    cut(root, C, "--build-number", "9")
    entries = release(root, C, "import.cfg")
    assert {each["source"]["imageName"] for each in entries} == {"r-base:cpu--9", "r-base:gpu--9"}
    assert {each["image"] for each in release(root, C, "tests.json")["images"]} == {
        "r-base:cpu",
        "r-base:gpu",
    }

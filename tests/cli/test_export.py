"""The public copy: what is in it, what never is, and what it does to the folder that it goes to."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from rgraph.app import Workspace
from rgraph.files.public_copy import MARKER
from rgraph.render_names import COMBINED, PRIVATE, TESTS
from tests.cases.running import names, set_up
from tests.cli.test_killed import killed_at
from tests.errors.running import Result, catalogue, run, written

ROOT = Path(__file__).resolve().parents[2]
DAY = ("--date", "20260102")
IMAGE_FILES = {"Dockerfile", "LICENSE.txt", "README.md", "ThirdPartyNotices.txt", "sbom.cdx.json"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A catalogue with a private part."""
    root = catalogue(tmp_path / "catalogue")
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write("private:\n  - {run: [curl -f https://intra.corp.test/x | sh], provides: []}\n")
    return root


def export(root: Path, *options: str, to: str = "../public") -> Result:
    return run(root, "export", to, *options)


def public(root: Path) -> dict[str, bytes]:
    return written(root.parent / "public")


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / "manifests" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_it_holds_what_is_public_and_nothing_else(root: Path) -> None:
    assert export(root).code == 0
    folders = ["base/cpu", "base/gpu", "r-base/cpu", "r-base/gpu"]
    expected = {f"{folder}/{name}" for folder in folders for name in IMAGE_FILES}
    assert set(public(root)) == {*expected, "README.md", "LICENSE.txt", MARKER}
    run(root, "generate")
    generated = written(root / "generated")
    for path, content in public(root).items():
        if Path(path).name in IMAGE_FILES - {"README.md"} and "/" in path:
            assert content == generated[path], path


def test_the_readme_of_an_image_names_only_files_that_are_there(root: Path) -> None:
    export(root)
    text = public(root)["r-base/cpu/README.md"].decode()
    for name in (PRIVATE, COMBINED, TESTS, "docker-bake.json"):
        assert name not in text
    assert set(re.findall(r"`([A-Za-z.]+)`[:;]", text)) <= IMAGE_FILES
    for path, content in public(root).items():
        for target in re.findall(rb"\]\(([^)#:\s]+)\)", content):
            assert (root.parent / "public" / path).parent.joinpath(target.decode()).exists(), (path, target)


def test_files_that_a_public_part_copies_go_along_and_private_ones_do_not(root: Path) -> None:
    files = root / "manifests/files"
    (files / "public.txt").write_text("for all\n")
    (files / "private.txt").write_text("for us\n")
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write("  - copy: {files: [private.txt], to: /}\n")
    edit(root, "r/r-base.yaml", "steps:\n", "steps:\n  - copy: {files: [public.txt], to: /}\n")
    export(root)
    assert public(root)["r-base/cpu/public.txt"] == b"for all\n"
    assert not any("private.txt" in path or b"for us" in text for path, text in public(root).items())


def test_tags_and_notes_of_releases_are_in_it(root: Path) -> None:
    run(root, "release", "cut", *DAY)
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    run(root, "release", "cut", "--date", "20260203")
    export(root)
    found = public(root)
    index = found["README.md"].decode()
    newest, oldest = index.index("20260203.v1](releases"), index.index("20260102.v1](releases")
    assert newest < oldest
    for tag in ("20260102.v1", "20260203.v1"):
        notes = (root / f"generated/releases/{tag}/notes.md").read_bytes()
        assert found[f"releases/{tag}/notes.md"] == notes
        assert f"releases/{tag}/notes/r-base/cpu.md" in found
    assert not any(name in path for path in found for name in ("release.json", "import.cfg", "tests.json"))
    readme = found["base/cpu/README.md"].decode()
    rows = readme[readme.index("## All tags") :].splitlines()[4:7]
    assert rows == [
        "| `registry.example.com/team/base:cpu` | 20260203.v1 | 2026-02-03 | yes |",
        "| `registry.example.com/team/base:cpu-20260203.v1` | 20260203.v1 | 2026-02-03 | no |",
        "| `registry.example.com/team/base:cpu-20260102.v1` | 20260102.v1 | 2026-01-02 | no |",
    ]


def test_check_says_which_files_are_not_up_to_date(root: Path) -> None:
    assert export(root, "--check").code == 1
    export(root)
    result = export(root, "--check")
    ahead = "base:cpu, base:gpu and 2 more"
    assert (result.code, result.out) == (0, "")
    assert result.err == (
        f"not released as it is: {ahead}; `rgraph release cut` first, for tags that hold it\n"
        "the public copy is up to date\n"
    )
    run(root, "release", "cut", "--date", "20260102")
    export(root)
    result = export(root, "--check")
    assert (result.code, result.out, result.err) == (0, "", "the public copy is up to date\n")
    before = public(root)
    edit(root, "r/r-base.yaml", "r-essentials=3.6.0", "r-essentials=3.6.1")
    (root.parent / "public/base/cpu/LICENSE.txt").unlink()
    result = export(root, "--check")
    assert result.code == 1
    lines = result.out.splitlines()
    assert "missing: base/cpu/LICENSE.txt" in lines
    assert "changed: r-base/gpu/Dockerfile" in lines
    assert "changed: base/cpu/Dockerfile" not in lines
    (root.parent / "public/base/cpu/LICENSE.txt").write_bytes(before["base/cpu/LICENSE.txt"])
    assert public(root) == before
    document = json.loads(export(root, "--check", "--format", "json").out)
    assert document["schema"] == 1
    assert "r-base/cpu/Dockerfile" in document["changed"]
    assert export(root).code == 0
    assert export(root, "--check").code == 0


def test_an_image_that_is_gone_leaves_nothing(root: Path) -> None:
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    assert "stray: r-base/gpu/Dockerfile" in export(root, "--check").out
    assert "removed r-base/gpu/Dockerfile" in export(root).out
    assert not (root.parent / "public/r-base/gpu").exists()


def test_what_is_not_rgraphs_stays(root: Path) -> None:
    target = root.parent / "public"
    target.mkdir()
    subprocess.run(["git", "init", "--quiet", target], check=True)
    git = written(target)
    assert export(root).code == 0
    foreign = {"CONTRIBUTING.md": b"ours", "r-base/gpu/more.txt": b"ours too", "empty/x/.keep": b""}
    for path, content in foreign.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    (target / "nothing").mkdir()
    (target / "link").symlink_to("/")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    assert export(root).code == 0
    found = public(root)
    assert foreign.items() <= found.items()
    assert git.items() <= found.items()
    assert found["link"] == b"/"
    assert (target / "nothing").is_dir()
    assert "r-base/gpu/Dockerfile" not in found
    assert export(root, "--check").code == 0


def test_an_old_file_that_somebody_changed_stays_and_is_named(root: Path) -> None:
    export(root)
    path = root.parent / "public/r-base/gpu/README.md"
    path.write_text("kept by hand\n")
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    result = export(root)
    assert result.code == 0
    assert "left alone, as it was changed since: r-base/gpu/README.md" in result.err
    assert path.read_text() == "kept by hand\n"
    assert [each.name for each in path.parent.iterdir()] == ["README.md"]


def test_changes_by_hand_are_not_overwritten_but_by_force(root: Path) -> None:
    export(root)
    path = root.parent / "public/base/cpu/Dockerfile"
    path.write_text("edited\n")
    before = public(root)
    assert "changed: base/cpu/Dockerfile" in export(root, "--check").out
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    result = export(root)
    assert result.code == 1
    assert "rgraph did not write them so: base/cpu/Dockerfile" in result.err
    assert public(root) == before
    assert export(root, "--force").code == 0
    assert b"edited" not in path.read_bytes()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_stands_in_the_way_of_a_new_file_is_left_alone(root: Path, kind: str) -> None:
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu, gpu]", "device: [cpu]")
    export(root)
    edit(root, "r/r-base.yaml", "device: [cpu]", "device: [cpu, gpu]")
    path = root.parent / "public/r-base/gpu/README.md"
    path.parent.mkdir()
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/etc/hostname")
    before = public(root)
    result = export(root)
    assert result.code == 1
    assert "r-base/gpu/README.md" in result.err
    assert public(root) == before


def test_a_folder_that_became_a_link_is_not_followed(root: Path) -> None:
    export(root)
    target = root.parent / "public/base"
    shutil.move(target, root.parent / "elsewhere")
    target.symlink_to(root.parent / "elsewhere")
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    elsewhere = written(root.parent / "elsewhere")
    assert export(root).code != 0
    assert written(root.parent / "elsewhere") == elsewhere
    assert target.is_symlink()


@pytest.mark.parametrize(
    ("to", "says"),
    [
        (".", "holds the catalogue itself"),
        ("..", "holds the catalogue itself"),
        ("manifests", "is in manifests/"),
        ("manifests/public", "is in manifests/"),
        ("generated", "is in generated/"),
        ("generated/public", "is in generated/"),
        ("../link/public", "is in generated/"),
        ("../link", "is in generated/"),
        ("../missing/public", "there is no folder"),
        ("manifests/catalog.yaml", "is no folder"),
    ],
)
def test_folders_of_the_catalogue_are_refused(root: Path, to: str, says: str) -> None:
    run(root, "generate")
    (root.parent / "link").symlink_to(root / "generated")
    before = written(root)
    for options in ((), ("--force",), ("--check",)):
        result = export(root, *options, to=to)
        assert result.code == 2
        assert says in result.err
    assert written(root) == before


def test_a_folder_inside_the_catalogue_but_for_those_is_taken(root: Path) -> None:
    run(root, "generate")
    assert export(root, to="public").code == 0
    assert run(root, "generate", "--check").code == 0
    assert export(root, "--check", to="public").code == 0


def test_a_folder_that_is_no_copy_is_refused(root: Path) -> None:
    target = root.parent / "public"
    target.mkdir()
    (target / "notes.txt").write_text("mine")
    result = export(root)
    assert result.code == 1
    assert "is not empty, and rgraph did not make it" in result.err
    assert list(public(root)) == ["notes.txt"]
    assert export(root, "--force").code == 0
    assert public(root)["notes.txt"] == b"mine"
    assert export(root).code == 0


def test_the_copy_of_another_catalogue_is_refused(root: Path) -> None:
    export(root)
    edit(root, "catalog.yaml", "name: example", "name: other")
    result = export(root)
    assert result.code == 1
    assert "is the public copy of `example`, not of `other`" in result.err
    assert export(root, "--force").code == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2, "catalogue": "example"}', '{"files": 3}', "\xff"]
)
def test_a_marker_that_is_damaged_is_refused(root: Path, text: str) -> None:
    export(root)
    (root.parent / "public" / MARKER).write_text(text, "latin-1")
    result = export(root)
    assert result.code == 1
    assert "does not say what rgraph wrote here" in result.err
    assert export(root, "--force").code == 0
    assert export(root, "--check").code == 0


def test_a_marker_cannot_make_rgraph_remove_what_is_elsewhere(root: Path) -> None:
    export(root)
    target = root.parent / "public"
    (root.parent / "victim").write_text("")
    (target / ".git").mkdir()
    (target / ".git/config").write_text("")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    marker = json.loads((target / MARKER).read_text())
    marker["files"] |= {"../victim": empty, "/etc/hostname": empty, ".git/config": empty}
    (target / MARKER).write_text(json.dumps(marker))
    assert export(root).code == 0
    assert (root.parent / "victim").exists()
    assert (target / ".git/config").exists()


def test_a_link_in_place_of_the_folder_is_refused(root: Path) -> None:
    (root.parent / "elsewhere").mkdir()
    (root.parent / "public").symlink_to(root.parent / "elsewhere")
    result = export(root)
    assert result.code == 2
    assert "symbolic link" in result.err
    assert list((root.parent / "elsewhere").iterdir()) == []


def test_a_run_that_is_killed_anywhere_is_mended_by_the_next(tmp_path: Path) -> None:
    """Also if the manifests have changed in between: what a killed run left is still rgraph's."""
    root = tmp_path / "catalogue"
    root.mkdir()
    set_up("private", root)
    assert export(root).code == 0
    (tmp_path / "public/mine.txt").write_text("mine")
    old = yaml.safe_load((root / "manifests/catalog.yaml").read_text())

    def describe(text: str) -> None:
        (root / "manifests/catalog.yaml").write_text(yaml.safe_dump({**old, "license": {"expression": text}}))

    shutil.copytree(tmp_path / "public", tmp_path / "before")
    number = 0
    while True:
        number += 1
        describe("MIT")
        if not killed_at(number, root, "export", "../public"):
            break
        describe("Apache-2.0")
        result = export(root)
        assert result.code == 0, (number, result.err)
        found = public(root)
        assert found.pop("mine.txt") == b"mine"
        assert export(root, to="../fresh").code == 0
        assert found == written(tmp_path / "fresh"), number
        assert {each.name for each in tmp_path.iterdir()} == {"catalogue", "public", "before", "fresh"}
        for name in ("public", "fresh"):
            shutil.rmtree(tmp_path / name)
        shutil.copytree(tmp_path / "before", tmp_path / "public")
    assert number > 20


def test_a_write_that_fails_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(root)
    edit(root, "base/base.yaml", "curl=7.68.0-1ubuntu2", "curl=7.68.0-1ubuntu3")
    before = public(root)
    replace, count = os.replace, 0

    def fail(source: Any, target: Any) -> None:
        nonlocal count
        count += "new-" in str(source)
        if count == 5 and "new-" in str(source):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    result = export(root)
    monkeypatch.undo()
    assert result.code == 2
    assert "no space left" in result.err
    assert public(root) == before
    first = export(root, to="../new")
    assert first.code == 0


def test_a_first_write_that_fails_leaves_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def fail(source: Any, target: Any) -> None:
        if "new-3" in str(source):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    assert export(root).code == 2
    monkeypatch.undo()
    assert not (root.parent / "public").exists()


def test_it_is_the_same_whatever_the_hash_seed(root: Path) -> None:
    for seed in ("1", "2"):
        subprocess.run(
            [sys.executable, "-m", "rgraph", "-C", root, "export", root.parent / seed],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
            check=True,
            capture_output=True,
        )
    assert written(root.parent / "1") == written(root.parent / "2")


# What never is in it.

SAID = re.compile(r"[A-Za-z0-9/:=._-]{12,}")


def private_words(workspace: Workspace) -> set[str]:
    """Words of private steps that no public text has, staging, and names of files that are not public."""
    images = workspace.resolved.images.values()
    private = {word for image in images for step in image.private for word in SAID.findall(step.text)}
    shown = " ".join(step.text for image in images for step in image.public)
    words = {word for word in private if word not in shown}
    return {*words, workspace.catalog.settings.staging or "staging.test", PRIVATE, COMBINED, "import.cfg"}


@pytest.mark.parametrize("case", ["shipped", *names()])
def test_nothing_private_is_in_it(case: str, tmp_path: Path) -> None:
    root = tmp_path / "catalogue"
    root.mkdir()
    if case == "shipped":
        shutil.copytree(ROOT / "manifests", root / "manifests")
        (root / "manifests/releases.jsonl").unlink(missing_ok=True)
        run(root, "release", "cut", *DAY)
    else:
        set_up(case, root)
    result = export(root)
    assert result.code == 0, result.err
    words = private_words(Workspace(root))
    for path, content in public(root).items():
        names_of_notices = {"ThirdPartyNotices.txt", "LICENSE.txt"}
        for word in words - names_of_notices:
            assert word.encode() not in content, (path, word)


HOSTILE: dict[str, Any] = {
    "catalog.yaml": {
        "kind": "catalog",
        "name": "hostile",
        "registry": "registry.example.com",
        "staging": "staging.corp.test/builds",
        "policy": {"private": ["Project-Falcon", "corp.test"], "unpinned": ["apt"]},
    },
    "externals.yaml": {
        "kind": "externals",
        "externals": {
            "debian": {"reference": "debian:12.9"},
            "certs": {"reference": "certs.intra.test/roots:3"},
        },
    },
    "base.yaml": {
        "kind": "base",
        "name": "base",
        "from": "debian",
        "variant": "1",
        "steps": [{"env": {"A": "b"}}],
        "private": [
            {
                "download": {
                    "url": "https://files.intra.test/agent-9.tgz",
                    "sha256": "a" * 64,
                    "extract": "/opt/agent",
                },
                "provides": ["pkg:generic/agent@9"],
            },
            {"pip": {"packages": ["agent-client==2"], "index": "https://packages.intra.test/simple"}},
            {"take": {"from": "certs", "path": "/certs", "to": "/etc/"}, "provides": []},
            {"run": ["curl -f https://intra.test/register?who=me | sh"], "provides": []},
            {"env": {"AGENT_HOME": "/opt/agent-of-ours"}},
        ],
    },
    "secret.yaml": {
        "kind": "r",
        "name": "project-falcon",
        "from": "base:1",
        "variant": "1",
        "steps": [{"env": {"SECRET_PLAN": "x"}}],
    },
}
INTERNAL = (b"corp.test", b"intra.test", b"falcon", b"agent-of-ours", b"secret_plan", b"staging")


def hostile(root: Path, **changes: Any) -> Path:
    """A catalogue that has much to hide; `changes` are laid over its layer `base`."""
    for name, document in HOSTILE.items():
        path = root / "manifests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        laid = {**document, **changes} if name == "base.yaml" else document
        path.write_text(yaml.safe_dump(laid, sort_keys=False))
    return root


def test_a_catalogue_with_much_to_hide_hides_it(tmp_path: Path) -> None:
    root = hostile(tmp_path / "catalogue")
    assert run(root, "release", "cut", *DAY).code == 0
    edited = yaml.safe_load((root / "manifests/base.yaml").read_text())
    edited["private"][1]["pip"]["packages"] = ["agent-client==3"]
    (root / "manifests/base.yaml").write_text(yaml.safe_dump(edited))
    assert run(root, "release", "cut", "--date", "20260103").code == 0
    result = export(root)
    assert result.code == 0, result.err
    found = public(root)
    assert set(found) >= {"base/1/Dockerfile", "releases/20260103.v1/notes/base/1.md"}
    assert not any("falcon" in path for path in found)
    for path, content in found.items():
        for text in INTERNAL:
            assert text not in content.lower(), (path, text)
    # What an image holds is noticed, whichever part brings it.
    assert b"agent 9" in found["base/1/ThirdPartyNotices.txt"]
    assert b"pkg:generic/agent@9" in found["base/1/sbom.cdx.json"]
    assert b"intra.test" not in (root / "generated/base/1/ThirdPartyNotices.txt").read_bytes()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"description": "Made for Project-FALCON."}, "base/1/README.md holds `Project-Falcon`"),
        ({"steps": [{"run": ["echo project-falcon"], "provides": []}]}, "base/1/Dockerfile holds"),
        ({"steps": [{"env": {"A": "staging.corp.test/builds"}}]}, "the staging registry"),
        ({"args": {"PROXY": "http://proxy.corp.test"}}, "`corp.test`, which the policy calls private"),
        ({"cmd": ["project-falcon"]}, "base/1/Dockerfile holds"),
        (
            {"private": [{"take": {"from": "certs", "path": "/certs", "to": "/etc/"}}]},
            "the reference of `certs`, which only private parts use",
        ),
        (
            {"steps": [{"env": {"TOKEN_URL": "https://me:Hunter2Hunter2@example.com/"}}]},
            "holds a password in a URL",
        ),
        (
            {"steps": [{"run": ["echo ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"], "provides": []}]},
            "a GitHub token",
        ),
    ],
)
def test_what_is_private_in_a_public_place_is_refused(
    changes: dict[str, Any], says: str, tmp_path: Path
) -> None:
    root = hostile(tmp_path / "catalogue", **changes)
    for options in ((), ("--force",)):
        result = export(root, *options)
        assert result.code == 1, result.err
        assert says in result.err
        assert "Hunter2Hunter2" not in result.err
        assert "c3D4e5F6" not in result.err
        assert not (tmp_path / "public").exists()


def test_an_image_upon_a_private_one_is_refused(tmp_path: Path) -> None:
    root = hostile(tmp_path / "catalogue")
    top = {"kind": "framework", "name": "top", "from": "project-falcon:1", "variant": "1"}
    (root / "manifests/top.yaml").write_text(yaml.safe_dump(top))
    result = export(root)
    assert result.code == 1
    assert "top/1/Dockerfile holds `Project-Falcon`, which the policy calls private" in result.err


def test_a_private_take_is_not_in_the_readme(tmp_path: Path) -> None:
    root = hostile(tmp_path / "catalogue")
    export(root)
    assert b"Takes files from" not in public(root)["base/1/README.md"]
    run(root, "generate")
    assert b"Takes files from" in (root / "generated/base/1/README.md").read_bytes()


def test_what_a_private_external_was_before_is_not_published(root: Path) -> None:
    take = "  - take: {from: hidden, path: /x, to: /}\n"
    silent = take.replace("to: /}", "to: /}\n    provides: []")
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write(take)
    with (root / "manifests/externals.yaml").open("a") as stream:
        stream.write("  hidden: {reference: 'intra.corp.test/team/hidden:1', distribution: ubuntu-20.04}\n")
    for number in (1, 2, 3):
        run(root, "release", "cut", "--date", f"2026010{number}")
        edit(root, "externals.yaml", f"hidden:{number}", f"hidden:{number + 1}")
    assert b"hidden:1" in (root / "generated/releases/20260102.v1/notes.md").read_bytes()
    edit(root, "r/r-base.yaml", take, silent)
    result = export(root)
    assert result.code == 0, result.err
    assert "releases/20260102.v1/notes.md" in public(root)
    assert not [path for path, content in public(root).items() if b"intra.corp.test" in content]
    edit(root, "r/r-base.yaml", silent, "")
    edit(
        root,
        "externals.yaml",
        "  hidden: {reference: 'intra.corp.test/team/hidden:4', distribution: ubuntu-20.04}\n",
        "",
    )
    assert export(root).code == 0
    assert not [path for path, content in public(root).items() if b"intra.corp.test" in content]


@pytest.mark.parametrize(
    ("private", "label"),
    [
        (r"CORP\share", r"'CORP\share\x'"),
        ('Top "Secret" Lab', """'at Top "Secret" Lab'"""),
        ("srv$x", "'on srv$$x'"),
        ("Top Secret", "'of the Top   Secret lab'"),
    ],
)
def test_a_private_text_is_found_however_it_is_written(root: Path, private: str, label: str) -> None:
    with (root / "manifests/catalog.yaml").open("a") as stream:
        stream.write("policy: {private: [" + json.dumps(private) + "]}\n")
    edit(root, "r/r-base.yaml", "steps:\n", f"steps:\n  - label: {{w: {label}}}\n")
    result = export(root)
    assert result.code == 1
    assert "which the policy calls private" in result.err
    assert not (root.parent / "public").exists()


def test_where_private_packages_come_from_is_not_published(root: Path) -> None:
    with (root / "manifests/r/r-base.yaml").open("a") as stream:
        stream.write("  - conda: {channels: [hush-hush], packages: [quiet=1.0]}\n")
        stream.write(
            "  - apt: {repositories: [{name: whisper, uri: 'https://whisper.corp.test/x', suite: focal, "
            "key: {url: 'https://whisper.corp.test/key'}}], packages: [still=1.0]}\n"
        )
    result = export(root)
    assert result.code == 0, result.err
    notices = public(root)["r-base/cpu/ThirdPartyNotices.txt"]
    assert b"pkg:conda/quiet@1.0" in notices
    assert b"still@1.0" in notices
    for word in (b"hush-hush", b"whisper"):
        assert not [path for path, content in public(root).items() if word in content.lower()], word

"""What a public copy never holds."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from rgraph.app import Workspace
from rgraph.render_names import COMBINED, PRIVATE
from tests.cases.running import names, set_up
from tests.cli.exported import DAY, ROOT, edit, export, public, root
from tests.errors.running import run

__all__ = ["root"]

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

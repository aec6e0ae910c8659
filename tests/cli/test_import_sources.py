"""`rgraph import bake`, `imagebuilder`, `rocker-stacks` and `library`, in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_import import rgraph, write

PARENT = "FROM debian:12\nRUN echo parent\n"
CHILD = "ARG REPO=example.com/team/base\nFROM $REPO:1\nARG WHO=me\nRUN echo $WHO\n"


def imported(*arguments: str | Path) -> dict[str, Any]:
    done = rgraph("import", *arguments, "--format", "json")
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if answer["well"] else 1), done.stderr
    return answer


def proved(folder: Path) -> dict[str, int]:
    """A later proof: how many images are what."""
    done = rgraph("-C", folder, "import", "--verify", "--format", "json")
    states: dict[str, int] = json.loads(done.stdout)["states"]
    assert done.returncode == (1 if states["different"] else 0)
    return states


def image(answer: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in answer["images"] if each["name"] == name]
    assert found["state"] != "different", found["differences"]
    return dict(found)


def layer(folder: Path, name: str) -> str:
    (found,) = folder.glob(f"manifests/*/{name}.yaml")
    return found.read_text(encoding="utf-8")


def test_a_bake_file(tmp_path: Path) -> None:
    hcl = """\
variable "TAG" { default = "1" }
target "base" {
  dockerfile = "parent.Dockerfile"
  tags       = ["example.com/team/base:${TAG}", "mirror.example/base:${TAG}"]
  platforms  = ["linux/amd64", "linux/arm64"]
  labels     = { "org.example.title" = "a $ \\" b" }
}
target "child" {
  args     = { WHO = "you" }
  contexts = { "example.com/team/base:1" = "target:base" }
  tags     = ["example.com/team/child:${TAG}"]
}
target "inside" {
  dockerfile-inline = "FROM other AS x\\nFROM x\\n"
  contexts          = { other = "target:base" }
  tags              = ["example.com/team/inside:1"]
}
"""
    files: dict[str, str | bytes] = {
        "build/docker-bake.hcl": hcl,
        "parent.Dockerfile": PARENT,
        "Dockerfile": CHILD,
    }
    source = write(tmp_path / "source", files)
    new = tmp_path / "new"
    answer = imported("bake", source / "build/docker-bake.hcl", "--into", new)
    assert answer["well"], answer["problems"]
    assert Path(answer["root"]) == source
    assert [each["name"] for each in answer["images"]] == ["base", "child", "inside"]
    figures = answer["figures"]
    assert (figures["edges"], figures["internal"], figures["externals"]) == (3, 2, 1)
    assert (figures["waves"], figures["tags"]) == ([1, 2], 4)
    base = image(answer, "base")
    assert base["platforms"] == ["linux/amd64", "linux/arm64"]
    assert "labels-of-the-source" in base["rules"]
    assert image(answer, "child")["build_args"] == {"WHO": "you"}
    assert "build-arguments" in image(answer, "child")["rules"]
    assert [each["what"] for each in answer["notes"]] == [
        "1 tag in a second repository of an image: only record and report have them"
    ]
    generated = rgraph("-C", new, "generate")
    assert generated.returncode == 0, generated.stderr
    text = "".join(path.read_text() for path in new.glob("generated/**/Dockerfile"))
    assert "you" in text
    assert "org.example.title" in text
    assert proved(new)["different"] == 0
    (source / "build/docker-bake.hcl").write_text(hcl.replace("FROM x\\n", "FROM x\\nUSER me\\n"))
    assert proved(new)["different"] == 1


def test_a_manifest_of_imagebuilder(tmp_path: Path) -> None:
    def platform(folder: str, tag: str, **more: object) -> dict[str, object]:
        return {"dockerfile": folder, "os": "linux", "tags": {tag: {}}, **more}

    arm = platform("base/arm", "$(v)-arm", architecture="arm", variant="v7")
    child = platform("child", "x", buildArgs={"REPO": "$(Repo:base)"})
    repos = [
        {
            "id": "base",
            "name": "team/base",
            "images": [
                {"platforms": [platform("base/amd", "$(v)"), arm], "sharedTags": {"latest": {}}},
            ],
        },
        {"id": "child", "name": "team/child", "images": [{"platforms": [child]}]},
    ]
    manifest = {"registry": "other.example", "variables": {"v": "1"}, "repos": repos}
    files: dict[str, str | bytes] = {
        "manifest.json": json.dumps(manifest),
        "base/amd/Dockerfile": PARENT,
        "base/arm/Dockerfile": "FROM arm32v7/debian:12\n",
        "child/Dockerfile": CHILD,
    }
    new = tmp_path / "new"
    answer = imported("imagebuilder", write(tmp_path / "s", files) / "manifest.json", "--into", new)
    assert answer["well"], answer["problems"]
    figures = answer["figures"]
    assert (figures["images"], figures["internal"], figures["externals"]) == (3, 1, 2)
    assert (figures["tags"], figures["shared_tags"], figures["unresolved_tags"]) == (3, 1, 0)
    assert answer["linked"] == [{"reference": "other.example/team/base:1", "image": "base/amd/Dockerfile"}]
    assert image(answer, "base/arm/Dockerfile")["platforms"] == ["linux/arm/v7"]
    assert image(answer, "base/arm/Dockerfile")["shared_tags"] == ["other.example/team/base:latest"]
    assert "linux/arm/v7" in (new / "manifests/externals.yaml").read_text()
    assert rgraph("-C", new, "check").returncode == 0
    assert proved(new)["different"] == 0


def test_a_tag_without_a_value_ends_with_1(tmp_path: Path) -> None:
    image = {"platforms": [{"dockerfile": "d", "os": "linux", "tags": {"$(none)": {}, "a": {}}}]}
    manifest = json.dumps({"repos": [{"name": "r", "images": [image]}]})
    source = write(tmp_path, {"manifest.json": manifest, "d/Dockerfile": PARENT})
    answer = imported("imagebuilder", source / "manifest.json", "--dry-run")
    assert (answer["well"], answer["figures"]["unresolved_tags"]) == (False, 1)
    given = imported("imagebuilder", source / "manifest.json", "--variable", "none=b", "--dry-run")
    assert (given["well"], given["figures"]["tags"]) == (True, 2)


@pytest.fixture
def rocker(tmp_path: Path) -> Path:
    stack = {
        "TAG": "1.0",
        "LABEL": 'a="b" \\\n      c="d"',
        "stack": [
            {"IMAGE": "base", "FROM": "ubuntu:jammy", "ENV": {"A": "1"}, "COPY": "scripts /s"},
            {"IMAGE": "app", "FROM": "rocker/base:1.0", "RUN": ["/s/a.sh"], "CMD": '["R"]'},
        ],
    }
    base = 'FROM ubuntu:jammy\n\nLABEL a="b" \\\n      c="d"\n\nENV A=1\n\nCOPY scripts /s\n'
    return write(
        tmp_path / "rocker",
        {
            "stacks/1.0.json": json.dumps(stack),
            "dockerfiles/base_1.0.Dockerfile": base,
            "dockerfiles/app_1.0.Dockerfile": "FROM stale\n",
            "scripts/a.sh": "exec true\n",
        },
    )


@pytest.mark.parametrize("named", [".", "stacks"])
def test_rocker_stacks(rocker: Path, tmp_path: Path, named: str) -> None:
    new = tmp_path / "new"
    answer = imported("rocker-stacks", rocker / named, "--into", new)
    assert answer["well"], answer["problems"]
    figures = answer["figures"]
    assert (figures["images"], figures["internal"], figures["waves"]) == (2, 1, [1, 1])
    assert (figures["rendered"], figures["rendered_same"]) == (2, 1)
    assert [each["file"] for each in answer["notes"]] == ["dockerfiles/app_1.0.Dockerfile"]
    assert (new / "manifests/files/context/scripts/a.sh").exists() or (
        new / "manifests/files/scripts/a.sh"
    ).exists()
    assert proved(new) == answer["states"]
    stack = rocker / "stacks/1.0.json"
    stack.write_text(stack.read_text().replace('"A": "1"', '"A": "2"'))
    assert proved(new)["different"] == 1


def test_files_of_official_images(tmp_path: Path) -> None:
    source = write(
        tmp_path / "source",
        {
            "library/base": "GitRepo: https://git.example/base.git\n\nTags: 1, latest\nDirectory: one\n"
            "Architectures: amd64, arm64v8\n",
            "library/child": "Tags: 9\nGitRepo: https://git.example/child.git\nArchitectures: amd64\n",
            "trees/base/one/Dockerfile": PARENT,
            "trees/child/Dockerfile": "FROM base:1\nRUN echo child\n",
        },
    )
    trees = ("--tree", f"https://git.example/base.git={source}/trees/base", "--tree", f"{source}/trees/child")
    new = tmp_path / "new"
    files = (source / "library/base", source / "library/child")
    answer = imported("library", *files, *trees, "--into", new)
    assert answer["well"], answer["problems"]
    assert answer["linked"] == [{"reference": "base:1", "image": "base:1"}]
    assert answer["figures"]["waves"] == [1, 1]
    assert image(answer, "base:1")["platforms"] == ["linux/amd64", "linux/arm64"]
    assert proved(new)["different"] == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["bake", "none.hcl"], "there is no file none.hcl"),
        (["imagebuilder", "none.json"], "there is no file none.json"),
        (["rocker-stacks", "none"], "there is no folder none"),
        (["library", "none", "--tree", "."], "there is no file none"),
        (["library", __file__, "--tree", "none"], "there is no folder none"),
        (["bake", __file__, "--variable", "x"], "`x` is no name with a value"),
    ],
)
def test_wrong_usage(arguments: list[str], what: str, tmp_path: Path) -> None:
    done = rgraph("import", *arguments, "--into", tmp_path / "new")
    assert done.returncode == 2
    assert what in done.stderr
    assert not os.path.lexists(tmp_path / "new")


def test_a_dockerfile_that_is_not_there_is_named_where_the_source_names_it(tmp_path: Path) -> None:
    bake = 'target "a" { tags = ["a:1"] }\n\ntarget "b" { dockerfile = "none" }\n'
    source = write(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": PARENT})
    answer = imported("bake", source / "docker-bake.hcl", "--dry-run")
    assert [(each["file"], each["line"], each["what"]) for each in answer["problems"]] == [
        ("docker-bake.hcl", 3, "there is no none")
    ]
    assert [each["name"] for each in answer["images"]] == ["a"]


def test_a_context_that_is_a_folder_is_named(tmp_path: Path) -> None:
    bake = 'target "a" {\n contexts = { src = "./src" }\n}\n'
    dockerfile = "FROM debian:12\nCOPY --from=src a /a\n"
    source = write(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": dockerfile})
    answer = imported("bake", source / "docker-bake.hcl", "--dry-run")
    assert [(each["line"], each["what"]) for each in answer["problems"]] == [
        (2, "`src` is a named context that is no image: `./src`")
    ]


def test_an_image_of_a_platform_that_no_layer_has_is_named_alone(tmp_path: Path) -> None:
    bake = """\
target "mac" { platforms = ["linux/amd64", "darwin/arm64"] }
target "both" { platforms = ["linux/amd64", "windows/amd64"] }
target "one" { platforms = ["linux/arm/v7"] }
"""
    source = write(tmp_path, {"docker-bake.hcl": bake, "Dockerfile": PARENT})
    answer = imported("bake", source / "docker-bake.hcl", "--dry-run")
    assert [(each["line"], each["what"]) for each in answer["problems"]] == [
        (1, "`mac` is for `darwin/arm64`, which is no platform of images"),
        (2, "`both` is for several operating systems at once; a layer is for one"),
    ]
    assert [each["name"] for each in answer["images"]] == ["one"]

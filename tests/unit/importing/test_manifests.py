from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rgraph.app import Workspace
from rgraph.files.manifest_yaml import manifest_yaml
from rgraph.importing.manifests import Manifests, manifests
from rgraph.importing.model import ImportedStage, SourceEdge, Step
from rgraph.render.dockerfile import public
from tests.unit.importing.drafts import image, lines

RUN: dict[str, Any] = {"run": [f"command number {word} of this list" for word in "abcdef"], "provides": []}


def workspace(made: Manifests, root: Path, files: Mapping[str, bytes] | None = None) -> Workspace:
    """The catalogue of the manifests; that it is valid is part of what is shown."""
    for document in made.documents:
        path = root / "manifests" / document.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(manifest_yaml(document.data, document.comments))
    for name, content in (files or {}).items():
        path = root / "manifests/files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return Workspace(root)


def dockerfile(known: Workspace, id: str) -> str:
    text = public(known.resolved.images[id], lambda name: f"<{name}>")
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("#"))


def of(made: Manifests, file: str) -> dict[str, Any]:
    return next(each.data for each in made.documents if each.file == file)


def test_one_image(tmp_path: Path) -> None:
    step = Step({"user": "app"}, (0,), "Not root.")
    made = manifests([image("web", steps=[]), image("db", base="alpine:3.19", steps=[])], "My images", lines)
    assert of(made, "catalog.yaml") == {"kind": "catalog", "name": "my-images"}
    assert sorted(made.ids) == ["db", "web"]
    assert sorted(workspace(made, tmp_path).resolved.images) == sorted(made.ids.values())
    made = manifests([image("web", [step])], "x", lines)
    assert made.ids == {"web": "web:latest"}
    document = next(each for each in made.documents if each.file == "base/web.yaml")
    assert document.comments == {("steps", 0): "Not root."}


def test_images_on_images(tmp_path: Path) -> None:
    images = [
        image("base/3.8", [RUN, {"env": {"V": "3.8"}}]),
        image("base/3.9", [RUN, {"env": {"V": "3.9"}}]),
        image(
            "app/3.8",
            [{"take": {"from": "base/3.9", "path": "/a", "to": "/b"}}, RUN],
            "base/3.8",
            kind="image",
        ),
        image("app/3.9", [{"take": {"from": "tools:1", "path": "/a", "to": "/b"}}], "base/3.9", kind="image"),
    ]
    tools = SourceEdge("app/3.9", "tools:1", "copy", True, 2)
    images[3] = image(
        "app/3.9",
        [step.data for step in images[3].steps],
        "base/3.9",
        kind="image",
        edges=(*images[3].edges, tools),
    )
    made = manifests(images, "x", lines)
    known = workspace(made, tmp_path)
    edges = {id: [edge.to for edge in each.edges] for id, each in known.resolved.images.items()}
    ids = made.ids
    assert edges[ids["app/3.8"]] == [ids["base/3.8"], ids["base/3.9"]]
    assert edges[ids["app/3.9"]] == [ids["base/3.9"], "tools1"]
    # No image stands on one of its own layer: nobody would see the order.
    assert all(each.split(":")[0] != edge.split(":")[0] for each in edges for edge in edges[each])
    assert f"FROM <{ids['base/3.8']}>" in dockerfile(known, ids["app/3.8"])
    assert "V=3.9" in dockerfile(known, ids["base/3.9"])


def test_stages(tmp_path: Path) -> None:
    build = ImportedStage(
        "build",
        "golang:1.20",
        "external",
        (Step({"run": ["make ${{ '$' }}{{ x }}"], "provides": []}, (0,)),),
        0,
    )
    later = ImportedStage("later", "build", "stage", (), 1)
    edges = (SourceEdge("a", "golang:1.20", "copy", True, 1), SourceEdge("a", "debian:12", "from", True, 3))
    step = {"take": {"from": "later", "path": "/a", "to": "/b"}}
    made = manifests([image("a", [step], stages=(build, later), edges=edges)], "x", lines)
    text = dockerfile(workspace(made, tmp_path), "a:latest")
    assert text.splitlines() == [
        "FROM <golang1.20> AS build",
        "RUN make ${{ x }}",
        "FROM build AS later",
        "FROM <debian12>",
        "COPY --from=later /a /b",
    ]


def test_names_that_collide_are_told_apart(tmp_path: Path) -> None:
    images = [
        image("one", repository="same/thing", folder="x"),
        image("two", [{"user": "a"}], repository="same/thing", folder="x/y"),
        image("three", [{"workdir": "/a"}], repository="Same Thing", folder="X"),
    ]
    made = manifests(images, "x", lines)
    known = workspace(made, tmp_path)
    assert len(known.resolved.images) == 3


def test_recipes_and_layers_share_no_file(tmp_path: Path) -> None:
    other = {"run": [f"another command number {word} of it" for word in "ghijkl"], "provides": []}
    images = [
        image("one", [RUN, other, {"user": "a"}]),
        image(
            "two",
            [{"workdir": "/a"}, {"label": {"a": "b"}}, {"env": {"A": "B" * 99}}, RUN, other],
            cmd=("sh",),
        ),
    ]
    made = manifests(images, "x", lines)
    files = [each.file for each in made.documents]
    assert len({file.lower() for file in files}) == len(files)
    assert any(file.startswith("recipes/") for file in files)
    assert len(workspace(made, tmp_path).resolved.images) == 2


def test_unpinned_packages_are_admitted(tmp_path: Path) -> None:
    made = manifests([image("a", [{"apt": ["curl"]}, {"pip": ["x==1.0"]}])], "x", lines)
    assert of(made, "catalog.yaml")["policy"] == {"unpinned": ["apt"]}
    assert workspace(made, tmp_path).resolved.images


def test_files(tmp_path: Path) -> None:
    images = [
        image(
            name,
            [{"copy": {"files": [f"{name}/run.sh"], "to": "/"}}],
            files=((f"{name}/run.sh", f"src/{name}/run.sh"),),
        )
        for name in ("a", "b")
    ]
    made = manifests(images, "x", lines)
    assert made.files == {"a/run.sh": "src/a/run.sh", "b/run.sh": "src/b/run.sh"}
    known = workspace(made, tmp_path, dict.fromkeys(made.files, b"x"))
    texts = {name: dockerfile(known, made.ids[name]).splitlines()[-1] for name in "ab"}
    assert texts == {"a": "COPY a/run.sh /", "b": "COPY b/run.sh /"}


def test_windows(tmp_path: Path) -> None:
    step = {"run": "echo hello", "provides": []}
    made = manifests(
        [
            image(
                "w",
                [step],
                "mcr.microsoft.com/windows/servercore:1809",
                os="windows",
                platforms=("windows/amd64",),
            )
        ],
        "x",
        lines,
    )
    assert of(made, "catalog.yaml")["platforms"] == ["windows/amd64"]
    assert "RUN echo hello" in dockerfile(workspace(made, tmp_path), "w:latest")


def test_tags(tmp_path: Path) -> None:
    images = [
        image("3.8", repository="py", variant="3.8", tags=("3.8", "3")),
        image("3.9", repository="py", variant="3.9", tags=("3.9", "latest", "20230101.v1", "x y")),
        image("alone", tags=("1.0",)),
    ]
    made = manifests(images, "x", lines)
    found = workspace(made, tmp_path).resolved.images
    assert list(found[made.ids["3.9"]].floating_tags) == ["3.9", "latest", "x-y"]
    assert list(found[made.ids["3.8"]].floating_tags) == ["3.8", "3"]
    assert of(made, "base/alone.yaml")["tags"] == ["${{ release }}", "1.0"]


def test_the_order_of_images_does_not_matter() -> None:
    images = [image(f"base/py{v}", [RUN, {"env": {"V": v}}]) for v in ("3.8", "3.9", "3.10")]
    images.append(image("other", [{"user": "x"}, RUN]))
    first = manifests(images, "x", lines)
    second = manifests(images[::-1], "x", lines)
    assert first.ids == second.ids
    assert [each.file for each in first.documents] == [each.file for each in second.documents]

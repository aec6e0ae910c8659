"""What a builder is given: the files of `generated/`, with parents under the names that this build has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rgraph.app import Workspace, generated, view
from rgraph.builds.context import Contexts, secrets_of
from rgraph.render_names import COMBINED, DOCKERFILE, OWN_FILES, PRIVATE, README
from tests.tools.locking import small_catalogue


@pytest.fixture(scope="module")
def shipped(repo_root: Path) -> Workspace:
    return Workspace(repo_root)


def test_it_is_what_is_generated(shipped: Workspace) -> None:
    """With the names that generated files have, it is byte for byte what stands there."""
    seen = view(shipped, shipped.ledger)
    contexts, expected = Contexts(seen), dict(generated(shipped)())
    for image in shipped.resolved.images.values():
        parents = {edge.to: seen.reference(edge.to) for edge in image.edges if not edge.external}
        context = contexts.of(image, parents)
        assert context.dockerfile.encode() == expected[f"{image.folder}/{COMBINED}"]
        folder = f"{image.folder}/"
        files = {
            path.removeprefix(folder): data for path, data in expected.items() if path.startswith(folder)
        }
        assert context.files == {
            path: data for path, data in files.items() if path not in (DOCKERFILE, PRIVATE, COMBINED, README)
        }
        assert {DOCKERFILE, PRIVATE, COMBINED, README} <= OWN_FILES


def test_parents_have_the_names_of_the_build(tmp_path: Path) -> None:
    workspace = Workspace(small_catalogue(tmp_path, {"one": "example.com/one:1"}))
    image = workspace.resolved.images["mid:one"]
    contexts = Contexts(view(workspace, workspace.ledger))
    text = contexts.of(image, {"low:one": "staging.example.com/low@sha256:abc"}).dockerfile
    assert "\nFROM staging.example.com/low@sha256:abc\n" in text
    assert "COPY --from=example.com/one:1 " in text


def test_secrets_of_stages_count(tmp_path: Path) -> None:
    def step(name: str) -> dict[str, object]:
        return {"run": f"--mount=type=secret,id={name} true", "provides": []}

    layer = {
        "stages": [{"name": "build", "from": "one", "steps": [step("IN_STAGE")]}],
        "steps": [step("IN_PUBLIC"), {"take": {"from": "build", "path": "/a", "to": "/a"}}],
        "private": [step("IN_PRIVATE")],
    }
    file = small_catalogue(tmp_path, {"one": "example.com/one:1"}) / "manifests/base/low.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | layer))
    image = Workspace(tmp_path).resolved.images["low:one"]
    assert secrets_of(image) == ["IN_PRIVATE", "IN_PUBLIC", "IN_STAGE"]

"""Labels of images: what OCI names, of the catalogue that the project ships and of a small one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rgraph.app import Workspace, view
from rgraph.builds.labels import OCI, UNKNOWN, is_content, labels, licenses
from rgraph.builds.naming import FINGERPRINT
from rgraph.licenses import check_expression
from rgraph.names import Bad
from rgraph.render.view import View
from tests.tools.locking import small_catalogue

DIGEST = f"sha256:{'12' * 32}"
NAMES = ("title", "version", "licenses", "source", "base.name", "base.digest")


@pytest.fixture(scope="module")
def shipped(repo_root: Path) -> View:
    workspace = Workspace(repo_root)
    return view(workspace, workspace.ledger)


def small(root: Path, **layer: object) -> View:
    """A small catalogue, something of whose layer `low` is another."""
    file = small_catalogue(root, {"one": f"example.com/one:1@{DIGEST}"}) / "manifests/base/low.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | layer))
    workspace = Workspace(root)
    return view(workspace, workspace.ledger)


def test_every_image_has_them_all(shipped: View) -> None:
    for image in shipped.resolved.images.values():
        found = labels(shipped, image, "")
        assert [*found] == sorted([FINGERPRINT, *(f"{OCI}{name}" for name in NAMES)])
        assert found[FINGERPRINT] == shipped.fingerprints[image.id]
        assert found[f"{OCI}title"] == image.id


def test_licences_are_one_expression(shipped: View) -> None:
    for id in shipped.resolved.images:
        assert not isinstance(check_expression(licenses(shipped, id)), Bad), licenses(shipped, id)


def test_staging_is_not_published(shipped: View) -> None:
    staging = shipped.catalog.settings.staging
    assert staging
    for image in shipped.resolved.images.values():
        assert staging not in "".join(labels(shipped, image, "").values())


def test_what_an_image_is_built_on(tmp_path: Path) -> None:
    made = small(tmp_path)
    low, mid = (made.resolved.images[id] for id in ("low:one", "mid:one"))
    assert labels(made, low, "")[f"{OCI}base.name"] == "example.com/one:1"
    assert labels(made, low, "")[f"{OCI}base.digest"] == DIGEST
    assert labels(made, mid, DIGEST)[f"{OCI}base.name"] == "registry.example.com/low:one"
    assert labels(made, mid, DIGEST)[f"{OCI}base.digest"] == DIGEST
    # Not left out: that of `low:one` would be inherited, and be wrong.
    assert labels(made, mid, "")[f"{OCI}base.digest"] == ""


def test_what_is_not_known_is_not_hidden(tmp_path: Path) -> None:
    assert licenses(small(tmp_path), "low:one") == UNKNOWN


def test_alternatives_keep_together(tmp_path: Path) -> None:
    facts = [
        {"purl": "pkg:generic/a", "license": "MIT OR Apache-2.0"},
        {"purl": "pkg:generic/b", "license": "MIT AND ISC"},
    ]
    root = tmp_path / "manifests"
    root.mkdir()
    (root / "components.yaml").write_text(yaml.safe_dump({"kind": "components", "components": facts}))
    run = {"run": ["true"], "provides": ["pkg:generic/a@1", "pkg:generic/b@1"]}
    made = small(tmp_path, steps=[run])
    assert licenses(made, "low:one") == f"(MIT OR Apache-2.0) AND ISC AND {UNKNOWN} AND MIT"


def test_what_a_manifest_labels_counts(tmp_path: Path) -> None:
    title, own = f"{OCI}title", {FINGERPRINT: "mine"}
    made = small(
        tmp_path,
        steps=[{"label": {title: "Low"}}, {"group": [{"run": ["true"], "provides": []}]}, {"label": own}],
    )
    found = labels(made, made.resolved.images["low:one"], "")
    assert title not in found
    assert found[FINGERPRINT] == made.fingerprints["low:one"], "that is no matter of taste"


def test_content_is_told_by_its_label() -> None:
    assert is_content({FINGERPRINT: DIGEST, "more": "x"}, DIGEST)
    assert not is_content({FINGERPRINT: "sha256:other"}, DIGEST)
    assert not is_content({}, DIGEST)

"""sbom.cdx.json, and that the CycloneDX library's own validator finds nothing in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from msgspec import structs

from rgraph.app import Workspace
from rgraph.catalog import External
from rgraph.errors import Place
from rgraph.inventory import Declared
from rgraph.manifest.external import ExternalManifest
from rgraph.render import sbom_components
from rgraph.render.sbom import BROUGHT_BY, Sboms
from rgraph.render.view import View
from rgraph.steps.interface import Component
from tests.laws.strategies import Documents
from tests.unit.render.attributed import DIGEST, documents, view

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return made("app:one")


def made(id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Sboms(view(documents())).text(id))
    return found


def component(document: dict[str, Any], ref: str) -> dict[str, Any]:
    (found,) = (each for each in document["components"] if each["bom-ref"] == ref)
    assert isinstance(found, dict)
    return found


def properties(component: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["name"].removeprefix("rgraph:"), each["value"]) for each in component["properties"]]


def test_frame(document: dict[str, Any]) -> None:
    assert list(document) == [
        "$schema",
        "bomFormat",
        "specVersion",
        "serialNumber",
        "version",
        "metadata",
        "components",
        "dependencies",
        "compositions",
    ]
    assert document["specVersion"] == "1.6"
    image = {"type": "container", "bom-ref": "app:one", "name": "app:one"}
    assert document["metadata"]["component"] == image
    # No clock: the time of a build is not known when the file is made.
    assert set(document["metadata"]) == {"lifecycles", "tools", "component"}


def test_it_is_printed_as_people_read_it() -> None:
    text = Sboms(view(documents())).text("app:one").decode()
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_a_component_with_all_that_is_known(document: dict[str, Any]) -> None:
    assert component(document, "pkg:conda/numpy@1.21?channel=c") == {
        "type": "application",
        "bom-ref": "pkg:conda/numpy@1.21?channel=c",
        "name": "numpy",
        "version": "1.21",
        "purl": "pkg:conda/numpy@1.21?channel=c",
        "licenses": [{"license": {"id": "BSD-3-Clause"}}],
        "copyright": "Copyright (c) NumPy",
        "externalReferences": [{"type": "website", "url": "https://numpy.org"}],
        "properties": [
            {"name": "rgraph:license-status", "value": "verified"},
            {"name": BROUGHT_BY, "value": "app:one"},
            {"name": BROUGHT_BY, "value": "base:one"},
        ],
    }


@pytest.mark.parametrize(
    ("ref", "licenses"),
    [
        ("pkg:conda/java@8?channel=c", [{"expression": "GPL-2.0-or-later WITH Classpath-exception-2.0"}]),
        ("pkg:conda/vendor@1?channel=c", [{"expression": "MIT AND LicenseRef-Vendor"}]),
        ("pkg:conda/empty@1?channel=c", [{"expression": "LicenseRef-Empty"}]),
        ("pkg:conda/later@1?channel=c", [{"expression": "Apache-2.0+"}]),
        ("pkg:conda/old@1?channel=c", [{"license": {"id": "GPL-2.0-only"}}]),
        ("pkg:generic/tool@1", None),
    ],
)
def test_licences(ref: str, licenses: object, document: dict[str, Any]) -> None:
    assert component(document, ref).get("licenses") == licenses


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (
            "pkg:deb/ubuntu/passwd?distro=ubuntu-20.04",
            [("pinned-by", "at least 1:4.8"), ("brought-by", "base:one")],
        ),
        ("pkg:deb/ubuntu/curl?distro=ubuntu-20.04", [("brought-by", "base:one")]),
        (
            "pkg:conda/vendor@1?channel=c",
            [
                ("license-status", "needs-review"),
                ("usage-restriction", "Not for sale"),
                ("brought-by", "app:one"),
            ],
        ),
        # What is no URL cannot be a reference.
        (
            "pkg:conda/later@1?channel=c",
            [
                ("license-status", "needs-review"),
                ("homepage", "a home that is no URL"),
                ("brought-by", "app:one"),
            ],
        ),
        (
            "pkg:conda/java@8?channel=c",
            [
                ("license-status", "needs-review"),
                ("source-offer", "by letter: 1 Some Street"),
                ("brought-by", "base:one"),
            ],
        ),
        ("gpu", [("usage-restriction", "Only on GPUs")]),
    ],
)
def test_properties(ref: str, expected: list[tuple[str, str]], document: dict[str, Any]) -> None:
    assert properties(component(document, ref)) == expected


def test_an_offer_of_source_code_that_is_a_url(document: dict[str, Any]) -> None:
    references = component(document, "pkg:conda/old@1?channel=c")["externalReferences"]
    assert references == [{"type": "source-distribution", "url": "https://old.example/src"}]


def test_externals_and_parents_are_containers(document: dict[str, Any]) -> None:
    assert [each["bom-ref"] for each in document["components"] if each["type"] == "container"] == [
        "base:one",
        "ubuntu",
        "gpu",
    ]
    assert component(document, "ubuntu") == {
        "type": "container",
        "bom-ref": "ubuntu",
        "name": "ubuntu",
        "version": "20.04",
        "purl": "pkg:docker/library/ubuntu@20.04",
        "licenses": [{"expression": "LicenseRef-Vendor"}],
        "externalReferences": [{"type": "website", "url": "https://ubuntu.com"}],
    }


def test_dependencies(document: dict[str, Any]) -> None:
    found = {each["ref"]: each["dependsOn"] for each in document["dependencies"]}
    assert list(found) == ["app:one", "base:one", "ubuntu"]
    assert found["app:one"][-2:] == ["base:one", "gpu"]
    assert found["base:one"] == [
        "pkg:deb/ubuntu/curl?distro=ubuntu-20.04",
        "pkg:conda/java@8?channel=c",
        "pkg:conda/numpy@1.21?channel=c",
        "pkg:conda/old@1?channel=c",
        "pkg:deb/ubuntu/passwd?distro=ubuntu-20.04",
        "pkg:generic/thing@2",
        "ubuntu",
    ]
    assert found["ubuntu"] == ["pkg:generic/tool@1"]
    assert document["compositions"] == [{"aggregate": "incomplete", "dependencies": ["app:one"]}]


def test_the_serial_number_is_that_of_the_content() -> None:
    changed = documents()
    changed["manifests/components.yaml"]["components"][0]["copyright"] = "Copyright (c) Others"
    before, same, after = (serials(each) for each in (documents(), documents(), changed))
    assert before == same
    assert len(set(before.values())) == 3
    assert {id for id in before if before[id] != after[id]} == {"app:one", "base:one"}


def serials(catalogue: Documents) -> dict[str, str]:
    whole = view(catalogue)
    sboms = Sboms(whole)
    return {id: json.loads(sboms.text(id))["serialNumber"] for id in whole.resolved.images}


def declared(purl: str, component: Component) -> Declared:
    return Declared(component, purl, None, Place("a.yaml"))


def test_hashes_are_those_of_all_declarations() -> None:
    purl = "pkg:generic/tool@1"
    one = declared(purl, Component("generic", "tool", "1", checksum="b" * 64))
    other = declared(
        purl, Component("generic", "tool", "1", checksum="a" * 64, pinned_by="snapshot 2019-10-10")
    )
    assert sbom_components.component([one, other]) == {
        "type": "application",
        "bom-ref": purl,
        "name": "tool",
        "version": "1",
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": "a" * 64}, {"alg": "SHA-256", "content": "b" * 64}],
        "properties": [{"name": "rgraph:pinned-by", "value": "snapshot 2019-10-10"}],
    }


def test_two_that_declare_one_component_differently() -> None:
    differing = documents()
    for name, bound in (("base", "1:4.8"), ("app", "1:4.9")):
        packages = [{"name": "passwd", "at_least": bound}]
        differing[f"manifests/{name}.yaml"]["steps"][0:0] = [{"apt": {"packages": packages}}]
    del differing["manifests/base.yaml"]["steps"][1]
    sboms = Sboms(view(differing))
    ref = "pkg:deb/ubuntu/passwd?distro=ubuntu-20.04"
    # The base alone, first: what it says must not stand in for what the application says.
    assert properties(component(json.loads(sboms.text("base:one")), ref)) == [
        ("pinned-by", "at least 1:4.8"),
        ("brought-by", "base:one"),
    ]
    assert properties(component(json.loads(sboms.text("app:one")), ref)) == [
        ("pinned-by", "at least 1:4.9"),
        ("pinned-by", "at least 1:4.8"),
        ("brought-by", "app:one"),
        ("brought-by", "base:one"),
    ]


@pytest.mark.parametrize(
    ("reference", "name", "version", "purl"),
    [
        ("ubuntu:20.04", "ubuntu", "20.04", "pkg:docker/library/ubuntu@20.04"),
        ("nvidia/cuda:11.1.1", "nvidia/cuda", "11.1.1", "pkg:docker/nvidia/cuda@11.1.1"),
        (
            "mcr.microsoft.com/windows/servercore:1809",
            "mcr.microsoft.com/windows/servercore",
            "1809",
            "pkg:docker/windows/servercore@1809?repository_url=mcr.microsoft.com",
        ),
        (
            f"localhost:5000/a@{DIGEST}",
            "localhost:5000/a",
            DIGEST,
            f"pkg:oci/a@{DIGEST}?repository_url=localhost:5000%2Fa",
        ),
        (
            f"ubuntu:20.04@{DIGEST}",
            "ubuntu",
            "20.04",
            f"pkg:oci/ubuntu@{DIGEST}?repository_url=docker.io%2Flibrary%2Fubuntu&tag=20.04",
        ),
        ("rocker/r-ver", "rocker/r-ver", None, "pkg:docker/rocker/r-ver"),
    ],
)
def test_externals(reference: str, name: str, version: str | None, purl: str) -> None:
    external = External(Place("e.yaml"), "it", ExternalManifest(reference=reference))
    found = sbom_components.external(external)
    assert (found["name"], found.get("version"), found["purl"]) == (name, version, purl)


def test_a_digest_of_the_lock_counts() -> None:
    external = External(Place("e.yaml"), "it", ExternalManifest(reference="ubuntu:20.04"))
    locked = structs.replace(external, digest=DIGEST)
    assert sbom_components.external(locked)["purl"].startswith(f"pkg:oci/ubuntu@{DIGEST}")


def problems(view: View) -> list[str]:
    """What the library's validator says of all images."""
    sboms = Sboms(view)
    found = ((id, VALIDATOR.validate_str(sboms.text(id).decode())) for id in view.resolved.images)
    return [f"{id}: {error}" for id, error in found if error is not None]


def test_the_validator_accepts_every_case() -> None:
    assert problems(view(documents())) == []


def test_the_validator_accepts_the_shipped_catalogue(repo_root: Path) -> None:
    shipped = Workspace(repo_root)
    whole = View(shipped.resolved, shipped.fingerprints, shipped.ledger, shipped.inventory)
    assert len(whole.resolved.images) > 30
    assert problems(whole) == []


def test_the_validator_finds_what_is_wrong() -> None:
    broken = made("app:one")
    broken["components"][0]["type"] = "thing"
    assert VALIDATOR.validate_str(json.dumps(broken)) is not None

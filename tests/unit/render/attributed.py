"""A small catalogue in which every case of a licence, a text and an offer occurs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rgraph.files.license_texts import standard_texts
from rgraph.fingerprint import fingerprints
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger
from rgraph.render.view import View
from tests.laws.strategies import Documents, resolved

NOTICES = {
    "MIT.txt": "the catalogue's own licence",
    # Longer than what rgraph breaks in SPDX's texts.
    "LicenseRef-Vendor.txt": "Vendor's terms\n\n  as the vendor wrote them, " + "word " * 30 + "\n",
    "thing.txt": "thing's own notice\n",
    "LicenseRef-Empty.txt": " \n",
}
DIGEST = "sha256:" + "a" * 64


def fact(purl: str, license: str, **more: str) -> dict[str, str]:
    return {"purl": purl, "license": license, **more}


def documents(**settings: Any) -> Documents:
    """The catalogue, with settings of its own."""
    return {
        "manifests/catalog.yaml": {
            "kind": "catalog",
            "name": "attributed",
            "policy": {"unpinned": ["apt"]},
            "license": {"expression": "MIT", "text": "MIT.txt"},
            **settings,
        },
        "manifests/externals.yaml": {
            "kind": "externals",
            "externals": {
                "ubuntu": {
                    "reference": "ubuntu:20.04",
                    "distribution": "ubuntu-20.04",
                    "license": "LicenseRef-Vendor",
                    "homepage": "https://ubuntu.com",
                    "provides": ["pkg:generic/tool@1"],
                },
                "gpu": {
                    "reference": f"nvcr.io/nvidia/cuda@{DIGEST}",
                    "license": "LicenseRef-GPU",
                    "usage_restriction": "Only on GPUs",
                },
            },
        },
        "manifests/components.yaml": {
            "kind": "components",
            "components": [
                fact(
                    "pkg:conda/numpy",
                    "BSD-3-Clause",
                    status="verified",
                    copyright="Copyright (c) NumPy",
                    homepage="https://numpy.org",
                ),
                fact(
                    "pkg:conda/old", "GPL-2.0-only", status="assumed", source_offer="https://old.example/src"
                ),
                fact(
                    "pkg:conda/java",
                    "GPL-2.0-or-later WITH Classpath-exception-2.0",
                    source_offer="by letter: 1 Some Street",
                ),
                fact("pkg:conda/later", "Apache-2.0+", homepage="a home that is no URL"),
                fact("pkg:conda/vendor", "MIT AND LicenseRef-Vendor", usage_restriction="Not for sale"),
                fact("pkg:conda/half", "MIT OR LicenseRef-Nobody"),
                fact("pkg:conda/empty", "LicenseRef-Empty"),
                fact("pkg:generic/thing", "LicenseRef-Thing AND LicenseRef-Other", notice="thing.txt"),
            ],
        },
        "manifests/base.yaml": {
            "kind": "base",
            "name": "base",
            "from": "ubuntu",
            "variant": "one",
            "steps": [
                {"apt": ["curl", {"name": "passwd", "at_least": "1:4.8"}]},
                {"conda": {"channels": ["c"], "packages": ["numpy=1.21", "old=1", "java=8"]}},
                {"run": ["make"], "provides": ["pkg:generic/thing@2"]},
            ],
        },
        "manifests/app.yaml": {
            "kind": "framework",
            "name": "app",
            "from": "base:one",
            "variant": "one",
            "steps": [
                {
                    "conda": {
                        "channels": ["c"],
                        "packages": ["numpy=1.21", "later=1", "vendor=1", "half=1", "empty=1"],
                    }
                },
                {"take": {"from": "gpu", "path": "/a", "to": "/a"}},
                {"copy": {"files": ["ThirdPartyNotices.txt", "sbom.cdx.json"], "to": "/"}},
            ],
        },
        "manifests/bare.yaml": {"kind": "base", "name": "bare", "from": "gpu", "variant": "one"},
    }


def view(catalogue: Documents, notices: Mapping[str, str] = NOTICES, **more: Any) -> View:
    """What its files are made of."""
    images = resolved(catalogue, notices=notices, **more)
    return View(images, fingerprints(images), Ledger(), Inventory(images), standard_texts())

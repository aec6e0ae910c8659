"""What syft says of an image. The document is as syft 1.18 wrote it of a Debian image with R, cut."""

from __future__ import annotations

import json

import pytest

from rgraph.contents.syft import syft_contents

LIST = "/usr/lib/python3/dist-packages/PyYAML-6.0.egg-info/PKG-INFO"
DOCUMENT = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "components": [
        {
            "bom-ref": "pkg:deb/debian/apt@2.6.1?arch=amd64&distro=debian-12&package-id=1",
            "type": "library",
            "name": "apt",
            "version": "2.6.1",
            "licenses": [{"license": {"id": "GPL-2.0-only"}}, {"license": {"name": "GPLv2+"}}],
            "purl": "pkg:deb/debian/apt@2.6.1?arch=amd64&distro=debian-12",
            "properties": [{"name": "syft:package:foundBy", "value": "dpkg-db-cataloger"}],
        },
        {
            "type": "library",
            "name": "PyYAML",
            "version": "6.0",
            "licenses": [{"expression": "MIT OR ISC"}],
            "purl": "pkg:pypi/PyYAML@6.0",
            "properties": [{"name": "syft:location:0:path", "value": LIST}],
        },
        {
            "type": "library",
            "name": "httr",
            "version": "1.4",
            "purl": "pkg:cran/httr@1.4",
            "properties": [{"name": "syft:location:0:path", "value": "/usr/local/lib/R/httr/DESCRIPTION"}],
        },
        {
            "type": "library",
            "name": "stats",
            "version": "4.2.2",
            "licenses": [{"license": {"name": "Part of R 4.2.2"}}],
            "purl": "pkg:cran/stats@4.2.2",
        },
        {"type": "application", "name": "bash", "version": "5", "purl": "pkg:generic/bash@5"},
        {"type": "file", "name": "/bin/x"},
        {"type": "operating-system", "name": "debian", "version": "12"},
    ],
}


def test_packages() -> None:
    found = syft_contents(json.dumps(DOCUMENT).encode())
    assert found.distribution == "debian-12"
    said = [(each.purl("debian-12"), each.license, each.owner) for each in found.packages]
    assert said == [
        ("pkg:cran/httr@1.4", "", ""),
        ("pkg:deb/debian/apt@2.6.1?distro=debian-12", "GPL-2.0-only AND GPL-2.0-or-later", ""),
        ("pkg:pypi/pyyaml@6.0", "MIT OR ISC", "a deb"),
    ]


@pytest.mark.parametrize("data", [b"", b"[]", b'{"components": 1}', b"\xff", b"[" * 100_000])
def test_no_document(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^.+$"):
        syft_contents(data)

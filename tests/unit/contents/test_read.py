"""What package managers have written down in an image."""

from __future__ import annotations

import json

from rgraph.contents.files import Files, is_wanted, is_wanted_link, plain_path, target_of
from rgraph.contents.installed import Installed
from rgraph.contents.read import contents_of
from rgraph.names import Bad
from rgraph.names import purl as checked_purl

STATUS = """\
Package: apt
Status: install ok installed
Version: 2.6.1
Provides: apt-transport-https (= 2.6.1)
Description: x
 Package: fake

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: python3-yaml
Status: hold ok installed
Source: pyyaml (6.0-3)
Version: 6.0-3+b2
"""
COPYRIGHT = (
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: odd\n"
)
CONDA = {
    "name": "R-Zoo",
    "version": "1.8_9",
    "channel": "https://user:secret@conda.example.com/t/tk-123/private/linux-64",
    "license": "GPL-2.0-or-later",
    "files": ["lib/R/library/zoo/DESCRIPTION", "lib/python3.8/site-packages/six-1.16.0.dist-info/METADATA"],
}
PYYAML = "usr/lib/python3/dist-packages/PyYAML-6.0.egg-info/PKG-INFO"
FILES = Files(
    {
        "var/lib/dpkg/status": STATUS.encode(),
        "var/lib/dpkg/status.d/base": b"Package: base-files\nVersion: 12\n",
        "var/lib/dpkg/info/python3-yaml.list": f"/.\n/{PYYAML}\n".encode(),
        "usr/share/doc/apt/copyright": COPYRIGHT.encode(),
        "usr/lib/os-release": b'NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
        PYYAML: b"Metadata-Version: 2.1\nName: PyYAML\nVersion: 6.0\nLicense: MIT\n\nLicense: no field\n",
        "opt/venv/lib/python3.11/site-packages/Foo_Bar-1.0.dist-info/METADATA": (
            b"Name: Foo_Bar\nVersion: 1.0\nClassifier: Programming Language :: Python\n"
            b"Classifier: License :: OSI Approved :: Apache Software License\n"
            b"License: The whole\n text\n\nbody\n"
        ),
        "x/new-2.dist-info/METADATA": b"Name: new\nVersion: 2\nLicense-Expression: mit or apache-2.0\n",
        "x/old.egg-info": b"Name: old\nVersion: 0.1\nLicense: UNKNOWN\n",
        "opt/conda/conda-meta/r-zoo-1.8_9-0.json": json.dumps(CONDA).encode(),
        "opt/conda/conda-meta/bad.json": b"{",
        "opt/conda/conda-meta/history.json": b"[]",
        "opt/conda/lib/R/library/zoo/DESCRIPTION": (
            b"Package: zoo\nVersion: 1.8-9\nLicense: GPL-2 | GPL-3\nBuilt: R\n"
        ),
        "opt/conda/lib/python3.8/site-packages/six-1.16.0.dist-info/METADATA": (
            b"Name: six\nVersion: 1.16.0\n"
        ),
        "usr/local/lib/R/site-library/limma/DESCRIPTION": (
            b"Package: limma\nVersion: 3.40.6\nLicense: GPL (>=2)\nBuilt: R 3.6\n"
            b"git_url: https://git.bioconductor.org/packages/limma\nAuthors@R: c(person(\xe9))\n"
        ),
        "usr/local/lib/R/site-library/azuremlsdk/DESCRIPTION": (
            b"Package: azuremlsdk\nVersion: 0.5.7\nLicense: MIT + file LICENSE\nBuilt: R 3.6\n"
            b"RemoteType: github\nRemoteUsername: Azure\nRemoteRepo: azureml-sdk-for-r\nRemoteSha: abc123\n"
        ),
        "usr/local/lib/R/site-library/httr/DESCRIPTION": (
            b"Package: httr\nVersion: 1.4.0\nLicense: MIT\nBuilt: R 3.6\nRepository: CRAN\n"
        ),
        "usr/lib/R/library/stats/DESCRIPTION": (
            b"Package: stats\nVersion: 4.2.2\nPriority: base\nBuilt: R 4.2.2\n"
        ),
        "src/zoo/DESCRIPTION": b"Package: zoo\nVersion: 9\n",
        "usr/local/lib/R/site-library/other/DESCRIPTION": b"Package: another\nVersion: 9\nBuilt: R\n",
    },
    {"usr/share/doc/python3-yaml": "usr/share/doc/apt"},
)


def said(installed: Installed) -> tuple[str, str, str, str]:
    return installed.name, installed.purl("debian-12"), installed.license, installed.owner


def test_all_of_it() -> None:
    found = contents_of(FILES)
    assert found.distribution == "debian-12"
    assert "apt-transport-https" in found.virtual
    odd = "LicenseRef-pyyaml-odd"
    assert [said(each) for each in found.packages] == [
        ("limma", "pkg:bioconductor/limma@3.40.6", "GPL-2.0-or-later", ""),
        ("r-zoo", "pkg:conda/r-zoo@1.8_9", "GPL-2.0-or-later", ""),
        ("httr", "pkg:cran/httr@1.4.0", "MIT", ""),
        ("apt", "pkg:deb/debian/apt@2.6.1?distro=debian-12", "LicenseRef-apt-odd", ""),
        ("base-files", "pkg:deb/debian/base-files@12?distro=debian-12", "", ""),
        ("python3-yaml", "pkg:deb/debian/python3-yaml@6.0-3%2Bb2?distro=debian-12", odd, ""),
        ("zoo", "pkg:generic/zoo@1.8-9", "GPL-2.0-only OR GPL-3.0-only", "conda R-Zoo"),
        ("azuremlsdk", "pkg:github/azure/azureml-sdk-for-r@abc123", "MIT", ""),
        ("foo-bar", "pkg:pypi/foo-bar@1.0", "Apache-2.0", ""),
        ("new", "pkg:pypi/new@2", "MIT OR Apache-2.0", ""),
        ("old", "pkg:pypi/old@0.1", "", ""),
        ("pyyaml", "pkg:pypi/pyyaml@6.0", "MIT", "deb python3-yaml"),
        ("six", "pkg:pypi/six@1.16.0", "", "conda R-Zoo"),
    ]


def test_nothing_of_a_channels_address_is_kept() -> None:
    assert not any("secret" in repr(each) or "tk-123" in repr(each) for each in contents_of(FILES).packages)


def test_nothing() -> None:
    assert contents_of(Files({})).packages == ()


def test_paths() -> None:
    assert plain_path("./usr/x") == "usr/x"
    assert all(map(is_wanted, FILES.contents))
    assert not any(
        map(is_wanted, ("usr/share/doc/apt/changelog", "DESCRIPTION", "x/METADATA", "proc/status"))
    )
    assert is_wanted_link("usr/share/doc/apt")
    assert not is_wanted_link("usr/lib/x")


def test_links() -> None:
    assert target_of("usr/share/doc/libgomp1", "gcc-12-base") == "usr/share/doc/gcc-12-base"
    assert target_of("etc/os-release", "../usr/lib/os-release") == "usr/lib/os-release"
    assert target_of("etc/os-release", "/usr/lib/os-release") == "usr/lib/os-release"
    assert target_of("etc/os-release", "../../../outside") == ""


def test_a_cache_of_conda_holds_nothing_that_is_installed() -> None:
    python, cran = b"Name: six\nVersion: 1\n", b"Package: zoo\nVersion: 1\nBuilt: R\n"
    cache = {
        f"{root}pkgs/six-1-py_0/lib/python3/site-packages/six-1.dist-info/METADATA": python
        for root in ("opt/forge/", "root/.conda/", "mambaforge/", "srv/r/", "")
    } | {"opt/conda/pkgs/r-zoo-1-r3/lib/R/library/zoo/DESCRIPTION": cran}
    environments = {
        f"{root}conda-meta/x-1-0.json": b'{"name": "x", "version": "1"}'
        for root in ("opt/forge/", "srv/r/envs/a/", "")
    }
    # Not conda's: a folder that only has that name.
    other = {"srv/pkgs/six-2-x/six-1.dist-info/METADATA": python, "opt/x/pkgs/six-1.egg-info": python}
    found = contents_of(Files({**cache, **environments, **other})).packages
    assert sorted(each.path for each in found) == sorted({**environments, **other})


def test_no_control_characters_come_from_an_image() -> None:
    metadata = "Name: e\x1b[31mvil\nVersion: 1\x1b[2J\u202e\n".encode()
    status = b"Package: b\x07\nVersion: 1\x9b2\nStatus: install ok installed\n"
    files = {"a/b.dist-info/METADATA": metadata, "var/lib/dpkg/status": status}
    found = contents_of(Files(files)).packages
    assert len(found) == len(files)
    for each in found:
        assert (each.name + each.version).isprintable()
        assert "%1B" not in each.purl("debian-12")
        assert not isinstance(checked_purl(each.purl("debian-12")), Bad)

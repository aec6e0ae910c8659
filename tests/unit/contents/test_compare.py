"""What is in an image against manifests and lock."""

from __future__ import annotations

from pathlib import Path

from rgraph.app import Workspace
from rgraph.contents.compare import Along, Verdict, compare
from rgraph.contents.installed import Contents, Database, Installed
from rgraph.steps.interface import Component
from tests.errors.running import catalogue

LOW = """\
kind: base
name: low
from: ubuntu
variant: one
steps:
  - apt: {packages: [curl=7.68.0-1, {name: passwd, at_least: "1:4.8"}, awk, zip]}
  - conda: [openssl=1.1, r-zoo=1.8]
  - download: {url: "https://x.example/tool", to: /tool}
    provides: ["pkg:generic/tool@1"]
"""
HIGH = """\
kind: r
name: high
from: low:one
variant: one
steps:
  - conda: [openssl=3.0.1]
  - pip: [Foo_Bar==1.0, plain]
  - cran: [forecast==8.9]
  - bioconductor: {release: "3.9", packages: [limma]}
  - github: [{repo: Azure/azureml-sdk-for-r, ref: v0.5.7, name: azuremlsdk}]
  - take: {from: other:one, path: /a, to: /a}
"""
OTHER = """\
kind: base
name: other
from: ubuntu
variant: one
steps:
  - pip: [taken==1.0]
"""
TYPES: dict[Database, str] = {"deb": "deb", "conda": "conda", "pypi": "pypi", "r": "cran"}


def workspace(tmp_path: Path) -> Workspace:
    root = catalogue(tmp_path)
    manifests = root / "manifests"
    for name, text in (("low", LOW), ("high", HIGH), ("other", OTHER)):
        (manifests / "base" / f"{name}.yaml").write_text(text)
    catalog = (manifests / "catalog.yaml").read_text()
    (manifests / "catalog.yaml").write_text(f"{catalog}policy: {{unpinned: [apt, pip]}}\n")
    return Workspace(root)


def package(database: Database, name: str, version: str, license: str = "", owner: str = "") -> Installed:
    return Installed(database, name, Component(TYPES[database], name, version), license, f"at/{name}", owner)


RIGHT_LOW = (
    package("deb", "curl", "7.68.0-1"),
    package("deb", "passwd", "1:4.10-1"),
    package("deb", "zip", "3"),
    package("deb", "mawk", "1"),
    package("conda", "openssl", "1.1.1c"),
    package("conda", "openssl", "1.1.7"),
    package("conda", "r-zoo", "1.8"),
)
LOCKED: Along = {"low:one": {"pkg:deb/ubuntu/mawk@1?distro=ubuntu-20.04": ""}}


def verdict(
    tmp_path: Path, id: str, *packages: Installed, along: Along | None = None, virtual: str = "awk"
) -> Verdict:
    found = workspace(tmp_path)
    contents = Contents(packages, "ubuntu-20.04", frozenset({virtual}))
    return compare(found.resolved, found.inventory, id, contents, along or {})


def kinds(found: Verdict) -> list[tuple[str, str, str, str]]:
    return [(each.kind, each.name, each.declared, each.found) for each in found.differences]


def test_as_declared(tmp_path: Path) -> None:
    found = verdict(tmp_path, "low:one", *RIGHT_LOW, along=LOCKED)
    assert kinds(found) == []
    assert (found.packages, found.checked, found.unchecked) == (7, 6, ("tool 1",))


def test_missing_other_version_undeclared(tmp_path: Path) -> None:
    found = verdict(
        tmp_path,
        "low:one",
        package("deb", "curl", "7.68.0-1ubuntu2"),
        package("deb", "passwd", "1:4.7"),
        package("conda", "openssl", "1.10"),
        package("deb", "libc6", "2.36", "LGPL-2.1-or-later"),
        package("pypi", "inner", "1", owner="deb libc6"),
        virtual="",
    )
    assert kinds(found) == [
        ("missing", "awk", "", ""),
        ("missing", "r-zoo", "1.8", ""),
        ("missing", "zip", "", ""),
        ("version", "curl", "7.68.0-1", "7.68.0-1ubuntu2"),
        ("version", "openssl", "1.1", "1.10"),
        ("version", "passwd", "at least 1:4.8", "1:4.7"),
        ("undeclared", "libc6", "", "2.36"),
    ]
    last = found.differences[-1]
    assert (last.purl, last.license) == ("pkg:deb/ubuntu/libc6@2.36?distro=ubuntu-20.04", "LGPL-2.1-or-later")
    assert found.along == {last.purl: last.license}
    assert all(each.place and each.by == "low:one" for each in found.differences[:-1])


def test_what_is_nearest_counts_and_parents_are_asked_for_too(tmp_path: Path) -> None:
    """Not what files are taken from: it hands on files. It may be there all the same."""
    right = (
        *(each for each in RIGHT_LOW if each.name != "openssl"),
        package("conda", "openssl", "3.0.1"),
        package("pypi", "foo-bar", "1.0.0+local"),
        package("pypi", "plain", "7"),
        package("r", "forecast", "8.9"),
        package("r", "limma", "3.40.6"),
        package("r", "azuremlsdk", "0.5.7"),
    )
    assert kinds(verdict(tmp_path / "1", "high:one", *right, along=LOCKED)) == []
    taken = package("pypi", "taken", "1.0")
    assert kinds(verdict(tmp_path / "2", "high:one", *right, taken, along=LOCKED)) == []
    left = verdict(tmp_path / "3", "high:one", *right[1:-1], along=LOCKED)
    assert kinds(left) == [("missing", "azuremlsdk", "", ""), ("missing", "curl", "7.68.0-1", "")]
    assert [each.by for each in left.differences] == ["high:one", "low:one"]


def test_what_the_lock_has_of_a_parent_is_accounted_for(tmp_path: Path) -> None:
    extra = package("deb", "more", "1", "MIT")
    found = verdict(tmp_path, "low:one", *RIGHT_LOW, extra, along=LOCKED)
    assert kinds(found) == [("undeclared", "more", "", "1")]
    # Of an External.
    locked = {**LOCKED, "ubuntu": {"pkg:deb/ubuntu/more@1?distro=ubuntu-20.04": "MIT"}}
    found = verdict(tmp_path / "2", "low:one", *RIGHT_LOW, extra, along=locked)
    assert (kinds(found), list(found.along)) == ([], ["pkg:deb/ubuntu/mawk@1?distro=ubuntu-20.04"])


def test_another_version_than_the_lock_has(tmp_path: Path) -> None:
    newer = [package("deb", "mawk", "2") if each.name == "mawk" else each for each in RIGHT_LOW]
    found = verdict(tmp_path, "low:one", *newer, along=LOCKED)
    assert kinds(found) == [("version", "mawk", "1", "2")]
    assert found.differences[0].place is not None
    assert found.differences[0].place.file == "manifests/rgraph.lock"
    below = {"ubuntu": LOCKED["low:one"]}
    found = verdict(tmp_path / "2", "low:one", *newer, along=below)
    assert [(each.kind, each.by) for each in found.differences] == [("version", "ubuntu")]
    assert list(found.along) == ["pkg:deb/ubuntu/mawk@2?distro=ubuntu-20.04"]


def test_what_the_lock_has_and_the_image_not(tmp_path: Path) -> None:
    """What an External brought is in its layers for ever, also if a step removes it."""
    gone = {"low:one": {**LOCKED["low:one"], "pkg:deb/ubuntu/gone@1?distro=ubuntu-20.04": ""}}
    assert kinds(verdict(tmp_path, "low:one", *RIGHT_LOW, along=gone)) == [("missing", "gone", "1", "")]
    below = {**LOCKED, "ubuntu": {"pkg:deb/ubuntu/gone@1?distro=ubuntu-20.04": ""}}
    assert kinds(verdict(tmp_path / "2", "low:one", *RIGHT_LOW, along=below)) == []


def test_an_external(tmp_path: Path) -> None:
    found = verdict(tmp_path, "ubuntu", package("deb", "libc6", "2"))
    assert kinds(found) == [("undeclared", "libc6", "", "2")]


def test_each_copy_of_a_package_has_a_version(tmp_path: Path) -> None:
    """One that is declared does not stand for another one in a folder of its own."""
    second = package("conda", "openssl", "3.3")
    found = verdict(tmp_path, "low:one", *RIGHT_LOW, second, along=LOCKED)
    assert kinds(found) == [("undeclared", "openssl", "", "3.3")]
    assert list(found.along) == ["pkg:conda/openssl@3.3", "pkg:deb/ubuntu/mawk@1?distro=ubuntu-20.04"]
    locked = {"low:one": found.along}
    assert kinds(verdict(tmp_path / "2", "low:one", *RIGHT_LOW, second, along=locked)) == []
    # Of one that is there in no version that is declared, this is the difference.
    wrong = [package(*_of(each), "2.0") if each.name == "openssl" else each for each in RIGHT_LOW]
    assert kinds(verdict(tmp_path / "3", "low:one", *wrong, along=LOCKED)) == [
        ("version", "openssl", "1.1", "2.0")
    ]


def _of(each: Installed) -> tuple[Database, str]:
    return each.database, each.name


def test_what_files_are_taken_from_has_versions_too(tmp_path: Path) -> None:
    found = verdict(tmp_path, "high:one", package("pypi", "taken", "9"))
    assert ("undeclared", "taken", "", "9") in kinds(found)


def test_a_package_may_be_recorded_at_either_place(tmp_path: Path) -> None:
    """The image was looked into before the one below it."""
    purl = "pkg:deb/ubuntu/more@1?distro=ubuntu-20.04"
    extra = package("deb", "more", "1")
    both: Along = {"low:one": {**LOCKED["low:one"], purl: ""}, "ubuntu": {purl: ""}}
    found = verdict(tmp_path, "low:one", *RIGHT_LOW, extra, along=both)
    assert kinds(found) == []
    assert list(found.along) == ["pkg:deb/ubuntu/mawk@1?distro=ubuntu-20.04"]
    assert kinds(verdict(tmp_path / "2", "low:one", *RIGHT_LOW, along=both)) == [("missing", "more", "1", "")]

"""What advisories call a component."""

from __future__ import annotations

import pytest

from rgraph.advisories.naming import Scope, called, lowest, normal_name, repository_name, scope_of
from rgraph.catalog import Fact
from rgraph.errors import Place
from rgraph.inventory import Declared
from rgraph.manifest.components import ComponentFact
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.steps.interface import Component


def names(purl: str, *known_as: str) -> list[tuple[str, str, str, str]]:
    """Ecosystem, release, name and version of all that advisories may call a component."""
    fact = ComponentFact(purl=purl.partition("@")[0], license="MIT", known_as=list(known_as))
    known = Fact(Place("components.yaml"), fact) if known_as else None
    declared = Declared(parse_purl(Purl(purl)), purl, known, Place("a.yaml"))
    return [(each.scope.base, each.scope.release, each.name, each.version) for each in called(declared)]


@pytest.mark.parametrize(
    ("ecosystem", "scope"),
    [
        ("PyPI", Scope("PyPI")),
        ("Debian", Scope("Debian")),
        ("Debian:11", Scope("Debian", "11")),
        ("Ubuntu:22.04:LTS", Scope("Ubuntu", "22.04")),
        ("Ubuntu:23.10", Scope("Ubuntu", "23.10")),
        ("Ubuntu:Pro:18.04:LTS", Scope("Ubuntu", "18.04", pro=True)),
        ("Ubuntu:Pro:FIPS:22.04:LTS", Scope("Ubuntu:Pro:FIPS:22.04:LTS")),
        ("Red Hat:rhel_aus:8.4::appstream", Scope("Red Hat:rhel_aus:8.4::appstream")),
    ],
)
def test_an_ecosystem_taken_apart(ecosystem: str, scope: Scope) -> None:
    assert scope_of(ecosystem) == scope


def test_names_have_one_form() -> None:
    assert normal_name("PyPI", "Zope.Interface__x") == "zope-interface-x"
    assert normal_name("CRAN", "data.Table") == "data.table"
    assert normal_name("Debian", "libstdc++6") == "libstdc++6"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/Owner/Name", "github.com/owner/name"),
        ("https://github.com/owner/name.git", "github.com/owner/name"),
        ("git@github.com:owner/name.git", "github.com/owner/name"),
        ("git://github.com/owner/na.me/", "github.com/owner/na.me"),
        ("https://example.com/github.com/owner/name", ""),
        ("https://github.com/owner", ""),
    ],
)
def test_a_repository_has_one_name(url: str, name: str) -> None:
    assert repository_name(url) == name


def test_a_package_is_called_by_its_ecosystem() -> None:
    assert names("pkg:pypi/made-up@1.0") == [("PyPI", "", "made-up", "1.0")]
    assert names("pkg:cran/MadeUp@1.0") == [("CRAN", "", "madeup", "1.0")]
    assert names("pkg:bioconductor/MadeUp@1.0") == [("Bioconductor", "", "madeup", "1.0")]
    assert names("pkg:github/owner/name@v1.0") == [("GIT", "", "github.com/owner/name", "v1.0")]
    assert names("pkg:generic/cuda@11.1") == []


def test_a_deb_belongs_to_a_release() -> None:
    assert names("pkg:deb/ubuntu/curl@1?distro=ubuntu-20.04") == [("Ubuntu", "20.04", "curl", "1")]
    assert names("pkg:deb/ubuntu/curl@1?distro=ubuntu-20.04.6") == [("Ubuntu", "20.04", "curl", "1")]
    assert names("pkg:deb/debian/curl@1?arch=amd64&distro=debian-12") == [("Debian", "12", "curl", "1")]
    assert names("pkg:deb/debian/curl@1") == [("Debian", "", "curl", "1")]
    assert names("pkg:deb/vendor/curl@1") == []
    assert names("pkg:deb/curl@1") == []


def test_a_deb_is_known_by_its_source_package_in_its_own_release() -> None:
    found = names("pkg:deb/ubuntu/libssl1.1@1?distro=ubuntu-20.04", "pkg:deb/openssl")
    assert found == [("Ubuntu", "20.04", "libssl1.1", "1"), ("Ubuntu", "20.04", "openssl", "1")]


def test_conda_is_known_as_something_else() -> None:
    assert names("pkg:conda/cryptography@39.0.1") == []
    assert names("pkg:conda/cryptography@39.0.1", "pkg:pypi/cryptography") == [
        ("PyPI", "", "cryptography", "39.0.1")
    ]
    assert names("pkg:conda/r-made.stats@0.9_1") == [("CRAN", "", "made.stats", "0.9-1")]
    assert names("pkg:conda/bioconductor-limma@3.1") == [("Bioconductor", "", "limma", "3.1")]
    assert names("pkg:conda/r-gone@1.0", "pkg:github/owner/gone") == [
        ("GIT", "", "github.com/owner/gone", "1.0")
    ]
    assert names("pkg:conda/r-base@4.3.1") == []


def test_a_tag_is_the_version_of_the_package_made_of_it() -> None:
    assert names("pkg:github/owner/name@v1.0", "pkg:cran/name")[1] == ("CRAN", "", "name", "1.0")


def test_the_lowest_version() -> None:
    assert lowest(Component("deb", "a", "1")) == "1"
    assert lowest(Component("deb", "a", pinned_by="at least 2")) == "2"
    assert lowest(Component("cran", "a", pinned_by="snapshot 2024-01-01")) == ""

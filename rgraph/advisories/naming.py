"""What advisories call a component: its ecosystem, release and name there, and the order of its versions.

Source: OSV schema 1.7, "Defined ecosystems".
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from rgraph.advisories.interface import REPOSITORY
from rgraph.inventory import Declared
from rgraph.names import Purl
from rgraph.purls import parse_purl
from rgraph.steps.interface import Component

_NO_PACKAGES_OF_R = frozenset({"r-base", "r-essentials", "r-recommended"})
"""conda's names of R itself and of its metapackages: nothing on CRAN answers to them."""

_LEAST = "at least "


class Scope(Struct, frozen=True):
    """An ecosystem as advisories write it, taken apart."""

    base: str
    """`PyPI`, `Ubuntu`; an ecosystem that rgraph does not know keeps its whole text."""
    release: str = ""
    """`11` of `Debian:11`, `22.04` of `Ubuntu:22.04:LTS`; empty for every release."""
    pro: bool = False
    """Whether its fixes come with Ubuntu Pro only."""


class Called(Struct, frozen=True):
    """What advisories call a component."""

    scope: Scope
    name: str
    type: str
    """Type of purl whose order of versions holds."""
    version: str
    """The exact version, or the lowest that may be installed; empty if neither is known."""

    @property
    def shown(self) -> str:
        """Name and ecosystem, for people: `openssl of Debian 11`."""
        return f"{self.name} of {' '.join(filter(None, (self.scope.base, self.scope.release)))}"


@cache
def scope_of(ecosystem: str) -> Scope:
    """Takes an ecosystem apart.

    Ubuntu Pro has archives with packages of their own (`Ubuntu:Pro:FIPS:22.04:LTS`), whose versions do
    not compare with the others: they stay apart.
    """
    base, *rest = ecosystem.split(":")
    match base, rest:
        case "Debian", [release]:
            return Scope(base, release)
        case "Ubuntu", ["Pro", release] | ["Pro", release, "LTS"]:
            return Scope(base, release, pro=True)
        case "Ubuntu", [release] | [release, "LTS"]:
            return Scope(base, release)
        case (("PyPI" | "CRAN" | "Bioconductor" | "Debian"), _):
            return Scope(base)
    return Scope(ecosystem)


def normal_name(base: str, name: str) -> str:
    """A package's name in the one form under which it is looked up.

    PyPI: PEP 503. CRAN admits no two names that differ only in case (CRAN Repository Policy), and
    conda writes them small; Bioconductor follows CRAN.
    """
    if base == "PyPI":
        return re.sub("[-_.]+", "-", name).lower()
    return name.lower() if base in ("CRAN", "Bioconductor") else name


def repository_name(url: str) -> str:
    """A repository's address as `github.com/owner/name`; empty if it lies elsewhere than on GitHub."""
    match = re.fullmatch(
        r"(?:(?:https?|git|ssh)://)?(?:git@)?(?:www\.)?github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?",
        url,
        re.I,
    )
    return f"github.com/{match[1]}/{match[2]}".lower() if match else ""


def lowest(component: Component) -> str:
    """The exact version of a component, or X of `at least X`; empty if neither is declared."""
    if component.version or not component.pinned_by.startswith(_LEAST):
        return component.version
    return component.pinned_by.removeprefix(_LEAST)


def called(declared: Declared) -> tuple[Called, ...]:
    """What advisories may call a component; none if rgraph knows of no ecosystem for it.

    Those are its own name and what its fact in components.yaml says under `known_as`. A conda package
    has no name of its own in OSV: without `known_as`, `r-NAME` is NAME of CRAN and `bioconductor-NAME`
    is NAME of Bioconductor (conda-forge's and Bioconda's rules for names).
    """
    own = parse_purl(Purl(declared.purl))
    version = lowest(declared.component)
    others = [parse_purl(Purl(purl)) for purl in (declared.fact.known_as if declared.fact else ())]
    found = [_called(own, own, version), *(_called(other, own, version) for other in others)]
    if own.type == "conda" and not others:
        found.append(_of_conda(own, version))
    return tuple(dict.fromkeys(each for each in found if each))


def _called(named: Component, own: Component, version: str) -> Called | None:
    comparable = _comparable(version, own.type, named.type)
    match named.type:
        case "pypi":
            return Called(Scope("PyPI"), normal_name("PyPI", named.name), "pypi", comparable)
        case "cran":
            return Called(Scope("CRAN"), normal_name("CRAN", named.name), "cran", comparable)
        case "bioconductor":
            name = normal_name("Bioconductor", named.name)
            return Called(Scope("Bioconductor"), name, "bioconductor", comparable)
        case "deb":
            scope = _distribution(named) or (_distribution(own) if own.type == "deb" else None)
            return Called(scope, named.name, "deb", comparable) if scope else None
        case "github":
            name = f"github.com/{named.namespace}/{named.name}".lower()
            return Called(Scope(REPOSITORY), name, "github", version)
    return None


def _comparable(version: str, own: str, other: str) -> str:
    """A version as another ecosystem writes it."""
    if own == "github" and other != "github":
        return re.sub(
            r"^[vV](?=\d)", "", version
        )  # tag `v1.2` of a repository: 1.2 of the package made of it
    if own == "conda" and other in ("cran", "bioconductor"):
        return version.replace("_", "-")  # conda's versions have no dashes: R's 0.9-1 is 0.9_1 there
    return version


def _distribution(component: Component) -> Scope | None:
    """Distribution and release of a deb: its namespace and its qualifier `distro`, such as `debian-12`."""
    distro = dict(component.qualifiers).get("distro", "")
    name, _, release = distro.partition("-")
    name = (component.namespace or name).lower()
    if name == "ubuntu":
        return Scope("Ubuntu", re.sub(r"^(\d+\.\d+)\.\d+$", r"\1", release))
    if name == "debian":
        return Scope("Debian", re.sub(r"^(\d+)\.\d+$", r"\1", release))
    return None


def _of_conda(own: Component, version: str) -> Called | None:
    if own.name in _NO_PACKAGES_OF_R:
        return None
    prefix, _, rest = own.name.partition("-")
    match prefix:
        case "r":
            return _called(Component("cran", rest), own, version)
        case "bioconductor":
            return _called(Component("bioconductor", rest), own, version)
    return None

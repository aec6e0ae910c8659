"""Steps that install R packages."""

from __future__ import annotations

from typing import Literal

from rgraph.manifest.base import Flag, Written
from rgraph.manifest.step_packages import Packages


class Cran(Written, frozen=True, kw_only=True):
    """CRAN packages. A snapshot pins those without a version."""

    packages: Packages
    """Packages: `forecast==8.9`, or `forecast` with a snapshot."""
    snapshot: str = ""
    """Date (YYYY-MM-DD) of a CRAN snapshot."""
    repository: str = ""
    """URL of the repository; with a snapshot, of the snapshots, to which the date is appended.
    Default: Posit's public package manager with a snapshot, else CRAN's cloud mirror."""
    verify: Flag = True
    """Fail the build if a package is missing afterwards or has another version (a failed
    installation is only a warning in R)."""
    command: Literal["Rscript", "install2.r"] = "Rscript"
    """The program to install with: R itself, or littler's script, which takes R's own repository where
    none is named here."""
    options: list[str] | None = None
    """Options of install2.r: `--error`, `--skipinstalled`, `--ncpus=4`."""


CranBody = Cran | Packages


class Bioconductor(Written, frozen=True, kw_only=True):
    """Bioconductor packages of one release, which pins those without a version."""

    release: str
    """Bioconductor release, for instance `"3.9"`. It belongs to one version of R."""
    packages: Packages
    """Packages: `limma==3.40.6`, or `limma`."""
    snapshot: str = ""
    """Date of the CRAN snapshot for what the packages need from CRAN."""
    repository: str = ""
    """URL of the CRAN repository, as for `cran`."""
    verify: Flag = True
    """As for `cran`."""


class GithubPackage(Written, frozen=True, kw_only=True):
    """An R package from GitHub, installed by the R package remotes, which must be there."""

    repo: str
    """`owner/name`."""
    ref: str
    """Tag or commit."""
    name: str = ""
    """Name of the R package, if not the repository's."""
    version: str = ""
    """Version that the package must report afterwards."""
    subdir: str = ""
    """Folder of the package in the repository."""
    auth: str = ""
    """Name of the build secret that holds a token for GitHub. Never an ARG."""
    verify: Flag = True
    """Fail the build if the package is missing afterwards."""


GithubBody = list[GithubPackage] | GithubPackage


class UrlPackage(Written, frozen=True, kw_only=True):
    """An R package by the URL of its source archive. What it needs must be there."""

    url: str
    """Where the archive is."""
    name: str
    """Name of the R package."""
    version: str
    """Its version."""
    sha256: str = ""
    """Checksum of the archive. Without one, and none in the lock, it is not checked."""
    verify: Flag = True
    """Fail the build if the package is missing afterwards or has another version."""


UrlBody = list[UrlPackage] | UrlPackage

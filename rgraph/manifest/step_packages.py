"""Steps that install packages of apt, conda and pip."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Flag, Texts, Written


class PackageSpec(Written, frozen=True, kw_only=True):
    """A package with more to say than name and version."""

    name: str
    """Name of the package."""
    version: str = ""
    """The exact version."""
    at_least: str = ""
    """apt only: install what there is, then fail the build if it is older. Counts as unpinned."""
    fixes: Texts = field(default_factory=list)
    """Advisories (CVE, GHSA, USN) that this version is there for."""
    when: Flag = True
    """Leave the package out where this is false."""


Packages = list[str | PackageSpec] | str
"""Packages: text in the notation of their ecosystem, or `{name, version | at_least, fixes}`. An
expression may give one package, a list of them, or nothing."""


class AptKey(Written, frozen=True, kw_only=True):
    """The key that signs an apt repository."""

    url: str
    """Where the key is, ASCII-armoured or binary."""
    sha256: str = ""
    """Checksum of the key file. Without one, and none in the lock, it is not checked."""


class AptRepository(Written, frozen=True, kw_only=True):
    """An apt repository to add before installing. Needs gnupg and the downloader in the image."""

    name: str
    """Name of the files for its key and its source list."""
    key: AptKey
    """The key that signs it."""
    uri: str
    """Root of the repository."""
    suite: str
    """Suite, for instance `jammy`."""
    components: Texts = field(default_factory=list)
    """Components. Left out: `main`, or none for a suite that ends in `/`, which is a folder."""
    architectures: Texts = field(default_factory=list)
    """Architectures, if not all of the system's."""


class Apt(Written, frozen=True, kw_only=True):
    """`apt-get install`: lists are fetched before and removed after, in the same instruction."""

    packages: Packages
    """Debian's or Ubuntu's packages: `curl=7.81.0-1ubuntu1.15`, `{name: passwd, at_least: 1:4.8.1}`."""
    recommends: Flag = False
    """Install recommended packages too."""
    only_upgrade: Flag = False
    """Only upgrade what is installed (`--only-upgrade`)."""
    repositories: list[AptRepository] = field(default_factory=list)
    """Repositories to add first. With one, the step's packages count as that one's, with several their
    origin is not known: install what comes from the distribution in a step of its own."""
    env: dict[str, str] = field(default_factory=dict)
    """Variables for the installation only, for instance `{ACCEPT_EULA: Y}`."""
    update: Flag = True
    """Fetch the lists of packages first (`apt-get update`)."""
    clean: Texts = field(default_factory=lambda: ["lists"])
    """What to remove afterwards, in this order: `lists` of packages, `archives` (`apt-get clean`),
    `unneeded` packages (`apt-get autoremove`); `[]` for nothing."""
    noninteractive: Flag = True
    """Say `DEBIAN_FRONTEND=noninteractive` for the installation; `false` where ENV says it already."""
    command: Literal["apt-get", "apt"] = "apt-get"
    """The program to install with."""


AptBody = Apt | Packages


class Key(Written, frozen=True, kw_only=True):
    """A key that apt trusts for every repository. `apt-key` is deprecated and gone from new systems:
    `apt: repositories` binds a key to its repository instead.
    """

    url: str
    """Where the key is."""
    command: Literal["curl", "wget", "apt-key"] | None = None
    """The program to fetch it with, if not the catalogue's."""
    options: list[str] | None = None
    """Options of curl or wget, if not rgraph's own (`-fsSL`, `-q`)."""


class Conda(Written, frozen=True, kw_only=True):
    """`conda install -y`, and a clean-up in the same instruction."""

    packages: Packages
    """Packages: `r-essentials=3.6.0`, `numpy=1.21.5=py38h7a5d4dd_0`."""
    channels: Texts = field(default_factory=list)
    """Channels, the strongest first."""
    environment: str = ""
    """Name of the environment; default: conda's base environment."""
    command: Literal["conda", "mamba", "micromamba"] = "conda"
    """The program to install with."""
    clean: Flag = True
    """Remove caches afterwards (`conda clean -afy`)."""


CondaBody = Conda | Packages


class Pip(Written, frozen=True, kw_only=True):
    """`pip install --no-cache-dir`."""

    packages: Packages
    """Packages: `rpy2==3.0.5`, `uvicorn[standard]==0.30.1`."""
    index: str = ""
    """URL of the index, if not the default one."""
    extra_indexes: Texts = field(default_factory=list)
    """URLs of further indexes."""
    dependencies: Flag = True
    """Install what the packages need too."""
    command: str = "pip"
    """The program: `pip`, `pip3`, `/opt/venv/bin/pip`."""
    upgrade: Flag = False
    """Replace what is installed in another version (`--upgrade`)."""
    cache: Flag = False
    """Leave pip's cache in the image."""


PipBody = Pip | Packages

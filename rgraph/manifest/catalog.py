"""manifests/catalog.yaml: what holds for the whole catalogue."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Written

Ecosystem = Literal["apt", "conda", "pip", "cran", "bioconductor", "github"]


class OwnLicense(Written, frozen=True, kw_only=True):
    """The licence of the catalogue's own files (Dockerfiles, scripts), shown in LICENSE.txt."""

    expression: str
    """SPDX licence expression, for instance `MIT`."""
    copyright: str = ""
    """Copyright line, for instance `Copyright (c) Example Ltd.`"""
    text: str = ""
    """Name of a file in `manifests/notices/` that holds the licence's text."""


class LicensePolicy(Written, frozen=True, kw_only=True):
    """Which licences images may hold. A component under `A OR B` needs one of them, under `A AND B` both."""

    allow: list[str] = field(default_factory=list)
    """SPDX ids, or `LicenseRef-...`; `*` stands for any text. Left out: all that are not denied."""
    deny: list[str] = field(default_factory=list)
    """Ids that no image may hold, in the same notation."""


class Policy(Written, frozen=True, kw_only=True):
    """What the catalogue admits."""

    unpinned: list[Ecosystem] = field(default_factory=list)
    """Ecosystems in which a package may be named without a version. Everywhere else an unpinned
    package is an error."""
    licenses: LicensePolicy = field(default_factory=LicensePolicy)
    """Which licences images may hold; `rgraph audit` checks it."""
    notices: Literal["complete", "any"] = "any"
    """`complete`: no release is cut while a component has no licence text."""
    user: Literal["non-root", "any"] = "any"
    """`non-root`: the last user of an image that nothing in the catalogue is built on must not be root."""
    private: list[str] = field(default_factory=list)
    """Texts that must not stand in a public part, for instance the names of internal hosts."""
    end_of_life_notice: str = "180"
    """Days before an end of life from which `rgraph audit` warns."""
    levels: dict[str, Literal["error", "warning", "note", "off"]] = field(default_factory=dict)
    """Rule of the audit -> its level here, where it differs from the rule's own: `{RG101: note}`."""


class CatalogManifest(Written, frozen=True, kw_only=True):
    """The catalogue's own facts: names of registries, owner, licence, policy, platforms."""

    kind: Literal["catalog"]
    """`catalog`: one such document in a catalogue."""
    name: str
    """Short name of the catalogue."""
    description: str = ""
    """One paragraph for `generated/README.md`."""
    registry: str = ""
    """Host of the registry that people pull from, for instance `mcr.microsoft.com`. Left out for
    images that are only built locally."""
    namespace: str = ""
    """Stands before every repository: `azureml` makes `azureml/r-base` of `r-base`."""
    staging: str = ""
    """Registry (and path) that builds are pushed to before a release."""
    owner: str = ""
    """Who answers for these images: a team or an address."""
    source: str = ""
    """URL of the repository that holds the catalogue."""
    license: OwnLicense | None = None
    """Licence of the catalogue's own files."""
    policy: Policy = field(default_factory=Policy)
    """What the catalogue admits."""
    platforms: list[str] = field(default_factory=lambda: ["linux/amd64"])
    """Platforms of an image that does not say its own: those of this list which all of its
    parents have."""
    windows_hosts: list[str] = field(default_factory=list)
    """Builds of the Windows hosts that must be able to run the Windows images with process
    isolation, for instance `10.0.17763`. Every Windows External must have one of them."""
    downloader: Literal["curl", "wget"] = "curl"
    """The program that Linux images download with, where a step does not say its own. An image
    must have it before its first download."""
    source_offer: str = ""
    """The paragraph in ThirdPartyNotices.txt that offers source code, where a licence asks for it."""
    hosts: dict[str, str] = field(default_factory=dict)
    """What the hosts that run the images have: `{nvidia-driver: 450.80.02}`. Compatibility facts
    may ask for it."""
    audited: str = ""
    """Date (YYYY-MM-DD) of the catalogue's last audit: `rgraph audit --as-of audited` takes it."""

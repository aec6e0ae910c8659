"""manifests/components.yaml: licence facts of third-party components."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Written

Status = Literal["verified", "assumed", "needs-review"]


class ComponentFact(Written, frozen=True, kw_only=True):
    """What is known of a component's licence, for a range of its versions."""

    purl: str
    """The component without its version: `pkg:conda/openssl`."""
    versions: str = ""
    """Which versions: comparisons with `<`, `<=`, `>`, `>=`, `==`, joined by commas, for instance
    `>=1.0, <3`, in the order of the component's ecosystem. Left out: all."""
    license: str
    """SPDX licence expression; `LicenseRef-...` for what SPDX does not list."""
    notice: str = ""
    """Name of a file in `manifests/notices/` that holds the component's own licence text. Left out:
    SPDX's standard texts, and `NAME.txt` for each `LicenseRef-NAME` with its prefix."""
    status: Status = "needs-review"
    """Whether a person checked it against a source: `verified`, `assumed` (commonly known) or
    `needs-review`."""
    source: str = ""
    """Where the fact comes from."""
    copyright: str = ""
    """Copyright line as the component states it."""
    homepage: str = ""
    """The component's home."""
    source_offer: str = ""
    """Where its source code can be had, for licences that ask for it: a URL or an address."""
    end_of_life: str = ""
    """Date (YYYY-MM-DD) after which these versions get no more fixes."""
    known_as: list[str] = field(default_factory=list)
    """Purls, without version, under which advisories know it: `pkg:pypi/cryptography` for a conda
    package, `pkg:deb/openssl` (the source package) for `pkg:deb/libssl1.1`."""
    usage_restriction: str = ""
    """A restriction on use that images with this component must show."""


class ComponentsManifest(Written, frozen=True, kw_only=True):
    """Licence facts. The first fact whose purl and versions fit a component holds."""

    kind: Literal["components"]
    """`components`."""
    components: list[ComponentFact]
    """The facts, the more special before the more general."""

"""manifests/externals.yaml: the images that the catalogue builds upon and does not build."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Written


class ExternalManifest(Written, frozen=True, kw_only=True):
    """An image from elsewhere."""

    reference: str
    """What `FROM` names: `ubuntu:20.04`, `nvidia/cuda@sha256:...`."""
    description: str = ""
    """What it is, in one line."""
    homepage: str = ""
    """Where its makers describe it."""
    platforms: list[str] = field(default_factory=lambda: ["linux/amd64"])
    """Platforms that it exists for: `linux/amd64`, `linux/arm64`, `linux/arm/v7`, `windows/amd64`, ..."""
    os_version: str = ""
    """Windows only: the build of the host that it needs under process isolation, for instance
    `10.0.17763` for Windows Server 2019."""
    distribution: str = ""
    """Distribution and release, for instance `ubuntu-20.04`: qualifies the purls of apt packages."""
    capabilities: dict[str, bool | str] = field(default_factory=dict)
    """What images on top can count on, for instance `{gpu: true, cuda: 11.1.1}`."""
    provides: list[str] = field(default_factory=list)
    """Components that it brings, as purls: `pkg:generic/cuda@11.1.1`."""
    license: str = ""
    """Licence expression of the image itself."""
    usage_restriction: str = ""
    """A restriction on use that every image on top inherits and shows."""
    end_of_life: str = ""
    """Date (YYYY-MM-DD) after which it gets no more fixes."""
    cadence: str = ""
    """How often its makers release, for instance `monthly` or `second-wednesday`."""
    user: str = ""
    """The user that it leaves, if not root."""
    workdir: str = "/"
    """The working folder that it leaves."""
    shell: list[str] = field(default_factory=list)
    """The `SHELL` that it leaves, if not the platform's own."""


class ExternalsManifest(Written, frozen=True, kw_only=True):
    """All Externals of the catalogue, by name."""

    kind: Literal["externals"]
    """`externals`."""
    externals: dict[str, ExternalManifest]
    """Name -> External. Layers name it in `from` and `take`."""

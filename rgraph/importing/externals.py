"""externals.yaml of an import: the images that the imported ones stand on and nobody here builds.

Nothing is said but what the reference itself says: a distribution that its tag names, and for Windows the
build of the host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rgraph.importing.drafts import Data
from rgraph.importing.model import ImportedImage
from rgraph.names import PLATFORMS

_UBUNTU: Final = {
    "trusty": "14.04",
    "xenial": "16.04",
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
}
"""Code names (wiki.ubuntu.com/Releases)."""
_DEBIAN: Final = {"stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13"}
"""Code names (www.debian.org/releases)."""
_WINDOWS: Final = {
    "1607": "10.0.14393",
    "ltsc2016": "10.0.14393",
    "1809": "10.0.17763",
    "ltsc2019": "10.0.17763",
    "1903": "10.0.18362",
    "1909": "10.0.18363",
    "2004": "10.0.19041",
    "20h2": "10.0.19042",
    "ltsc2022": "10.0.20348",
    "ltsc2025": "10.0.26100",
}
"""Part of a tag -> build of the host (learn.microsoft.com, "Windows container version compatibility")."""
UNKNOWN_BUILD: Final = "unknown"
"""Stands for the build of a Windows image whose tag does not say."""


def externals_document(images: Sequence[ImportedImage], named: Mapping[str, str]) -> Data:
    """The document of all Externals, by name."""
    users: dict[str, list[ImportedImage]] = {}
    for image in images:
        for reference in references_of(image):
            users.setdefault(reference, []).append(image)
    found = {named[each]: _external(each, users.get(each, [])) for each in named}
    return {"kind": "externals", "externals": dict(sorted(found.items()))}


def references_of(image: ImportedImage) -> set[str]:
    """The references of the Externals that an image needs."""
    found = {edge.to for edge in image.edges if edge.external}
    if image.kind == "external":
        found.add(image.from_)
    return found | {stage.source for stage in image.stages if stage.kind == "external"}


def _external(reference: str, users: Sequence[ImportedImage]) -> Data:
    data: dict[str, Any] = {"reference": reference}
    if any(image.os == "windows" for image in users):
        words = re.split(r"[^a-z0-9]+", reference.lower())
        build = next((_WINDOWS[word] for word in words if word in _WINDOWS), UNKNOWN_BUILD)
        return {**data, "platforms": ["windows/amd64"], "os_version": build}
    platforms = {platform for image in users for platform in image.platforms} & set(PLATFORMS)
    if any(not image.platforms for image in users):
        platforms.add("linux/amd64")
    if platforms and platforms != {"linux/amd64"}:
        data["platforms"] = sorted(platforms)
    if said := distribution(reference):
        data["distribution"] = said
    return data


def distribution(reference: str) -> str:
    """The distribution that a reference names: `ubuntu-20.04`; empty if it names none."""
    rest = reference.partition("@")[0]
    repository, _, tag = rest.rpartition("/")[2].partition(":")
    tag = tag.lower()
    if found := re.search(r"ubuntu-?([0-9]{2}\.[0-9]{2})", tag):
        return f"ubuntu-{found[1]}"
    if repository in ("ubuntu", "debian") and (found := re.match(r"([0-9]{1,2}(?:\.[0-9]{2})?)", tag)):
        return (
            f"{repository}-{found[1]}" if repository == "ubuntu" else f"debian-{found[1].partition('.')[0]}"
        )
    for word in re.split(r"[^a-z]+", tag):
        if word in _UBUNTU:
            return f"ubuntu-{_UBUNTU[word]}"
        if word in _DEBIAN:
            return f"debian-{_DEBIAN[word]}"
    return ""

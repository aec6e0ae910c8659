"""Numbers of builds, and the tags by which content is found again."""

from __future__ import annotations

from typing import Final

from rgraph.names import Bad
from rgraph.release.import_cfg import build_number, staging_name

LOCAL: Final = "local"
"""The number of a build that is told none."""
FINGERPRINT: Final = "io.github.rgraph.fingerprint"
"""Label that says which content an image has."""
_DIGITS: Final = 40
"""Hex digits of a fingerprint in a tag: as many as git's names have."""


def number_of(text: str | None) -> str | Bad:
    """The number of a build, which is the end of a tag and the name of a folder; `local` if none is said."""
    if text is None:
        return LOCAL
    made = build_number(text)
    if not isinstance(made, Bad) and not made.strip("."):
        return Bad(f"`{text}` is no build number", "use digits and letters, too")
    return made


def numbered(staging: str, id: str, number: str) -> str | Bad:
    """Where a build puts an image: `STAGING/layer:variant--NUMBER`, without staging only its bare name."""
    return staging_name(staging, id, number)


def by_content(staging: str, id: str, fingerprint: str) -> str:
    """The name of an image's content, the same in all builds: `STAGING/layer:fingerprint-HEX`."""
    layer = id.partition(":")[0]
    name = f"{staging}/{layer}" if staging else layer
    return f"{name}:fingerprint-{fingerprint.removeprefix('sha256:')[:_DIGITS]}"


def at_digest(reference: str, digest: str) -> str:
    """A reference by digest alone: `STAGING/layer@sha256:...`."""
    name, _, tag = reference.rpartition(":")
    return f"{name if '/' not in tag else reference}@{digest}"

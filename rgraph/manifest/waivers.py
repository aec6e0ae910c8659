"""manifests/waivers.yaml: findings of the audit that are accepted for now."""

from __future__ import annotations

from typing import Literal

from rgraph.manifest.base import Texts, Written


class Waiver(Written, frozen=True, kw_only=True):
    """Accepts the findings of one rule in some places, for a reason, until a day."""

    rule: str
    """Id of the rule: `RG101`."""
    where: Texts
    """What it is about, as `rgraph audit` shows it: an image, External or recipe, a component's purl
    without version, an advisory, or the manifest's file; `*` stands for any text. Several: any of them."""
    reason: str
    """Why the finding is accepted."""
    owner: str
    """Who accepts it: a person or a team."""
    until: str
    """Last day (YYYY-MM-DD) on which it holds."""


class WaiversManifest(Written, frozen=True, kw_only=True):
    """All waivers of the catalogue."""

    kind: Literal["waivers"]
    """`waivers`."""
    waivers: list[Waiver]
    """The waivers."""

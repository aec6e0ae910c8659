"""What all written types share."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Flag = bool | str
"""`true`, `false`, or one expression such as `${{ device == 'gpu' }}`."""

Texts = list[str] | str
"""A list of texts, or one text that stands for a list of one. An entry may be an expression; a
list that it gives is spliced in, nothing leaves the entry out."""

OnError = Literal["stop", "last", "ignore"]
"""PowerShell only. `stop`: the first error ends the build. The others are for what was written without
that: all commands run, and the last one decides (`last`) or nothing does (`ignore`)."""

PlatformText = str | dict[str, str]
"""A text, or one for each platform: `{linux/amd64: ..., linux/arm64: ...}`."""


class Written(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every mapping in a manifest: unknown keys are errors."""

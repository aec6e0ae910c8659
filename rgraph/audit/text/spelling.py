"""A text as files write it: quoting and escapes may stand within it."""

from __future__ import annotations

import html
import re

_ESCAPE = re.compile(r"[\\`]([^\w\s])")
"""A backslash, or the mark of PowerShell and of Windows' Dockerfiles, before what it takes meaning from."""


def spellings(text: str) -> tuple[str, ...]:
    """The text, also without the escapes of shells, JSON and Dockerfiles, and without those of Markdown."""
    found = [text]
    if "\\" in text or "`" in text:
        found.append(_ESCAPE.sub(r"\1", text))
    if "&" in text:
        found.append(html.unescape(text))
    return tuple(found)

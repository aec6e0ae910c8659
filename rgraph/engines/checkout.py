"""Files as git stores them and as it writes them to the disk: the same file in two forms.

A filter that a repository names is a program, and none is run here. So files that another filter than
that of Git LFS writes count as changed.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_POINTER: Final = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ [^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n(?:[a-z0-9.-]+ [^\n]*\n)*"
)
_LONGEST_POINTER: Final = 1023


def is_pointer_to(stored: bytes, held: bytes) -> bool:
    """Whether a stored file is Git LFS's pointer to what the disk holds (git-lfs, docs/spec.md)."""
    if len(stored) > _LONGEST_POINTER:
        return False
    found = _POINTER.fullmatch(stored)
    return bool(
        found and int(found[2]) == len(held) and found[1].decode() == hashlib.sha256(held).hexdigest()
    )


def is_with_line_feeds(stored: bytes, held: bytes) -> bool:
    """Whether a stored file is what the disk holds, but for lines that end with CR LF there."""
    return len(stored) < len(held) and b"\r" not in stored and held.replace(b"\r\n", b"\n") == stored


def makes_crlf(text: str, eol: str, autocrlf: str, core_eol: str) -> bool:
    """Whether git ends lines with CR LF when it writes a file (gitattributes, "End-of-line conversion").

    `text` and `eol` are the file's attributes as git-check-attr shows them, the others are settings,
    empty if not set. Files that hold NUL bytes are not told from text here.
    """
    if text in ("unset", "input"):
        return False
    if eol in ("crlf", "lf"):
        return eol == "crlf"
    if autocrlf.lower() in ("true", "yes", "on", "1"):
        return True
    return text in ("set", "auto") and core_eol.lower() == "crlf" and autocrlf.lower() != "input"

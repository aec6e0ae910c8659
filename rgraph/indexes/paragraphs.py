"""Files of paragraphs with fields: Debian's Packages and Release, CRAN's PACKAGES.

Sources: deb-control(5) and Debian Policy 5.1; R's `read.dcf`. Paragraphs are parted by empty lines; a
field is `Name: value`, and a line that begins with a blank goes on with the one above.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from rgraph.indexes.interface import FormatError, Release, Releases

_PACKAGE = re.compile(rb"^Package:[ \t]*(\S+)[ \t\r]*$", re.MULTILINE)
_VERSION = re.compile(rb"^Version:[ \t]*(\S+)[ \t\r]*$", re.MULTILINE)
_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)")


def packages(raw: bytes, names: Collection[str]) -> Releases:
    """The versions of some packages. Raises FormatError if no paragraph names a package.

    By expressions over the bytes: a distribution has 60,000 paragraphs, of which few are asked for.
    """
    wanted = {name.encode(): name for name in names}
    found: dict[str, dict[str, None]] = {}
    seen = False
    for match in _PACKAGE.finditer(raw):
        seen = True
        name = wanted.get(match[1])
        if name is not None and (version := _VERSION.search(_paragraph(raw, match.start()))):
            found.setdefault(name, {})[version[1].decode(errors="replace")] = None
    if raw.strip() and not seen:
        raise FormatError("has no paragraph with `Package:`")
    return {name: tuple(map(Release, versions)) for name, versions in found.items()}


def _paragraph(raw: bytes, index: int) -> bytes:
    """The paragraph around an index."""
    start = max(raw.rfind(b"\n\n", 0, index), raw.rfind(b"\n\r\n", 0, index), 0)
    ends = [end for gap in (b"\n\n", b"\n\r\n") if (end := raw.find(gap, index)) >= 0]
    return raw[start : min(ends, default=len(raw))]


def fields(raw: bytes) -> dict[str, str]:
    """The fields of the first paragraph that has any, such as a Release file's; of one over several lines,
    the first.
    """
    found: dict[str, str] = {}
    for line in raw.decode(errors="replace").splitlines():
        if not line.strip() and found:
            if len(found) > 1 or "Hash" not in found:
                break
            found.clear()  # what stands above a signed text (RFC 9580, 7.1)
        elif match := _FIELD.fullmatch(line):
            found.setdefault(match[1], match[2].strip())
    return found


def distribution(release: dict[str, str]) -> str:
    """The distribution of a Release file as Externals name it: `ubuntu-20.04`, `debian-12`; empty if it
    does not say, or if apt installs from it only when asked to (`NotAutomatic`, as backports have it).
    """
    origin, version = release.get("Origin", "").lower(), release.get("Version", "")
    if release.get("NotAutomatic", "").lower() == "yes" or not origin:
        return ""
    if origin == "debian":
        # Point releases and `12-updates` are of one release.
        found = re.match("[0-9]+", version)
        version = found[0] if found else ""
    return f"{origin}-{version}" if version else ""

"""Checked strings: each type has its grammar and one maker, which returns the value or the reason why not.

A maker returns `Bad` and does not raise, because a run collects all problems; `match` tells them apart.
"""

from __future__ import annotations

import re
from typing import NewType

from msgspec import Struct

ImageId = NewType("ImageId", str)
"""`layer:variant`."""
Tag = NewType("Tag", str)
"""Tag of an image (OCI distribution specification, "Pulling manifests")."""
ReleaseTag = NewType("ReleaseTag", str)
"""`YYYYMMDD.vN`."""
Digest = NewType("Digest", str)
"""`sha256:` and 64 hex digits: a registry's digest of what came out of a build."""
Fingerprint = NewType("Fingerprint", str)
"""`sha256:` and 64 hex digits: rgraph's hash of all that goes into an image."""
Repository = NewType("Repository", str)
"""Name of a repository, without registry (OCI distribution specification)."""
Folder = NewType("Folder", str)
"""Relative folder with `/`, without `.` and `..`."""
Platform = NewType("Platform", str)
"""`os/architecture` or `os/architecture/variant`, as Go and OCI name them."""
Purl = NewType("Purl", str)
"""Package URL."""


class Bad(Struct, frozen=True):
    """Why a text is not a name of its kind."""

    what: str
    help: str = ""


_LAYER = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
_REGISTRY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?(?:/[a-z0-9._/-]+)?")
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
_RELEASE = re.compile(r"([0-9]{8})\.v([1-9][0-9]{0,8})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PURL = re.compile(
    r"pkg:[a-z][a-z0-9.+-]*/(?:[A-Za-z0-9._~:%+-]+/)*[A-Za-z0-9._~:%+-]+"
    r"(?:@[A-Za-z0-9._~:%+-]+)?(?:\?[a-z][a-z0-9._-]*=[^#?\s]+)?(?:#[^\s]+)?"
)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(
    r"(?P<name>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)

_LONGEST_FOLDER = 200
"""File systems have limits; Windows' is 260 for a whole path."""

_LONGEST_PATH = 1000

PLATFORMS = (
    *("linux/amd64", "linux/arm64", "windows/amd64", "linux/386", "linux/arm/v5", "linux/arm/v6"),
    *("linux/arm/v7", "linux/loong64", "linux/mips64le", "linux/ppc64le", "linux/riscv64", "linux/s390x"),
)
"""The platforms that images can have: those of Docker's official images."""
DOWNLOADS = PLATFORMS[:3]
"""Those that downloads can differ by: where `uname -m` tells what an image is for."""

RESERVED_LAYERS = frozenset({"axis", "component", "kind", "path", "state"})
"""Prefixes of selectors: a layer of that name could not be selected."""


def layer_name(text: str) -> str | Bad:
    """A layer's, recipe's, stage's or External's name: lower case, digits, `.`, `_` and `-` between."""
    if text in RESERVED_LAYERS:
        return Bad(f"`{text}` is the prefix of a selector", "choose another name")
    if _LAYER.fullmatch(text):
        return text
    return Bad(f"`{text}` is no name", "use lower case letters and digits, with `.`, `_` or `-` between them")


def variant(text: str) -> str | Bad:
    """A variant: it becomes part of tags, so it has their characters."""
    if _VARIANT.fullmatch(text):
        return text
    return Bad(f"`{text}` is no variant", "use letters, digits, `.`, `_` and `-`, at most 128 characters")


def tag(text: str) -> Tag | Bad:
    """A tag."""
    if _TAG.fullmatch(text):
        return Tag(text)
    return Bad(f"`{text}` is no tag", "use letters, digits, `.`, `_` and `-`, at most 128 characters")


def repository(text: str) -> Repository | Bad:
    """A repository's name."""
    if _REPOSITORY.fullmatch(text) and len(text) <= 255:
        return Repository(text)
    return Bad(
        f"`{text}` is no repository",
        "use lower case letters and digits, with `.`, `_`, `-` or `/` between them",
    )


def registry(text: str) -> str | Bad:
    """A registry's host, with port and path if it has them."""
    if _REGISTRY.fullmatch(text):
        return text
    return Bad(f"`{text}` is no registry", "write a host such as `registry.example.com:5000`")


_TAKEN_FOLDERS = frozenset({"docker-bake.json", "graph.svg", "readme.md", "releases"})


def folder(text: str) -> Folder | Bad:
    """A folder below `generated/`."""
    if text.startswith("/") or "\\" in text:
        return Bad(f"`{text}` is no folder below generated/", "write it relative, with `/`")
    segments = text.split("/")
    if ".." in segments or "." in segments:
        return Bad(f"`{text}` leads out of generated/", "leave out `.` and `..`")
    if segments[0].lower() in _TAKEN_FOLDERS:
        return Bad(
            f"`{segments[0]}` below generated/ is taken for the whole catalogue", "choose another folder"
        )
    if all(map(_SEGMENT.fullmatch, segments)) and len(text) <= _LONGEST_FOLDER:
        return Folder(text)
    help = "use letters, digits, `.`, `_`, `+` and `-` between the `/`, at most 200 characters"
    return Bad(f"`{text}` is no folder", help)


def file_path(text: str) -> str | Bad:
    """A file below `manifests/files/`, or one that rgraph generates."""
    made = folder(f"files/{text}")
    if isinstance(made, Bad):
        return Bad(f"`{text}` is no file of manifests/files/", "write its path there, with `/`, without `..`")
    return text


def copied_path(text: str) -> str | Bad:
    """A file or folder below `manifests/files/` to copy, or a pattern for some: any name that a file may
    have there.
    """
    parts = text.removesuffix("/").split("/")
    plain = (
        text.isprintable() and "\\" not in text and not text.startswith("-") and len(text) <= _LONGEST_PATH
    )
    if plain and not any(part in ("", ".", "..") for part in parts):
        return text
    return Bad(f"`{text}` is no file of manifests/files/", "write its path there, with `/`, without `..`")


def platform(text: str) -> Platform | Bad:
    """A platform that rgraph knows."""
    if text in PLATFORMS:
        return Platform(text)
    return Bad(f"`{text}` is no platform", f"one of {', '.join(PLATFORMS)}")


def platform_of_download(text: str) -> Platform | Bad:
    """A platform that a download can be for."""
    if text in DOWNLOADS:
        return Platform(text)
    return Bad(f"`{text}` is no platform that downloads can differ by", f"one of {', '.join(DOWNLOADS)}")


def sha256(text: str) -> str | Bad:
    """A checksum: 64 hex digits, lower case; a leading `sha256:` is left out."""
    digits = text.removeprefix("sha256:").lower()
    if _SHA256.fullmatch(digits):
        return digits
    return Bad(f"`{text}` is no SHA-256 checksum", "64 hex digits")


def digest(text: str) -> Digest | Bad:
    """A registry's digest."""
    if text.startswith("sha256:") and _SHA256.fullmatch(text[7:]):
        return Digest(text)
    return Bad(f"`{text}` is no digest", "`sha256:` and 64 hex digits")


def variable(text: str) -> str | Bad:
    """Name of an environment variable or build argument (POSIX, "Environment Variables")."""
    if _VARIABLE.fullmatch(text):
        return text
    return Bad(f"`{text}` is no name of a variable", "use letters, digits and `_`")


def purl(text: str) -> Purl | Bad:
    """A package URL. The grammar only; that every purl is canonical is shown by tests."""
    if _PURL.fullmatch(text):
        return Purl(text)
    return Bad(
        f"`{text}` is no package URL",
        "write `pkg:TYPE/NAME@VERSION`, for instance `pkg:generic/openmpi@4.1.0`",
    )


def release_tag(text: str) -> ReleaseTag | Bad:
    """A release's tag, its date being one of the calendar."""
    match = _RELEASE.fullmatch(text)
    if match and _is_date(match[1]):
        return ReleaseTag(text)
    return Bad(f"`{text}` is no release tag", "write `YYYYMMDD.vN`, for instance `20261121.v1`")


def release_number(tag: ReleaseTag) -> tuple[str, int]:
    """Date and number of a release: they order releases, N as a number (`v12` comes after `v2`)."""
    date, number = tag.split(".v")
    return date, int(number)


def release_date(text: str) -> str | Bad:
    """A date as releases have it: `YYYYMMDD`; `YYYY-MM-DD` is admitted."""
    compact = text.replace("-", "") if _DAY.fullmatch(text) else text
    if re.fullmatch("[0-9]{8}", compact) and _is_date(compact):
        return compact
    return Bad(f"`{text}` is no date", "write `YYYYMMDD`")


def day(text: str) -> str | Bad:
    """A date as manifests have it: `YYYY-MM-DD`."""
    if _DAY.fullmatch(text) and _is_date(text.replace("-", "")):
        return text
    return Bad(f"`{text}` is no date", "write `YYYY-MM-DD`")


class ImageReference(Struct, frozen=True):
    """Parts of `name[:tag][@digest]`."""

    name: str
    tag: str
    digest: str

    def text(self) -> str:
        """The reference, put together again."""
        return self.name + (self.tag and f":{self.tag}") + (self.digest and f"@{self.digest}")


def reference(text: str) -> ImageReference | Bad:
    """What FROM takes (docker/distribution's grammar, with lower-case repositories)."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        help = "use `/` and not `\\`" if "\\" in text else "write `[registry/]repository[:tag][@sha256:...]`"
        return Bad(f"`{text}` is no reference of an image", help)
    return ImageReference(match["name"], match["tag"] or "", match["digest"] or "")


def _is_date(compact: str) -> bool:
    year, month, day = int(compact[:4]), int(compact[4:6]), int(compact[6:])
    if not 1 <= month <= 12 or year < 1:
        return False
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 1 <= day <= (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]

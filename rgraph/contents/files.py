"""Which files of an image say what is installed, and the shell script that gathers them.

Where they are: dpkg(1), "FILES", and for images without dpkg `status.d` as distroless images have it;
conda's documentation, "conda-meta"; Python packaging user guide, "Recording installed projects"; R
Installation and Administration, "Managing libraries"; os-release(5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from msgspec import Struct, field

SIZE: Final = 16 << 20
"""Bytes of the largest file that is read; a larger one is none of these."""
NUMBER: Final = 200_000
"""Most files that are read of one image."""

_WANTED: Final = re.compile(
    r"var/lib/dpkg/status(?:\.d/[^/]+)?"
    r"|var/lib/dpkg/info/[^/]+\.list"
    r"|usr/share/doc/[^/]+/copyright"
    r"|(?:.*/)?conda-meta/[^/]+\.json"
    r"|(?:.*/)?[^/]+\.dist-info/METADATA"
    r"|(?:.*/)?[^/]+\.egg-info(?:/PKG-INFO)?"
    r"|(?:.*/)?[^/]+/DESCRIPTION"
    r"|(?:etc|usr/lib)/os-release"
)
_LINKS: Final = re.compile(r"usr/share/doc/[^/]+|etc/os-release")
"""Links that lead to one of them."""

SCRIPT: Final = r"""
cd / || exit 1
command -v find > /dev/null && command -v tar > /dev/null || exit 1
{
  find ./var/lib/dpkg/status ./var/lib/dpkg/status.d ./etc/os-release ./usr/lib/os-release \
    '(' -type f -o -type l ')' -print
  find ./var/lib/dpkg/info -name '*.list' -print
  find ./usr/share/doc -maxdepth 1 -type l -print
  find ./usr/share/doc -maxdepth 2 -name copyright -print
  find . '(' -path ./proc -o -path ./sys -o -path ./dev ')' -prune -o -type f '(' \
    -path '*/conda-meta/*.json' -o -path '*.dist-info/METADATA' -o -path '*.egg-info/PKG-INFO' \
    -o -name '*.egg-info' -o -name DESCRIPTION ')' -print
} 2> /dev/null | tar -cf - -T - 2> /dev/null
"""
"""Runs in a container of the image, as root and without network; it writes a tar to stdout. What it names
begins with `./`, so that tar takes none of it for an option.
"""


class Files(Struct, frozen=True):
    """The files that were gathered from an image; paths have no `/` at their beginning."""

    contents: Mapping[str, bytes]
    links: Mapping[str, str] = field(default_factory=dict)
    """Path of a link -> path that it leads to, both from the root."""

    def read(self, path: str) -> bytes | None:
        """The content of a file, by way of a link to it or to its folder."""
        if path in self.contents:
            return self.contents[path]
        folder, _, name = path.rpartition("/")
        other = self.links.get(path) or (f"{self.links[folder]}/{name}" if folder in self.links else "")
        return self.contents.get(other)


def plain_path(name: str) -> str:
    """A path of a tar as it is known here: no `./` and no `/` before it."""
    return name.removeprefix("./").lstrip("/")


def is_wanted(path: str) -> bool:
    """Whether a file says what is installed."""
    return _WANTED.fullmatch(path) is not None


def is_wanted_link(path: str) -> bool:
    """Whether a link may lead to such a file."""
    return _LINKS.fullmatch(path) is not None


def target_of(path: str, link: str) -> str:
    """Where a link leads, as a path from the root; empty if that is outside."""
    parts = [] if link.startswith("/") else path.split("/")[:-1]
    for each in link.split("/"):
        if each == ".." and not parts:
            return ""
        if each == "..":
            parts.pop()
        elif each not in ("", "."):
            parts.append(each)
    return "/".join(parts)


def without_caches(files: Files) -> Files:
    """Files without those of conda's caches of packages, which are unpacked there and not installed."""
    left_out = cached(files.contents)
    kept = {path: content for path, content in files.contents.items() if path not in left_out}
    return Files(kept, files.links)


def cached(paths: Collection[str]) -> set[str]:
    """Which paths are in conda's caches.

    A cache is `pkgs` beside `conda-meta` or `envs`, or in a folder that is conda's or mamba's by its name, as
    `~/.conda` is (conda's documentation, "Specify package directories"); each package has a folder in it.
    """
    roots = {match[1] for path in paths if (match := _ENVIRONMENT.fullmatch(path))}
    return {
        path
        for path in paths
        if (match := _CACHED.fullmatch(path)) and (match[1] in roots or _OF_CONDA.fullmatch(match[1]))
    }


_ENVIRONMENT: Final = re.compile(r"((?:.*?/)??)(?:envs/[^/]+/)?conda-meta/[^/]+\.json")
_CACHED: Final = re.compile(r"((?:.*?/)??)pkgs/[^/]+/.*")
_OF_CONDA: Final = re.compile(r"(?:.*/)?[^/]*(?:conda|mamba)[^/]*/")

"""Which files are Dockerfiles, and the images that a folder of them says are built."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from rgraph.errors import Place
from rgraph.importing.model import ParsedFile, SourceImage

LEFT_OUT: Final = frozenset({".git", ".hg", ".svn", "node_modules", "__pycache__"})
"""Folders that hold no Dockerfiles of the repository's own."""

_NAMED: Final = re.compile(
    r"(?:dockerfile|containerfile)(?:[.\-_].+)?|.+[.\-_](?:dockerfile|containerfile)", re.IGNORECASE
)
_OTHER: Final = frozenset(
    ("dockerignore", "md", "rst", "adoc", "j2", "jinja", "jinja2", "tmpl", "tpl", "template", "in", "erb")
) | {"mustache", "orig", "rej", "bak", "swp", "swo", "lock"}
"""Endings of files about Dockerfiles, or of which Dockerfiles are made."""
_UNSURE: Final = frozenset(
    ("cs", "go", "js", "ts", "py", "rb", "rs", "java", "kt", "scala", "php", "pl", "lua", "r", "sh", "bash")
) | {"ps1", "psm1", "bat", "cmd", "yml", "yaml", "json", "toml", "xml", "txt", "html"}
"""Endings of source code, which are words that people tell Dockerfiles apart by, too."""
_FROM: Final = re.compile(rb"^[ \t]*FROM[ \t]+\S", re.IGNORECASE | re.MULTILINE)
_GENERIC: Final = frozenset({"docker", "container", "build", ""})
"""Folders whose name says nothing about an image."""


def is_named(name: str) -> Literal["yes", "no", "unsure"]:
    """Whether a file's name is that of a Dockerfile; `unsure` if its contents must tell."""
    if not _NAMED.fullmatch(name) or name.endswith("~"):
        return "no"
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    if ending in _OTHER:
        return "no"
    return "unsure" if ending in _UNSURE else "yes"


def has_from(head: bytes) -> bool:
    """Whether the beginning of a file has a line that can be a FROM."""
    return _FROM.search(head) is not None


def source_images(files: Sequence[ParsedFile], args: Mapping[str, str]) -> tuple[SourceImage, ...]:
    """One image for each Dockerfile; what it is called otherwise, nobody says.

    The build context is the Dockerfile's folder, as `docker build FOLDER` has it.
    """
    return tuple(
        SourceImage(
            name=file.path,
            dockerfile=file.path,
            context=file.path.rpartition("/")[0],
            args=args,
            target="",
            tags=(),
            platforms=(),
            contexts={},
            place=Place(file.path),
        )
        for file in files
    )


def called(path: str) -> tuple[str, ...]:
    """The words that tell the image of a Dockerfile apart, the most general first: `base`, `cpu`.

    Of `r-base/cpu/Dockerfile` they are the folders' names; of `x/r-ver_4.3.1.Dockerfile` and of
    `x/Dockerfile.r-ver_4.3.1` also what the file's name adds.
    """
    *folders, name = path.split("/")
    parts = [folder for folder in folders if folder.lower() not in _GENERIC]
    own = re.sub(r"(?i)^(?:dockerfile|containerfile)[.\-_]?|[.\-_]?(?:dockerfile|containerfile)$", "", name)
    return (*parts, own) if own else tuple(parts)

"""A project's page in a Python package index.

Sources: the simple repository API (PEP 503 HTML, PEP 691 JSON, PEP 592 yanking, PEP 700 versions), and
the binary distribution and source distribution formats for the names of files.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct, field

from rgraph.indexes.interface import FormatError, Release

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
"""What to ask an index for (PEP 691, "Version + Format Selection")."""


def normalized(name: str) -> str:
    """A project's name as indexes have it (PEP 503, "Normalized Names")."""
    return re.sub(r"[-_.]+", "-", name).lower()


class _File(Struct):
    filename: str
    yanked: bool | str = False


class _Project(Struct):
    files: list[_File]
    versions: list[str] = field(default_factory=list)


def releases(raw: bytes, project: str) -> tuple[Release, ...]:
    """The versions of a project's page, JSON or HTML. Raises FormatError.

    A version is yanked if all its files are (PEP 592).
    """
    if raw.lstrip()[:1] == b"{":
        try:
            page = msgspec.json.decode(raw, type=_Project)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise FormatError(f"is no page of a package index: {error}") from None
        files = [(each.filename, each.yanked is not False) for each in page.files]
    else:
        parser = _Page()
        parser.feed(raw.decode(errors="replace"))
        if not parser.files and b"<html" not in raw[:2000].lower() and b"<a" not in raw[:2000].lower():
            raise FormatError("is no page of a package index")
        files = parser.files
    return _by_version(files, normalized(project))


def releases_of(names: Iterable[str], project: str) -> tuple[Release, ...]:
    """The versions of a project among the names of files."""
    return _by_version(((name, False) for name in names), normalized(project))


def _by_version(files: Iterable[tuple[str, bool]], project: str) -> tuple[Release, ...]:
    yanked: dict[str, bool] = {}
    for name, taken_back in files:
        version = _version(name, project)
        if version:
            yanked[version] = yanked.get(version, True) and taken_back
    return tuple(Release(version, taken_back) for version, taken_back in yanked.items())


def _version(filename: str, project: str) -> str:
    """The version in the name of a wheel or a source archive of a project; empty if it is neither."""
    # Late, as few commands need it: importing packaging takes a tenth of the time of a small plan.
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )
    from packaging.version import InvalidVersion

    try:
        if filename.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
        return ""
    return str(version) if name == project else ""


class _Page(HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.files: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A link, and whether its file is yanked."""
        given = dict(attrs)
        href = given.get("href")
        if tag == "a" and href:
            name = unquote(urlsplit(html.unescape(href)).path.rpartition("/")[2])
            self.files.append((name, "data-yanked" in given))

"""Indexes of packages: which versions there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from rgraph.engines.addresses import shown
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.locations import local_path, netrc_login, read_location
from rgraph.engines.pip_settings import PipSources, pip_sources
from rgraph.engines.web import Web
from rgraph.indexes import conda, paragraphs, pypi
from rgraph.indexes.interface import FormatError, Release, Releases

Asked = tuple[str, str, str]
"""Type, source, name: see `rgraph.outdated`."""
Named = tuple[str, str]
"""A source (empty: any), and a file or address."""

LISTS: Final = Path("/var/lib/apt/lists")
"""apt's package lists on this machine (apt(8), FILES)."""


class Locations(Struct, frozen=True):
    """Where the indexes are."""

    index: str = ""
    """Python package index; empty for those that pip is configured for."""
    apt: tuple[Named, ...] = ()
    """`Packages` files, by distribution (`ubuntu-20.04`) or name of a repository."""
    conda: tuple[Named, ...] = ()
    """`repodata.json` files, by channel."""
    cran: tuple[str, ...] = ()
    """CRAN's `PACKAGES` files."""
    lists: Path | None = LISTS
    """Folder of apt's lists; they count for distributions of which no file is given. None: not read."""


class Found(Struct):
    """What the indexes said."""

    releases: dict[Asked, tuple[Release, ...]] = field(default_factory=dict)
    unknown: dict[Asked, str] = field(default_factory=dict)
    """Why there is no answer."""
    failures: list[CouldNotAskError] = field(default_factory=list)


def ask(web: Web, locations: Locations, asked: Iterable[Asked]) -> Found:
    """Asks for each package once. Who could not be asked is among the failures."""
    found = Found()
    by_source: dict[tuple[str, str], dict[str, None]] = {}
    for type, source, name in asked:
        by_source.setdefault((type, source), {})[name] = None
    files = _Files(web, locations)
    for (type, source), names in by_source.items():
        try:
            if type == "pypi":
                _ask_projects(web, locations, source, list(names), found)
                continue
            answer = files.releases(type, source, list(names))
        except CouldNotAskError as error:
            found.failures.append(error)
            found.unknown.update({(type, source, name): "its index could not be asked" for name in names})
            continue
        for name in names:
            if isinstance(answer, str):
                found.unknown[type, source, name] = answer
            elif name in answer:
                found.releases[type, source, name] = answer[name]
    return found


def _ask_projects(web: Web, locations: Locations, source: str, names: Sequence[str], found: Found) -> None:
    sources = _sources(locations, source)
    if any("$" in each for each in sources.indexes):
        found.unknown.update({("pypi", source, name): "its index is in a variable" for name in names})
        return

    def one(name: str) -> tuple[Release, ...] | CouldNotAskError:
        try:
            of_indexes = (release for index in sources.indexes for release in _project(web, index, name))
            return (*of_indexes, *(release for link in sources.links for release in _linked(web, link, name)))
        except CouldNotAskError as error:
            return error

    with ThreadPoolExecutor(max_workers=web.limits.connections) as threads:
        for name, answer in zip(names, threads.map(one, names), strict=True):
            if isinstance(answer, CouldNotAskError):
                found.failures.append(answer)
                found.unknown["pypi", source, name] = "its index could not be asked"
            else:
                found.releases["pypi", source, name] = answer


def _sources(locations: Locations, source: str) -> PipSources:
    """Addresses of indexes; `-` stands for what the configuration names."""
    indexes: dict[str, None] = {}
    links: tuple[str, ...] = ()
    for each in source.split() or ["-"]:
        if each != "-" or locations.index:
            indexes[locations.index if each == "-" else each] = None
        else:
            configured = pip_sources()
            indexes.update(dict.fromkeys(configured.indexes))
            links = configured.links
    return PipSources(tuple(indexes), links)


def _linked(web: Web, link: str, name: str) -> tuple[Release, ...]:
    """The versions of a project among the files of a folder, or among the links of a page; pip looks at
    what is not there no further.
    """
    path = local_path(link)
    if path is not None and (path.is_dir() or path.suffix.lower() not in (".html", ".htm")):
        try:
            names = os.listdir(path) if path.is_dir() else [path.name] if path.exists() else []
        except OSError as error:
            raise CouldNotAskError(link, (error.strerror or "it cannot be read").lower()) from error
        return pypi.releases_of(sorted(names), name)
    raw = read_location(web, link)
    return () if isinstance(raw, Missing) else _page(link, raw, name)


def _project(web: Web, index: str, name: str) -> tuple[Release, ...]:
    """The versions of a project in one index; none if it does not have it."""
    url = f"{index.rstrip('/')}/{name}/"
    raw = read_location(web, url, {"Accept": pypi.ACCEPT, **netrc_login(url)})
    return () if isinstance(raw, Missing) else _page(url, raw, name)


def _page(url: str, raw: bytes, name: str) -> tuple[Release, ...]:
    try:
        return pypi.releases(raw, name)
    except FormatError as error:
        raise CouldNotAskError(shown(url), f"its answer {error.what}") from None


_Parser = Callable[[bytes, Sequence[str]], Releases]
_PARSERS: Final[Mapping[str, _Parser]] = {
    "deb": paragraphs.packages,
    "cran": paragraphs.packages,
    "conda": conda.repodata,
}


class _Files:
    """Indexes that are files: each is read once, and only if it is asked for."""

    def __init__(self, web: Web, locations: Locations) -> None:
        self._web = web
        self._locations = locations
        self._lists: dict[str, list[str]] | None = None

    def releases(self, type: str, source: str, names: Sequence[str]) -> Releases | str:
        """The versions of some packages, or why there are none. Raises CouldNotAskError."""
        given = {"deb": self._locations.apt, "conda": self._locations.conda}.get(
            type, tuple(("", each) for each in self._locations.cran)
        )
        chosen = [where for name, where in given if not name or name == source]
        if type == "deb" and not chosen and source:
            chosen = self._apt_lists().get(source, [])
        if not chosen:
            return _nothing_given(type, source)
        found: dict[str, tuple[Release, ...]] = {}
        for where in chosen:
            for name, releases in self._read(type, where, names).items():
                found[name] = (*found.get(name, ()), *releases)
        return found

    def _read(self, type: str, where: str, names: Sequence[str]) -> Releases:
        raw = read_location(self._web, where)
        if isinstance(raw, Missing):
            raise CouldNotAskError(shown(where), "it is not there")
        try:
            return _PARSERS[type](raw, names)
        except FormatError as error:
            raise CouldNotAskError(shown(where), f"it {error.what}") from None

    def _apt_lists(self) -> dict[str, list[str]]:
        """Distribution -> its package lists on this machine."""
        if self._lists is None:
            self._lists = {}
            for distribution, path in _lists_in(self._locations.lists):
                self._lists.setdefault(distribution, []).append(path)
        return self._lists


def _nothing_given(type: str, source: str) -> str:
    match type:
        case "deb":
            where = f"of {source} " if source else ""
            return f"no package list {where}is on this machine: `--apt {source or 'NAME'}=FILE`"
        case "conda":
            return f"no index of the channel is given: `--conda {source or 'CHANNEL'}=FILE`"
    return "no index is given: `--cran FILE`"


def _lists_in(folder: Path | None) -> Iterator[tuple[str, str]]:
    """Distribution and path of each package list in a folder of apt's; the names of lists begin with that
    of their suite's Release file.
    """
    if folder is None or not folder.is_dir():
        return
    files = sorted(folder.iterdir())
    for release in files:
        for end in ("_InRelease", "_Release"):
            if not release.name.endswith(end):
                continue
            try:
                distribution = paragraphs.distribution(paragraphs.fields(release.read_bytes()))
            except OSError:
                continue
            begin = release.name.removesuffix(end) + "_"
            for each in files if distribution else ():
                if each.name.startswith(begin) and each.name.partition("_Packages")[1]:
                    yield distribution, str(each)

"""Advisories in OSV format, from a folder or a zip: JSON as OSV publishes it, YAML as databases keep it.

What is no advisory that can be judged is left out and named, with the reason; nothing is unpacked, no
symbolic link is followed, and sizes are bounded.
"""

from __future__ import annotations

import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Final

from msgspec import Struct

from rgraph.advisories.index import index
from rgraph.advisories.interface import Advisories, Advisory
from rgraph.errors import Place, Problem, Problems, UsageError
from rgraph.files.advisory import read_advisory
from rgraph.files.second_half import in_halves
from rgraph.files.tree import LINK_HELP, read, scan, shown

MAX_SIZE: Final = 32 * 2**20
"""Largest advisory, in bytes. The largest that are known list packages of a kernel and have some MB."""
MAX_ADVISORIES: Final = 1_000_000
"""Most files of a run."""
MAX_ZIP: Final = 2**30
"""Largest zip, in bytes."""
MAX_UNPACKED: Final = 4 * 2**30
"""Most that a zip may unpack to, in bytes."""

_HELP: Final = "`--advisories` takes a folder or a zip of advisories in OSV format"
_ENDINGS: Final = (".json", ".yaml", ".yml")


class _Part(Struct, gc=False):
    """Some of the advisories, and what is wrong with the others."""

    advisories: list[Advisory]
    problems: list[Problem]


def read_advisories(source: Path) -> Advisories:
    """All advisories below a folder, or in a zip.

    Files that end with `.json`, `.yaml` or `.yml` are read, hidden ones are left alone. What cannot be
    used is named in `skipped`, each file as NAME/PATH, NAME being the folder's or zip's. Raises
    UsageError if nothing is there, or no advisory.
    """
    if not source.exists():
        raise UsageError(f"there is no `{source}`", _HELP)
    name = shown(source.resolve().name)
    problems = Problems()
    parts = _of_folder(source, name, problems) if source.is_dir() else _of_zip(source, name, problems)
    advisories = [each for part in parts for each in part.advisories]
    skipped = sorted(
        (*problems, *(each for part in parts for each in part.problems)),
        key=lambda each: (each.place.file, each.what),
    )
    if not advisories:
        raise UsageError(f"`{source}` holds no advisory{_first(skipped)}", _HELP)
    return index(name, advisories, skipped)


def _first(skipped: Sequence[Problem]) -> str:
    if not skipped:
        return ""
    more = f"; {len(skipped) - 1} more are like it" if len(skipped) > 1 else ""
    return f": {skipped[0].place.file}: {skipped[0].what}{more}"


def _of_folder(source: Path, name: str, problems: Problems) -> list[_Part]:
    paths = list(_paths(os.fspath(source), name, problems))
    if len(paths) > MAX_ADVISORIES:
        raise UsageError(f"`{source}` holds more than {MAX_ADVISORIES} files", "is it the right folder?")
    return in_halves(paths, _read_files, _Part)


def _paths(folder: str, file: str, problems: Problems) -> Iterator[tuple[str, str]]:
    for name, path, kind in sorted(scan(folder, file, problems)):
        below = f"{file}/{shown(name)}"
        if name.startswith("."):
            continue
        if kind == "link":
            problems.add(Place(below), "is a symbolic link", LINK_HELP)
        elif kind == "folder":
            yield from _paths(path, below, problems)
        elif name.lower().endswith(_ENDINGS):
            yield below, path
        elif name.lower().endswith(".zip"):
            problems.add(Place(below), "is a zip inside of the folder", "unpack it, or point to it alone")


def _read_files(paths: Sequence[tuple[str, str]]) -> _Part:
    problems = Problems()

    def contents() -> Iterator[tuple[str, bytes]]:
        for file, path in paths:
            raw = read(path, file, MAX_SIZE, problems)
            if raw is not None:
                yield file, raw

    return _read_all(contents(), problems)


def _of_zip(source: Path, name: str, problems: Problems) -> list[_Part]:
    content = read(os.fspath(source.resolve()), name, MAX_ZIP, problems)
    if content is None:
        raise UsageError(f"`{source}`: {next(iter(problems)).what}", _HELP)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            entries = list(_entries(source, archive, name, problems))
            # The copy that reads the second half has the content, and its own place in it.
            return in_halves(entries, lambda part: _read_entries(archive, name, part), _Part)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise UsageError(f"`{source}` is neither a folder nor a zip: {str(error).lower()}", _HELP) from None


def _entries(
    source: Path, archive: zipfile.ZipFile, name: str, problems: Problems
) -> Iterator[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MAX_ADVISORIES:
        raise UsageError(f"`{source}` holds more than {MAX_ADVISORIES} files", "is it the right zip?")
    unpacked = sum(each.file_size for each in entries)
    if unpacked > MAX_UNPACKED:
        limit = f"more than the {MAX_UNPACKED // 2**20} that are read"
        what = f"`{source}` unpacks to {unpacked // 2**20} MiB, {limit}"
        raise UsageError(what, "is it the right zip?")
    for entry in sorted(entries, key=lambda each: each.filename):
        parts = entry.filename.split("/")
        if entry.is_dir() or any(each.startswith(".") and each not in (".", "..") for each in parts):
            continue
        if entry.filename.lower().endswith(".zip"):
            place = Place(f"{name}/{shown(entry.filename)}")
            problems.add(place, "is a zip inside of the zip", "unpack it, and point to the folder")
        if not entry.filename.lower().endswith(_ENDINGS):
            continue
        what, help = _entry_fault(entry, parts)
        if what:
            problems.add(Place(f"{name}/{shown(entry.filename)}"), what, help)
        else:
            yield entry


def _entry_fault(entry: zipfile.ZipInfo, parts: list[str]) -> tuple[str, str]:
    if {"", ".", ".."} & set(parts) or "\\" in entry.filename:
        return "its path leads out of the zip", "a path in a zip is relative, with `/`, without `..`"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "is a symbolic link", LINK_HELP
    if entry.flag_bits & 1:
        return "is encrypted", "rgraph asks for no passwords: make a zip without"
    if entry.file_size > MAX_SIZE:
        return (
            f"has {-(-entry.file_size // 2**20)} MiB, more than the {MAX_SIZE // 2**20} MiB that are read",
            "",
        )
    return "", ""


def _read_entries(archive: zipfile.ZipFile, name: str, entries: Sequence[zipfile.ZipInfo]) -> _Part:
    problems = Problems()

    def contents() -> Iterator[tuple[str, bytes]]:
        for entry in entries:
            file = f"{name}/{shown(entry.filename)}"
            try:
                with archive.open(entry) as stream:
                    # One more than it says it has, so that its checksum is compared.
                    yield file, stream.read(entry.file_size + 1)
            except (
                zipfile.BadZipFile,
                zlib.error,
                lzma.LZMAError,
                NotImplementedError,
                EOFError,
                OSError,
            ) as error:
                problems.add(Place(file), f"cannot be unpacked: {str(error).lower()}")

    return _read_all(contents(), problems)


def _read_all(contents: Iterator[tuple[str, bytes]], problems: Problems) -> _Part:
    found = [read_advisory(file, raw, problems) for file, raw in contents]
    return _Part([each for each in found if each is not None], list(problems))

"""Packages of conda, as `conda-meta` of each environment has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

import msgspec
from msgspec import Struct, field

from rgraph.contents.files import Files
from rgraph.contents.installed import Installed
from rgraph.contents.spdx import spdx_of
from rgraph.steps.interface import Component

_META: Final = re.compile(r"((?:.*/)?)conda-meta/[^/]+\.json")


class _Record(Struct, frozen=True):
    """What conda writes of a package (conda's documentation, "Package metadata": `repodata_record`)."""

    name: str = ""
    version: str = ""
    channel: str = ""
    license: str | None = None
    files: list[str] = field(default_factory=list)


def conda_packages(files: Files) -> Iterator[Installed]:
    """What is installed, in all environments."""
    for path, _, record in _records(files):
        channel = _channel(record.channel)
        qualifiers = (("channel", channel),) if channel else ()
        component = Component("conda", record.name.lower(), record.version, qualifiers=qualifiers)
        yield Installed("conda", component.name, component, spdx_of(record.license or ""), path)


def conda_owners(files: Files, paths: Collection[str]) -> dict[str, str]:
    """Which package has put some files where they are: path -> `conda NAME`."""
    found = {}
    for _, prefix, record in _records(files):
        for name in record.files:
            if (path := f"{prefix}{name}") in paths:
                found[path] = f"conda {record.name}"
    return found


def _records(files: Files) -> Iterator[tuple[str, str, _Record]]:
    """Path, environment and content of each record that can be read."""
    for path, content in files.contents.items():
        if match := _META.fullmatch(path):
            try:
                record = msgspec.json.decode(content, type=_Record)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if record.name and record.version:
                yield path, match[1], record


def _channel(url: str) -> str:
    """The name of a channel; an address may hold a token, and nothing of it is kept."""
    if "://" not in url:
        return url if re.fullmatch(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)?", url) else ""
    match = re.fullmatch(r"https?://conda\.anaconda\.org/([A-Za-z0-9_.-]+)(?:/[a-z0-9-]+)?/?", url)
    return match[1] if match else ""

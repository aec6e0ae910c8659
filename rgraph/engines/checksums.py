"""SHA-256 of files on the web."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from rgraph.engines.addresses import host_of, is_plain, shown
from rgraph.engines.answers import Answer, Answers, ask_all
from rgraph.engines.credentials import basic
from rgraph.engines.errors import CouldNotAskError, Missing, Refused
from rgraph.engines.progress import SILENT, Progress
from rgraph.engines.web import Web, pieces

_AT_ONCE: Final = 4
"""Downloads at a time: they are long, and most come from the same few servers."""
_SPARE: Final = 60
"""Seconds more than a download may take: then nothing came at all."""
_OK, _NOT_FOUND, _GONE = 200, 404, 410


class DownloadLimits(Struct, frozen=True):
    """How much to download for one checksum."""

    size: int = 16 << 30
    """Bytes. Installers of CUDA have 4 GB."""
    seconds: float = 3600


def checksums(
    web: Web, urls: Iterable[str], limits: DownloadLimits | None = None, progress: Progress = SILENT
) -> Answers:
    """SHA-256 of many downloads, a few at a time."""
    limits = limits or DownloadLimits()
    patience = limits.seconds + _SPARE
    return ask_all(urls, lambda url: checksum(web, url, limits, progress), _AT_ONCE, patience, progress)


def checksum(web: Web, url: str, limits: DownloadLimits | None = None, progress: Progress = SILENT) -> Answer:
    """SHA-256 of a download, 64 hex digits: of the bytes as they are sent, which is what curl and wget keep.

    Nothing is written to disk. Raises CouldNotAskError if the server cannot be asked, denies access, or
    breaks off: half of a file has no checksum.
    """
    limits = limits or DownloadLimits()
    if refused := _refused(web, url):
        return refused
    end = time.monotonic() + limits.seconds
    with web.opened("GET", url, _login(url)) as response:
        if response.status in (_NOT_FOUND, _GONE):
            return Missing(f"{shown(url)} is not there ({response.status})")
        if response.status != _OK:
            raise CouldNotAskError(shown(url), f"it answers with {response.status}", _help(response.status))
        sum, size = hashlib.sha256(), 0
        for piece in pieces(response, url, decode=False):
            sum.update(piece)
            size += len(piece)
            progress.read(len(piece))
            if size > limits.size:
                return Refused(f"{shown(url)} has more than {limits.size:,} bytes")
            if time.monotonic() > end:
                raise CouldNotAskError(shown(url), f"it took longer than {limits.seconds:g} s")
    return sum.hexdigest() if size else Refused(f"{shown(url)} is empty")


def _refused(web: Web, url: str) -> Refused | None:
    """Why an address is not asked: a checksum of what anybody on the way can change protects nobody."""
    scheme = urlsplit(url).scheme
    if scheme == "https" or (scheme == "http" and is_plain(host_of(url), web.plain_http)):
        return None
    help = "use `https://`, or write the checksum that its makers publish into the manifest"
    if scheme == "http":
        return Refused(f"{shown(url)} is not encrypted: anybody on the way can change it", help)
    return Refused(f"{shown(url)} is no address of a web server", help)


def _login(url: str) -> dict[str, str]:
    """The header for a user and password in the address, as curl and wget send it."""
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    return {"Authorization": basic(unquote(user))} if at else {}


def _help(status: int) -> str:
    if status in (401, 403):
        return "write the checksum that its makers publish into the manifest"
    return ""

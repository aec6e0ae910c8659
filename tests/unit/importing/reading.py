"""Dockerfiles as images of an import, without a disk."""

from __future__ import annotations

from collections.abc import Mapping

from rgraph.errors import Place
from rgraph.importing.edges import Resolution, resolve
from rgraph.importing.model import ParsedFile, SourceImage
from rgraph.importing.parsing import parse


def file(text: str, path: str = "Dockerfile") -> ParsedFile:
    """A Dockerfile that parses."""
    made = parse(path, text)
    assert isinstance(made, ParsedFile), made
    return made


def image(
    path: str = "Dockerfile",
    *,
    args: Mapping[str, str] | None = None,
    target: str = "",
    tags: tuple[str, ...] = (),
    platforms: tuple[str, ...] = (),
    contexts: Mapping[str, str] | None = None,
) -> SourceImage:
    """An image that a source names."""
    context = path.rpartition("/")[0]
    return SourceImage(path, path, context, args or {}, target, tags, platforms, contexts or {}, Place(path))


def resolution(text: str, source: SourceImage | None = None) -> Resolution:
    """What an image needs."""
    made = resolve(file(text), source or image())
    assert isinstance(made, Resolution), made
    return made

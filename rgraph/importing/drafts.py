"""An image on its way into a manifest: all that a layer says about it, as data of the manifest language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, field

Data = dict[str, Any]
Lines = Callable[[Data], int]
"""Lines that a manifest takes."""

MARK: Final = "image:"
"""Stands before the key of an image, as long as the image has no id."""


class _Noted(dict[str, Any]):
    """A step, and what stands above it."""

    comment = ""


def noted(step: Data, comment: str) -> Data:
    """A step with a comment, which is no part of its data."""
    if not comment:
        return step
    made = _Noted(step)
    made.comment = comment
    return made


def comment_of(step: Data) -> str:
    """The comment above a step; empty if it has none."""
    return step.comment if isinstance(step, _Noted) else ""


class DraftStage(Struct, frozen=True):
    """A build stage."""

    name: str
    source: str
    """Id of an image, name of an External or of an earlier stage."""
    steps: tuple[Data, ...]
    platform: str = ""


class Draft(Struct, frozen=True):
    """One image. All texts are escaped: what looks like an expression in one is one."""

    key: str
    """Its name in what is imported; unique."""
    stem: str
    """What the image is called by those who made it: the last folder, or a part of the file's name."""
    variant: str
    repository: str
    tags: tuple[str, ...]
    folder: str
    from_: str
    """Id of an image or name of an External."""
    platforms: tuple[str, ...] = ()
    args: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[DraftStage, ...] = ()
    steps: tuple[Data, ...] = ()
    entrypoint: Any = None
    cmd: Any = None
    healthcheck: Any = None


class Folded(Struct, frozen=True):
    """A layer, and what it was made of."""

    drafts: tuple[Draft, ...]
    document: Data


def r_or_base(drafts: tuple[Draft, ...]) -> str:
    """The `kind` of a layer: it groups, and limits nothing."""
    if not any(":" in draft.from_ for draft in drafts):
        return "base"
    kinds = {key for draft in drafts for step in draft.steps for key in step}
    return "r" if kinds & {"cran", "bioconductor", "github", "url"} else "framework"

"""Why an image changed, as values."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from rgraph.errors import Place

Kind = Literal[
    "new",
    "removed",
    "package",
    "step",
    "setting",
    "parameter",
    "matrix",
    "parent",
    "external",
    "lock",
    "fact",
    "notice",
    "file",
    "test",
    "stage",
    "license",
    "template",
    "tag",
]
"""What changed: an image that was not there before or is not there any more; a package (any component);
a step; a setting of a step or of the image; an argument or default of a recipe; the row of a matrix; the
parent, for another one; an External; an entry of the lock; a licence fact; a text of `manifests/notices/`;
a file of `manifests/files/`; a test; a build stage; the catalogue's own licence or source offer; rgraph's
own layout of files; a tag that is missing."""


class Cause(Struct, frozen=True, kw_only=True):
    """One change, and where it was made."""

    kind: Kind
    change: Literal["added", "removed", "changed", "moved"]
    what: str
    """What changed, as manifests name it: `openssl`, `env LEVEL`, `reference`."""
    before: str = ""
    """Empty if there was nothing, or if it cannot be said in a line."""
    after: str = ""
    old: Place | None = None
    """Where it stood; None if it stood nowhere."""
    new: Place | None = None
    """Where it stands."""
    step: str = ""
    """The kind of the step that it is part of: `apt`, `conda`, ..."""
    recipe: str = ""
    """The recipe that the step stands in."""
    of: str = ""
    """The External, component or stage that it is part of."""


class Told(Struct, frozen=True):
    """A cause, and the way by which it reached an image."""

    cause: Cause
    way: tuple[str, ...]
    """The image, its parent, ..., and the image that has the cause by itself."""


class Story(Struct, frozen=True):
    """Why one image is not what it was."""

    id: str
    state: Literal["new", "changed", "unchanged", "removed"]
    old: str = ""
    """Its fingerprint before; empty if it was not there."""
    new: str = ""
    """Its fingerprint now."""
    causes: tuple[Told, ...] = ()
    """The root causes, each once: the nearest first. None for an image that did not change."""

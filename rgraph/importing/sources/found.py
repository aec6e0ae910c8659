"""What a source says, and reading its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field, structs

from rgraph.errors import Place, Problem
from rgraph.importing.model import SourceImage

Read = Callable[[str], "str | None"]
"""The text of a file by its path below the root; None if it cannot be had, which is noted elsewhere."""

_LONGEST: Final = 200


class Found(Struct, frozen=True):
    """What a source says is built."""

    images: tuple[SourceImage, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    """What is left out of the import, and why."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Dockerfiles that the source holds itself, by the path that they have or would have."""
    unresolved: int = 0
    """Tags that cannot be known."""


class SourceError(ValueError):
    """A source cannot be read: where, what and how to mend it."""

    def __init__(self, place: Place, what: str, help: str = "") -> None:
        super().__init__(what)
        self.problem = Problem(place, what, help)


def decoded(path: str, text: str) -> dict[str, Any]:
    """A file of JSON that holds an object. Raises SourceError."""
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused)
    except json.JSONDecodeError as error:
        place = Place(path, line=error.lineno, column=error.colno)
        raise SourceError(place, f"is no JSON: {error.msg}") from None
    except _Twice as error:
        raise SourceError(Place(path, line=line_of(text, str(error), 2)), f"`{error}` stands twice") from None
    except (RecursionError, ValueError) as error:
        what = "is nested too deep" if isinstance(error, RecursionError) else f"is no JSON: {error}"
        raise SourceError(Place(path, line=1), what[:_LONGEST]) from None
    if not isinstance(data, dict):
        raise SourceError(Place(path, line=1), "is no object", "is it a file of another kind?")
    return data


class _Twice(ValueError):
    """A key of an object that stands twice: what it means is left to each program."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for number, key in enumerate(keys) if key in keys[:number]))
    return made


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def line_of(text: str, word: str, which: int = 1) -> int:
    """The line of a word in quotes, 1 if it is not there: JSON that was read has lost its lines."""
    quoted, at = json.dumps(word), -1
    for _ in range(which):
        at = text.find(quoted, at + 1)
        if at < 0:
            return 1
    return text.count("\n", 0, at) + 1


def left_out(image: SourceImage) -> Iterator[Problem]:
    """The labels of an image that no Dockerfile can say."""
    for name, value in image.labels.items():
        if not (name.isprintable() and value.isprintable()):
            yield Problem(
                image.place, f"the label `{name[:80]!r}` has several lines: no Dockerfile can say it"
            )


def without_left_out(image: SourceImage) -> SourceImage:
    """The image without those labels."""
    said = {name: value for name, value in image.labels.items() if (name + value).isprintable()}
    return image if len(said) == len(image.labels) else structs.replace(image, labels=said)


def inside(folder: str, path: str) -> str | None:
    """A path of a folder as one below the root; None if it leads out of the root, or to another machine."""
    path = path.replace("\\", "/")
    if path.startswith("/") or "://" in path or re.match(r"[A-Za-z]:", path):
        return None
    parts: list[str] = []
    for part in f"{folder}/{path}".split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def platform_of(os: str, architecture: str, variant: str = "") -> str:
    """A platform as containerd normalises it (containerd/platforms, "database.go")."""
    architecture, variant = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), variant))
    if architecture == "arm":
        variant = variant or "v7"
    elif architecture == "arm64":
        variant = "" if variant in ("8", "v8") else variant
    elif architecture == "amd64":
        variant = "" if variant == "v1" else variant
    return "/".join(part for part in (os.lower(), architecture, variant) if part)


_ARCHITECTURES: Final = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}

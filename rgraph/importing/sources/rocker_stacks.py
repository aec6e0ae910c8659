"""The stacks of rocker-versioned2: JSON that its Dockerfiles are written from.

Sources: `build/make-dockerfiles.R` (the Dockerfiles) and `build/make-bakejson.R` (context, tags, platforms)
of rocker-org/rocker-versioned2. What R does with the values counts: `paste0` of each, NULL left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rgraph.errors import Place, Problem
from rgraph.importing.model import SourceImage
from rgraph.importing.sources.found import (
    Found,
    SourceError,
    decoded,
    inside,
    left_out,
    line_of,
    without_left_out,
)

FOLDER: Final = "dockerfiles"
"""Where the repository keeps its Dockerfiles."""
_BLOCKS: Final = (
    *("FROM", "LABEL", "ENV", "COPY_a_script", "RUN_a_script", "ENV_after_a_script"),
    *("COPY", "RUN", "EXPOSE", "CMD", "USER", "WORKDIR"),
)
"""The keys that become instructions, in the order of the Dockerfile."""
_KNOWN: Final = frozenset(_BLOCKS) | {"IMAGE", "TAG", "labels", "tags", "platforms", "cache-from", "cache-to"}
_MOST: Final = 2**31
"""Above it R has no integers: it would print 1e+05 for a number of the same size as a double."""


def stacks(files: Mapping[str, str]) -> Found:
    """The images of stacks, and their Dockerfiles; `files` by path below the repository's root."""
    images: dict[str, SourceImage] = {}
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    notes: list[Problem] = []
    for path, text in sorted(files.items()):
        try:
            data = decoded(path, text)
            if not isinstance(data.get("stack"), list):
                raise SourceError(Place(path, line=1), "has no list `stack`", "is it a stack?")
        except SourceError as error:
            problems.append(error.problem)
            continue
        shared = {key: value for key, value in data.items() if key not in ("ordered", "stack", "group")}
        for number, each in enumerate(data["stack"]):
            try:
                image, dockerfile = _image(path, text, shared, each, number)
                if image.name in images:
                    raise SourceError(image.place, f"{image.name} is made by {images[image.name].place.file}")
            except SourceError as error:
                problems.append(error.problem)
                continue
            images[image.name], texts[image.name] = image, dockerfile
            unknown = sorted(set(each) - _KNOWN)
            notes += [Problem(image.place, f"`{key}` says nothing that rgraph knows") for key in unknown]
    notes += [note for image in images.values() for note in left_out(image)]
    return Found(tuple(map(without_left_out, images.values())), tuple(problems), tuple(notes), texts)


def _image(
    path: str, text: str, shared: Mapping[str, Any], each: object, number: int
) -> tuple[SourceImage, str]:
    if not isinstance(each, dict):
        raise SourceError(Place(path, line=1), f"entry {number + 1} of `stack` is no object")
    name = each.get("IMAGE")
    tag = each.get("TAG", shared.get("TAG"))
    place = Place(path, line=line_of(text, name) if isinstance(name, str) else 1)
    if not isinstance(name, str) or not isinstance(tag, str) or not name or not tag:
        raise SourceError(place, f"entry {number + 1} of `stack` has no IMAGE or no TAG")
    whole = {**shared, **each}
    dockerfile = "\n".join(_blocks(whole, place))
    file = inside(FOLDER, f"{name}_{tag}.Dockerfile")
    if file is None or not file.startswith(f"{FOLDER}/"):
        raise SourceError(place, f"`{name}_{tag}` leads out of {FOLDER}/")
    default_tag = shared.get("TAG", tag)
    image = SourceImage(
        name=file,
        dockerfile=file,
        context="",
        args={},
        target="",
        tags=_texts(each, "tags", (f"docker.io/rocker/{name}:{default_tag}",), place),
        platforms=_texts(each, "platforms", ("linux/amd64",), place),
        contexts={},
        place=place,
        labels=_labels(each, place),
    )
    return image, dockerfile


def _blocks(image: Mapping[str, Any], place: Place) -> Iterator[str]:
    """The instructions of each key, each block ending a line."""
    for key in _BLOCKS:
        keyword = key.partition("_")[0]
        lines = [f"{keyword} {value}" for value in _values(image.get(key), key, place)]
        if lines:
            yield "\n".join(lines) + "\n"


def _values(value: object, key: str, place: Place) -> list[str]:
    """The values of a key as R pastes them; `name=value` of an object."""
    match value:
        case None:
            return []
        case dict():
            given = {name: inner for name, inner in value.items() if inner is not None}
            return [f"{name}={_pasted(inner, key, place)}" for name, inner in given.items()]
        case list():
            return [_pasted(inner, key, place) for inner in value if inner is not None]
    return [_pasted(value, key, place)]


def _pasted(value: object, key: str, place: Place) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and abs(value) < _MOST:
        return str(value)
    raise SourceError(place, f"a value of `{key}` is no text and no whole number", "write it in quotes")


def _texts(image: Mapping[str, Any], key: str, default: tuple[str, ...], place: Place) -> tuple[str, ...]:
    value = image.get(key)
    if value is None:
        return default
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) for each in several):
        raise SourceError(place, f"`{key}` is no list of texts")
    return tuple(several)


def _labels(image: Mapping[str, Any], place: Place) -> dict[str, str]:
    labels = image.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        raise SourceError(place, "`labels` is no object of texts")
    return dict(labels)

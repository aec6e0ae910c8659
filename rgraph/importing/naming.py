"""Names of layers, variants, folders, repositories, tags and Externals: in their grammar, and unique."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from rgraph import names
from rgraph.importing.patterns import pattern

_LONGEST: Final = 60
_TAKEN_FOLDERS: Final = ("docker-bake.json", "graph.svg", "readme.md", "releases")


def slug(text: str, otherwise: str = "image") -> str:
    """A text as a name of a layer, recipe, stage or External."""
    made = _tidied(text)[:_LONGEST].rstrip("._-") or otherwise
    return f"{made}-image" if made in names.RESERVED_LAYERS else made


def _tidied(text: str) -> str:
    """A text in lower case, with one sign between letters and digits."""
    return re.sub(r"[^a-z0-9]+", _sign, text.lower()).strip("._-")


def _sign(found: re.Match[str]) -> str:
    return found[0][0] if found[0][0] in "._-" else "-"


def variant_name(text: str) -> str:
    """A text as a variant."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("._-")[:128] or "latest"


def tag_name(text: str) -> str:
    """A text as a tag."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip(".-")[:128] or "latest"


def repository_name(text: str) -> str:
    """A text as a repository."""
    if not isinstance(names.repository(text), names.Bad):
        return text
    made = "/".join(part for part in map(_tidied, text.split("/")) if part)
    return made[:255].rstrip("._-/") or "image"


def folder_name(text: str) -> str:
    """A text as a folder below `generated/`."""
    parts = (re.sub(r"[^A-Za-z0-9._+-]+", "-", part).lstrip(".+-") for part in text.split("/"))
    made = "/".join(part for part in parts if part and part not in (".", "..")) or "image"
    if made.split("/")[0].lower() in _TAKEN_FOLDERS:
        made = f"images/{made}"
    return made[:180].rstrip("/")


def unique(wanted: str, taken: set[str]) -> str:
    """The name, with a number if it is taken (letter case does not count); then it is taken, too."""
    made, number = wanted, 2
    while made.lower() in taken:
        made, number = f"{wanted}-{number}", number + 1
    taken.add(made.lower())
    return made


def folders(wanted: Sequence[str]) -> list[str]:
    """Folders, none of them the same as another or inside it."""
    taken: set[str] = set()
    made = [unique(folder_name(each), taken) for each in wanted]
    outer = {
        "/".join(parts[:end]).lower()
        for parts in (each.split("/") for each in made)
        for end in range(1, len(parts))
    }
    result = []
    for each in made:
        name = each
        while name.lower() in outer:
            name = unique(f"{name}/{name.rpartition('/')[2]}", taken)
        result.append(name)
    return result


_GENERIC: Final = frozenset(
    (
        "amd64",
        "arm64",
        "arm64v8",
        "arm32v7",
        "x64",
        "cpu",
        "gpu",
        "latest",
        "slim",
        "image",
        "linux",
        "windows",
    )
)
"""Words that say nothing of what an image is for."""


def stems(folders: Sequence[str]) -> list[str]:
    """What each image is called: the last part of its folder, with those before it as far as they are needed
    to tell it from others and to say what it is.
    """
    rows = [folder.split("/") for folder in folders]
    counts: dict[str, int] = {}
    for row in rows:
        for length in range(1, len(row) + 1):
            end = "/".join(row[-length:]).lower()
            counts[end] = counts.get(end, 0) + 1
    found = []
    for row in rows:
        length = 1
        while length < len(row) and (
            counts["/".join(row[-length:]).lower()] > 1
            or row[-length].lower() in _GENERIC
            or row[-length][0].isdigit()
        ):
            length += 1
        found.append(variant_name("-".join(row[-length:])))
    return found


def family_name(stems: Sequence[str], places: Sequence[str]) -> str:
    """A name for the layer of some images: what their names share, else their folder's, else the first's."""
    if len(stems) == 1:
        return slug(stems[0])
    parts = pattern(sorted(stems))
    shared = [part for part in parts or () if isinstance(part, str)]
    if sum(len(re.sub(r"[^a-z]", "", part.lower())) for part in shared) >= 3:
        return slug("-".join(part.strip("-_./") for part in shared))
    common = _common([place.split("/")[:-1] for place in places])
    told = [part for part in common if part.lower() not in _GENERIC and not part[0].isdigit()]
    return slug(told[-1] if told else stems[0].split("-")[0])


def told_apart(places: Sequence[str]) -> list[str]:
    """Folders as variants: without what all of them begin with."""
    rows = [place.split("/") for place in places]
    start = len(_common(rows))
    return [variant_name("-".join(row[start:])) for row in rows]


def _common(rows: Sequence[Sequence[str]]) -> list[str]:
    found = []
    for column in zip(*rows, strict=False):
        if len(set(column)) > 1:
            break
        found.append(column[0])
    return found


def external_names(references: Iterable[str], stages: Iterable[str] = ()) -> dict[str, str]:
    """Reference -> name of the External: its last word, with its tag where others have the same word or
    where it is the version that people know it by.
    """
    found: dict[str, str] = {}
    # A stage that is called like an External would hide it.
    taken = {stage.lower() for stage in stages}
    parts = {reference: _parts(reference) for reference in sorted(set(references))}
    counts: dict[str, int] = {}
    for word, _ in parts.values():
        counts[word] = counts.get(word, 0) + 1
    for reference, (word, tag) in parts.items():
        told = tag and (counts[word] > 1 or re.match(r"[0-9]+(\.[0-9]+)?$", tag) or word in _OF_A_VERSION)
        joint = "" if tag[:1].isdigit() and word.isalpha() else "-"
        found[reference] = unique(slug(f"{word}{joint}{tag}" if told else word), taken)
    return found


_OF_A_VERSION: Final = frozenset({"alpine", "cuda", "debian", "fedora", "python", "ubuntu", "node", "golang"})


def _parts(reference: str) -> tuple[str, str]:
    """The last word of a repository, and the tag or the beginning of the digest."""
    rest, _, digest = reference.partition("@")
    head, _, last = rest.rpartition("/")
    word, _, tag = last.partition(":")
    generic = word in ("runtime", "sdk", "base", "core", "server", "latest") and head
    word = f"{head.rpartition('/')[2]}-{word}" if generic else word
    return word, tag or (f"sha256-{digest.removeprefix('sha256:')[:8]}" if digest else "")

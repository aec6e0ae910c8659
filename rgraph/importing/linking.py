"""Which references name images that are imported as well.

Where a source gives tags (bake, ImageBuilder, ...), a reference is compared with them. A folder of
Dockerfiles says nothing of the kind, so there the names of folders and files are compared, by the rules
of `docs/import.md`; what was taken for an image of the import is part of the report.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rgraph.importing.discovery import called
from rgraph.importing.edges import Resolution
from rgraph.importing.model import SourceEdge, SourceImage

_DIGEST: Final = re.compile(r"@[a-z0-9]+:[0-9a-f]+$")


class Name(Struct, frozen=True):
    """A reference in its parts."""

    host: str
    path: str
    """Repository, without `library/`."""
    tag: str
    """Empty if there is none."""
    digest: str

    @property
    def last(self) -> str:
        """The last part of the repository."""
        return self.path.rpartition("/")[2]

    @property
    def address(self) -> str:
        """Host and repository."""
        return f"{self.host}/{self.path}"


def name_of(reference: str) -> Name:
    """A reference in its parts, as docker completes it (distribution/reference, "normalize.go")."""
    rest, digest = reference, ""
    if found := _DIGEST.search(reference):
        rest, digest = reference[: found.start()], found[0][1:]
    head, mark, tail = rest.partition("/")
    if not mark or not ("." in head or ":" in head or head == "localhost"):
        head, tail = "docker.io", rest
    path, tag = tail, ""
    if ":" in tail.rpartition("/")[2]:
        path, _, tag = tail.rpartition(":")
    if head in ("docker.io", "index.docker.io"):
        head, path = "docker.io", path.removeprefix("library/")
    return Name(head, path, tag, digest)


def same(one: str, other: str) -> bool:
    """Whether two references name the same thing."""
    first, second = name_of(one), name_of(other)
    if first.address != second.address or first.digest != second.digest:
        return False
    return bool(first.digest) or (first.tag or "latest") == (second.tag or "latest")


def links(images: Mapping[str, tuple[SourceImage, Resolution]]) -> dict[str, str]:
    """Reference -> name of the image that it names, of all references in the images that name one."""
    references = sorted(
        {
            origin.to
            for _, resolution in images.values()
            for origins in resolution.origins.values()
            for origin in origins
            if origin.kind == "reference"
        }
    )
    found = (_by_folders if is_by_name(images) else _by_tags)(images, references)
    for reference in references:
        if reference.startswith("target:") and reference[7:] in images:
            found[reference] = reference[7:]
    return _without_cycles(images, found)


def edges_of(name: str, resolution: Resolution, linked: Mapping[str, str]) -> tuple[SourceEdge, ...]:
    """All edges of an image: the FROM of its own stage first; others, also of build stages, as `copy`."""
    own = _base(resolution)
    found: dict[tuple[str, str], SourceEdge] = {}
    for index in (own, *(each for each in resolution.needed if each != own)):
        for origin in resolution.origins[index]:
            if origin.kind == "stage":
                continue
            type_ = "from" if origin.type == "from" and index == own else "copy"
            to, external = linked.get(origin.to, origin.to), origin.to not in linked
            key = (to, type_)
            if key not in found:
                found[key] = SourceEdge(
                    name, to, "from" if type_ == "from" else "copy", external, origin.line
                )
    return tuple(found.values())


def _base(resolution: Resolution) -> int:
    """The stage whose FROM the image in the end stands on: stages may stand on each other."""
    index = resolution.target
    while (first := resolution.origins[index][0]).kind == "stage" and first.type == "from":
        index = first.stage
    return index


def _by_tags(
    images: Mapping[str, tuple[SourceImage, Resolution]], references: Iterable[str]
) -> dict[str, str]:
    known: dict[tuple[str, str], str] = {}
    shared: dict[tuple[str, str], list[str]] = {}
    for name, (source, _) in images.items():
        for tag in source.tags:
            made = name_of(tag)
            known.setdefault((made.address, made.tag or "latest"), name)
        for tag in source.shared:
            made = name_of(tag)
            shared.setdefault((made.address, made.tag or "latest"), []).append(name)
    found = {}
    for reference in references:
        made = name_of(reference)
        target = known.get((made.address, made.tag or "latest"))
        key = (made.address, made.tag or "latest")
        if target is None and key in shared:
            target = _by_shared(images, shared[key], reference)
        if target is not None and not made.digest:
            found[reference] = target
    return found


def _by_shared(
    images: Mapping[str, tuple[SourceImage, Resolution]], behind: Sequence[str], reference: str
) -> str | None:
    """The image behind a tag of several: the only one for all platforms of those that name it."""
    wanted = {
        platform
        for source, resolution in images.values()
        if any(each.to == reference for origins in resolution.origins.values() for each in origins)
        for platform in source.platforms
    }
    fitting = [name for name in behind if wanted <= set(images[name][0].platforms)]
    return fitting[0] if len(fitting) == 1 else None


def _by_folders(
    images: Mapping[str, tuple[SourceImage, Resolution]], references: Sequence[str]
) -> dict[str, str]:
    words = {name: called(source.dockerfile) for name, (source, _) in images.items()}
    parents = {
        name: {name_of(each.to).address for all_ in resolution.origins.values() for each in all_}
        for name, (_, resolution) in images.items()
    }
    parsed = {reference: name_of(reference) for reference in references}
    tags: dict[str, set[str]] = {}
    for made in parsed.values():
        tags.setdefault(made.last.lower(), set()).add(made.tag or "latest")
    exact = _Index(words, _exact_keys)
    loose = _Index(words, lambda parts: parts[-1:])
    found = {}
    for reference, made in parsed.items():
        if made.digest or not _namespace(made):
            continue
        target = exact.only(f"{made.last}:{made.tag}") if made.tag else None
        if target is None and (
            made.tag in ("", "latest") or ("/" in made.path and len(tags[made.last.lower()]) == 1)
        ):
            target = loose.only(made.last)
        # An image that is built on its namesake is a version of it, not the namesake.
        if target is not None and made.address not in parents[target]:
            found[reference] = target
    # One import is of one registry and namespace: of several, nobody says which is meant.
    return found if len({_namespace(parsed[each]) for each in found}) < 2 else {}


def _namespace(name: Name) -> str:
    """Registry and what stands before the last part; empty for a name alone, which is Docker's own."""
    before = name.path.rpartition("/")[0]
    return f"{name.host}/{before}" if before or name.host != "docker.io" else ""


def is_by_name(images: Mapping[str, tuple[SourceImage, Resolution]]) -> bool:
    """Whether images are told by the names of folders, because the source gives no tags."""
    return not any(source.tags or source.shared for source, _ in images.values())


def _exact_keys(parts: Sequence[str]) -> list[str]:
    """`name:tag` for what is called `name/tag` or `name_tag`."""
    keys = [f"{parts[-2]}:{parts[-1]}"] if len(parts) > 1 else []
    if parts and "_" in parts[-1]:
        keys.append(parts[-1].replace("_", ":", 1))
    return keys


class _Index:
    """Key -> the image that alone has it."""

    def __init__(
        self, words: Mapping[str, Sequence[str]], keys: Callable[[Sequence[str]], Iterable[str]]
    ) -> None:
        self._found: dict[str, list[str]] = {}
        for name, parts in words.items():
            for key in keys([part.lower() for part in parts]):
                self._found.setdefault(key, []).append(name)

    def only(self, key: str) -> str | None:
        names = self._found.get(key.lower(), [])
        return names[0] if len(names) == 1 else None


def _without_cycles(
    images: Mapping[str, tuple[SourceImage, Resolution]], found: dict[str, str]
) -> dict[str, str]:
    """The links without those that would make an image need itself."""
    needs: dict[str, list[tuple[str, str]]] = {
        name: [
            (found[origin.to], origin.to)
            for origins in resolution.origins.values()
            for origin in origins
            if origin.kind == "reference" and origin.to in found
        ]
        for name, (_, resolution) in images.items()
    }
    dropped: set[str] = set()
    state: dict[str, int] = {}
    for start in images:
        if start in state:
            continue
        stack = [(start, iter(needs[start]))]
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            for to, reference in rest:
                if reference in dropped:
                    continue
                if state.get(to) == 1:
                    dropped.add(reference)
                elif to not in state:
                    state[to] = 1
                    stack.append((to, iter(needs[to])))
                    break
            else:
                state[name] = 2
                stack.pop()
    return {reference: name for reference, name in found.items() if reference not in dropped}

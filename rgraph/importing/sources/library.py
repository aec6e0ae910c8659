"""The files of Docker's official images: blocks of `Key: value` lines.

Source: "Instruction format" in the README of docker-library/official-images and `manifest/rfc2822.go` of
docker-library/bashbrew: the first block holds what all others inherit; `amd64-Directory` beats
`Directory`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct, structs

from rgraph.errors import Place, Problem
from rgraph.importing.model import SourceImage
from rgraph.importing.sources.found import Found, SourceError, inside, platform_of

_LINE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*):(?:[ \t]+(.*))?$")
_OLD: Final = re.compile(r"[A-Za-z0-9_.-]+:\s+(?:git|https?)://\S+@\S+")
_PLATFORMS: Final = {
    "amd64": "linux/amd64",
    "arm32v5": "linux/arm/v5",
    "arm32v6": "linux/arm/v6",
    "arm32v7": "linux/arm/v7",
    "arm64v8": "linux/arm64",
    "i386": "linux/386",
    "windows-amd64": "windows/amd64",
}
"""bashbrew's names (`architecture/oci-platform.go`); the others are `linux/` and the name."""
_DEFAULTS: Final = {"Architectures": "amd64", "Directory": ".", "File": "Dockerfile", "Builder": ""}
_OVERRIDABLE: Final = ("GitRepo", "GitFetch", "GitCommit", "Directory", "File", "Builder")

Tree = Callable[[str], "str | None"]
"""The folder, below the root, of the tree of a GitRepo; None if there is none."""


class _Block(Struct, frozen=True):
    line: int
    values: Mapping[str, str]


def library(files: Mapping[str, str], tree: Tree) -> Found:
    """The images of some files, by path; a file's name is that of its repository."""
    images: dict[str, SourceImage] = {}
    problems: list[Problem] = []
    commits: dict[str, set[str]] = {}
    for path, text in files.items():
        try:
            first, *rest = _blocks(path, text)
        except SourceError as error:
            problems.append(error.problem)
            continue
        inherited, entries = ({}, [first, *rest]) if "Tags" in first.values else (first.values, rest)
        for block in entries:
            try:
                made = _entry(path, {**_DEFAULTS, **inherited, **block.values}, block.line, tree, commits)
            except SourceError as error:
                problems.append(error.problem)
                continue
            for image in made:
                name = image.name
                while name in images:
                    name += "+"
                images[name] = _renamed(image, name)
    return Found(tuple(images.values()), tuple(problems), tuple(_commits(files, commits)))


def _blocks(path: str, text: str) -> list[_Block]:
    """The blocks of a file. Raises SourceError."""
    blocks: list[_Block] = []
    values: dict[str, str] = {}
    start, last = 1, ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if not line.strip():
            if values:
                blocks.append(_Block(start, values))
            values, last = {}, ""
        elif line[0] in " \t" and last:
            values[last] = f"{values[last]} {line.strip()}".strip()
        else:
            found = _LINE.fullmatch(line.rstrip())
            place = Place(path, line=number, column=1)
            if _OLD.match(line) or found is None:
                old = "is the old format, one line for each tag" if _OLD.match(line) else "is no `Key: value`"
                raise SourceError(place, old, "is it a file of the official images' library?")
            if found[1] in values:
                raise SourceError(place, f"`{found[1]}` stands twice in a block")
            start, last = start if values else number, found[1]
            values[last] = (found[2] or "").strip()
    if not blocks:
        raise SourceError(Place(path, line=1), "holds nothing")
    return blocks


def _entry(
    path: str, values: Mapping[str, str], line: int, tree: Tree, commits: dict[str, set[str]]
) -> Iterator[SourceImage]:
    """The images of a block: one for each Dockerfile that its architectures are built from."""
    place = Place(path, line=line, column=1)
    repository = path.rpartition("/")[2]
    tags, shared = _list(values.get("Tags", "")), _list(values.get("SharedTags", ""))
    if not tags:
        raise SourceError(place, "the block has no Tags")
    by_file: dict[tuple[str, str], list[str]] = {}
    for architecture in _list(values["Architectures"]):
        own = {key: values.get(f"{architecture}-{key}", values.get(key, "")) for key in _OVERRIDABLE}
        if own["Builder"] not in ("", "buildkit", "classic"):
            raise SourceError(place, f"its Builder is `{own['Builder']}`: it has no Dockerfile")
        repo = own["GitRepo"]
        root = tree(repo)
        if root is None:
            raise SourceError(place, f"the tree of {repo or 'its GitRepo'} is not known", "say --tree DIR")
        folder = inside(root, own["Directory"])
        file = None if folder is None else inside(folder, own["File"])
        if not file or folder is None or not f"{file}/".startswith(f"{root}/" if root else ""):
            raise SourceError(place, f"`{own['Directory']}/{own['File']}` leads out of the tree")
        commits.setdefault(repo, set()).add(own["GitCommit"])
        by_file.setdefault((folder, file), []).append(architecture)
    full = tuple(f"docker.io/library/{repository}:{tag}" for tag in tags)
    also = tuple(f"docker.io/library/{repository}:{tag}" for tag in shared)
    alone = len(by_file) == 1
    return (
        SourceImage(
            name=f"{repository}:{tags[0]}" if alone else f"{repository}:{tags[0]}@{architectures[0]}",
            dockerfile=file,
            context=folder,
            args={},
            target="",
            # Where each architecture has a Dockerfile of its own, all of them are behind one tag.
            tags=full if alone else tuple(_own(each, architectures[0]) for each in full),
            platforms=tuple(_platform(each) for each in architectures),
            contexts={},
            place=place,
            shared=also if alone else (*full, *also),
        )
        for (folder, file), architectures in by_file.items()
    )


def _own(reference: str, architecture: str) -> str:
    """The reference of one architecture's image: official images have them in a namespace of its name."""
    return reference.replace("/library/", f"/{architecture}/", 1)


def _platform(architecture: str) -> str:
    return _PLATFORMS.get(architecture) or platform_of("linux", architecture)


def _list(value: str) -> list[str]:
    return list(dict.fromkeys(part for each in value.split(",") if (part := each.strip())))


def _renamed(image: SourceImage, name: str) -> SourceImage:
    return image if image.name == name else structs.replace(image, name=name)


def _commits(files: Mapping[str, str], commits: Mapping[str, set[str]]) -> Iterator[Problem]:
    """A tree is that of one commit; where entries name several, some of them are built from others."""
    for repo, named in commits.items():
        if len(named) > 1:
            what = f"the entries of {repo} name {len(named)} commits; all are read from one tree"
            yield Problem(Place(next(iter(files)), line=1), what)

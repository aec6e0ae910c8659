"""Sources that say themselves what is built, read from the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from rgraph import names
from rgraph.errors import Place, Problem, Problems, UsageError
from rgraph.files.import_tree import Text, read_text, text_of
from rgraph.importer.gathered import Gathered
from rgraph.importing.linking import name_of
from rgraph.importing.sources.found import Found

MAX_SOURCE: Final = 4 * 2**20
"""Largest file of a source, in bytes. Known ones have less than 1 MB."""
_MOST_STACKS: Final = 5_000
_LEVELS: Final = 8
"""Folders above a bake file that are tried as the one that its paths start from."""


class Asked(Struct, frozen=True):
    """What is to be read, and how; a later proof reads it again."""

    kind: str
    root: Path
    inputs: tuple[str, ...]
    """Files of the source, by their path below the root."""
    variables: Mapping[str, str] = {}
    targets: tuple[str, ...] = ()
    trees: Mapping[str, str] = {}
    """GitRepo -> folder below the root; an empty one for all others."""


class _Files:
    """Texts below a root, each read once; what cannot be read is noted."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.problems = Problems()

    def read(self, path: str) -> str | None:
        made = read_text(str(self._root / path), path, self.problems, MAX_SOURCE)
        return made.text if made else None

    def dockerfile(self, path: str) -> Text | None:
        return read_text(str(self._root / path), path, self.problems)

    def is_file(self, path: str) -> bool:
        return os.path.isfile(self._root / path)


def ask_rocker(folder: Path) -> Asked:
    """The stacks of a repository, or of its folder of stacks. Raises UsageError if there are none."""
    inside = folder / "stacks"
    stacks = inside if inside.is_dir() else folder
    if not stacks.is_dir():
        raise UsageError(f"there is no folder {folder}", "name the repository's folder")
    found = sorted(each.name for each in stacks.iterdir() if each.name.endswith(".json"))
    if not found or len(found) > _MOST_STACKS:
        raise UsageError(f"{stacks} holds {len(found) or 'no'} stacks", "name the repository's folder")
    root = stacks.absolute().parent if stacks == folder else folder
    return Asked("rocker-stacks", root, tuple(f"{stacks.absolute().name}/{name}" for name in found))


def ask_imagebuilder(manifest: Path, variables: Mapping[str, str]) -> Asked:
    """ImageBuilder's manifest: all paths start from its folder."""
    _there([manifest])
    return Asked("imagebuilder", manifest.parent, (manifest.name,), variables)


def ask_bake(
    files: Sequence[Path], root: Path | None, variables: Mapping[str, str], targets: Sequence[str]
) -> Asked:
    """Bake files, read together. Paths start from `root`, else from the nearest folder at or above the first
    file in which most Dockerfiles are.
    """
    _there(files)
    first = files[0].absolute()
    folders = [root.absolute()] if root else [first.parent, *first.parent.parents][:_LEVELS]
    asked = [
        Asked("bake", folder, tuple(_below(file, folder) for file in files), variables, tuple(targets))
        for folder in folders
        if root or all(file.absolute().is_relative_to(folder) for file in files)
    ]
    if len(asked) == 1:
        return asked[0]
    return max(asked, key=lambda each: (_dockerfiles(each), len(str(each.root))))


def ask_library(files: Sequence[Path], trees: Sequence[str]) -> Asked:
    """Files of official images, and the trees that they are built from: DIR, or GITREPO=DIR."""
    _there(files)
    given: dict[str, Path] = {}
    for each in trees:
        repo, mark, folder = each.rpartition("=")
        path = Path(folder if mark else each)
        if not path.is_dir():
            raise UsageError(f"there is no folder {path}", "write --tree DIR, or --tree GITREPO=DIR")
        given[repo] = path.absolute()
    root = Path(os.path.commonpath([str(path) for path in given.values()]))
    below = {repo: "" if path == root else path.relative_to(root).as_posix() for repo, path in given.items()}
    return Asked("library", root, tuple(_below(file, root) for file in files), trees=below)


def gather(asked: Asked) -> Gathered:
    """What a source says is built, with all Dockerfiles. Raises UsageError if it says nothing."""
    files = _Files(asked.root)
    found = _buildable(_found(asked, files))
    rendered: dict[str, str] = {}
    texts: dict[str, Text] = {}
    for path in sorted({image.dockerfile for image in found.images}):
        if path in found.texts:
            made: Text | None = text_of(path, found.texts[path])
            rendered[path] = _compared(asked.root, path, found.texts[path])
        else:
            # One that is not there is noted for each image that needs it, later.
            made = files.dockerfile(path) if files.is_file(path) else None
        if made is not None:
            texts[path] = made
    problems = (*found.problems, *files.problems)
    if not found.images and not problems:
        raise UsageError(f"{', '.join(asked.inputs)} says of no image how it is built")
    return Gathered(
        asked.kind,
        asked.root,
        asked.root.resolve().name,
        texts,
        found.images,
        problems,
        {},
        inputs=asked.inputs,
        variables=asked.variables,
        rendered=rendered,
        notes=(*found.notes, *_stale(found, rendered), *_only_recorded(found, asked)),
        unresolved=found.unresolved,
    )


def again(asked: Asked) -> dict[str, Text]:
    """The Dockerfiles that a source holds itself, as they are now."""
    return {path: text_of(path, text) for path, text in _found(asked, _Files(asked.root)).texts.items()}


def _found(asked: Asked, files: _Files) -> Found:
    match asked.kind:
        case "rocker-stacks":
            from rgraph.importing.sources.rocker_stacks import stacks

            return stacks(_texts(asked, files))
        case "imagebuilder":
            from rgraph.importing.sources.imagebuilder import manifest

            return manifest(asked.inputs[0], files.read, files.is_file, asked.variables)
        case "library":
            from rgraph.importing.sources.library import library

            trees = asked.trees
            return library(_texts(asked, files), lambda repo: trees.get(repo, trees.get("")))
        case "bake":
            from rgraph.importing.sources.bake import bake

            return bake(_texts(asked, files), asked.variables, asked.targets)
    return Found(())


def _texts(asked: Asked, files: _Files) -> dict[str, str]:
    return {path: text for path in asked.inputs if (text := files.read(path)) is not None}


def _compared(root: Path, path: str, text: str) -> str:
    """Whether a file of the tree is what the source says: `same`, `different` or `absent`."""
    try:
        return "same" if (root / path).read_bytes() == text.encode() else "different"
    except OSError:
        return "absent"


def _stale(found: Found, rendered: Mapping[str, str]) -> Iterator[Problem]:
    for path, state in rendered.items():
        if state == "different":
            place = next(each.place for each in found.images if each.dockerfile == path)
            yield Problem(Place(path, line=1), f"is not what {place.file} makes of it; that is imported")


def _only_recorded(found: Found, asked: Asked) -> Iterator[Problem]:
    """A layer has one repository, and a tag is one image's."""
    others = shared = 0
    for image in found.images:
        addresses = [name_of(tag).address for tag in image.tags]
        others += sum(1 for each in addresses if each != addresses[0])
    shared = len({tag for image in found.images for tag in image.shared})
    for number, which in ((others, "in a second repository of an image"), (shared, "of several images")):
        if number:
            what = f"{number} tag{'s' * (number > 1)} {which}: only record and report have them"
            yield Problem(Place(asked.inputs[0], line=1), what)


def _buildable(found: Found) -> Found:
    """Without the images of platforms that a layer cannot have, which become problems."""
    images, problems = [], list(found.problems)
    for image in found.images:
        made = [(each, names.platform(each)) for each in image.platforms]
        bad = next((each for each, platform in made if isinstance(platform, names.Bad)), "")
        if bad:
            what = f"`{image.name}` is for `{bad[:80]}`, which is no platform of images"
            problems.append(Problem(image.place, what))
        elif len({each.partition("/")[0] for each in image.platforms}) > 1:
            what = f"`{image.name}` is for several operating systems at once; a layer is for one"
            problems.append(Problem(image.place, what))
        else:
            images.append(image)
    return structs.replace(found, images=tuple(images), problems=tuple(problems))


def _dockerfiles(asked: Asked) -> int:
    """How many Dockerfiles of a source are there."""
    files = _Files(asked.root)
    return sum(1 for image in _found(asked, files).images if files.is_file(image.dockerfile))


def _there(files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():
            raise UsageError(f"there is no file {file}", "name the file itself")


def _below(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file.absolute(), root.absolute())).as_posix()

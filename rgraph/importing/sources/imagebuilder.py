"""The manifest of .NET's ImageBuilder: repositories, images, platforms, tags with variables.

Source: `Models/Manifest/*.cs` and `ViewModel/VariableHelper.cs` of ImageBuilder (dotnet/docker-tools): what
the keys mean, `$(name)`, `$(Repo:id)`; variables that only a build knows are `DockerfileGitCommitSha`,
`SourceBranch` and those of `System:`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import structs

from rgraph.errors import Place, Problem
from rgraph.importing.model import SourceImage
from rgraph.importing.sources.found import (
    Found,
    Read,
    SourceError,
    decoded,
    inside,
    line_of,
    platform_of,
)

_VARIABLE: Final = re.compile(r"\$\(([^()$]+)\)")
_LONGEST: Final = 10_000
"""Characters of a text with its variables replaced: each could double the one before."""
_DEEPEST: Final = 50
_MOST_INCLUDES: Final = 200


def manifest(
    path: str, read: Read, is_file: Callable[[str], bool], given: Mapping[str, str] | None = None
) -> Found:
    """The images of a manifest and of what it includes; paths are relative to the manifest's folder.

    `given` has values of variables, which beat those of the manifest.
    """
    problems: list[Problem] = []
    try:
        loaded = _Loaded(path, read)
    except SourceError as error:
        return Found((), (error.problem,))
    names = _Names(loaded, given or {})
    images: list[SourceImage] = []
    unresolved = 0
    for repo, image, platform in loaded.platforms():
        one = _One(names, repo, image, platform, is_file)
        made = one.image()
        problems += one.problems
        unresolved += one.unresolved
        if made is not None:
            images.append(made)
    return Found(_named(images), tuple(dict.fromkeys((*loaded.problems, *problems))), (), {}, unresolved)


class _Loaded:
    """A manifest with all that it includes."""

    def __init__(self, path: str, read: Read) -> None:
        self.path = path
        self.variables: dict[str, str] = {}
        self.repos: list[dict[str, Any]] = []
        self.texts: dict[str, str] = {}
        self.problems: list[Problem] = []
        waiting = [path]
        while waiting:
            file = waiting.pop(0)
            if file in self.texts:
                continue
            if len(self.texts) > _MOST_INCLUDES:
                raise SourceError(Place(path, line=1), f"includes more than {_MOST_INCLUDES} files")
            text = read(file)
            if text is None:
                what = f"includes {file}, which cannot be read" if file != path else "cannot be read"
                raise SourceError(Place(path, line=line_of(self.texts.get(path, ""), file)), what)
            self.texts[file] = text
            data = decoded(file, text)
            if file == path:
                self.registry = _text(data.get("registry"))
                if not isinstance(data.get("repos"), list) and "includes" not in data:
                    raise SourceError(Place(path, line=1), "has no `repos`", "is it ImageBuilder's manifest?")
            waiting += self._take(file, data)

    def _take(self, file: str, data: Mapping[str, Any]) -> Iterator[str]:
        for name, value in _object(data.get("variables")).items():
            self.variables.setdefault(name, _text(value))
        for repo in _objects(data.get("repos")):
            self.repos.append({**repo, "": file})
        for each in data.get("includes") or ():
            included = inside("", _text(each))
            if included is None:
                place = Place(file, line=line_of(self.texts[file], _text(each)))
                raise SourceError(place, f"includes `{_text(each)[:80]}`, which leads out of the folder")
            yield included

    def platforms(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
        """Each platform with its image and repository."""
        for repo in self.repos:
            for image in _objects(repo.get("images")):
                for platform in _objects(image.get("platforms")):
                    yield repo, image, platform

    def place(self, repo: Mapping[str, Any], word: str) -> Place:
        """Where a word stands in the file that a repository is from."""
        return Place(repo[""], line=line_of(self.texts[repo[""]], word))


class _Unknown(ValueError):
    """A variable without a value: its name."""


class _Names:
    """Variables and names of repositories."""

    def __init__(self, loaded: _Loaded, given: Mapping[str, str]) -> None:
        self.loaded = loaded
        self._values = {**loaded.variables, **given}
        self._known: dict[str, str] = {}

    def replaced(self, text: str, depth: int = 0) -> str:
        """A text with values in place of `$(...)`. Raises _Unknown."""
        if "$(" not in text:
            return text
        if depth > _DEEPEST or len(text) > _LONGEST:
            raise _Unknown(f"{text[:80]} (it needs itself, or is too long)")
        made = _VARIABLE.sub(lambda found: self._value(found[1], depth), text)
        if len(made) > _LONGEST:
            raise _Unknown(f"{text[:80]} (it is too long)")
        return made

    def repository(self, repo: Mapping[str, Any]) -> str:
        """Registry and name."""
        name = self.replaced(_text(repo.get("name")))
        registry = self.replaced(self.loaded.registry)
        return f"{registry}/{name}" if registry else name

    def _value(self, name: str, depth: int) -> str:
        if name not in self._known:
            kind, _, id = name.partition(":")
            if name in self._values:
                self._known[name] = self.replaced(self._values[name], depth + 1)
            elif kind == "Repo" and (repo := self._repo(id)) is not None:
                self._known[name] = self.repository(repo)
            else:
                raise _Unknown(name)
        return self._known[name]

    def _repo(self, id: str) -> Mapping[str, Any] | None:
        return next((repo for repo in self.loaded.repos if repo.get("id") == id), None)


class _One:
    """A platform of an image."""

    def __init__(
        self,
        names: _Names,
        repo: dict[str, Any],
        image: dict[str, Any],
        platform: dict[str, Any],
        is_file: Callable[[str], bool],
    ) -> None:
        self._names = names
        self._repo = repo
        self._image = image
        self._platform = platform
        self._is_file = is_file
        self.problems: list[Problem] = []
        self.unresolved = 0
        written = _text(platform.get("dockerfile"))
        self._place = names.loaded.place(repo, written)

    def image(self) -> SourceImage | None:
        """The image; None if its Dockerfile or repository cannot be known, which is noted."""
        try:
            written = self._names.replaced(_text(self._platform.get("dockerfile")))
            repository = self._names.repository(self._repo)
            arguments = _object(self._platform.get("buildArgs")).items()
            args = {name: self._names.replaced(_text(value)) for name, value in arguments}
        except _Unknown as error:
            self._note(error)
            return None
        file = inside("", written)
        if not file:
            self.problems.append(Problem(self._place, f"`{written[:80]}` leads out of the folder"))
            return None
        file = file if self._is_file(file) else f"{file}/Dockerfile"
        os = _text(self._platform.get("os")) or "linux"
        architecture = _text(self._platform.get("architecture")) or "amd64"
        return SourceImage(
            name=file,
            dockerfile=file,
            context=file.rpartition("/")[0],
            args=args,
            target="",
            tags=tuple(self._tags(repository, self._platform.get("tags"))),
            platforms=(platform_of(os, architecture, _text(self._platform.get("variant"))),),
            contexts={},
            place=self._place,
            shared=tuple(self._tags(repository, self._image.get("sharedTags"))),
        )

    def _tags(self, repository: str, given: object) -> Iterator[str]:
        """Full references, also those of syndication."""
        for written, more in _object(given).items():
            try:
                yield f"{repository}:{self._names.replaced(written)}"
                if syndication := _object(_object(more).get("syndication")):
                    yield from self._syndicated(syndication, written)
            except _Unknown as error:
                self.unresolved += 1
                self._note(error, f"tag `{written[:80]}`")

    def _syndicated(self, syndication: Mapping[str, Any], written: str) -> Iterator[str]:
        registry = self._names.replaced(self._names.loaded.registry)
        repo = self._names.replaced(_text(syndication.get("repo")))
        for tag in syndication.get("destinationTags") or [written]:
            yield f"{registry}/{repo}:{self._names.replaced(_text(tag))}".removeprefix("/")

    def _note(self, error: _Unknown, what: str = "it") -> None:
        help = "only a build knows it" if "System:" in str(error) else ""
        help = help or "give it: --variable NAME=VALUE"
        self.problems.append(Problem(self._place, f"{what} needs `$({error})`, which has no value", help))


def _named(images: list[SourceImage]) -> tuple[SourceImage, ...]:
    """Each Dockerfile once for each platform and its arguments, with all tags, under a name of its own."""
    joined: dict[tuple[object, ...], SourceImage] = {}
    for each in images:
        key = (each.dockerfile, each.platforms, tuple(sorted(each.args.items())))
        if key in joined:
            before = joined[key]
            joined[key] = structs.replace(
                before,
                tags=tuple(dict.fromkeys((*before.tags, *each.tags))),
                shared=tuple(dict.fromkeys((*before.shared, *each.shared))),
            )
        else:
            joined[key] = each
    counts: dict[str, int] = {}
    for each in joined.values():
        counts[each.name] = counts.get(each.name, 0) + 1
    found: dict[str, SourceImage] = {}
    for each in joined.values():
        name = each.name
        if counts[each.name] > 1:
            told = each.tags[0].rpartition("/")[2] if each.tags else each.platforms[0].replace("/", "-")
            name = f"{each.name}@{told}"
        while name in found:
            name += "+"
        found[name] = structs.replace(each, name=name)
    return tuple(found.values())


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""

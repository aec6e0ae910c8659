"""The documents of a catalogue that makes the imported images: layers, recipes, Externals, settings."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, field, structs

from rgraph.errors import Path
from rgraph.importing import naming
from rgraph.importing.drafts import MARK, Data, Draft, DraftStage, Folded, Lines, comment_of, noted
from rgraph.importing.externals import externals_document
from rgraph.importing.folding import alone, folded
from rgraph.importing.lifting import lifted
from rgraph.importing.model import ImportedImage, Step
from rgraph.importing.patterns import escaped
from rgraph.importing.siblings import families
from rgraph.importing.unifying import Unlike
from rgraph.importing.unpinned import unpinned

_LONGEST_TAG: Final = 110
"""Longest tag that a release's can be appended to."""
_OF_A_RELEASE: Final = re.compile(r"[0-9]{8}\.v[0-9]")


class Document(Struct, frozen=True):
    """One manifest to write."""

    file: str
    """Path below `manifests/`."""
    data: Data
    comments: Mapping[Path, str] = field(default_factory=dict)


class Manifests(Struct, frozen=True):
    """The manifests of what was imported."""

    documents: tuple[Document, ...]
    files: Mapping[str, str]
    """Path below `manifests/files/` -> path below the imported root."""
    ids: Mapping[str, str]
    """Name of an imported image -> image id."""


def manifests(
    images: Sequence[ImportedImage],
    name: str,
    lines: Lines,
    registry: str = "",
    apart: Container[str] = (),
) -> Manifests:
    """The manifests that make the images.

    `name` is the catalogue's; `lines` says how long a document is as a file. Images that stand `apart` get
    a layer of their own, without recipes.
    """
    externals = naming.external_names(
        _references(images), (stage.name for image in images for stage in image.stages)
    )
    drafts = _drafts(images, externals)
    layers = _layers(drafts, lines, apart)
    ids = {draft.key: _id(layer, draft) for layer in layers for draft in layer.drafts}
    plain = [layer.document for layer in layers if layer.drafts[0].key in apart]
    shared = [layer.document for layer in layers if layer.drafts[0].key not in apart]
    documents, recipes = lifted(shared, lines)
    documents = sorted((*documents, *plain), key=lambda data: str(data["name"]))
    made = [_document(f"{data['kind']}/{data['name']}.yaml", data) for data in documents]
    made += [_document(f"recipes/{data['name']}.yaml", data) for data in recipes]
    written = (step.data for image in images for step in _all_steps(image))
    catalog = _catalog(images, name, registry, unpinned(written))
    return Manifests(
        (
            Document("catalog.yaml", catalog),
            Document("externals.yaml", externals_document(images, externals)),
            *made,
        ),
        {inside: path for image in images for inside, path in image.files},
        ids,
    )


def _document(file: str, data: Data) -> Document:
    """A document, with the comments of its steps by their place."""
    comments: dict[Path, str] = {}
    lists: list[tuple[Path, list[Data]]] = [(("steps",), data.get("steps", []))]
    for at, stage in enumerate(data.get("stages", ())):
        lists.append((("stages", at, "steps"), stage.get("steps", [])))
    for path, steps in lists:
        comments |= {(*path, at): text for at, step in enumerate(steps) if (text := comment_of(step))}
    return Document(file, data, comments)


def _id(layer: Folded, draft: Draft) -> str:
    return f"{layer.document['name']}:{draft.variant}"


def _all_steps(image: ImportedImage) -> list[Step]:
    return [*(step for stage in image.stages for step in stage.steps), *image.steps]


def _references(images: Sequence[ImportedImage]) -> set[str]:
    """The references of all Externals."""
    own = {image.source.name for image in images}
    found = {edge.to for image in images for edge in image.edges if edge.external}
    found |= {image.from_ for image in images if image.kind == "external"}
    found |= {stage.source for image in images for stage in image.stages if stage.kind == "external"}
    return found - own


def _catalog(images: Sequence[ImportedImage], name: str, registry: str, ecosystems: Sequence[str]) -> Data:
    platforms = sorted({platform for image in images for platform in image.platforms} | _systems(images))
    data: Data = {"kind": "catalog", "name": naming.slug(name, "catalogue")}
    if registry:
        data["registry"] = registry
    if ecosystems:
        data["policy"] = {"unpinned": list(ecosystems)}
    if platforms and platforms != ["linux/amd64"]:
        data["platforms"] = platforms
    return data


def _systems(images: Sequence[ImportedImage]) -> set[str]:
    return {f"{image.os}/amd64" for image in images if not image.platforms}


def _layers(drafts: Sequence[Draft], lines: Lines, apart: Container[str]) -> list[Folded]:
    """The layers, with the ids of images in place of their names in what is imported."""
    found = families([draft for draft in drafts if draft.key not in apart], _named, lines)
    found += [alone(draft, "") for draft in drafts if draft.key in apart]
    for _ in range(len(found) + 1):
        taken: set[str] = set()
        # The larger a family, the better its right to a name.
        order = sorted(found, key=lambda layer: (-len(layer.drafts), layer.drafts[0].key))
        named = [(naming.unique(_named(layer.drafts), taken), layer) for layer in order]
        ids = {draft.key: f"{name}:{draft.variant}" for name, layer in named for draft in layer.drafts}
        made, broken = [], []
        for name, layer in named:
            linked = [_linked(draft, ids) for draft in layer.drafts]
            try:
                made.append(folded(linked, name) if len(linked) > 1 else alone(linked[0], name))
            except Unlike:
                broken.append(layer)
        if not broken:
            return sorted(made, key=lambda layer: str(layer.document["name"]))
        own = {draft.key: draft for draft in drafts}
        found = [layer for layer in found if layer not in broken]
        found += [alone(own[draft.key], "") for layer in broken for draft in layer.drafts]
    return []


def _named(drafts: Sequence[Draft]) -> str:
    return naming.family_name([draft.stem for draft in drafts], [draft.folder for draft in drafts])


def _linked(draft: Draft, ids: Mapping[str, str]) -> Draft:
    """A draft with ids in place of names."""

    def link(name: str) -> str:
        return ids[name.removeprefix(MARK)] if name.startswith(MARK) else name

    def steps(given: Sequence[Data]) -> tuple[Data, ...]:
        return tuple(
            noted({**each, "take": {**each["take"], "from": link(each["take"]["from"])}}, comment_of(each))
            if "take" in each and each["take"]["from"].startswith(MARK)
            else each
            for each in given
        )

    stages = tuple(
        structs.replace(each, source=link(each.source), steps=steps(each.steps)) for each in draft.stages
    )
    return structs.replace(draft, from_=link(draft.from_), stages=stages, steps=steps(draft.steps))


def _drafts(images: Sequence[ImportedImage], externals: Mapping[str, str]) -> list[Draft]:
    """The images as drafts; other images stand in them under their names, with a mark."""
    own = {image.source.name for image in images}
    places = naming.folders([image.folder for image in images])
    shared: dict[str, int] = {}
    for image in images:
        shared[image.repository] = shared.get(image.repository, 0) + 1
    taken: set[str] = set()
    found = []
    for image, folder, stem in zip(images, places, naming.stems(places), strict=True):
        maker = _Maker(image, own, externals)
        tags = [naming.tag_name(tag) for tag in image.tags if not _OF_A_RELEASE.search(tag)] or ["latest"]
        repository = _free(naming.repository_name(image.repository), tags, taken)
        tagged = _with_release(tags, shared[image.repository] > 1)
        found.append(maker.draft(folder, stem, repository, tagged))
    return found


def _free(repository: str, tags: Sequence[str], taken: set[str]) -> str:
    """The repository, or one like it in which none of the tags is taken."""
    made, number = repository, 2
    while any(f"{made}:{tag}" in taken for tag in tags):
        made, number = f"{repository}-{number}", number + 1
    taken.update(f"{made}:{tag}" for tag in tags)
    return made


def _with_release(tags: Sequence[str], shared: bool) -> tuple[str, ...]:
    """The tags of an image, and the one that a release gives it."""
    own = tuple(dict.fromkeys(tags))
    if shared and len(own[0]) > _LONGEST_TAG:
        return own
    return (f"{own[0]}-${{{{ release }}}}" if shared else "${{ release }}", *own)


class _Maker:
    """Makes the draft of an image."""

    def __init__(self, image: ImportedImage, own: set[str], externals: Mapping[str, str]) -> None:
        self._image = image
        self._own = own
        self._externals = externals

    def draft(self, folder: str, stem: str, repository: str, tags: tuple[str, ...]) -> Draft:
        """The draft, with these names."""
        image = self._image
        stages = {stage.name for stage in image.stages}
        return Draft(
            key=image.source.name,
            stem=stem,
            variant=naming.variant_name(image.variant),
            repository=repository,
            tags=tags,
            folder=folder,
            from_=self._source(image.from_),
            platforms=tuple(sorted(image.platforms)),
            args={key: escaped(value) for key, value in image.args.items()},
            stages=tuple(
                DraftStage(
                    stage.name,
                    stage.source if stage.kind == "stage" else self._source(stage.source),
                    self._steps(stage.steps, stages),
                    stage.platform,
                )
                for stage in image.stages
            ),
            steps=self._steps(image.steps, stages),
            entrypoint=_plain(image.entrypoint),
            cmd=_plain(image.cmd),
            healthcheck=_plain(image.healthcheck),
        )

    def _source(self, name: str) -> str:
        return f"{MARK}{name}" if name in self._own else self._externals[name]

    def _steps(self, steps: Sequence[Step], stages: set[str]) -> tuple[Data, ...]:
        return tuple(noted(self._step(step.data, stages), step.comment) for step in steps)

    def _step(self, data: Data, stages: set[str]) -> Data:
        made: Data = _copied(data)
        if "take" in made and made["take"]["from"] not in stages:
            made["take"]["from"] = self._source(data["take"]["from"])
        elif "group" in made:
            made["group"] = [self._step(each, stages) for each in data["group"]]
        return made


def _copied(data: Any) -> Any:
    """A copy as lists and mappings; steps are in the manifest language already."""
    if isinstance(data, Mapping):
        return {key: _copied(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_copied(each) for each in data]
    return data


def _plain(data: Any) -> Any:
    """A copy as lists and mappings, with texts escaped."""
    if isinstance(data, str):
        return escaped(data)
    if isinstance(data, Mapping):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_plain(each) for each in data]
    return data

"""A catalogue of the images of an import: written to a folder of its own, and checked as any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from rgraph.app import Workspace
from rgraph.errors import ManifestError, Place, Problem, Problems
from rgraph.files.import_writing import fill
from rgraph.files.manifest_yaml import NotWritable, lines_of, manifest_yaml
from rgraph.files.reader import MANIFESTS, MAX_FILE_SIZE
from rgraph.files.tree import read
from rgraph.importer.gathered import Gathered
from rgraph.importer.reading import Reading
from rgraph.importing.assembly import assemble, line_of
from rgraph.importing.linking import name_of
from rgraph.importing.manifests import Document, Manifests, manifests
from rgraph.importing.model import ImportedImage


class Made:
    """The catalogue; images that no manifest can say are noted in `read` and left out.

    Raises ManifestError if what is wrong has nothing to do with one image.
    """

    def __init__(self, read: Reading, stage: Path) -> None:
        self.images: tuple[ImportedImage, ...] = ()
        self.documents: tuple[Document, ...] = ()
        self.ids: Mapping[str, str] = {}
        """Name of a SourceImage -> image id."""
        self.files: dict[str, bytes] = {}
        """Files below `manifests/`."""
        self.workspace: Workspace | None = None
        apart: frozenset[str] = frozenset()
        while read.planned and self.workspace is None:
            images = assemble(read.planned, read.linked, read.steps, read.gathered.name)
            made = _manifests(read, images, apart)
            files, wrong = _texts(made, read.gathered)
            if not wrong:
                fill(stage, files)
                try:
                    self.workspace = Workspace(stage)
                except ManifestError as error:
                    wrong = _by_document(error, made)
            if not wrong:
                self.images, self.documents, self.ids, self.files = images, made.documents, made.ids, files
                continue
            refused = _refused(wrong, made)
            if refused.keys() <= apart:
                read.drop({name: _problem(each, read, name) for name, each in refused.items()})
                apart = frozenset()
            else:
                # Which image of a layer is wrong, and where, shows only in a layer of its own.
                apart |= refused.keys()


class _Wrong(Struct, frozen=True):
    """The first thing that is wrong with a document."""

    what: str
    path: tuple[str | int, ...]


def _manifests(read: Reading, images: Sequence[ImportedImage], apart: frozenset[str]) -> Manifests:
    hosts = {name_of(tag).host for image in images for tag in image.source.tags}
    registry = next(iter(hosts)) if len(hosts) == 1 and hosts != {"docker.io"} else ""
    return manifests(images, read.gathered.name, lines_of, registry, apart)


def _texts(made: Manifests, gathered: Gathered) -> tuple[dict[str, bytes], dict[str, _Wrong]]:
    """The files below manifests/, and what is wrong with documents that cannot be written."""
    files: dict[str, bytes] = {}
    wrong: dict[str, _Wrong] = {}
    for document in made.documents:
        try:
            files[document.file] = manifest_yaml(document.data, document.comments).encode()
        except NotWritable as error:
            wrong[document.file] = _Wrong(str(error), _unwritable(document.data))
    for path, source in made.files.items():
        content = read(str(gathered.root / source), source, MAX_FILE_SIZE, Problems(), copied=True)
        if content is not None:
            files[f"files/{path}"] = content
    return files, wrong


def _unwritable(data: Mapping[str, Any]) -> tuple[str | int, ...]:
    """The path of the first step that cannot be written; empty if it is none of them."""
    lists = [
        (("stages", at, "steps"), each.get("steps", ())) for at, each in enumerate(data.get("stages", ()))
    ]
    for path, steps in (*lists, (("steps",), data.get("steps", ()))):
        for at, step in enumerate(steps):
            try:
                manifest_yaml({"steps": [step]})
            except NotWritable:
                return (*path, at)
    return ()


def _by_document(error: ManifestError, made: Manifests) -> dict[str, _Wrong]:
    """Document -> the first thing that is wrong with it. Raises the error if it is about none of them."""
    known = {document.file for document in made.documents}
    found: dict[str, _Wrong] = {}
    for problem in error.problems:
        file = problem.place.file.removeprefix(f"{MANIFESTS}/")
        if file in known:
            found.setdefault(file, _Wrong(problem.what, problem.place.path))
    if not found:
        raise error
    return found


def _refused(wrong: Mapping[str, _Wrong], made: Manifests) -> dict[str, _Wrong]:
    """The images of documents that are wrong, and why. Raises ManifestError if there are none."""
    layers = {str(each.data["name"]): each for each in made.documents if "from" in each.data}
    why = {name: wrong[each.file] for name, each in layers.items() if each.file in wrong}
    for each in made.documents:
        if each.file in wrong and each.data["kind"] == "recipe":
            users = (name for name, layer in layers.items() if _uses(layer.data, str(each.data["name"])))
            why.update(dict.fromkeys(users, wrong[each.file]))
    found = {name: why[layer] for name, id in made.ids.items() if (layer := id.partition(":")[0]) in why}
    if not found:
        raise ManifestError(Problem(Place(f"{MANIFESTS}/{file}"), each.what) for file, each in wrong.items())
    return found


def _problem(wrong: _Wrong, read: Reading, name: str) -> Problem:
    line = line_of(read.planned[name].plan, read.steps[name], wrong.path)
    place = Place(read.planned[name].file.path, line=line, column=1)
    return Problem(place, f"cannot be said in a manifest: {wrong.what}")


def _uses(data: object, recipe: str) -> bool:
    match data:
        case dict():
            return data.get("use") == recipe or any(_uses(each, recipe) for each in data.values())
        case list():
            return any(_uses(each, recipe) for each in data)
    return False

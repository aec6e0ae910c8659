"""A catalogue of the images of an import: written to a folder of its own, and checked as any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rgraph.app import Workspace
from rgraph.errors import ManifestError, Place, Problem, Problems
from rgraph.files.import_writing import fill
from rgraph.files.manifest_yaml import NotWritable, lines_of, manifest_yaml
from rgraph.files.reader import MANIFESTS, MAX_FILE_SIZE
from rgraph.files.tree import read
from rgraph.importer.gathered import Gathered
from rgraph.importer.reading import Reading
from rgraph.importing.assembly import assemble
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
        while read.planned and self.workspace is None:
            images = assemble(read.planned, read.linked, read.steps, read.gathered.name)
            made = _manifests(read, images)
            files, wrong = _texts(made, read.gathered)
            if not wrong:
                fill(stage, files)
                try:
                    self.workspace = Workspace(stage)
                except ManifestError as error:
                    wrong = _by_document(error, made)
            if wrong:
                read.drop(_refused(wrong, read, made))
            else:
                self.images, self.documents, self.ids, self.files = images, made.documents, made.ids, files


def _manifests(read: Reading, images: Sequence[ImportedImage]) -> Manifests:
    hosts = {name_of(tag).host for image in images for tag in image.source.tags}
    registry = next(iter(hosts)) if len(hosts) == 1 and hosts != {"docker.io"} else ""
    return manifests(images, read.gathered.name, lines_of, registry)


def _texts(made: Manifests, gathered: Gathered) -> tuple[dict[str, bytes], dict[str, str]]:
    """The files below manifests/, and what is wrong with documents that cannot be written."""
    files: dict[str, bytes] = {}
    wrong: dict[str, str] = {}
    for document in made.documents:
        try:
            files[document.file] = manifest_yaml(document.data, document.comments).encode()
        except NotWritable as error:
            wrong[document.file] = str(error)
    for path, source in made.files.items():
        content = read(str(gathered.root / source), source, MAX_FILE_SIZE, Problems(), copied=True)
        if content is not None:
            files[f"files/{path}"] = content
    return files, wrong


def _by_document(error: ManifestError, made: Manifests) -> dict[str, str]:
    """Document -> the first thing that is wrong with it. Raises the error if it is about none of them."""
    known = {document.file for document in made.documents}
    found: dict[str, str] = {}
    for problem in error.problems:
        file = problem.place.file.removeprefix(f"{MANIFESTS}/")
        if file in known:
            found.setdefault(file, problem.what)
    if not found:
        raise error
    return found


def _refused(wrong: Mapping[str, str], read: Reading, made: Manifests) -> dict[str, Problem]:
    """The images of documents that are wrong, and why. Raises ManifestError if there are none."""
    layers = {str(each.data["name"]): each for each in made.documents if "from" in each.data}
    why = {name: wrong[each.file] for name, each in layers.items() if each.file in wrong}
    for each in made.documents:
        if each.file in wrong and each.data["kind"] == "recipe":
            users = (name for name, layer in layers.items() if _uses(layer.data, str(each.data["name"])))
            why.update(dict.fromkeys(users, wrong[each.file]))
    found = {}
    for name, id in made.ids.items():
        layer = id.partition(":")[0]
        if layer in why:
            place = Place(read.planned[name].file.path, line=1, column=1)
            found[name] = Problem(place, f"cannot be said in a manifest: {why[layer]}")
    if not found:
        raise ManifestError(Problem(Place(f"{MANIFESTS}/{file}"), what) for file, what in wrong.items())
    return found


def _uses(data: object, recipe: str) -> bool:
    match data:
        case dict():
            return data.get("use") == recipe or any(_uses(each, recipe) for each in data.values())
        case list():
            return any(_uses(each, recipe) for each in data)
    return False

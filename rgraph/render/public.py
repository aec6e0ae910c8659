"""The public copy: what people may see of a catalogue, rendered anew from its public parts.

For each image: Dockerfile (the public part), README, licence, notices, SBOM, and the files that its public
steps copy. Beside them a README of all images, the licence, and the notes of releases. The SBOM is public: it
says for programs what the notices say for people, and users need it to check what they run.

Left out: private parts and combined Dockerfiles, tests and their scripts, the bake file (which names the
private parts), import.cfg and release.json (staging), and images whose own names are private.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from rgraph.image import Image
from rgraph.names import ReleaseTag, release_number
from rgraph.release.record import date_of
from rgraph.render.dockerfile import public
from rgraph.render.leaks import Leaks, public_edges, public_steps
from rgraph.render.notices import Notices, license_text
from rgraph.render.readme import Readmes
from rgraph.render.sbom import Sboms
from rgraph.render.templating import cell, template
from rgraph.render.tests_json import tests_json
from rgraph.render.view import View
from rgraph.render_names import DOCKERFILE, LICENSE, NOTICES, README, SBOM, TESTS

Files = Iterator[tuple[str, bytes]]

_FILES = "\n\n## Files\n"
"""Heads the last section of an image's README, which names files that are not public."""


def public_files(view: View, notes: Iterable[tuple[str, bytes]], released: Iterable[str] = ()) -> Files:
    """Path and contents of every file of the public copy. `notes` are those of releases, by path; `released`
    the references of Externals that their images stood on.

    Raises RefusedError behind the last of them if any holds something private: whoever takes the files must
    take all before one is published.
    """
    copy = _Copy(view, released)
    yield from copy.images()
    tags = []
    for path, content in notes:
        found = copy.note(content)
        if found is not None and not copy.leaks.has_private(path.encode()):
            yield copy.checked(path, found, plain=True)
            if path.endswith("/notes.md"):
                tags.append(path.split("/")[1])
    yield copy.checked(README, _index(view, copy.shown, tags).encode(), plain=True)
    yield copy.checked(LICENSE, license_text(view.catalog).encode())
    copy.leaks.raise_any()


class _Copy:
    """What all files of a public copy share."""

    def __init__(self, view: View, released: Iterable[str]) -> None:
        self._view = view
        self.leaks = Leaks(view, released)
        self.shown = [
            image
            for image in view.resolved.images.values()
            if not self.leaks.is_private(image, view.address(image))
        ]
        """The images that are not private."""
        self._history = _history(view)

    def images(self) -> Files:
        """The files of all images."""
        view = self._view
        license = license_text(view.catalog).encode()
        notices, sboms, readmes = Notices(view), Sboms(view), Readmes(view)
        for image in self.shown:
            folder = image.folder
            yield self.checked(f"{folder}/{DOCKERFILE}", public(image, view.reference).encode(), plain=True)
            yield self.checked(f"{folder}/{LICENSE}", license)
            yield self.checked(f"{folder}/{NOTICES}", notices.text(image.id))
            yield self.checked(f"{folder}/{SBOM}", sboms.text(image.id))
            yield self.checked(f"{folder}/{README}", self._readme(readmes, image).encode(), plain=True)
            for name in _copied(image):
                if name == TESTS:
                    yield self.checked(f"{folder}/{name}", tests_json(view, image).encode(), plain=True)
                elif name in view.catalog.files:
                    yield self.checked(f"{folder}/{name}", view.catalog.files[name], plain=True)

    def note(self, content: bytes) -> bytes | None:
        """Release notes without the lines that name what is private; None if they are all about it."""
        if not self.leaks.has_private(content):
            return content
        lines = content.split(b"\n")
        if self.leaks.has_private(lines[0]):
            return None
        return b"\n".join(line for line in lines if not self.leaks.has_private(line))

    def checked(self, path: str, content: bytes, *, plain: bool = False) -> tuple[str, bytes]:
        """A file, after a look for what is private in it; in what people wrote (`plain`) for secrets, too."""
        self.leaks.look(path, content)
        if plain:
            self.leaks.look_for_secrets(path, content)
        return path, content

    def _readme(self, readmes: Readmes, image: Image) -> str:
        named = public_edges(image)
        edges = tuple(edge for edge in image.edges if edge.to in named)
        text, found, _ = readmes.text(structs.replace(image, edges=edges)).rpartition(_FILES)
        assert found, "a README ends with its files"
        rows = [
            (f"`{cell(reference)}`", release, date_of(release), "yes" if moves else "no")
            for reference, release, moves in self._history.get(image.id, ())
        ]
        return template("public-image.md.j2").render(text=text, rows=rows).strip() + "\n"


def _copied(image: Image) -> list[str]:
    """Files that the public part of an image copies."""
    names = {
        name
        for rendered in public_steps(image)
        for step in (rendered.source, *rendered.source.members)
        for name in step.files
    }
    return sorted(names)


def _history(view: View) -> dict[str, list[tuple[str, str, bool]]]:
    """Image id -> the references that it holds, each with the release that its content is of, and whether it
    moves; the newest first.
    """
    registry = view.catalog.settings.registry
    images = view.resolved.images
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for reference, (id, fingerprint) in view.ledger.holders.items():
        if id in images:
            floating = reference.rpartition(":")[2] in images[id].floating_tags
            name = f"{registry}/{reference}" if registry else reference
            found.setdefault(id, []).append((name, view.ledger.first_tag[id, fingerprint], floating))
    for rows in found.values():
        rows.sort(key=lambda row: row[0])
        rows.sort(key=lambda row: _order(row[1]), reverse=True)
    return found


def _order(tag: str) -> tuple[str, int]:
    return release_number(ReleaseTag(tag))


def _index(view: View, images: Iterable[Image], tags: Iterable[str]) -> str:
    settings = view.catalog.settings
    rows = [
        " | ".join(
            (
                f"[{image.id}]({image.folder}/{README})",
                f"`{cell(_below(view, image))}`",
                "<br>".join(f"`{view.address(image)}:{tag}`" for tag in view.tags(image)),
            )
        )
        for image in images
    ]
    releases = sorted(tags, key=_order, reverse=True)
    return (
        template("public.md.j2")
        .render(
            name=settings.name,
            description=settings.description.strip(),
            rows=rows,
            releases=[(tag, date_of(tag)) for tag in releases],
        )
        .strip()
        + "\n"
    )


def _below(view: View, image: Image) -> str:
    parent = image.parent
    return view.reference(parent.to) if parent.external else parent.to

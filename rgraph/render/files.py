"""All generated files of a catalogue, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.render.bake import bake_json
from rgraph.render.catalogue import catalogue_readme
from rgraph.render.dockerfile import private, public
from rgraph.render.notices import Notices, license_text
from rgraph.render.readme import Readmes
from rgraph.render.sbom import Sboms
from rgraph.render.svg import svg
from rgraph.render.tests_json import inherited_scripts, tests_json
from rgraph.render.view import View
from rgraph.render_names import COMBINED, DOCKERFILE, LICENSE, NOTICES, PRIVATE, README, SBOM, TESTS


def all_files(view: View) -> Iterator[tuple[str, bytes]]:
    """Path below `generated/` and content of every file."""
    license = license_text(view.catalog).encode()
    notices, sboms, readmes = Notices(view), Sboms(view), Readmes(view)
    for id, image in view.resolved.images.items():
        first, second = public(image, view.reference), private(image, view.reference)
        yield f"{image.folder}/{DOCKERFILE}", first.encode()
        yield f"{image.folder}/{PRIVATE}", second.encode()
        yield f"{image.folder}/{COMBINED}", f"{first}{second}".encode()
        yield f"{image.folder}/{LICENSE}", license
        yield f"{image.folder}/{NOTICES}", notices.text(id)
        yield f"{image.folder}/{SBOM}", sboms.text(id)
        yield f"{image.folder}/{TESTS}", tests_json(view, image).encode()
        yield f"{image.folder}/{README}", readmes.text(image).encode()
        for name in sorted({*image.files, *inherited_scripts(view, image)}):
            yield f"{image.folder}/{name}", view.catalog.files[name]
    yield README, catalogue_readme(view).encode()
    yield "docker-bake.json", bake_json(view).encode()
    yield "graph.svg", svg(view.resolved.images, view.resolved.images, view.resolved.level).encode()

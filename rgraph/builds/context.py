"""What a builder is given of an image: its Dockerfile and its build context, rendered from the manifests."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from rgraph.image import Image
from rgraph.render import bake
from rgraph.render.dockerfile import Refer, private, public
from rgraph.render.notices import Notices, license_text
from rgraph.render.sbom import Sboms
from rgraph.render.tests_json import inherited_scripts, tests_json
from rgraph.render.view import View
from rgraph.render_names import LICENSE, NOTICES, SBOM, TESTS


class Context(Struct, frozen=True):
    """Dockerfile and context of one image."""

    dockerfile: str
    files: Mapping[str, bytes]
    """Path in the context -> content."""


class Contexts:
    """Contexts of images; what they share is made once.

    A context holds what the image's folder in `generated/` does, but for what a fingerprint does not cover:
    the README, and Dockerfiles with the tags of parents.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._license = license_text(view.catalog).encode()
        self._notices, self._sboms = Notices(view), Sboms(view)

    def of(self, image: Image, parents: Mapping[str, str]) -> Context:
        """The context of an image; `parents` has references for the images that it is made from."""
        refer = self._refer(parents)
        view = self._view
        files = {
            LICENSE: self._license,
            NOTICES: self._notices.text(image.id),
            SBOM: self._sboms.text(image.id),
            TESTS: tests_json(view, image).encode(),
        }
        for name in sorted({*image.files, *inherited_scripts(view, image)}):
            files[name] = view.catalog.files[name]
        return Context(public(image, refer) + private(image, refer), files)

    def _refer(self, parents: Mapping[str, str]) -> Refer:
        return lambda node: parents[node] if ":" in node else self._view.catalog.externals[node].reference


def secrets_of(image: Image) -> list[str]:
    """Ids of the build secrets that the steps of an image mount, its stages' too; sorted."""
    stages = (step for stage in image.stages for step in stage.steps)
    return bake.secrets_of(structs.replace(image, public=(*stages, *image.public)))

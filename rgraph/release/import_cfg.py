"""import.cfg: what the release pipeline copies, from staging to the registry that people pull from.

The form is that of the images' developer README ("Release pipeline"): an entry for each image, with a
source and its destinations. Users and secrets are references to variables, never values.
"""

from __future__ import annotations

import re
from typing import Final

from rgraph.names import Bad
from rgraph.release.record import Record, RecordedImage, pretty

IMPORT: Final = "import.cfg"

BUILD_NUMBER: Final = "${BUILD_NUMBER}"
"""Stands where the number of the build goes, if a cut is not told it."""

_STAGING_KEYS = ("${STAGING_USERNAME}", "${STAGING_PASSWORD}")
_REGISTRY_KEYS = ("${REGISTRY_USERNAME}", "${REGISTRY_PASSWORD}")

_BUILD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_TAG = 128
"""Characters (OCI distribution specification, "Pulling manifests")."""


def build_number(text: str | None) -> str | Bad:
    """The number of a build, which becomes the end of a tag; the reference to a variable if none is said.

    An empty text is none: it is what a variable of a pipeline gives that was never set.
    """
    if text is None:
        return BUILD_NUMBER
    if _BUILD.fullmatch(text):
        return text
    return Bad(f"`{text}` is no build number", "use digits, letters, `.`, `_` and `-`, at most 64 characters")


def staging_name(staging: str, id: str, build: str) -> str | Bad:
    """Where a build pushes an image: `base:intelmpi2018.3-ubuntu16.04--BUILD`, in the staging registry.

    An image's id names a repository and a tag, and no two images have the same. Without a staging
    registry it is the bare name, as an image has that is only built locally.
    """
    layer, _, variant = id.partition(":")
    tag = f"{variant}--{build}"
    if build != BUILD_NUMBER and len(tag) > _LONGEST_TAG:
        what = f"`{tag}` is too long for a tag"
        return Bad(what, f"give a build number of at most {_LONGEST_TAG - len(variant) - 2} characters")
    return f"{staging}/{layer}:{tag}" if staging else f"{layer}:{tag}"


def import_cfg(record: Record) -> bytes:
    """The file, as JSON: an entry for each image of a release that tags are to be given to."""
    return pretty([entry for image in record.images if (entry := _entry(record, image))])


def _entry(record: Record, image: RecordedImage) -> dict[str, dict[str, object]] | None:
    from_staging = image.source == staging_name(record.catalogue.staging, image.id, record.build)
    user, secret = _STAGING_KEYS if from_staging else _REGISTRY_KEYS
    references = (*image.references.fixed, *image.references.floating)
    held = "" if from_staging else image.source.removeprefix(f"{record.catalogue.registry}/")
    names = [f"public/{reference}" for reference in references if reference != held]
    if not names:
        return None
    return {
        "source": {"imageName": image.source, "registryUsername": user, "registryPassword": secret},
        "destination": {"imageNames": names},
    }

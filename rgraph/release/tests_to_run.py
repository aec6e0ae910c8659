"""tests.json of a release: the tests that its images must pass before they are published."""

from __future__ import annotations

from typing import Final

from rgraph.release.import_cfg import is_built
from rgraph.release.record import Record, pretty

TESTS: Final = "tests.json"


def tests_to_run(record: Record) -> bytes:
    """The tests of all images that the release builds, with what to run them on; an image that has no
    test stands there with none. What is taken from where it was released has passed them before.
    """
    images = [
        {"image": image.id, "source": image.source, "folder": image.folder, "tests": image.tests}
        for image in record.images
        if is_built(record, image)
    ]
    return pretty({"schema": 1, "release": record.tag, "images": images})

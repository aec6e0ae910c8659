"""tests.json: the tests of an image, inherited ones too."""

from __future__ import annotations

import msgspec

from rgraph.image import Image, ImageTest
from rgraph.render.view import View


def tests_json(view: View, image: Image) -> str:
    """The tests for programs."""
    document = {"schema": 1, "image": image.id, "tests": all_tests(view, image)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def all_tests(view: View, image: Image) -> list[dict[str, object]]:
    """All tests, the image's own first; a test of the same name nearer to the image takes its place."""
    found: dict[str, dict[str, object]] = {}
    node: Image | None = image
    while node is not None:
        for test in node.frame.tests:
            found.setdefault(test.name, _entry(test, node.id))
        node = None if node.parent.external else view.resolved.images[node.parent.to]
    return list(found.values())


def _entry(test: ImageTest, id: str) -> dict[str, object]:
    entry: dict[str, object] = {"name": test.name, "from": id, "nodes": test.nodes}
    if test.script:
        entry["script"] = test.script
    else:
        entry["command"] = list(test.command) if isinstance(test.command, tuple) else test.command
    if test.output:
        entry["output"] = test.output
    entry["exit_code"] = test.exit_code
    return entry


def inherited_scripts(view: View, image: Image) -> tuple[str, ...]:
    """Files that the tests of an image need, sorted."""
    found: set[str] = set()
    node: Image | None = image
    while node is not None:
        found.update(test.script for test in node.frame.tests if test.script)
        node = None if node.parent.external else view.resolved.images[node.parent.to]
    return tuple(sorted(found))

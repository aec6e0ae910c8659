"""tests.json: the tests of an image, inherited ones too."""

from __future__ import annotations

import msgspec

from rgraph.image import Image, ImageTest, inherited_tests
from rgraph.render.view import View


def tests_json(view: View, image: Image) -> str:
    """The tests for programs."""
    document = {"schema": 1, "image": image.id, "tests": all_tests(view, image)}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def all_tests(view: View, image: Image) -> list[dict[str, object]]:
    """All tests, the image's own first; a test of the same name nearer to the image takes its place."""
    return [_entry(test, id) for id, test in inherited_tests(view.resolved.images, image)]


def _entry(test: ImageTest, id: str) -> dict[str, object]:
    entry: dict[str, object] = {"name": test.name, "from": id, "nodes": test.nodes}
    if test.nodes > 1 and test.launch != "mpirun":
        entry["launch"] = test.launch
    if test.script:
        entry["script"] = test.script
    elif test.r_packages:
        entry["r_packages"] = [f"{name}=={version}" if version else name for name, version in test.r_packages]
    else:
        entry["command"] = list(test.command) if isinstance(test.command, tuple) else test.command
    if test.files:
        entry["files"] = list(test.files)
    if test.batch:
        entry["batch"] = True
    if test.output:
        entry["output"] = test.output
    entry["exit_code"] = test.exit_code
    if test.timeout:
        entry["timeout"] = test.timeout
    return entry


def inherited_scripts(view: View, image: Image) -> tuple[str, ...]:
    """Files that the tests of an image need, sorted."""
    tests = inherited_tests(view.resolved.images, image, overridden=True)
    return tuple(sorted({name for _, test in tests for name in (test.script, *test.files) if name}))

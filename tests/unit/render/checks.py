"""Checks of a generated catalogue that the golden cases and the shipped catalogue share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rgraph.app import Workspace, flattened
from rgraph.render.bake import target_names
from rgraph.render_names import COMBINED, DOCKERFILE, PRIVATE
from tests.unit.render.instructions import (
    bake,
    copied,
    findings,
    of_flattened,
    of_private,
    of_public,
    parsed,
)


def check_instructions(root: Path) -> None:
    """Every Dockerfile holds the instructions of its image: none injected, none swallowed."""
    for image in Workspace(root).resolved.images.values():
        folder = root / "generated" / image.folder
        texts = [(folder / name).read_text("utf-8") for name in (DOCKERFILE, PRIVATE, COMBINED)]
        expected = [of_public(image), of_private(image), of_public(image) + of_private(image)]
        for text, keywords in zip(texts, expected, strict=True):
            found = parsed(text)
            assert found == keywords, f"{image.id}: {found} is not {keywords}"
        assert texts[0] + texts[1] == texts[2], image.id


def check_flattened(root: Path) -> None:
    """So does the flattened Dockerfile of every image."""
    workspace = Workspace(root)
    for id in workspace.resolved.images:
        text = flattened(workspace, id, private=False)
        found = parsed(text)
        last, count = of_flattened(workspace, id)
        assert found[-len(last) :] == last, f"{id}: {found} does not end in {last}"
        assert Counter(found) == count, f"{id}: {found} is not {count}"
        # Folders and patterns, too.
        missing = [file for file in copied(text) if not any((root / "generated").glob(file))]
        assert not missing, f"{id} copies {missing}, which generated/ does not hold"


def check_lint(root: Path, scratch: Path) -> None:
    """No finding of hadolint in any Dockerfile, flattened ones too."""
    files = [path for name in (DOCKERFILE, COMBINED) for path in sorted((root / "generated").rglob(name))]
    workspace = Workspace(root)
    for number, id in enumerate(workspace.resolved.images):
        files.append(scratch / f"flattened-{number}.Dockerfile")
        files[-1].write_text(flattened(workspace, id, private=False), "utf-8")
    found = findings(files)
    assert not found, "\n".join(found)


def check_bake(root: Path, buildx: Path) -> None:
    """That bake reads every target, upon the targets of its parents."""
    workspace = Workspace(root)
    targets = bake(buildx, root)
    names = target_names(workspace.resolved.images)
    assert set(targets) == set(names.values())
    for id, image in workspace.resolved.images.items():
        target = targets[names[id]]
        assert isinstance(target, dict)
        parents = {f"target:{names[edge.to]}" for edge in image.edges if not edge.external}
        assert set(target.get("contexts", {}).values()) == parents
        assert (root / target["context"] / target["dockerfile"]).is_file()

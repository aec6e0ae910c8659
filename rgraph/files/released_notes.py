"""Notes of releases, as cuts wrote them below `generated/releases/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rgraph.errors import Problems
from rgraph.files import tree
from rgraph.files.release_folder import LARGEST, RELEASES
from rgraph.files.releases import Releases
from rgraph.ledger import Ledger


def released_notes(generated: Path, ledger: Ledger) -> Iterator[tuple[str, bytes]]:
    """Path (below `generated/`) and contents of the notes of all releases of the ledger, in its order.

    A release without notes is passed over. Raises ManifestError if some cannot be read.
    """
    problems = Problems()
    for release in ledger.releases:
        folder = f"{RELEASES}/{release.tag}"
        for path in (f"{folder}/notes.md", *_below(generated, f"{folder}/notes", problems)):
            if os.path.lexists(generated / path):
                content = tree.read(
                    os.path.join(generated, path), f"{generated.name}/{path}", LARGEST, problems
                )
                if content is not None:
                    yield path, content
    problems.raise_any()


def released_externals(generated: Path, ledger: Ledger) -> tuple[str, ...]:
    """References, without digest, of all Externals that images of releases stood on, sorted; as far as the
    records of the releases are there. Raises ManifestError if one is damaged.
    """
    releases = Releases(generated, ledger)
    records = (releases.record(tag) for tag in releases.tags)
    return tuple(
        sorted(
            {
                edge.reference
                for record in records
                if record
                for image in record.images
                for edge in image.edges
                if edge.external
            }
        )
    )


def _below(generated: Path, folder: str, problems: Problems) -> list[str]:
    """Paths of the Markdown files in a folder and those below it, sorted."""
    found: list[str] = []
    waiting = [folder]
    while waiting:
        each = waiting.pop()
        if not os.path.lexists(generated / each):
            continue
        file = f"{generated.name}/{each}"
        for name, _, kind in tree.scan(os.path.join(generated, each), file, problems):
            if kind == "folder":
                waiting.append(f"{each}/{name}")
            elif name.endswith(".md"):
                found.append(f"{each}/{name}")
    return sorted(found)

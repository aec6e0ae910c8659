"""The use case of `verify`: what is really in images, against what the manifests declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

from msgspec import Struct

from rgraph.app import Workspace
from rgraph.builds.naming import at_digest
from rgraph.builds.record import BuildRecord
from rgraph.contents.compare import Along, Difference, Verdict, compare
from rgraph.contents.installed import Contents
from rgraph.contents.read import contents_of
from rgraph.engines.containers import Containers, EngineRefusedError
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.gathering import gather
from rgraph.errors import Problems, RgraphError, UsageError
from rgraph.files.built import built
from rgraph.files.folder_lock import locked
from rgraph.files.reader import MAX_RECORD_SIZE
from rgraph.files.record import remove_leftovers, write_record
from rgraph.files.trees import Disk
from rgraph.lock import LOCK_FILE, read_lock
from rgraph.locking import lock_text, with_transitive

Look = Callable[[Containers, str], Contents]
"""Looks into an image of the engine."""
Make = Callable[[str, Event], Containers]
_RUN: Final = "verify"
_AT_ONCE: Final = 2


class Verified(Struct, frozen=True, eq=False):
    """What `verify` found."""

    images: Mapping[str, Verdict]
    """In order; with `write`, after what was found has been written down."""
    sources: Mapping[str, str]
    """Image -> what was looked at: a reference, or an id of the engine."""
    recorded: Mapping[str, int]
    """Image or External -> transitive components that the lock has of it now; empty without `write`."""
    written: bool
    """Whether the lock was changed."""
    unseen: Mapping[str, str]
    """Externals that could not be looked into: what they bring is written down with the images."""
    failures: Mapping[str, RgraphError]
    """Images that could not be looked into."""

    @property
    def well(self) -> bool:
        """Whether all are what the manifests and the lock say."""
        return not self.failures and not any(each.differences for each in self.images.values())


def from_container(containers: Containers, image: str) -> Contents:
    """What package managers have written down in an image, read in a container of it without network."""
    return contents_of(gather(containers, image))


def sources_of(
    workspace: Workspace, ids: Sequence[str], number: str, builds: Path | None, reference: str
) -> dict[str, str]:
    """What to look at for each image: what the build has of it, or the one that `reference` names.

    Raises UsageError.
    """
    if reference:
        if len(ids) != 1:
            raise UsageError(f"--reference is for one image, and {len(ids)} are named", "name one")
        return {ids[0]: reference}
    record = built(workspace.root, builds, number)
    return {id: _source(record, id) for id in ids}


def _source(record: BuildRecord, id: str) -> str:
    image = record.images.get(id)
    if image is None or not image.is_there:
        why = "does not have it" if image is None else f"has it as {image.state}"
        raise UsageError(f"`{id}` cannot be verified: the build `{record.number}` {why}", "build it first")
    return at_digest(image.reference, image.digest) if image.digest else image.image_id


def verify(
    workspace: Workspace, sources: Mapping[str, str], make: Make, look: Look, *, write: bool = False
) -> Verified:
    """Compares images with manifests and lock. With `write`, what came along undeclared goes into the lock:
    of each image what nothing below it has, and of the Externals that they stand on.

    Raises CouldNotAskError if the engine does not answer, WriteError.
    """
    containers = make(_RUN, Event())
    containers.check()
    externals = _externals(workspace, sources) if write else {}
    wanted = {**externals, **sources}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looked = dict(
            zip(wanted, pool.map(lambda image: _seen(containers, image, look), wanted.values()), strict=True)
        )
    seen = {node: each for node, each in looked.items() if isinstance(each, Contents)}
    failed = {node: each for node, each in looked.items() if isinstance(each, RgraphError)}
    along: Along = workspace.catalog.lock.transitive
    written = False
    recorded: dict[str, Mapping[str, str]] = {}
    if write:
        # Externals stand first, and images after what they are built from.
        for node, contents in seen.items():
            recorded[node] = _compared(workspace, node, contents, {**along, **recorded}).along
        written = _write(workspace.root, recorded)
        along = {**along, **recorded}
    verdicts = {id: _compared(workspace, id, seen[id], along) for id in sources if id in seen}
    return Verified(
        verdicts,
        sources,
        {node: len(each) for node, each in recorded.items()},
        written,
        {name: str(error) for name, error in failed.items() if name in externals},
        {id: error for id, error in failed.items() if id in sources},
    )


def _compared(workspace: Workspace, node: str, contents: Contents, along: Along) -> Verdict:
    return compare(workspace.resolved, workspace.inventory, node, contents, along)


def _seen(containers: Containers, image: str, look: Look) -> Contents | RgraphError:
    try:
        if image.startswith("sha256:"):
            if not containers.has(image):
                return EngineRefusedError(f"the engine does not hold `{image}` any more", "build it again")
        else:
            containers.pull(image)
        return look(containers, image)
    except (CouldNotAskError, EngineRefusedError) as error:
        return error


def _externals(workspace: Workspace, ids: Mapping[str, str]) -> dict[str, str]:
    """The Externals that images are built from, near or far: name -> what FROM names."""
    images = workspace.resolved.images
    found: dict[str, str] = {}
    for id in ids:
        node = id
        while node in images:
            node = images[node].parent.to
        found[node] = workspace.catalog.externals[node].reference
    return found


def _write(root: Path, recorded: Mapping[str, Mapping[str, str]]) -> bool:
    """Puts what was found into the lock as it is now; whether it changed. Raises WriteError."""
    with locked(root):
        remove_leftovers(root / LOCK_FILE)
        disk, problems = Disk(root), Problems()
        there = disk.kind(LOCK_FILE) is not None
        raw = disk.read(LOCK_FILE, LOCK_FILE, MAX_RECORD_SIZE, problems) if there else None
        before = read_lock(raw, problems)
        problems.raise_any()
        after = with_transitive(before, recorded)
        if after == before:
            return False
        write_record(root / LOCK_FILE, lock_text(after).encode())
        return True


def worst(differences: Sequence[Difference]) -> dict[str, int]:
    """How many there are of each kind."""
    kinds = [each.kind for each in differences]
    return {kind: kinds.count(kind) for kind in ("missing", "version", "undeclared")}

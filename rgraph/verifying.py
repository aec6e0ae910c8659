"""The use case of `verify`: what is really in images, against what the manifests declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

from msgspec import Struct, structs

from rgraph.app import Workspace
from rgraph.builds.naming import FINGERPRINT, at_digest
from rgraph.builds.record import BuildRecord
from rgraph.contents.compare import Along, Difference, Verdict, compare
from rgraph.contents.installed import Contents
from rgraph.contents.read import contents_of
from rgraph.engines.containers import ENGINE, Containers, EngineRefusedError
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.gathering import gather
from rgraph.engines.sweeping import run_name, swept
from rgraph.errors import RgraphError, UsageError
from rgraph.files.built import built
from rgraph.files.lock_file import rewrite_lock
from rgraph.fingerprint import fingerprints
from rgraph.lock import LOCK_FILE
from rgraph.locking import with_transitive

Look = Callable[[Containers, str], Contents]
"""Looks into an image of the engine."""
Make = Callable[[str, Event], Containers]
_RUN: Final = "verify"
_MANIFESTS: Final = LOCK_FILE.partition("/")[0]
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
    remarks: Sequence[str]
    """What is to be known of what was looked at."""

    @property
    def well(self) -> bool:
        """Whether all are what the manifests and the lock say."""
        return not self.failures and not any(each.differences for each in self.images.values())


def from_container(containers: Containers, image: str) -> Contents:
    """What package managers have written down in an image, read in a container of it without network."""
    return contents_of(gather(containers, image))


class StaleError(RgraphError):
    """What was looked at is not what the manifests say now, so the lock must not have it."""

    exit_code = 1

    def __init__(self, what: str, help: str = "") -> None:
        self.what = what
        self.help = help
        super().__init__(what)


class Source(Struct, frozen=True):
    """What is looked at for an image."""

    reference: str
    """A reference, or an id of the engine."""
    fingerprint: str | None = None
    """The content that the build was asked for; None if only the image itself can say so."""


def sources_of(
    workspace: Workspace, ids: Sequence[str], number: str, builds: Path | None, reference: str
) -> dict[str, Source]:
    """What to look at for each image: what the build has of it, or the one that `reference` names.

    Raises UsageError.
    """
    if reference:
        if len(ids) != 1:
            raise UsageError(f"--reference is for one image, and {len(ids)} are named", "name one")
        return {ids[0]: Source(reference)}
    record = built(workspace.root, builds, number)
    return {id: _source(record, id) for id in ids}


def _source(record: BuildRecord, id: str) -> Source:
    image = record.images.get(id)
    if image is None or not image.is_there:
        why = "does not have it" if image is None else f"has it as {image.state}"
        raise UsageError(f"`{id}` cannot be verified: the build `{record.number}` {why}", "build it first")
    reference = at_digest(image.reference, image.digest) if image.digest else image.image_id
    return Source(reference, image.fingerprint)


def verify(
    workspace: Workspace, sources: Mapping[str, Source], make: Make, look: Look, *, write: bool = False
) -> Verified:
    """Compares images with manifests and lock. With `write`, what came along undeclared goes into the lock:
    of each image what nothing below it has, and of the Externals that they stand on.

    Raises CouldNotAskError if the engine does not answer, StaleError if images are not what the manifests
    say now and the lock is to be written, WriteError.
    """
    containers = make(run_name(_RUN, workspace.root), Event())
    containers.check()
    with swept(workspace.root / _MANIFESTS, containers.sweep):
        return _verified(workspace, sources, containers, look, write=write)


def _verified(
    workspace: Workspace, sources: Mapping[str, Source], containers: Containers, look: Look, *, write: bool
) -> Verified:
    remarks = _remarks(workspace, sources, containers, write=write)
    externals = _externals(workspace, sources) if write else {}
    wanted = {**externals, **{id: source.reference for id, source in sources.items()}}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looked = dict(
            zip(wanted, pool.map(lambda image: _seen(containers, image, look), wanted.values()), strict=True)
        )
    seen = {node: each for node, each in looked.items() if isinstance(each, Contents)}
    failed = {node: each for node, each in looked.items() if isinstance(each, RgraphError)}
    lost = [each for each in failed.values() if isinstance(each, CouldNotAskError) and each.whom == ENGINE]
    if write and lost:
        # What was not seen would be written down at a wrong place, or taken for gone.
        raise lost[0]
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
        {id: source.reference for id, source in sources.items()},
        {node: len(each) for node, each in recorded.items()},
        written,
        {name: str(error) for name, error in failed.items() if name in externals},
        {id: error for id, error in failed.items() if id in sources},
        remarks,
    )


def _remarks(
    workspace: Workspace, sources: Mapping[str, Source], containers: Containers, *, write: bool
) -> list[str]:
    """What is to be said of images that are not, or may not be, what the manifests say now.

    Raises StaleError if they are not and the lock is to be written.
    """
    found, stale = [], []
    # A build from before its packages were locked has other notices and no other packages.
    catalog = workspace.resolved.catalog
    bare = structs.replace(catalog, lock=structs.replace(catalog.lock, transitive={}))
    unlocked = fingerprints(structs.replace(workspace.resolved, catalog=bare))
    for id, source in sources.items():
        fingerprint = source.fingerprint
        if fingerprint is None:
            try:
                containers.pull(source.reference)
                fingerprint = containers.labels(source.reference).get(FINGERPRINT, "")
            except (CouldNotAskError, EngineRefusedError):
                continue  # looking into it fails as well, and says so
        if not fingerprint:
            found.append(f"`{source.reference}` does not say what it was built from: it may be another image")
        elif fingerprint not in (workspace.fingerprints[id], unlocked[id]):
            stale.append(id)
    if stale and write:
        names = ", ".join(f"`{id}`" for id in stale)
        what = f"the lock is left as it is: manifests or lock were changed after these were built: {names}"
        raise StaleError(what, "build them again, then verify that build")
    return [*found, *(f"`{id}`: manifests or lock were changed after it was built" for id in stale)]


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


def _externals(workspace: Workspace, ids: Iterable[str]) -> dict[str, str]:
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
    return rewrite_lock(root, lambda before: with_transitive(before, recorded))


def worst(differences: Sequence[Difference]) -> dict[str, int]:
    """How many there are of each kind."""
    kinds = [each.kind for each in differences]
    return {kind: kinds.count(kind) for kind in ("missing", "version", "undeclared")}

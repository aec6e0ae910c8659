"""What the lock holds, what it lacks, and what becomes of it when new answers come.

Pure: registries and servers are asked elsewhere; their answers come in as values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs

from rgraph import names
from rgraph.errors import Path, Place, Problem
from rgraph.graph import closure, reverse
from rgraph.image import Image, ImageStep
from rgraph.lock import LOCK_FILE, Lock, LockedExternal
from rgraph.resolve import Resolved
from rgraph.steps.download import Download, Source
from rgraph.steps.fetching import Fetch, shown
from rgraph.steps.package_managers import Apt
from rgraph.steps.r import UrlPackages
from rgraph.steps.windows import Certificate

Kind = Literal["external", "download", "transitive"]
Key = tuple[Kind, str]
"""Kind and name of an entry."""
State = Literal["current", "void", "missing", "unused"]
"""`void`: the lock has the digest of another reference; `missing`: it has nothing; `unused`: nothing
wants what it has."""

_HELP = "run `rgraph lock`"


class Entry(Struct, frozen=True):
    """What is in the lock, or should be."""

    kind: Kind
    name: str
    """Name of the External, or URL; of what `rgraph verify` found, the image or External."""
    requested: str
    """What has to be resolved: the External's reference, or the URL; of an unused entry what once had."""
    state: State
    locked: str
    """Digest or checksum in the lock; empty if it has none."""
    place: Place
    """Where a person wrote what is requested; of an unused entry the place in the lock."""
    images: tuple[str, ...] = ()
    """Images that have it in their own Dockerfile, in order."""
    locked_for: str = ""
    """The reference that the lock has a digest of, if it is void."""

    @property
    def key(self) -> Key:
        """What answers are found by."""
        return self.kind, self.name


class Stale(Struct, frozen=True):
    """An External that has moved on since it was locked."""

    external: str
    requested: str
    locked: str
    now: str
    """The registry's digest; empty if the reference is there no more."""
    images: tuple[str, ...]
    """Images to rebuild: all that stand on it, near or far, in the order of the catalogue."""


def review(resolved: Resolved) -> tuple[Entry, ...]:
    """All entries: Externals by name, then downloads by URL; of what `rgraph verify` found only what is
    about an image or External that is there no more.

    An External wants a digest unless its reference has one; a download wants a checksum unless the
    manifest has one. Where the manifest and the lock have the same, the entry counts as wanted.
    """
    return (*_externals(resolved), *_downloads(resolved), *_transitive(resolved))


def asked_for(entries: Iterable[Entry], *, upgrade: bool = False) -> tuple[Entry, ...]:
    """The entries that have to be resolved anew: those that are missing or void, and with `upgrade` also
    those that are current.
    """
    states = {"missing", "void", *(["current"] if upgrade else [])}
    return tuple(entry for entry in entries if entry.state in states)


def chosen_of(
    entries: Iterable[Entry], images: Collection[str] = (), named: Collection[str] = ()
) -> tuple[Entry, ...]:
    """The entries of some images' own Dockerfiles, and those of some names: of Externals, or URLs."""
    wanted, names = frozenset(images), frozenset(named)
    return tuple(entry for entry in entries if entry.name in names or not wanted.isdisjoint(entry.images))


def merged(
    lock: Lock,
    found: Mapping[Key, LockedExternal | str],
    gone: Collection[Key] = (),
    *,
    upgrade: bool = False,
) -> Lock:
    """The lock with new answers in it, and without some entries.

    Without `upgrade` an answer changes nothing where the lock has one to the same question: another run
    may have been faster. Nothing else changes.
    """
    externals, downloads, transitive = dict(lock.externals), dict(lock.downloads), dict(lock.transitive)
    parts: dict[Kind, dict[str, Any]] = {
        "external": externals,
        "download": downloads,
        "transitive": transitive,
    }
    for (_, name), answer in found.items():
        if isinstance(answer, str):
            downloads[name] = answer if upgrade else downloads.get(name, answer)
            continue
        known = externals.get(name)
        if upgrade or known is None or known.requested != answer.requested:
            externals[name] = answer
    for kind, name in gone:
        parts[kind].pop(name, None)
    return Lock(lock.schema, *(dict(sorted(part.items())) for part in parts.values()))


def with_transitive(lock: Lock, found: Mapping[str, Mapping[str, str]]) -> Lock:
    """The lock with what was found in some images and Externals, in place of what it had of them."""
    after = {**lock.transitive, **{node: dict(sorted(each.items())) for node, each in found.items()}}
    kept = {node: each for node, each in sorted(after.items()) if each}
    return structs.replace(lock, transitive=kept)


def lock_text(lock: Lock) -> str:
    """The lock's one form: sorted, an entry a line. What `read_lock` reads of it is the same lock.

    What nobody has looked into has no transitive components, and a lock without any does not name them.
    """

    def json(value: str) -> str:
        return msgspec.json.encode(value).decode()

    def inner(components: Mapping[str, str]) -> str:
        return ",\n".join(
            f"      {json(purl)}: {json(license)}" for purl, license in sorted(components.items())
        )

    externals = [
        f'    {json(name)}: {{"requested": {json(each.requested)}, "digest": {json(each.digest)}}}'
        for name, each in sorted(lock.externals.items())
    ]
    downloads = [f"    {json(url)}: {json(sum)}" for url, sum in sorted(lock.downloads.items())]
    nodes = [f"    {json(node)}: {{\n{inner(each)}\n    }}" for node, each in sorted(lock.transitive.items())]
    parts = [_section("externals", externals), _section("downloads", downloads)]
    parts += [_section("transitive", nodes)] if nodes else []
    return "".join(("{\n", f'  "schema": {lock.schema},\n', ",\n".join(parts), "\n}\n"))


def pinned(entry: Entry) -> str:
    """The reference of a locked External by its digest alone: is it still at its registry?"""
    parts = names.reference(entry.requested)
    name = entry.requested if isinstance(parts, names.Bad) else parts.name
    return f"{name}@{entry.locked}"


def problems_of(entries: Iterable[Entry]) -> tuple[Problem, ...]:
    """What the lock lacks, one Problem for each entry; what is in it and unused does no harm."""
    return tuple(_problem(entry) for entry in entries if entry.state in ("missing", "void"))


def broken(entries: Iterable[Entry], now: Mapping[Key, str]) -> tuple[Problem, ...]:
    """Current entries whose locked digest or checksum is not what was found now."""
    return tuple(
        Problem(
            Place(LOCK_FILE).key(f"{entry.kind}s", entry.name),
            f"{said(entry)} is now {_short(found)}, and {_short(entry.locked)} in the lock",
            "find out why before you run `rgraph lock --upgrade`: the same address gave something else",
        )
        for entry in entries
        if entry.state == "current" and (found := now.get(entry.key, entry.locked))
        if found != entry.locked
    )


def stale(
    resolved: Resolved, entries: Iterable[Entry], now: Mapping[str, str], gone: Collection[str] = ()
) -> tuple[Stale, ...]:
    """The Externals whose reference leads to another digest than the lock has, by name.

    `now`: name of the External -> digest at its registry; `gone`: names of those whose reference is there
    no more. Only current entries can be stale: what is missing or void has nothing to compare.
    """
    users = reverse({id: [edge.to for edge in image.edges] for id, image in resolved.images.items()})
    found = []
    for entry in entries:
        digest = now.get(entry.name, "")
        if entry.kind != "external" or entry.state != "current" or digest == entry.locked:
            continue
        if digest or entry.name in gone:
            reached = closure([entry.name], users)
            above = tuple(id for id in resolved.images if id in reached)
            found.append(Stale(entry.name, entry.requested, entry.locked, digest, above))
    return tuple(found)


def below(resolved: Resolved, ids: Iterable[str]) -> frozenset[str]:
    """The names of the Externals that some images stand on, near or far."""
    needs = {id: [edge.to for edge in image.edges] for id, image in resolved.images.items()}
    return frozenset(closure(ids, needs)) & resolved.catalog.externals.keys()


def rebuilds(found: Iterable[Stale], resolved: Resolved) -> tuple[str, ...]:
    """All images to rebuild for some stale Externals, each once, in the order of the catalogue."""
    ids = {id for each in found for id in each.images}
    return tuple(id for id in resolved.images if id in ids)


def _externals(resolved: Resolved) -> Iterator[Entry]:
    lock, externals = resolved.catalog.lock.externals, resolved.catalog.externals
    users: dict[str, list[str]] = {}
    for id, image in resolved.images.items():
        for name in dict.fromkeys(edge.to for edge in image.edges if edge.external):
            users.setdefault(name, []).append(id)
    for name in sorted({*externals, *lock}):
        locked = lock.get(name)
        external = externals.get(name)
        written = external.manifest.reference if external else ""
        parts = names.reference(written)
        if external is None or isinstance(parts, names.Bad) or parts.digest:
            if locked:
                place = Place(LOCK_FILE).key("externals", name)
                yield Entry("external", name, locked.requested, "unused", locked.digest, place)
            continue
        state: State = "missing"
        if locked:
            state = "current" if locked.requested == written else "void"
        place, images = external.place.at("reference"), tuple(users.get(name, ()))
        old, digest = (locked.requested, locked.digest) if locked else ("", "")
        former = old if state == "void" else ""
        yield Entry("external", name, written, state, digest, place, images, former)


def _downloads(resolved: Resolved) -> Iterator[Entry]:
    lock = resolved.catalog.lock.downloads
    wanted: dict[str, tuple[Place, dict[str, None]]] = {}
    for step, holders in _steps(resolved.images):
        for url, checksum, place in fetched(step):
            # A checksum that is not the lock's stands in the manifest.
            if url and (not checksum or checksum == lock.get(url)):
                _, images = wanted.setdefault(url, (place, {}))
                images.update(dict.fromkeys(holders))
    order = {id: position for position, id in enumerate(resolved.images)}
    for url in sorted({*wanted, *lock}):
        locked = lock.get(url, "")
        if url not in wanted:
            place = Place(LOCK_FILE).key("downloads", url)
            yield Entry("download", url, url, "unused", locked, place)
            continue
        place, used = wanted[url]
        ids = tuple(sorted(used, key=order.__getitem__))
        yield Entry("download", url, url, "current" if locked else "missing", locked, place, ids)


def _transitive(resolved: Resolved) -> Iterator[Entry]:
    for node in sorted(resolved.catalog.lock.transitive.keys() - resolved.images.keys()):
        if node not in resolved.catalog.externals:
            place = Place(LOCK_FILE).key("transitive", node)
            yield Entry("transitive", node, node, "unused", "components", place)


def fetched(step: ImageStep) -> Iterator[tuple[str, str, Place]]:
    """The files that a step downloads: URL, checksum (empty: none known), and where the URL stands."""
    match step.step:
        case Download(fetch=fetch):
            yield from _sources(fetch, step.place, ("download", "url"))
        case Source(fetch=fetch) if fetch:
            yield from _sources(fetch, step.place, ("source", "url"))
        case Certificate(fetch=fetch):
            yield from _sources(fetch, step.place, ("certificate", "url"))
        case UrlPackages(packages=packages):
            for package in packages:
                yield from _sources(package.fetch, step.place, ("url",), package.name)
        case Apt(repositories=repositories):
            for index, each in enumerate(repositories):
                place = step.place.at("apt", "repositories", index, "key", "url")
                yield each.key_url, each.key_sha256, place


def _sources(fetch: Fetch, place: Place, path: Path, word: str = "") -> Iterator[tuple[str, str, Place]]:
    for platform, url, checksum in fetch.sources:
        found = place.at(*path, *([str(platform)] if platform else []))
        yield url, checksum, Place(found.file, found.path, word=word)


def _steps(images: Mapping[str, Image]) -> Iterator[tuple[ImageStep, list[str]]]:
    """Every distinct step (of a group: each member), with the images that have it."""
    found: dict[int, tuple[ImageStep, list[str]]] = {}
    for id, image in images.items():
        stages = (rendered for stage in image.stages for rendered in stage.steps)
        for rendered in (*stages, *image.public, *image.private):
            for step in rendered.source.members or (rendered.source,):
                # By identity: images share resolved steps, and they stay alive.
                found.setdefault(_identity(step), (step, []))[1].append(id)
    yield from found.values()


def _identity(step: ImageStep) -> int:
    return id(step)


def _problem(entry: Entry) -> Problem:
    if entry.state == "void":
        what = f"the lock has the digest of `{entry.locked_for}`, and not of {said(entry)}"
    else:
        what = f"the lock does not have {said(entry)}"
    return Problem(entry.place, what, _HELP)


def said(entry: Entry) -> str:
    """An entry in a sentence, without what may be a secret in a URL."""
    if entry.kind == "download":
        plain, query, _ = entry.name.partition("?")
        bare = shown(plain)
        return f"{bare}?..." if query else bare
    return f"`{entry.requested}` of `{entry.name}`"


def _short(text: str) -> str:
    return f"{text[:19]}..." if text.startswith("sha256:") else f"{text[:12]}..."


def _section(name: str, entries: Sequence[str]) -> str:
    lines = ",\n".join(entries)
    return f'  "{name}": {{\n{lines}\n  }}' if entries else f'  "{name}": {{}}'

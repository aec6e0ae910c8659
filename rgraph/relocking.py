"""The use cases of the lock: `lock` writes and verifies it, `stale` compares it with the registries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct, structs

from rgraph.app import Workspace
from rgraph.engines.answers import NO_ANSWERS, Answers
from rgraph.engines.checksums import checksums
from rgraph.engines.errors import CouldNotAskError, Missing, Refused
from rgraph.engines.progress import Progress
from rgraph.engines.registry import Registry
from rgraph.engines.web import Web
from rgraph.errors import Place, Problem, UsageError
from rgraph.files.lock_file import rewrite_lock
from rgraph.lock import LOCK_FILE, LockedExternal
from rgraph.locking import (
    Entry,
    Key,
    Stale,
    asked_for,
    below,
    broken,
    chosen_of,
    merged,
    pinned,
    problems_of,
    rebuilds,
    review,
    stale,
)

Done = Literal["added", "changed", "kept", "removed", "unused", "missing", "refused", "failed"]
"""`missing`: it was asked for and is not there; `refused`: its answer cannot be used; `failed`: it could
not be asked for. These three keep what the lock had, if it had something."""


_Answer = str | Missing | Refused | CouldNotAskError


class Ask(Struct, frozen=True):
    """Whom to ask."""

    web: Web
    registry: Registry
    progress: Progress

    def digests(self, references: Sequence[str], *, proved: bool = False) -> Answers:
        """Digests of references, as `Registry.digests`."""
        if not references:
            return NO_ANSWERS
        self.progress.begin("images", len(references))
        return self.registry.digests(references, proved=proved, progress=self.progress)

    def checksums(self, urls: Sequence[str]) -> Answers:
        """Checksums of downloads."""
        if not urls:
            return NO_ANSWERS
        self.progress.begin("downloads", len(urls))
        return checksums(self.web, urls, progress=self.progress)


class Outcome(Struct, frozen=True, eq=False):
    """What became of one entry."""

    entry: Entry
    done: Done
    now: str = ""
    """What the lock holds now; empty if it holds nothing, or nothing for this reference."""
    why: Missing | Refused | CouldNotAskError | None = None
    """Of an entry that is missing, refused or failed."""


class Relocked(Struct, frozen=True, eq=False):
    """What `lock` did."""

    outcomes: tuple[Outcome, ...]
    """Of all entries that were chosen: Externals by name, then downloads by URL."""
    written: bool
    """Whether the file was changed."""

    @property
    def absent(self) -> tuple[Outcome, ...]:
        """What is not there, or gave an answer that cannot be used."""
        return tuple(each for each in self.outcomes if each.done in ("missing", "refused"))

    @property
    def failures(self) -> Mapping[Key, CouldNotAskError]:
        """What could not be asked for."""
        found = ((each.entry.key, each.why) for each in self.outcomes)
        return {key: why for key, why in found if isinstance(why, CouldNotAskError)}


class Verified(Struct, frozen=True, eq=False):
    """What is wrong with a lock."""

    entries: tuple[Entry, ...]
    """Those that were looked at."""
    problems: tuple[Problem, ...]
    failures: Mapping[Key, CouldNotAskError]


class Compared(Struct, frozen=True, eq=False):
    """What registries hold by now."""

    stale: tuple[Stale, ...]
    rebuild: tuple[str, ...]
    """The images to rebuild, each once, in the order of the catalogue."""
    compared: int
    """Number of Externals that could be compared."""
    unlocked: tuple[Entry, ...]
    """Externals that cannot be compared, as the lock has no digest of their reference."""
    failures: Mapping[Key, CouldNotAskError]


def lock(
    root: Path, names: Sequence[str], ask: Ask, *, upgrade: bool = False, prune: bool = False
) -> Relocked:
    """Resolves what the lock lacks, of all entries or of those that `names` name; with `upgrade` also what
    it has. With `prune` entries that nothing wants are removed.

    What could be resolved is written, whatever became of the rest. Nobody is kept waiting while registries
    are asked: the file is read again when all answers are there. Raises UsageError, ManifestError,
    WriteError.
    """
    workspace = Workspace(root)
    entries = _chosen(workspace, names)
    asked = asked_for(entries, upgrade=upgrade)
    externals = {entry.key: entry.requested for entry in asked if entry.kind == "external"}
    downloads = {entry.key: entry.requested for entry in asked if entry.kind == "download"}
    answers = {
        **_by_key(externals, ask.digests([*externals.values()], proved=True)),
        **_by_key(downloads, ask.checksums([*downloads.values()])),
    }
    outcomes = tuple(_outcome(entry, answers.get(entry.key), prune=prune) for entry in entries)
    found: dict[Key, LockedExternal | str] = {
        each.entry.key: LockedExternal(each.entry.requested, each.now)
        if each.entry.kind == "external"
        else each.now
        for each in outcomes
        if each.done in ("added", "changed")
    }
    gone = [each.entry.key for each in outcomes if each.done == "removed"]
    return Relocked(outcomes, _rewritten(root, found, gone, upgrade=upgrade) if found or gone else False)


def verify(root: Path, names: Sequence[str], ask: Ask | None) -> Verified:
    """Whether the lock has all entries, or those that `names` name; and, if there is someone to ask, whether
    the locked digests are still at their registries and the downloads still have their checksums.

    Writes nothing. Raises UsageError, ManifestError.
    """
    entries = _chosen(Workspace(root), names)
    problems = list(problems_of(entries))
    if ask is None:
        return Verified(entries, tuple(problems), {})
    current = [entry for entry in entries if entry.state == "current"]
    externals = {entry.key: pinned(entry) for entry in current if entry.kind == "external"}
    downloads = {entry.key: entry.requested for entry in current if entry.kind == "download"}
    answers = {
        **_by_key(externals, ask.digests([*externals.values()])),
        **_by_key(downloads, ask.checksums([*downloads.values()])),
    }
    problems += broken(current, {key: answer for key, answer in answers.items() if isinstance(answer, str)})
    problems += (
        Problem(Place(LOCK_FILE).key(f"{kind}s", name), answer.what, answer.help)
        for (kind, name), answer in answers.items()
        if isinstance(answer, Missing | Refused)
    )
    return Verified(entries, tuple(problems), _failures(answers))


def compare(workspace: Workspace, ids: Sequence[str] | None, ask: Ask) -> Compared:
    """The Externals whose reference leads to another digest than the lock has, and the images to rebuild.

    Of all images and Externals, or of some images and what they stand on, near or far.
    """
    resolved = workspace.resolved
    entries = tuple(entry for entry in review(resolved) if entry.kind == "external")
    if ids is not None:
        entries = chosen_of(entries, named=below(resolved, ids))
    current = {entry.key: entry.requested for entry in entries if entry.state == "current"}
    answers = _by_key(current, ask.digests([*current.values()]))
    now = {name: answer for (_, name), answer in answers.items() if isinstance(answer, str)}
    gone = [name for (_, name), answer in answers.items() if isinstance(answer, Missing | Refused)]
    found = stale(resolved, entries, now, gone)
    if ids is not None:
        chosen = frozenset(ids)
        found = tuple(
            structs.replace(each, images=tuple(id for id in each.images if id in chosen)) for each in found
        )
    unlocked = tuple(entry for entry in entries if entry.state in ("missing", "void"))
    failures = _failures(answers)
    compared = len(current) - len(failures)
    return Compared(found, rebuilds(found, resolved), compared, unlocked, failures)


def _chosen(workspace: Workspace, names: Sequence[str]) -> tuple[Entry, ...]:
    """The entries that names of Externals, URLs and selectors of images name; all if there are none."""
    entries = review(workspace.resolved)
    if not names:
        return entries
    known = {entry.name for entry in entries}
    selectors = [name for name in names if name not in known]
    for name in selectors:
        if name in workspace.catalog.externals:
            place = "its reference has a digest, which is changed in manifests/externals.yaml"
            raise UsageError(f"`{name}` is not in the lock: {place}")
        if "://" in name:
            # Not `did you mean`: addresses may hold what nobody is to see.
            help = "write it as the manifest does; one with `sha256` there has no entry in the lock"
            raise UsageError("no entry of the lock is for a download from that address", help)
    images = workspace.select(selectors) if selectors else []
    return chosen_of(entries, images, known.intersection(names))


def _by_key(asked: Mapping[Key, str], answers: Answers) -> dict[Key, _Answer]:
    """The answer for each entry: several may have put the same question."""
    known: dict[str, _Answer] = {**answers.found, **answers.absent, **answers.failed}
    return {key: known[question] for key, question in asked.items()}


def _failures(answers: Mapping[Key, _Answer]) -> dict[Key, CouldNotAskError]:
    return {key: answer for key, answer in answers.items() if isinstance(answer, CouldNotAskError)}


def _outcome(entry: Entry, answer: _Answer | None, *, prune: bool) -> Outcome:
    held = entry.locked if entry.state != "void" else ""
    match answer:
        case None if entry.state == "unused":
            return Outcome(entry, "removed") if prune else Outcome(entry, "unused", held)
        case None:
            return Outcome(entry, "kept", held)
        case str():
            if answer == held:
                return Outcome(entry, "kept", held)
            return Outcome(entry, "changed" if entry.locked else "added", answer)
        case Missing():
            return Outcome(entry, "missing", held, answer)
        case Refused():
            return Outcome(entry, "refused", held, answer)
        case CouldNotAskError():
            return Outcome(entry, "failed", held, answer)


def _rewritten(
    root: Path, found: Mapping[Key, LockedExternal | str], gone: Sequence[Key], *, upgrade: bool
) -> bool:
    """Puts answers into the file as it is now; whether it changed."""
    return rewrite_lock(root, lambda before: merged(before, found, gone, upgrade=upgrade))

"""Releases that were cut, read back from `generated/releases/`."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from rgraph.errors import Problems, UsageError
from rgraph.files import tree
from rgraph.files.reader import MANIFESTS, MAX_RECORD_SIZE
from rgraph.files.release_folder import has, read
from rgraph.ledger import LEDGER_FILE, Ledger, Release, read_ledger
from rgraph.release.record import RECORD, Record, place_of, read_record
from rgraph.release.state import NOTHING, State, needed_records, state_of_ledger, state_of_release


def ledger_of(root: Path) -> Ledger:
    """The ledger of a catalogue whose manifests are not read.

    Raises ManifestError if it is damaged, UsageError if there is no catalogue.
    """
    if not (root / MANIFESTS).is_dir():
        what = f"{root} holds no catalogue: there is no folder `{MANIFESTS}`"
        raise UsageError(what, "make one: `rgraph init DIR`")
    path, problems = os.path.join(root, LEDGER_FILE), Problems()
    data = None
    if os.path.lexists(path):
        data = tree.read(path, LEDGER_FILE, MAX_RECORD_SIZE, problems)
    ledger = read_ledger(data, problems)
    problems.raise_any()
    return ledger


class Releases:
    """The releases of a ledger; each record is read once, when it is asked for.

    Raises ManifestError if one that is there is damaged.
    """

    def __init__(self, generated: Path, ledger: Ledger) -> None:
        self._generated = generated
        self._ledger = ledger
        self._found: dict[str, Record | None] = {}
        self._releases: dict[str, Release] = {release.tag: release for release in ledger.releases}
        self._lines = {
            line.tag: number for number, line in enumerate(ledger.lines, start=1) if isinstance(line, Release)
        }

    @property
    def tags(self) -> tuple[str, ...]:
        """All releases, in the order of their cuts."""
        return tuple(self._releases)

    @property
    def all(self) -> tuple[Release, ...]:
        """What the ledger says of all of them, in that order."""
        return self._ledger.releases

    def is_first(self, tag: str, id: str) -> bool:
        """Whether a release was the first to hold the content that it gave to an image."""
        entry = self.release(tag).images[id]
        return self._ledger.first_tag[id, entry.fingerprint] == tag

    def digests(self, tag: str) -> Mapping[str, str]:
        """Image id -> digest, of a release that was promoted; nothing of one that was not."""
        return self._ledger.promoted.get(tag, {})

    def is_recorded(self, tag: str) -> bool:
        """Whether the record of a release is there, right or not."""
        return has(self._generated, tag, RECORD)

    def line(self, tag: str) -> int:
        """The line of the ledger (1-based) that holds a release. Raises UsageError if it has none."""
        self.release(tag)
        return self._lines[tag]

    def predecessor(self, tag: str) -> str:
        """The release before one; empty for the first. Raises UsageError if there is no such release."""
        return ("", *self.before(tag))[-2]

    def release(self, tag: str) -> Release:
        """What the ledger says of a release. Raises UsageError if it has none of that tag."""
        if tag not in self._releases:
            raise UsageError(f"there is no release `{tag}`", "`rgraph release list` names them")
        return self._releases[tag]

    def record(self, tag: str) -> Record | None:
        """The record of a release; None if it is not there."""
        if tag not in self._found:
            problems = Problems()
            found = self._read(tag, problems)
            problems.raise_any()
            self._found[tag] = found
        return self._found[tag]

    def check(self) -> None:
        """Reads all records there are. Raises ManifestError with all that is wrong with them."""
        problems = Problems()
        for tag in self.tags:
            self._read(tag, problems)
        problems.raise_any()

    def recorded(self, tag: str) -> Record:
        """The record of a release. Raises UsageError if there is no such release or it has no record."""
        found = self.record(tag)
        if found is None:
            self.release(tag)
            help = "restore it from version control"
            raise UsageError(f"{place_of(tag).file} is missing", help)
        return found

    def state(self, tag: str) -> State:
        """What all images held at a release. Raises UsageError as `recorded` does."""
        record = self.recorded(tag)
        needed = {each: self.record(each) for each in needed_records(record)}
        return state_of_release(record, {each: found for each, found in needed.items() if found})

    def _read(self, tag: str, problems: Problems) -> Record | None:
        release = self.release(tag)
        data = read(self._generated, tag, RECORD, problems)
        return read_record(data, release, self._lines[tag], problems) if data is not None else None

    def before(self, tag: str) -> tuple[str, ...]:
        """The releases up to one, that one included; none for an empty tag."""
        return self.tags[: self.tags.index(self.release(tag).tag) + 1] if tag else ()


def check_last(generated: Path, ledger: Ledger) -> None:
    """Compares the last release with its record, for no later line of the ledger has its hash.

    Raises ManifestError if one of them was changed.
    """
    if ledger.releases:
        Releases(generated, ledger).record(ledger.releases[-1].tag)


def last_state(generated: Path, ledger: Ledger, ids: Collection[str]) -> State:
    """The state of the last release, as far as its record is there; `ids` are the images of now."""
    if not ledger.releases:
        return NOTHING
    releases = Releases(generated, ledger)
    last = ledger.releases[-1].tag
    return state_of_ledger(ledger, ids) if releases.record(last) is None else releases.state(last)

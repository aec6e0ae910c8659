"""Releases that were cut, read back from `generated/releases/`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from rgraph.errors import Problems, UsageError
from rgraph.files.release_folder import read
from rgraph.ledger import Ledger, Release
from rgraph.release.record import RECORD, Record, place_of, read_record
from rgraph.release.state import NOTHING, State, needed_records, state_of_ledger, state_of_release


class Releases:
    """The releases of a ledger; each record is read once, when it is asked for.

    Raises ManifestError if one that is there is damaged.
    """

    def __init__(self, generated: Path, ledger: Ledger) -> None:
        self._generated = generated
        self._ledger = ledger
        self._found: dict[str, Record | None] = {}
        self._releases: dict[str, Release] = {release.tag: release for release in ledger.releases}

    @property
    def tags(self) -> tuple[str, ...]:
        """All releases, in the order of their cuts."""
        return tuple(self._releases)

    def release(self, tag: str) -> Release:
        """What the ledger says of a release. Raises UsageError if it has none of that tag."""
        if tag not in self._releases:
            raise UsageError(f"there is no release `{tag}`", "`rgraph release list` names them")
        return self._releases[tag]

    def record(self, tag: str) -> Record | None:
        """The record of a release; None if it is not there."""
        if tag not in self._found:
            problems = Problems()
            data = read(self._generated, tag, RECORD, problems)
            found = read_record(data, self.release(tag), problems) if data is not None else None
            problems.raise_any()
            self._found[tag] = found
        return self._found[tag]

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

    def before(self, tag: str) -> tuple[str, ...]:
        """The releases up to one, that one included; none for an empty tag."""
        return self.tags[: self.tags.index(tag) + 1] if tag else ()


def last_state(generated: Path, ledger: Ledger, ids: Collection[str]) -> State:
    """The state of the last release, as far as its record is there; `ids` are the images of now."""
    if not ledger.releases:
        return NOTHING
    releases = Releases(generated, ledger)
    last = ledger.releases[-1].tag
    return state_of_ledger(ledger, ids) if releases.record(last) is None else releases.state(last)

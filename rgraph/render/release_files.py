"""All files that a cut writes below `generated/releases/<tag>/`."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.ledger import Ledger
from rgraph.release.cut import Cut
from rgraph.release.differences import difference
from rgraph.release.import_cfg import IMPORT, import_cfg
from rgraph.release.notes import Notes, notes
from rgraph.release.record import RECORD, Record, encode
from rgraph.release.recording import Subject, Tests, record_of
from rgraph.release.state import State, state_of_catalogue
from rgraph.release.tests_to_run import TESTS, tests_to_run
from rgraph.render.release_notes import NOTES, about_releases, single, whole
from rgraph.render.tests_json import all_tests
from rgraph.render.view import View


def record_of_view(view: View, before: Ledger, made: Cut, build: str) -> Record:
    """The record of a release that was cut; `before` is the ledger without it."""
    tests: dict[str, Tests] = {planned.image.id: all_tests(view, planned.image) for planned in made.images}
    return record_of(_subject(view), before, made, build, tests)


def release_files(view: View, before: Ledger, made: Cut, record: Record, earlier: State) -> dict[str, bytes]:
    """Path -> contents. `earlier` is the state of the release before."""
    now = state_of_catalogue(_subject(view), made.ledger, record.tag)
    tags = [release.tag for release in before.releases]
    told = notes(earlier, now, difference(earlier, now), tags, made.release.images)
    return {
        RECORD: encode(record),
        IMPORT: import_cfg(record),
        TESTS: tests_to_run(record),
        **dict(_notes(told, record)),
    }


def _notes(told: Notes, record: Record) -> Iterator[tuple[str, bytes]]:
    shown = about_releases([record], pages=True)
    yield NOTES, whole(told, shown).encode()
    for note in told.images:
        if note.id in shown.pages:
            yield shown.pages[note.id], single(note, told, shown).encode()


def _subject(view: View) -> Subject:
    return Subject(view.resolved, view.fingerprints, view.inventory)

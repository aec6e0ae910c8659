"""Laws of release notes: they compose, they leave nothing out, and claim only what is in the images."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, structs

from rgraph.errors import Problems
from rgraph.fingerprint import fingerprints
from rgraph.inventory import Inventory
from rgraph.ledger import Ledger, Release
from rgraph.names import ReleaseTag
from rgraph.plan import make_plan
from rgraph.release.changes import Change
from rgraph.release.cut import cut
from rgraph.release.differences import Item, Items, apply, compose, contents, difference
from rgraph.release.import_cfg import BUILD_NUMBER
from rgraph.release.notes import Notes, notes
from rgraph.release.record import Part, Record, encode, parts_of, read_record, sealed
from rgraph.release.recording import Subject, Tests, parts, record_of
from rgraph.release.shadows import held
from rgraph.release.state import NOTHING, State, needed_records, state_of_catalogue, state_of_release
from rgraph.render.release_notes import about_releases, code, single, whole
from tests.laws.strategies import Documents, catalogues, layers_of, resolved, with_step

TAGS = ("20260101.v1", "20260101.v2", "20260101.v10")


class Cut(Struct, frozen=True):
    """A release, from both ends: as the catalogue had it, and as its record says."""

    subject: Subject
    release: Release
    record: Record
    made: State
    """Of the catalogue at the cut."""
    read: State
    """Of its record and those before it."""

    def __repr__(self) -> str:
        return f"{self.release.tag}: {', '.join(self.release.images)}"


def subject_of(documents: Documents) -> Subject:
    images = resolved(documents)
    return Subject(images, fingerprints(images), Inventory(images))


def edited(
    documents: Documents, edits: Sequence[tuple[int, str, bool]], reference: str, last: bool
) -> Documents:
    """The catalogue with pins that differ, perhaps on another External, perhaps without its last layer."""
    layers = layers_of(documents)
    state = copy.deepcopy(documents)
    for layer, version, fixes in edits:
        package = {"name": "pinned", "version": version, "fixes": [f"CVE-2026-{version}000"] if fixes else []}
        state = with_step(state, layers[layer % len(layers)], {"pip": [package]})
    state["manifests/externals.yaml"]["externals"]["debian"]["reference"] = reference
    if not last and len(layers) > 1:
        del state[layers[-1]]
    return state


_EDITS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("129"), st.booleans()), max_size=2)
_REFERENCES = st.sampled_from(["debian:12.9", "debian:12.10"])


@st.composite
def histories(draw: st.DrawFn) -> list[Cut]:
    """One to three releases of a catalogue that is edited in between."""
    documents = draw(catalogues(most=4))
    ledger, found = Ledger(), list[Cut]()
    for tag in TAGS:
        state = edited(documents, draw(_EDITS), draw(_REFERENCES), draw(st.booleans()))
        subject = subject_of(state)
        plan = make_plan(subject.resolved, subject.fingerprints, ledger, ReleaseTag(tag))
        made = cut(plan, ledger, ReleaseTag(tag))
        if made is None:
            continue
        tests: dict[str, Tests] = {planned.image.id: [{"name": "t"}] for planned in made.images}
        record = record_of(subject, ledger, made, BUILD_NUMBER, tests)
        others = {each.record.tag: each.record for each in found}
        assert set(needed_records(record)) <= {*others, tag}
        ledger = made.ledger
        now = state_of_catalogue(subject, ledger, tag)
        found.append(Cut(subject, made.release, record, now, state_of_release(record, others)))
    return found


def told(before: State, after: State, release: Release | None = None) -> Notes:
    images = release.images if release else {}
    return notes(before, after, difference(before, after), released=images)


@given(histories())
@settings(max_examples=60)
def test_a_record_is_read_as_it_was_written(history: list[Cut]) -> None:
    for number, each in enumerate(history, start=1):
        problems = Problems()
        assert read_record(encode(each.record), each.release, number, problems) == each.record
        assert list(problems) == []


@given(histories())
@settings(max_examples=60)
def test_records_say_what_the_catalogue_had(history: list[Cut]) -> None:
    for each in history:
        assert contents(each.read) == contents(each.made)
        assert each.read == each.made
        assert list(each.read.images) == list(each.subject.resolved.images), "by wave and id"


@given(histories())
@settings(max_examples=60)
def test_differences_compose(history: list[Cut]) -> None:
    states = [NOTHING, *(each.read for each in history)]
    for first, before in enumerate(states):
        assert difference(before, before) == {}
        for second, middle in enumerate(states):
            for after in states[second:]:
                if first <= second:
                    both = compose(difference(before, middle), difference(middle, after))
                    direct = difference(before, after)
                    assert both == direct
                    assert notes(before, after, both) == notes(before, after, direct)


@given(histories())
@settings(max_examples=60)
def test_a_difference_leads_from_one_state_to_the_other(history: list[Cut]) -> None:
    states = [NOTHING, *(each.read for each in history)]
    for before in states:
        for after in states:
            assert apply(difference(before, after), contents(before)) == contents(after)


def items(subject: Subject, id: str) -> set[Item]:
    """What is in an image, as the inventory has it, of which its SBOM is made."""
    inventory = subject.inventory
    return {Item(part, by) for by in inventory.bringers(id) for part in parts(inventory, by)}


def pairs(items: Iterable[Item]) -> list[tuple[Part, str]]:
    return [(item.part, item.by) for item in items]


@given(histories())
@settings(max_examples=60)
def test_notes_claim_only_what_is_in_the_images(history: list[Cut]) -> None:
    for number, after in enumerate(history):
        for before in history[:number]:
            for note in told(before.read, after.read, after.release).images:
                now = items(after.subject, note.id)
                known = note.id in before.subject.resolved.images
                then = items(before.subject, note.id) if known else set()
                for change in note.changes:
                    assert change.after is None or change.after in now - then
                    assert change.before is None or change.before in then - now
                for fixed in note.fixes:
                    pins = {(part.name, part.version, by, id) for part, by in pairs(now) for id in part.fixes}
                    assert (fixed.name, fixed.version, fixed.by, fixed.id) in pins
                assert {Item(part, by) for by, held in note.holds for part in held} in (set(), now)


@given(histories())
@settings(max_examples=60)
def test_notes_leave_nothing_out(history: list[Cut]) -> None:
    states = [NOTHING, *(each.read for each in history)]
    for before, each in zip(states, history, strict=False):
        found = told(before, each.read, each.release)
        gone = before.images.keys() - each.read.images.keys()
        images = {note.id: note for note in found.images}
        assert set(images) == set(each.release.images) | (difference(before, each.read).keys() - gone)
        assert {note.id for note in found.removed} == gone
        assert found.same == len(each.read.images) - len(images)
        for id, change in difference(before, each.read).items():
            if id in gone:
                continue
            note = images[id]
            if note.became == "new":
                assert {Item(part, by) for by, held in note.holds for part in held} == change.come
                continue
            # What a nearer image installs over is not in the image, before or after.
            kept = held(before, each.read, id, change)
            names = {item.part.purl.partition("@")[0] for item in kept.come | kept.gone}
            heard = {item.part.purl.partition("@")[0] for one in note.changes for item in both(one)}
            moved = bare(kept.come) == bare(kept.gone)
            assert heard <= names
            assert moved or heard


def both(change: Change) -> list[Item]:
    return [each for each in (change.before, change.after) if each]


def bare(items: Items) -> set[tuple[str, str]]:
    """Purl and licence: who brings a component, and what is noted beside its pin, changes no image."""
    return {(item.part.purl, item.part.license) for item in items}


@given(histories(), st.data())
@settings(max_examples=60)
def test_a_record_that_was_changed_is_noticed(history: list[Cut], data: st.DataObject) -> None:
    each = data.draw(st.sampled_from(history))
    content = encode(each.record)
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = (
        content[:at] + bytes([content[at] ^ data.draw(st.sampled_from([1, 2, 128]))]) + content[at + 1 :]
    )
    problems = Problems()
    assert read_record(damaged, each.release, 1, problems) is None
    assert len(problems) == 1


@given(st.text(max_size=30))
def test_a_name_is_no_markup(text: str) -> None:
    shown = code(text)
    assert shown.isprintable()
    if shown.startswith("`"):
        assert re.fullmatch(r"`[^`|\\]+`", shown)
    else:
        left = re.sub(r"&#[0-9]+;", "", shown)
        assert shown == "-" or all(each.isalnum() or each == " " for each in left)


@given(histories(), st.text(min_size=1, max_size=12))
@settings(max_examples=60)
def test_hostile_names_stay_in_their_cells(history: list[Cut], name: str) -> None:
    """Whatever a component and the catalogue are called: as many lines and cells as with a harmless name."""
    pages = [rendered(history[-1], each) for each in ("harmless", name)]
    shapes = [
        [(block(line), line.count("|")) for page in found for line in page.splitlines()] for found in pages
    ]
    assert shapes[0] == shapes[1]


def block(line: str) -> str:
    """How a line begins a block, if it does (CommonMark 4 and 5)."""
    found = re.match(r"#+ |- |\* |\+ |[0-9]+[.)] |> |\| |```|~~~|<| {4}|$", line)
    return found.group() if found else "text"


def rendered(each: Cut, name: str) -> list[str]:
    state = structs.replace(
        each.read,
        parts={
            by: tuple(structs.replace(part, name=name, version=name, license=name) for part in held)
            for by, held in each.read.parts.items()
        },
    )
    catalogue = structs.replace(each.record.catalogue, name=name)
    shown = about_releases([structs.replace(each.record, catalogue=catalogue)], pages=True)
    found = told(NOTHING, state, each.release)
    return [whole(found, shown), *(single(note, found, shown) for note in found.images)]


@given(histories())
@settings(max_examples=60)
def test_a_record_names_all_that_its_images_hold(history: list[Cut]) -> None:
    for each in history:
        known = parts_of(each.record)
        for image in each.record.images:
            found = {Item(part, by) for by in (image.id, *image.inherits) for part in known[by]}
            assert found == items(each.subject, image.id)
            assert image.wave == each.subject.resolved.level[image.id]
        assert sealed(each.record) == each.record

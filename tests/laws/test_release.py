"""Laws of releases: what a cut does to the plan, the ledger and the generated files."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph import app, releasing
from rgraph.errors import Problems, UsageError
from rgraph.fingerprint import fingerprints
from rgraph.ledger import (
    LEDGER_FILE,
    Entry,
    Ledger,
    Release,
    encode,
    indexed,
    line_hash,
    next_tag,
    read_ledger,
)
from rgraph.names import ReleaseTag
from rgraph.plan import Plan, make_plan
from rgraph.release.cut import cut
from tests.laws.strategies import Documents, catalogues, layers_of, resolved, with_step, write

names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=10)
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda text: f"sha256:{text}")
entries = st.builds(Entry, digests, st.lists(names, max_size=3).map(tuple))
contents = st.lists(st.dictionaries(names, entries, min_size=1, max_size=3), max_size=5)


@given(contents)
def test_encode_then_read_is_the_identity(images: list[dict[str, Entry]]) -> None:
    releases, data, head = [], b"", ""
    for number, each in enumerate(images, start=1):
        release = Release(f"20260101.v{number}", head, each)
        line = encode(release)
        assert b"\n" not in line
        releases.append(release)
        data += line + b"\n"
        head = line_hash(line)
    problems = Problems()
    found = read_ledger(data, problems)
    assert list(problems) == []
    assert found == indexed(releases, head)
    assert b"".join(encode(each) + b"\n" for each in found.releases) == data


@given(contents.filter(bool), st.data())
def test_a_damaged_ledger_is_noticed(images: list[dict[str, Entry]], data: st.DataObject) -> None:
    text, head = b"", ""
    for number, each in enumerate(images, start=1):
        line = encode(Release(f"20260101.v{number}", head, each))
        text, head = text + line + b"\n", line_hash(line)
    last = text.rstrip(b"\n").rfind(b"\n") + 1
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]
    problems = Problems()
    found = read_ledger(damaged, problems)
    # Of the last line nothing speaks but its own form: the next one holds its hash.
    assert len(problems) or at >= last
    assert len(problems) or found.head != head


@given(st.lists(st.tuples(st.sampled_from(["20260101", "20260102"]), st.integers(1, 30)), unique=True))
def test_the_next_number_is_one_more_than_the_greatest(tags: list[tuple[str, int]]) -> None:
    ledger = indexed([Release(f"{day}.v{number}", "", {}) for day, number in tags], "")
    of_day = [number for day, number in tags if day == "20260101"]
    assert next_tag(ledger, "20260101") == f"20260101.v{max(of_day, default=0) + 1}"


def planned(documents: Documents, ledger: Ledger, tag: str) -> Plan:
    images = resolved(documents)
    return make_plan(images, fingerprints(images), ledger, ReleaseTag(tag))


@given(catalogues(most=4), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=5))
@settings(max_examples=40)
def test_tags_of_releases_never_move(documents: Documents, edits: list[tuple[int, int]]) -> None:
    """Whatever is edited and cut: a release's tag holds one content for ever, and a cut settles the plan."""
    layers = layers_of(documents)
    state = documents
    ledger = Ledger()
    held: dict[str, tuple[str, str]] = {}
    for number, (layer, value) in enumerate(edits, start=1):
        state = with_step(documents, layers[layer % len(layers)], {"env": {"EDIT": str(value)}})
        tag = ReleaseTag(f"20260101.v{number}")
        plan = planned(state, ledger, tag)
        made = cut(plan, ledger, tag)
        assert (made is None) == all(each.state == "reuse" for each in plan.images)
        if made is not None:
            assert set(made.release.images) == {
                each.image.id for each in plan.images if each.state != "reuse"
            }
            assert made.release.previous == ledger.head
            ledger = made.ledger
        after = planned(state, ledger, "20260102.v1")
        assert {each.state for each in after.images} == {"reuse"}
        assert cut(after, ledger, ReleaseTag("20260102.v1")) is None
        for each in after.images:
            for reference in each.image.references(each.release):
                assert ledger.holders[reference] == (each.image.id, each.fingerprint)
                fixed = reference.split(":")[1] not in each.image.floating_tags
                if fixed:
                    assert (
                        held.setdefault(reference, (each.image.id, each.fingerprint))
                        == ledger.holders[reference]
                    )
    for reference, holder in held.items():
        assert ledger.holders[reference] == holder


@given(catalogues(most=4), st.data())
@settings(max_examples=30)
def test_a_revert_to_released_content_is_a_retag(documents: Documents, data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(layers_of(documents)))
    first = cut(planned(documents, Ledger(), "20260101.v1"), Ledger(), ReleaseTag("20260101.v1"))
    assert first is not None
    edited = with_step(documents, file, {"env": {"EDIT": "1"}})
    second = cut(planned(edited, first.ledger, "20260102.v1"), first.ledger, ReleaseTag("20260102.v1"))
    assert second is not None
    plan = planned(documents, second.ledger, "20260103.v1")
    reverted = set(second.release.images)
    for each in plan.images:
        assert each.state == ("retag" if each.image.id in reverted else "reuse")
        assert each.release == "20260101.v1"
        assert set(each.tags) == {tag.split(":")[1] for tag in first.release.images[each.image.id].references}
    third = cut(plan, second.ledger, ReleaseTag("20260103.v1"))
    assert third is not None
    assert set(third.release.images) == reverted
    for id, entry in third.release.images.items():
        assert entry == first.release.images[id]
        assert not any("20260103" in reference for reference in entry.references)


@given(catalogues(most=3))
@settings(max_examples=10)
def test_a_release_is_not_cut_twice(documents: Documents) -> None:
    first = cut(planned(documents, Ledger(), "20260101.v1"), Ledger(), ReleaseTag("20260101.v1"))
    assert first is not None
    edited = with_step(documents, layers_of(documents)[0], {"env": {"EDIT": "1"}})
    with pytest.raises(UsageError, match=r"the release 20260101\.v1 exists"):
        cut(planned(edited, first.ledger, "20260101.v1"), first.ledger, ReleaseTag("20260101.v1"))


@given(catalogues(most=3), st.data())
@settings(max_examples=8, deadline=None)
def test_after_a_cut_generated_files_are_up_to_date(documents: Documents, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(documents, root)
        for number in range(2):
            made = releasing.cut_release(root, f"2026010{number + 1}", None, "")
            assert made is not None
            assert not app.check_generated(root)
            assert {each.state for each in app.plan(root, [], [], "", "20260131", None, "").images} == {
                "reuse"
            }
            before = (root / LEDGER_FILE).read_bytes()
            assert releasing.cut_release(root, "20260131", None, "") is None
            assert (root / LEDGER_FILE).read_bytes() == before
            assert before.count(b"\n") == number + 1
            file = data.draw(st.sampled_from(layers_of(documents)))
            write(with_step(documents, file, {"env": {"EDIT": "1"}}), root)

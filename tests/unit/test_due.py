"""When images are due: the calendar, what is inherited, ends of life."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.catalog.settings import CADENCES
from rgraph.due import Due, due, next_day, second_wednesday
from rgraph.errors import ManifestError
from rgraph.fingerprint import fingerprints
from rgraph.graph import closure, reverse
from rgraph.inventory import Inventory
from rgraph.ledger import Entry, Ledger, Release, indexed
from tests.laws.strategies import Documents, catalogues, layers_of, minimal, needs, resolved

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1900, 1, 1), date(9000, 1, 1))


@pytest.mark.parametrize(
    ("cadence", "last", "expected"),
    [
        ("weekly", "2026-11-21", "2026-11-28"),
        ("weekly", "2026-12-28", "2027-01-04"),
        ("weekly", "2028-02-25", "2028-03-03"),
        ("weekly", "2027-02-25", "2027-03-04"),
        ("monthly", "2026-11-21", "2026-12-21"),
        ("monthly", "2026-12-31", "2027-01-31"),
        ("monthly", "2027-01-31", "2027-02-28"),
        ("monthly", "2028-01-31", "2028-02-29"),
        ("monthly", "2100-01-29", "2100-02-28"),
        ("monthly", "2000-01-30", "2000-02-29"),
        ("monthly", "2028-02-29", "2028-03-29"),
        ("monthly", "2026-05-31", "2026-06-30"),
        ("quarterly", "2026-11-30", "2027-02-28"),
        ("quarterly", "2027-11-30", "2028-02-29"),
        ("quarterly", "2026-12-01", "2027-03-01"),
        ("yearly", "2026-11-21", "2027-11-21"),
        ("yearly", "2028-02-29", "2029-02-28"),
        ("yearly", "2027-02-28", "2028-02-28"),
        ("second-wednesday", "2026-11-10", "2026-11-11"),
        ("second-wednesday", "2026-11-11", "2026-12-09"),
        ("second-wednesday", "2026-11-30", "2026-12-09"),
        ("second-wednesday", "2026-12-09", "2027-01-13"),
        ("second-wednesday", "2028-02-09", "2028-03-08"),
        # These months begin with a Wednesday: the second Tuesday is the 14th.
        ("second-wednesday", "2026-06-30", "2026-07-08"),
        ("second-wednesday", "2026-09-30", "2026-10-14"),
        ("weekly", "9999-12-30", "9999-12-31"),
        ("monthly", "9999-12-01", "9999-12-31"),
        ("yearly", "9999-12-31", "9999-12-31"),
        ("second-wednesday", "9999-12-31", "9999-12-31"),
        ("monthly", "0001-01-31", "0001-02-28"),
    ],
)
def test_the_next_day_of_a_cadence(cadence: str, last: str, expected: str) -> None:
    assert next_day(cadence, date.fromisoformat(last)) == date.fromisoformat(expected)


@given(st.sampled_from(CADENCES), DAYS)
def test_the_next_day_is_later_and_not_too_late(cadence: str, last: date) -> None:
    longest = {"weekly": 7, "monthly": 31, "quarterly": 92, "yearly": 366, "second-wednesday": 35}
    assert timedelta(0) < next_day(cadence, last) - last <= timedelta(longest[cadence])


@given(DAYS)
def test_the_second_wednesday_is_one(day: date) -> None:
    found = second_wednesday(day.year, day.month)
    assert found.weekday() == 2
    assert 8 <= found.day <= 14
    assert (found.year, found.month) == (day.year, day.month)


@given(DAYS)
def test_no_second_wednesday_is_left_out(last: date) -> None:
    found = next_day("second-wednesday", last)
    between = (last + timedelta(n) for n in range(1, (found - last).days))
    assert not [day for day in between if day == second_wednesday(day.year, day.month)]


def ledger_of(documents: Documents, *releases: tuple[str, tuple[str, ...]]) -> Ledger:
    """A ledger in which some images have their present content since some releases."""
    prints = fingerprints(resolved(documents))
    made = [
        Release(tag, "", {id: Entry(prints[id], (f"{id}-{tag}",)) for id in ids}) for tag, ids in releases
    ]
    return indexed(made, "")


def when(documents: Documents, *releases: tuple[str, tuple[str, ...]], as_of: date = TODAY) -> dict[str, Due]:
    images = resolved(documents)
    found = due(images, Inventory(images), ledger_of(documents, *releases), as_of)
    assert [each.day for each in found] == sorted(each.day for each in found)
    return {each.image: each for each in found}


def chain(**lifecycle: str) -> Documents:
    """`base:1`, `middle:1` on it, `top:1` taking from that, and `beside:1`."""
    documents = minimal(lifecycle=lifecycle) if lifecycle else minimal()
    for name, source in (("middle", "base:1"), ("top", "debian"), ("beside", "debian")):
        documents[f"manifests/{name}.yaml"] = {
            "kind": "r", "name": name, "from": source, "variant": "1", "steps": [],
        }  # fmt: skip
    take = {"take": {"from": "middle:1", "path": "/a", "to": "/b"}, "provides": []}
    documents["manifests/top.yaml"]["steps"] = [take]
    return documents


ALL = ("base:1", "middle:1", "top:1", "beside:1")


def test_nothing_without_a_cadence_or_an_end_is_ever_due() -> None:
    assert when(chain()) == {}


def test_all_above_inherit_a_cadence() -> None:
    found = when(chain(cadence="monthly"), ("20261015.v1", ALL))
    assert list(found) == ["base:1", "middle:1", "top:1"]
    for each in found.values():
        assert (each.day, each.due, each.released) == (date(2026, 11, 15), True, "20261015.v1")
        (reason,) = each.reasons
        assert (reason.kind, reason.of, reason.by) == ("cadence", "base", "base:1")
        assert (reason.cadence, reason.since) == ("monthly", "20261015.v1")


def test_the_day_itself_is_due_and_the_day_before_is_not() -> None:
    for as_of, is_due in ((date(2026, 11, 14), False), (date(2026, 11, 15), True)):
        found = when(chain(cadence="monthly"), ("20261015.v1", ALL), as_of=as_of)
        assert {each.due for each in found.values()} == {is_due}


def test_the_earlier_of_two_cadences_counts() -> None:
    documents = chain(cadence="quarterly")
    documents["manifests/middle.yaml"]["lifecycle"] = {"cadence": "weekly"}
    found = when(documents, ("20261101.v1", ALL))
    assert found["base:1"].day == date(2027, 2, 1)
    assert found["middle:1"].day == found["top:1"].day == date(2026, 11, 8)
    assert [reason.of for reason in found["middle:1"].reasons] == ["middle", "base"]
    assert [reason.of for reason in found["top:1"].reasons] == ["middle"]


def test_a_later_release_of_the_same_content_does_not_count() -> None:
    """A retag gives tags to what was built before."""
    found = when(chain(cadence="monthly"), ("20260901.v1", ALL), ("20261120.v1", ("base:1",)))
    assert found["base:1"].released == "20260901.v1"
    assert found["base:1"].day == date(2026, 10, 1)


def test_what_was_never_released_is_due_at_once() -> None:
    found = when(chain(cadence="yearly"))
    assert {each.day for each in found.values()} == {TODAY}
    assert found["base:1"].reasons[0].since == ""


def test_content_that_is_not_released_yet_counts_from_the_last_release() -> None:
    documents = chain(cadence="monthly")
    ledger = ledger_of(documents, ("20261101.v1", ALL))
    documents["manifests/base.yaml"]["steps"] = [{"env": {"A": "2"}}]
    images = resolved(documents)
    found = due(images, Inventory(images), ledger, TODAY)
    assert found[0].day == date(2026, 12, 1)


def test_an_external_has_a_cadence_for_all_that_name_it() -> None:
    documents = chain()
    documents["manifests/externals.yaml"]["externals"]["debian"]["cadence"] = "monthly"
    found = when(documents, ("20261101.v1", ("base:1", "middle:1")), ("20261110.v1", ("top:1", "beside:1")))
    days = {id: (each.day.day, each.reasons[0].of, each.reasons[0].by) for id, each in found.items()}
    assert days == {
        "base:1": (1, "debian", "base:1"),
        "middle:1": (1, "debian", "base:1"),
        "top:1": (1, "debian", "base:1"),
        "beside:1": (10, "debian", "beside:1"),
    }


def test_a_cadence_of_an_external_that_is_none_is_an_error() -> None:
    documents = chain()
    documents["manifests/externals.yaml"]["externals"]["debian"]["cadence"] = "montly"
    with pytest.raises(ManifestError, match="`montly` is no cadence") as error:
        when(documents)
    (problem,) = error.value.problems
    assert problem.place.path == ("externals", "debian", "cadence")
    assert "monthly" in problem.help


def windows(**layer: Any) -> Documents:
    documents = minimal(**{"from": "servercore", **layer})
    documents["manifests/catalog.yaml"]["platforms"] = ["windows/amd64"]
    return documents


def test_windows_images_are_due_on_the_second_wednesday_even_if_nothing_says_so() -> None:
    found = when(windows(), ("20261111.v1", ("base:1",)))
    assert (found["base:1"].day, found["base:1"].due) == (date(2026, 12, 9), False)
    found = when(windows(), ("20261110.v1", ("base:1",)))
    assert (found["base:1"].day, found["base:1"].due) == (date(2026, 11, 11), True)


def test_a_windows_image_may_say_otherwise() -> None:
    found = when(windows(lifecycle={"cadence": "yearly"}), ("20261111.v1", ("base:1",)))
    assert found["base:1"].day == date(2027, 11, 11)


@pytest.mark.parametrize(
    ("notice", "day"), [("180", "2027-07-05"), ("0", "2028-01-01"), ("99999", "0001-01-01")]
)
def test_an_end_of_life_counts_from_its_notice(notice: str, day: str) -> None:
    documents = chain(end_of_life="2028-01-01")
    documents["manifests/catalog.yaml"]["policy"]["end_of_life_notice"] = notice
    if notice == "99999":
        documents["manifests/base.yaml"]["lifecycle"] = {"end_of_life": "0001-02-01"}
    found = when(documents)
    assert list(found) == ["base:1", "middle:1", "top:1"]
    assert {str(each.day) for each in found.values()} == {day}
    assert found["top:1"].reasons[0].by == "base:1"


def test_ends_of_externals_and_components_are_inherited() -> None:
    documents = chain()
    documents["manifests/externals.yaml"]["externals"]["debian"]["end_of_life"] = "2028-06-30"
    documents["manifests/base.yaml"]["steps"] = [{"pip": ["old==1.0"]}]
    documents["manifests/components.yaml"] = {
        "kind": "components",
        "components": [{"purl": "pkg:pypi/old", "license": "MIT", "end_of_life": "2027-02-28"}],
    }
    found = when(documents)
    assert found["base:1"].reasons[0].of == "old 1.0"
    assert found["base:1"].due
    assert found["top:1"].reasons[0].of == "old 1.0"
    assert [reason.of for reason in found["top:1"].reasons] == ["old 1.0", "debian"]
    assert [reason.of for reason in found["beside:1"].reasons] == ["debian"]
    assert not found["beside:1"].due


def test_an_end_that_has_passed_does_not_hide_a_cadence() -> None:
    documents = chain(cadence="monthly", end_of_life="2020-01-01")
    found = when(documents, ("20261120.v1", ALL))
    for id in ("base:1", "middle:1", "top:1"):
        assert [reason.kind for reason in found[id].reasons] == ["end-of-life", "cadence"]


@given(catalogues(), st.data())
def test_whatever_stands_on_a_due_image_is_due_no_later(documents: Documents, data: st.DataObject) -> None:
    for file in layers_of(documents):
        cadence = data.draw(st.sampled_from(["", *CADENCES]))
        if cadence:
            documents[file]["lifecycle"] = {"cadence": cadence}
    images = resolved(documents)
    ids = tuple(images.images)
    chosen = tuple(data.draw(st.lists(st.sampled_from(ids), unique=True)))
    found = when(documents, ("20260301.v1", ids), ("20261101.v1", chosen))
    above = reverse(needs(images))
    for id, each in found.items():
        for upper in closure([id], above):
            assert found[upper].day <= each.day
    with_cadence = {id for id, image in images.images.items() if lifecycle_of(documents, image.layer)}
    assert set(found) == set(closure(with_cadence, above))


def lifecycle_of(documents: Documents, layer: str) -> bool:
    return any(data.get("name") == layer and "lifecycle" in data for data in documents.values())

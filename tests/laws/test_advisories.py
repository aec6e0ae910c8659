"""Laws of advisories: which versions a range holds, and which advisories are one vulnerability."""

from __future__ import annotations

import itertools
import random as chance
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.advisories.index import index
from rgraph.advisories.interface import Advisory, Affected, Event, Interval
from rgraph.advisories.judge import first_fixed, judge, may_return
from rgraph.advisories.match import Matcher
from rgraph.ecosystems import compared, order_of
from rgraph.errors import Place
from rgraph.inventory import Declared
from rgraph.steps.interface import Component

VERSIONS = {
    "pypi": ["0.1", "1.0.dev1", "1.0a2", "1.0rc1", "1.0", "1.0.post1", "1.1", "1.9", "1.10", "2.0", "1!0.5"],
    "deb": ["0.9-1", "1.0~rc1-1", "1.0-1", "1.0-1ubuntu1", "1.0-1ubuntu1.10", "1.0+b-1", "1.10-1", "1:0.5-1"],
    "cran": ["0.1", "0.9", "0.9-1", "0.10", "1.0", "1.0.0", "1.0-1", "1.10", "3.6.0"],
    "bioconductor": ["3.9.2", "3.10", "3.40.6", "3.41"],
}
"""Versions of each ecosystem, from the oldest on."""

TYPES = st.sampled_from(sorted(VERSIONS))


@pytest.mark.parametrize("type", sorted(VERSIONS))
def test_the_versions_stand_in_order(type: str) -> None:
    keys = [order_of(type)(each) for each in VERSIONS[type]]
    assert all(one < other for one, other in itertools.pairwise(keys))


@st.composite
def spans(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, bool]]]:
    """A type, and disjoint spans of its versions: first, last, and whether the end is named as `fixed`.

    The last span may have no end: its last is then beyond all versions.
    """
    type = draw(TYPES)
    count = len(VERSIONS[type])
    cuts = sorted(draw(st.sets(st.integers(0, count), min_size=2, max_size=6)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return type, [(first, end - 1, draw(st.booleans())) for first, end in pairs]


def events(type: str, found: list[tuple[int, int, bool]]) -> list[Event]:
    versions = VERSIONS[type]
    made = []
    for first, last, by_fix in found:
        made.append(Event(introduced="0" if first == 0 else versions[first]))
        if last + 1 < len(versions):
            made.append(Event(fixed=versions[last + 1]) if by_fix else Event(last_affected=versions[last]))
    return made


def held(found: list[tuple[int, int, bool]], position: int) -> bool:
    return any(first <= position <= last for first, last, _ in found)


@given(spans(), st.randoms(use_true_random=False))
def test_a_range_holds_from_introduced_to_fixed_or_last_affected(
    made: tuple[str, list[tuple[int, int, bool]]], random: chance.Random
) -> None:
    type, found = made
    listed = events(type, found)
    random.shuffle(listed)
    statement = Affected(ranges=(Interval("ECOSYSTEM", tuple(listed)),))
    for position, version in enumerate(VERSIONS[type]):
        expected = "affected" if held(found, position) else "free"
        assert judge(statement, type, version) == expected


@given(spans(), st.randoms(use_true_random=False))
def test_one_range_of_many_spans_and_many_ranges_say_the_same(
    made: tuple[str, list[tuple[int, int, bool]]], random: chance.Random
) -> None:
    type, found = made
    one = Affected(ranges=(Interval("ECOSYSTEM", tuple(events(type, found))),))
    parts = [Interval("SEMVER", tuple(events(type, [span]))) for span in found]
    random.shuffle(parts)
    for version in VERSIONS[type]:
        assert judge(one, type, version) == judge(Affected(ranges=tuple(parts)), type, version)


@given(spans())
def test_what_a_range_holds_can_be_enumerated(made: tuple[str, list[tuple[int, int, bool]]]) -> None:
    type, found = made
    ranges = Affected(ranges=(Interval("ECOSYSTEM", tuple(events(type, found))),))
    versions = tuple(each for position, each in enumerate(VERSIONS[type]) if held(found, position))
    for version in VERSIONS[type]:
        assert judge(ranges, type, version) == judge(Affected(versions=versions), type, version)


@given(TYPES, st.text("01.-+~:!abcpostrv_", max_size=8), st.text("01.-+~:!abcpostrv_", max_size=8))
def test_a_listed_version_is_found_in_any_notation(type: str, one: str, other: str) -> None:
    key, its = order_of(type)(compared(type, one, other)), order_of(type)(other)
    same = one == other or (key is not None and its is not None and key == its)
    if one:
        assert (judge(Affected(versions=(other,)), type, one) == "affected") is same


@given(st.lists(spans(), min_size=1, max_size=3), TYPES)
def test_the_fixed_version_is_named_later_and_not_affected(
    made: list[tuple[str, list[tuple[int, int, bool]]]], type: str
) -> None:
    statements = [
        Affected(ranges=(Interval("ECOSYSTEM", tuple(events(type, each))),))
        for of, each in made
        if of == type
    ]
    order = order_of(type)
    for version in VERSIONS[type]:
        fixed = first_fixed(statements, type, version)
        if fixed:
            assert order(fixed) > order(version)
            assert all(judge(each, type, fixed) == "free" for each in statements)
        else:
            named = {event.fixed for each in statements for part in each.ranges for event in part.events} - {
                ""
            }
            above = [each for each in named if order(each) > order(version)]
            assert all("affected" in [judge(each, type, it) for each in statements] for it in above)


@given(spans())
def test_after_the_last_span_nothing_may_return(made: tuple[str, list[tuple[int, int, bool]]]) -> None:
    type, found = made
    statement = Affected(ranges=(Interval("ECOSYSTEM", tuple(events(type, found))),))
    for position, version in enumerate(VERSIONS[type]):
        if judge(statement, type, version) == "free":
            later = any(held(found, each) for each in range(position + 1, len(VERSIONS[type])))
            assert may_return(statement, type, version) is later


ALIASES = st.lists(
    st.tuples(st.integers(0, 9), st.lists(st.integers(0, 9), max_size=3)),
    min_size=1,
    max_size=8,
    unique_by=lambda each: each[0],
)


def advisories(written: list[tuple[int, list[int]]]) -> list[Advisory]:
    package = {"package": {"ecosystem": "PyPI", "name": "tool"}, "versions": ["1.0"]}
    return [
        msgspec.convert(
            {"id": f"A-{id}", "aliases": [f"A-{each}" for each in aliases], "affected": [package]}, Advisory
        )
        for id, aliases in written
    ]


def merged(given: list[Advisory]) -> list[tuple[str, ...]]:
    declared = Declared(Component("pypi", "tool", "1.0"), "pkg:pypi/tool@1.0", None, Place("a.yaml"))
    return [each.vulnerability.ids for each in Matcher(index("given", given)).matches(declared)]


@given(ALIASES, st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order(
    written: list[tuple[int, list[int]]], random: chance.Random
) -> None:
    made = advisories(written)
    shuffled = made[:]
    random.shuffle(shuffled)
    assert merged(made) == merged(shuffled)


@given(ALIASES)
def test_two_advisories_are_one_exactly_if_aliases_lead_from_one_to_the_other(
    written: list[tuple[int, list[int]]],
) -> None:
    groups = merged(advisories(written))
    names = [name for group in groups for name in group]
    assert len(names) == len(set(names))
    # By brute force: each advisory's names join what they share one with.
    together: list[set[str]] = []
    for id, aliases in written:
        own = {f"A-{id}", *(f"A-{each}" for each in aliases)}
        joined = own.union(*(each for each in together if each & own))
        together = [*(each for each in together if not each & own), joined]
    assert {frozenset(group) for group in groups} == {frozenset(each) for each in together}


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                sorted(
                    {
                        "id",
                        "affected",
                        "package",
                        "ranges",
                        "events",
                        "introduced",
                        "fixed",
                        "versions",
                        "aliases",
                        "type",
                        "name",
                    }
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_no_advisory_is_refused_and_nothing_else_happens(data: object) -> None:
    try:
        advisory = msgspec.json.decode(msgspec.json.encode(data), type=Advisory)
    except msgspec.ValidationError:
        return
    assert advisory.id.strip()
    for affected in advisory.affected or ():
        assert judge(affected, "pypi", "1.0") in ("affected", "free", "unknown")

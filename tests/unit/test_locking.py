"""What the lock holds and lacks, what changes in it, and what is stale."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.errors import Problems
from rgraph.lock import Lock, LockedExternal, read_lock
from rgraph.locking import (
    Entry,
    Key,
    asked_for,
    below,
    broken,
    chosen_of,
    lock_text,
    merged,
    pinned,
    problems_of,
    rebuilds,
    review,
    said,
    stale,
)
from rgraph.resolve import Resolved
from tests.laws.strategies import resolved

D1, D2, D3 = (f"sha256:{digit * 64}" for digit in "123")
S1, S2 = "a" * 64, "b" * 64
TOOL, KEY, CA = "https://example.com/tool.tar.gz", "https://example.com/key.asc", "https://example.com/ca.cer"
ARM = "https://example.com/tool-arm.tar.gz"


def layer(name: str, source: str, *steps: Any, kind: str = "base", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "from": source, "variant": "one", "steps": list(steps), **more}


def download(url: str, **more: str) -> dict[str, Any]:
    return {"download": {"url": url, "to": "/opt/", **more}, "provides": []}


CATALOGUE: dict[str, dict[str, Any]] = {
    "manifests/catalog.yaml": {"kind": "catalog", "name": "x", "registry": "registry.example.com"},
    "manifests/externals.yaml": {
        "kind": "externals",
        "externals": {
            "ubuntu": {"reference": "ubuntu:20.04"},
            "assets": {"reference": "example.com/assets:1"},
            "fixed": {"reference": f"example.com/fixed@{D3}"},
            "spare": {"reference": "spare"},
        },
    },
    "manifests/base/low.yaml": layer(
        "low", "ubuntu", download(TOOL), {"group": [download(TOOL), {"run": ["true"], "provides": []}]}
    ),
    "manifests/base/own.yaml": layer("own", "fixed", download(CA, sha256=S1)),
    "manifests/r/mid.yaml": layer(
        "mid",
        "low:one",
        {"take": {"from": "assets", "path": "/a", "to": "/a"}},
        {
            "apt": {
                "packages": ["x=1"],
                "repositories": [
                    {"name": "r", "key": {"url": KEY}, "uri": "https://example.com", "suite": "s"}
                ],
            }
        },
        kind="r",
    ),
    "manifests/framework/top.yaml": layer("top", "mid:one", download(TOOL), kind="framework"),
}


def catalogue(lock: Mapping[str, Any] | None = None) -> Resolved:
    return resolved(CATALOGUE, lock=json.dumps(lock).encode() if lock else None)


def external(requested: str, digest: str) -> dict[str, str]:
    return {"requested": requested, "digest": digest}


FULL: dict[str, Any] = {
    "externals": {
        "ubuntu": external("ubuntu:20.04", D1),
        "assets": external("example.com/assets:1", D1),
        "spare": external("spare", D1),
    },
    "downloads": {TOOL: S1, KEY: S1},
}
MIXED: dict[str, Any] = {
    "externals": {
        "ubuntu": external("ubuntu:18.04", D1),
        "assets": external("example.com/assets:1", D1),
        "fixed": external("example.com/fixed", D1),
        "gone": external("gone:1", D1),
    },
    "downloads": {KEY: S1, CA: S2, "https://example.com/old": S1},
}


def states(entries: tuple[Entry, ...]) -> dict[str, str]:
    return {entry.name: entry.state for entry in entries}


def test_everything_is_missing_without_a_lock() -> None:
    entries = review(catalogue())
    assert states(entries) == dict.fromkeys(("assets", "spare", "ubuntu", KEY, TOOL), "missing")
    assert [(each.kind, each.requested, each.locked, each.images) for each in entries] == [
        ("external", "example.com/assets:1", "", ("mid:one",)),
        ("external", "spare", "", ()),
        ("external", "ubuntu:20.04", "", ("low:one",)),
        ("download", KEY, "", ("mid:one",)),
        ("download", TOOL, "", ("low:one", "top:one")),
    ]


def test_where_a_person_wrote_it() -> None:
    places = {entry.name: (entry.place.file, entry.place.path) for entry in review(catalogue())}
    assert places["ubuntu"] == ("manifests/externals.yaml", ("externals", "ubuntu", "reference"))
    assert places[TOOL][0] == "manifests/base/low.yaml"
    assert places[TOOL][1][-2:] == ("download", "url")
    assert places[KEY][1][-5:] == ("apt", "repositories", 0, "key", "url")


def test_a_full_lock_is_current() -> None:
    entries = review(catalogue(FULL))
    assert set(states(entries).values()) == {"current"}
    assert {each.locked for each in entries} == {D1, S1}
    assert problems_of(entries) == ()
    assert asked_for(entries) == ()


def test_what_is_void_missing_and_unused() -> None:
    assert states(review(catalogue(MIXED))) == {
        "assets": "current",
        "fixed": "unused",
        "gone": "unused",
        "spare": "missing",
        "ubuntu": "void",
        CA: "unused",
        KEY: "current",
        "https://example.com/old": "unused",
        TOOL: "missing",
    }


def test_what_is_wrong_is_said_for_each() -> None:
    found = {problem.what: problem.place.file for problem in problems_of(review(catalogue(MIXED)))}
    externals = "manifests/externals.yaml"
    assert found == {
        "the lock does not have `spare` of `spare`": externals,
        "the lock has the digest of `ubuntu:18.04`, and not of `ubuntu:20.04` of `ubuntu`": externals,
        f"the lock does not have {TOOL}": "manifests/base/low.yaml",
    }


def test_an_address_in_a_sentence_holds_no_secret() -> None:
    url = "https://me:hunter2@example.com/x?sig=hunter3"
    documents = {**CATALOGUE, "manifests/base/own.yaml": layer("own", "fixed", download(url))}
    entries = {entry.name: entry for entry in review(resolved(documents))}
    assert said(entries[url]) == "https://example.com/x?..."


def test_a_download_by_platform_wants_one_checksum_for_each() -> None:
    by_platform = {"linux/amd64": TOOL, "linux/arm64": ARM}
    documents = {
        **CATALOGUE,
        "manifests/externals.yaml": {
            "kind": "externals",
            "externals": {
                **CATALOGUE["manifests/externals.yaml"]["externals"],
                "both": {"reference": "both:1", "platforms": ["linux/amd64", "linux/arm64"]},
            },
        },
        "manifests/base/both.yaml": layer(
            "both",
            "both",
            {"download": {"url": by_platform, "to": "/opt/"}, "provides": []},
            platforms=["linux/amd64", "linux/arm64"],
        ),
    }
    entries = {entry.name: entry for entry in review(resolved(documents))}
    assert entries[ARM].images == ("both:one",)
    assert entries[ARM].place.path[-2:] == ("url", "linux/arm64")
    assert entries[TOOL].images == ("both:one", "low:one", "top:one")


@pytest.mark.parametrize(
    ("images", "named", "upgrade", "expected"),
    [
        (None, (), False, {"ubuntu", "spare", TOOL}),
        (None, (), True, {"ubuntu", "spare", TOOL, "assets", KEY}),
        (["top:one"], (), False, {TOOL}),
        (["mid:one"], (), False, set()),
        (["mid:one"], (), True, {"assets", KEY}),
        (["low:one", "mid:one"], (), False, {"ubuntu", TOOL}),
        ([], ["spare"], False, {"spare"}),
        ([], ["assets"], False, set()),
        ([], ["assets"], True, {"assets"}),
        ([], [TOOL], False, {TOOL}),
        (["mid:one"], ["spare", KEY], True, {"assets", KEY, "spare"}),
        ([], ["gone"], True, set()),
        ([], (), True, set()),
    ],
)
def test_what_is_asked_for(
    images: list[str] | None, named: list[str], upgrade: bool, expected: set[str]
) -> None:
    entries = review(catalogue(MIXED))
    chosen = entries if images is None else chosen_of(entries, images, named)
    assert {entry.name for entry in asked_for(chosen, upgrade=upgrade)} == expected


def read(text: str) -> Lock:
    problems = Problems()
    lock = read_lock(text.encode(), problems)
    problems.raise_any()
    return lock


MIXED_LOCK = read(json.dumps(MIXED))


def test_answers_are_recorded_and_the_rest_stays() -> None:
    found: dict[Key, LockedExternal | str] = {
        ("external", "ubuntu"): LockedExternal("ubuntu:20.04", D2),
        ("download", TOOL): S2,
    }
    lock = merged(MIXED_LOCK, found)
    assert lock.externals == {**MIXED_LOCK.externals, "ubuntu": LockedExternal("ubuntu:20.04", D2)}
    assert lock.downloads == {**MIXED_LOCK.downloads, TOOL: S2}
    assert merged(MIXED_LOCK, {}) == MIXED_LOCK


@pytest.mark.parametrize("upgrade", [False, True])
def test_what_another_run_has_written_meanwhile_stays_unless_it_is_to_be_upgraded(upgrade: bool) -> None:
    found: dict[Key, LockedExternal | str] = {
        ("external", "assets"): LockedExternal("example.com/assets:1", D2),
        ("external", "ubuntu"): LockedExternal("ubuntu:20.04", D2),
        ("download", KEY): S2,
    }
    lock = merged(MIXED_LOCK, found, upgrade=upgrade)
    assert lock.externals["assets"].digest == (D2 if upgrade else D1)
    assert lock.externals["ubuntu"] == LockedExternal("ubuntu:20.04", D2)
    assert lock.downloads[KEY] == (S2 if upgrade else S1)


def test_some_entries_go() -> None:
    lock = merged(MIXED_LOCK, {}, [("external", "gone"), ("download", CA), ("download", "never")])
    assert lock.externals == {name: each for name, each in MIXED_LOCK.externals.items() if name != "gone"}
    assert set(lock.downloads) == {KEY, "https://example.com/old"}


def test_once_all_is_answered_nothing_is_left_to_ask() -> None:
    entries = review(catalogue(MIXED))
    answers: dict[Key, LockedExternal | str] = {
        entry.key: LockedExternal(entry.requested, D2) if entry.kind == "external" else S2
        for entry in asked_for(entries)
    }
    unused = [entry.key for entry in entries if entry.state == "unused"]
    text = lock_text(merged(MIXED_LOCK, answers, unused))
    again = review(catalogue(json.loads(text)))
    assert set(states(again).values()) == {"current"}
    assert lock_text(merged(read(text), {})) == text


TEXT = f"""\
{{
  "schema": 1,
  "externals": {{
    "a": {{"requested": "a:1", "digest": "{D1}"}},
    "b": {{"requested": "b", "digest": "{D2}"}}
  }},
  "downloads": {{
    "https://example.com/x?a=\\"1\\"": "{S1}"
  }}
}}
"""


def test_the_text() -> None:
    externals = {"b": LockedExternal("b", D2), "a": LockedExternal("a:1", D1)}
    lock = Lock(1, externals, {'https://example.com/x?a="1"': S1})
    assert lock_text(lock) == TEXT
    assert read(TEXT) == lock
    assert lock_text(Lock()) == '{\n  "schema": 1,\n  "externals": {},\n  "downloads": {}\n}\n'


HEX = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
LOCKS = st.builds(
    Lock,
    st.just(1),
    st.dictionaries(st.text(), st.builds(LockedExternal, st.text(), HEX.map("sha256:{}".format)), max_size=4),
    st.dictionaries(st.text(), HEX, max_size=4),
)


@given(LOCKS)
def test_law_what_is_written_is_what_is_read(lock: Lock) -> None:
    text = lock_text(lock)
    assert read(text) == lock
    assert lock_text(read(text)) == text
    assert json.loads(text)["schema"] == 1


@given(LOCKS, st.randoms())
def test_law_the_order_of_entries_does_not_count(lock: Lock, random: Any) -> None:
    externals, downloads = list(lock.externals.items()), list(lock.downloads.items())
    random.shuffle(externals)
    random.shuffle(downloads)
    assert lock_text(Lock(1, dict(externals), dict(downloads))) == lock_text(lock)


@given(LOCKS)
def test_law_an_entry_is_a_line(lock: Lock) -> None:
    empty = sum(not entries for entries in (lock.externals, lock.downloads))
    lines = lock_text(lock).count("\n")
    assert lines == 7 - empty + len(lock.externals) + len(lock.downloads)


def test_the_digest_alone_is_asked_for_to_see_whether_it_is_still_there() -> None:
    entries = {entry.name: entry for entry in review(catalogue(FULL))}
    assert pinned(entries["ubuntu"]) == f"ubuntu@{D1}"
    assert pinned(entries["assets"]) == f"example.com/assets@{D1}"
    assert pinned(entries["spare"]) == f"spare@{D1}"


def test_what_gives_something_else_than_when_it_was_locked() -> None:
    entries = review(catalogue(MIXED))
    now: dict[Key, str] = {
        ("external", "assets"): D1,
        ("external", "ubuntu"): D2,
        ("download", KEY): S2,
        ("download", CA): S1,
        ("download", TOOL): S2,
    }
    problems = broken(entries, now)
    assert [(each.place.path, each.what) for each in problems] == [
        (("downloads", KEY), f"{KEY} is now {S2[:12]}..., and {S1[:12]}... in the lock")
    ]
    assert broken(entries, {}) == ()


def test_nothing_is_stale_while_digests_are_the_same() -> None:
    images = catalogue(FULL)
    assert stale(images, review(images), {"ubuntu": D1, "assets": D1}) == ()
    assert stale(images, review(images), {}) == ()


def test_what_is_stale_and_all_that_stands_on_it() -> None:
    images = catalogue(FULL)
    found = stale(images, review(images), {"ubuntu": D2, "assets": D2, "spare": D2})
    assert [(each.external, each.locked, each.now, each.images) for each in found] == [
        ("assets", D1, D2, ("mid:one", "top:one")),
        ("spare", D1, D2, ()),
        ("ubuntu", D1, D2, ("low:one", "mid:one", "top:one")),
    ]
    assert rebuilds(found, images) == ("low:one", "mid:one", "top:one")
    assert rebuilds(found[:2], images) == ("mid:one", "top:one")


def test_a_reference_that_is_there_no_more_is_stale() -> None:
    images = catalogue(FULL)
    found = stale(images, review(images), {"assets": D1}, gone={"ubuntu"})
    assert [(each.external, each.requested, each.now) for each in found] == [("ubuntu", "ubuntu:20.04", "")]


def test_only_what_is_locked_can_be_stale() -> None:
    images = catalogue(MIXED)
    now = dict.fromkeys(("ubuntu", "spare", "fixed", "gone"), D2)
    assert stale(images, review(images), now, gone={"ubuntu", "gone"}) == ()


def test_what_images_stand_on() -> None:
    known = catalogue()
    assert below(known, ["top:one"]) == {"ubuntu", "assets"}
    assert below(known, ["own:one"]) == {"fixed"}
    assert below(known, []) == frozenset()

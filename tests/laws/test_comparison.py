"""Laws of comparisons: who has another fingerprint has a cause, and no one else has."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph.comparison import Comparison
from rgraph.errors import ManifestError
from rgraph.resolve import Resolved
from tests.laws.strategies import FILES, Documents, catalogues, resolved
from tests.laws.test_fingerprint import COUNTS, IGNORED, LOCK, RICH, edited, put


def check(old: Resolved, new: Resolved) -> Comparison:
    """Both laws, and what every story must be."""
    found = Comparison(old, new)
    for id in {**old.images, **new.images}:
        causes = [*found.own(id), *found.parents(id)]
        assert bool(causes) == found.changed(id), id
        story = found.story(id)
        assert bool(story.causes) == found.changed(id), id
        assert (story.state == "unchanged") != found.changed(id)
        for told in story.causes:
            assert told.way[0] == id
            assert told.cause in found.own(told.way[-1])
            for one, other in zip(told.way, told.way[1:], strict=False):
                assert other in found.parents(one)
            place = told.cause.new or told.cause.old
            assert place is not None
        assert len({told.cause for told in story.causes}) == len(story.causes)
    return found


@given(catalogues())
@settings(max_examples=30)
def test_nothing_changed(documents: Documents) -> None:
    found = check(resolved(documents), resolved(copy.deepcopy(documents)))
    assert not any(map(found.changed, found.new.images))


@given(catalogues(most=4), catalogues(most=4), st.data())
@settings(max_examples=120)
def test_two_catalogues_mixed(one: Documents, other: Documents, data: st.DataObject) -> None:
    """Files of one catalogue in place of those of another: steps, rows, recipes and parents all differ."""
    names = data.draw(st.lists(st.sampled_from(sorted(other)), unique=True))
    mixed = {**one, **{name: other[name] for name in names}}
    try:
        new = resolved(mixed)
    except ManifestError:
        return  # an image that others stand on is gone
    check(resolved(one), new)
    check(new, resolved(one))


def values(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all lists and texts in some data."""
    found = [path] if isinstance(data, (list, str)) else []
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return found + [each for key, value in items for each in values(value, (*path, key))]


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


@given(catalogues(most=4), st.data())
@settings(max_examples=200)
def test_random_edits(documents: Documents, data: st.DataObject) -> None:
    """Entries of lists dropped, doubled, turned round; texts changed anywhere."""
    made = copy.deepcopy(documents)
    for _ in range(data.draw(st.integers(1, 4))):
        paths = values(made)
        inner = [path for path in paths if {"steps", "private", "matrix", "params"} & set(path)]
        path = data.draw(st.one_of(*(st.sampled_from(each) for each in (inner, inner, paths) if each)))
        value = at(made, path)
        if isinstance(value, str):
            new: Any = data.draw(st.sampled_from([f"{value}1", "gpu", "debian", value[:-1], "l0:v"]))
        else:
            new = data.draw(
                st.sampled_from([value[::-1], value[1:], value + copy.deepcopy(value[:1]), value * 2])
            )
        at(made, path[:-1])[path[-1]] = new
    files = data.draw(st.sampled_from([FILES, {**FILES, "a.txt": b"other"}, {**FILES, "b.sh": b""}]))
    try:
        new_images = resolved(made, files=files)
    except ManifestError:
        return
    check(resolved(documents), new_images)
    check(new_images, resolved(documents))


def made(documents: Documents, **more: Any) -> Resolved:
    more.setdefault("notices", {"mit.txt": "Permission is granted"})
    return resolved(documents, **more)


@pytest.mark.parametrize("edit", [*(each[1] for each in COUNTS), *(each[1] for each in IGNORED)])
def test_every_kind_of_edit(edit: Callable[[Documents], None]) -> None:
    check(made(RICH), made(edited(edit)))
    check(made(edited(edit)), made(RICH))


def test_lock_files_and_notices() -> None:
    lock = json.dumps(LOCK).encode()
    for more in (
        {"lock": lock},
        {"files": {**FILES, "a.txt": b"A"}},
        {"files": {**FILES, "unused": b""}},
        {"notices": {"mit.txt": "other"}},
        {"notices": {"mit.txt": "Permission is granted", "x.txt": ""}},
        {"notices": {"mit.txt": "Permission is granted", "MIT.txt": "text of the licence"}},
    ):
        check(made(RICH), made(RICH, **more))
        check(made(RICH, **more), made(RICH))


def test_what_comes_along() -> None:
    purl, newer = "pkg:deb/debian/libc6@2.36?distro=debian-12", "pkg:deb/debian/libc6@2.37?distro=debian-12"
    own = {"mit.txt": "Permission is granted", "LicenseRef-Own.txt": "own"}
    states: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, {}),
        ({"debian": {purl: ""}}, {}),
        ({"debian": {purl: "MIT"}}, {}),
        ({"debian": {newer: "MIT"}}, {}),
        ({"base:cpu": {purl: "LicenseRef-Own"}}, {}),
        ({"base:cpu": {purl: "LicenseRef-Own"}}, {"notices": own}),
    ]
    catalogues = [
        made(RICH, lock=json.dumps({**LOCK, "transitive": along}).encode(), **more) for along, more in states
    ]
    for old in catalogues:
        for new in catalogues:
            check(old, new)


def debian(**keys: Any) -> Callable[[Documents], None]:
    return external("debian", **keys)


def external(name: str, **keys: Any) -> Callable[[Documents], None]:
    def edit(documents: Documents) -> None:
        documents["externals"]["externals"][name] |= keys

    return edit


def both(*edits: Callable[[Documents], None]) -> Callable[[Documents], None]:
    def edit(documents: Documents) -> None:
        for each in edits:
            each(documents)

    return edit


def renamed(documents: Documents) -> None:
    documents["recipe"]["name"] = "common"
    documents["base"]["steps"][2]["use"] = "common"


def private(*steps: dict[str, Any]) -> Callable[[Documents], None]:
    def edit(documents: Documents) -> None:
        documents["app"]["private"] = list(steps)

    return edit


ARM = ["linux/amd64", "linux/arm64"]
SURROUNDINGS: list[tuple[str, Callable[[Documents], None]]] = [
    ("a user that a private part gives back", debian(user="me")),
    ("a folder that a private part gives back", debian(workdir="/work")),
    ("a shell that nothing differs for", debian(shell=["/bin/bash", "-c"])),
    ("a platform more that nobody asks for", debian(platforms=ARM)),
    (
        "a platform more",
        both(
            debian(platforms=ARM), external("assets", platforms=ARM), put("catalog", "platforms", value=ARM)
        ),
    ),
    (
        "platforms of the layer",
        both(debian(platforms=ARM), external("assets", platforms=ARM), put("base", "platforms", value=ARM)),
    ),
    ("another system", debian(platforms=["windows/amd64"], os_version="10.0.17763")),
    ("another downloader", put("catalog", "downloader", value="wget")),
    ("a recipe's name", renamed),
    ("a source offer", put("catalog", "source_offer", value="Write to us.")),
    ("no licence", put("catalog", "license", value=None)),
    ("a licence of an External with a text", debian(license="LicenseRef-mine")),
]
STARTS: list[Callable[[Documents], None]] = [
    both(),
    private({"user": "root"}, {"workdir": "/secret"}),
    both(private({"user": "root"}), put("base", "private", value=[{"user": "root"}])),
    put("base", "steps", 3, value={"download": {"url": "https://x.example/a", "to": "/a"}, "provides": []}),
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("what", "edit"), SURROUNDINGS, ids=[each[0] for each in SURROUNDINGS])
def test_what_images_have_around_them(
    what: str, edit: Callable[[Documents], None], start: Callable[[Documents], None]
) -> None:
    notices = {"mit.txt": "", "LicenseRef-mine.txt": "mine"}
    before = edited(start)
    after = copy.deepcopy(before)
    edit(after)
    try:
        new = made(after, notices=notices)
    except ManifestError:
        assert what == "another system"  # its steps are for Linux
        return
    check(made(before, notices=notices), new)
    check(new, made(before, notices=notices))

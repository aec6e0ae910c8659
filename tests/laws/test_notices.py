"""Laws of ThirdPartyNotices.txt: nothing that an image holds is missing, and each text stands once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgraph import texts
from rgraph.attribution import Attributions
from rgraph.render.notices import Notices
from rgraph.render.view import View
from tests.laws.strategies import Documents, catalogues
from tests.unit.render.attributed import NOTICES, documents, view

EXPRESSIONS = (
    "MIT",
    "GPL-2.0-only",
    "GPL-2.0-or-later",
    "GPL-3.0-or-later WITH GCC-exception-3.1",
    "(MIT OR Apache-2.0) AND BSD-3-Clause",
    "LicenseRef-Vendor",
    "LicenseRef-Nobody",
    "MIT AND LicenseRef-Empty",
)
PURLS = ("pkg:conda/numpy", "pkg:generic/thing", "pkg:deb/curl", "pkg:generic/assets")
DOUBLE = f"\n\n{texts.DOUBLE_RULE}\n"


@st.composite
def licensed(draw: st.DrawFn, most: int = 4) -> Documents:
    """A catalogue whose components and Externals have licences of every sort, or none."""
    made = draw(catalogues(most=most))
    facts = draw(
        st.lists(
            st.builds(
                lambda purl, license, notice: {"purl": purl, "license": license, **notice},
                st.sampled_from(PURLS),
                st.sampled_from(EXPRESSIONS),
                st.sampled_from([{}, {}, {"notice": "thing.txt"}, {"source_offer": "https://s.example"}]),
            ),
            max_size=4,
        )
    )
    made["manifests/components.yaml"] = {"kind": "components", "components": facts}
    for external in made["manifests/externals.yaml"]["externals"].values():
        external["license"] = draw(st.sampled_from(["", *EXPRESSIONS]))
    made["manifests/catalog.yaml"]["source_offer"] = draw(st.sampled_from(["", "We send it."]))
    return made


def sections(text: str) -> dict[str, str]:
    """Title -> what stands below it."""
    _, *found = text.removesuffix("\n").split(DOUBLE)
    return {each.split("\n")[0]: each.split("\n", 2)[2] for each in found}


def by_bringer(section: str) -> dict[str, list[str]]:
    """Title of a bringer -> the lines below it."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in section.split("\n"):
        if line.startswith("From "):
            lines = found[line.removeprefix("From ")] = []
        lines.append(line)
    return found


def shown(view: View, node: str) -> str:
    return node if ":" in node else view.catalog.externals[node].reference


@given(licensed())
@settings(max_examples=60)
def test_no_component_is_missing(made: Documents) -> None:
    whole = view(made)
    notices = Notices(whole)
    for id in whole.resolved.images:
        blocks = by_bringer(sections(notices.text(id).decode())[texts.COMPONENTS_TITLE])
        for bringer in whole.inventory.bringers(id):
            own = whole.inventory.own(bringer)
            purls = [
                line.strip() for line in blocks.get(shown(whole, bringer), []) if line.startswith("  pkg:")
            ]
            assert purls == [each.purl for each in own]
        held = whole.inventory.bringers(id)
        # An image that brings nothing has no block; an External always has one, for itself.
        externals = {shown(whole, bringer) for bringer in held if ":" not in bringer}
        assert externals <= blocks.keys() <= {shown(whole, bringer) for bringer in held}


@given(licensed())
@settings(max_examples=60)
def test_each_text_stands_once_and_what_has_none_stands_apart(made: Documents) -> None:
    whole = view(made)
    notices = Notices(whole)
    attributions = Attributions(whole.catalog, whole.inventory, whole.texts)
    for id in whole.resolved.images:
        found = sections(notices.text(id).decode())
        blocks = found.get(texts.TEXTS_TITLE, "").split(f"\n\n{texts.RULE}\n")[1:]
        headings = [name for block in blocks for name in block.split("\n")[0].split(", ")]
        bodies = [block.split("\n", 2)[2] for block in blocks]
        everything = [each for bringer in whole.inventory.bringers(id) for each in attributions.own(bringer)]
        assert len(set(bodies)) == len(bodies)
        assert sorted(headings) == sorted({text.name for each in everything for text in each.texts})
        without = " ".join(found.get(texts.WITHOUT_TITLE, "").split())
        lacking = [each for each in everything if each.lack]
        assert (texts.WITHOUT_TITLE in found) == bool(lacking)
        assert all(" ".join(each.name.split()) in without for each in lacking)
        assert all(each.texts for each in everything if not each.lack)


@given(licensed(most=3))
@settings(max_examples=25)
def test_the_order_in_which_images_are_asked_for_does_not_count(made: Documents) -> None:
    first, second = view(made), view(made)
    ids = list(first.resolved.images)
    forward, backward = Notices(first), Notices(second)
    one = {id: forward.text(id) for id in ids}
    assert one == {id: backward.text(id) for id in reversed(ids)}


Edit = Callable[[Documents], None]


def put(file: str, *path: str | int, value: Any) -> Edit:
    def edit(made: Documents) -> None:
        place: Any = made[f"manifests/{file}.yaml"]
        for each in path[:-1]:
            place = place[each]
        place[path[-1]] = value

    return edit


EDITS: list[tuple[str, Edit]] = [
    ("the catalogue's offer", put("catalog", "source_offer", value="We send it.")),
    ("an External's licence", put("externals", "externals", "ubuntu", "license", value="MIT")),
    ("an External's home", put("externals", "externals", "ubuntu", "homepage", value="https://x.example")),
    ("a copyright line", put("components", "components", 0, "copyright", value="(c) Others")),
    ("a home", put("components", "components", 0, "homepage", value="https://x.example")),
    ("a component's offer", put("components", "components", 1, "source_offer", value="nowhere")),
    ("a status", put("components", "components", 1, "status", value="verified")),
    ("a notice", put("components", "components", 0, "notice", value="thing.txt")),
]


def edited(edit: Edit) -> Documents:
    made = copy.deepcopy(documents())
    edit(made)
    return made


@pytest.mark.parametrize(("what", "edit"), EDITS, ids=[each[0] for each in EDITS])
def test_what_notices_show_counts(what: str, edit: Edit) -> None:
    before, after = view(documents()), view(edited(edit))
    assert Notices(before).text("app:one") != Notices(after).text("app:one")
    assert before.fingerprints["app:one"] != after.fingerprints["app:one"]


@pytest.mark.parametrize("file", ["LicenseRef-Vendor.txt", "thing.txt", "LicenseRef-Empty.txt"])
def test_supplied_texts_count(file: str) -> None:
    before, after = view(documents()), view(documents(), {**NOTICES, file: "another text"})
    assert Notices(before).text("app:one") != Notices(after).text("app:one")
    assert before.fingerprints["app:one"] != after.fingerprints["app:one"]


def test_a_text_that_an_external_alone_needs_counts() -> None:
    supplied = {**NOTICES, "LicenseRef-GPU.txt": "terms"}
    before, after = view(documents()), view(documents(), supplied)
    assert b"terms" in Notices(after).text("bare:one")
    assert before.fingerprints["bare:one"] != after.fingerprints["bare:one"]
    assert before.fingerprints["base:one"] == after.fingerprints["base:one"]

"""Which licence texts a component needs, and which are missing."""

from __future__ import annotations

import pytest

from rgraph.attribution import Attributed, Attributions, Text
from tests.unit.render.attributed import DIGEST, documents, view

UNSIGNED = "no copyright line known, which the text of MIT has a place for"


@pytest.fixture(scope="module")
def attributions() -> Attributions:
    whole = view(documents())
    return Attributions(whole.catalog, whole.inventory, whole.texts)


def named(attributions: Attributions, node: str) -> dict[str, Attributed]:
    return {each.name: each for each in attributions.own(node)}


@pytest.mark.parametrize(
    ("node", "name", "texts", "lack"),
    [
        ("base:one", "numpy 1.21", (Text("BSD-3-Clause"),), ""),
        # An exception has a text of its own.
        ("base:one", "java 8", (Text("GPL-2.0-or-later"), Text("Classpath-exception-2.0")), ""),
        # The component's own notice stands for the whole expression.
        ("base:one", "thing 2", (Text("thing.txt", "thing.txt"),), ""),
        ("base:one", "curl", (), "licence not known to the catalogue"),
        ("app:one", "later 1", (Text("Apache-2.0"),), ""),
        ("app:one", "vendor 1", (Text("MIT"), Text("LicenseRef-Vendor", "LicenseRef-Vendor.txt")), UNSIGNED),
        # Nobody says which of two was chosen.
        ("app:one", "half 1", (Text("MIT"),), f"no text supplied for LicenseRef-Nobody; {UNSIGNED}"),
        # A file without a word in it is no text.
        ("app:one", "empty 1", (), "no text supplied for LicenseRef-Empty"),
        ("ubuntu", "ubuntu:20.04", (Text("LicenseRef-Vendor", "LicenseRef-Vendor.txt"),), ""),
        ("gpu", f"nvcr.io/nvidia/cuda@{DIGEST}", (), "no text supplied for LicenseRef-GPU"),
    ],
)
def test_texts(node: str, name: str, texts: tuple[Text, ...], lack: str, attributions: Attributions) -> None:
    found = named(attributions, node)[name]
    assert (found.texts, found.lack, found.complete) == (texts, lack, not lack)


def test_an_external_comes_before_what_it_provides(attributions: Attributions) -> None:
    assert [each.declared is None for each in attributions.own("ubuntu")] == [True, False]


def test_lacking_names_who_brought_it(attributions: Attributions) -> None:
    assert [(bringer, each.name) for bringer, each in attributions.lacking("base:one")] == [
        ("base:one", "curl"),
        ("base:one", "passwd (at least 1:4.8)"),
        ("ubuntu", "tool 1"),
    ]


def test_without_standard_texts_only_supplied_ones_are_there() -> None:
    whole = view(documents())
    bare = Attributions(whole.catalog, whole.inventory, {})
    assert named(bare, "base:one")["numpy 1.21"].lack == "no text supplied for BSD-3-Clause"
    assert named(bare, "base:one")["thing 2"].complete


def test_who_asks_for_source(attributions: Attributions) -> None:
    everything = [*attributions.own("app:one"), *attributions.own("base:one")]
    assert [each.name for each in everything if each.asks_for_source] == ["java 8", "old 1"]

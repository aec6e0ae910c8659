"""ThirdPartyNotices.txt, section by section."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rgraph import texts
from rgraph.files.license_texts import standard_texts
from rgraph.render.notices import Notices, license_text
from tests.laws.strategies import Documents
from tests.unit.render.attributed import DIGEST, NOTICES, documents, view

DOUBLE = f"\n\n{texts.DOUBLE_RULE}\n"
SINGLE = f"\n\n{texts.RULE}\n"


def sections(
    id: str, catalogue: Documents | None = None, notices: Mapping[str, str] = NOTICES
) -> dict[str, str]:
    """Title -> what stands below it; the head has the title of its first line."""
    made = Notices(view(catalogue or documents(), notices)).text(id).decode()
    assert made.endswith("\n")
    head, *others = made.removesuffix("\n").split(DOUBLE)
    found = {head.split("\n")[0]: head}
    for each in others:
        title, rule, text = each.split("\n", 2)
        assert rule == texts.DOUBLE_RULE
        found[title] = text.strip("\n")
    return found


def licence_texts(section: str) -> dict[str, str]:
    """Heading -> text."""
    found = {}
    for each in section.split(SINGLE)[1:]:
        heading, rule, text = each.split("\n", 2)
        assert rule == texts.RULE
        found[heading] = text.strip("\n")
    return found


def entries(section: str) -> dict[str, str]:
    """First line of an entry -> its lines."""
    return {each.split("\n")[0]: each for each in section.split("\n\n")}


def test_sections_come_in_order() -> None:
    assert list(sections("app:one")) == [
        "NOTICES AND INFORMATION",
        "RESTRICTIONS ON USE",
        "SOURCE CODE",
        "COMPONENTS",
        "COMPONENTS WITHOUT A LICENCE TEXT",
        "LICENCE TEXTS",
    ]


def test_what_does_not_apply_is_left_out() -> None:
    assert list(sections("bare:one")) == [
        "NOTICES AND INFORMATION",
        "RESTRICTIONS ON USE",
        "COMPONENTS",
        "COMPONENTS WITHOUT A LICENCE TEXT",
    ]


def test_head() -> None:
    head = sections("app:one")["NOTICES AND INFORMATION"]
    assert head.startswith("NOTICES AND INFORMATION\nDo Not Translate or Localize\n\nImage: app:one\n")
    assert "Components: 14, of which 7 without a licence text or not with all of it\n" in head


def test_restrictions_of_components_and_externals() -> None:
    assert sections("app:one")["RESTRICTIONS ON USE"] == "  - Not for sale\n  - Only on GPUs"


ASKING = """\
  java 8: GPL-2.0-or-later WITH Classpath-exception-2.0
    by letter: 1 Some Street
  old 1: GPL-2.0-only
    https://old.example/src"""


def test_no_offer_of_source_code_is_said_plainly() -> None:
    assert sections("app:one")["SOURCE CODE"] == f"{texts.NO_SOURCE_OFFER}\n\n{ASKING}"


def test_the_catalogues_offer_of_source_code() -> None:
    offering = documents(source_offer="Write to sources@example.com. We send it.\n")
    expected = f"Write to sources@example.com. We send it.\n\n{texts.SOURCE_OFFERED}\n\n{ASKING}"
    assert sections("app:one", offering)["SOURCE CODE"] == expected
    assert "SOURCE CODE" not in sections("bare:one", offering)


@pytest.mark.parametrize(
    "entry",
    [
        """\
numpy 1.21
  pkg:conda/numpy@1.21?channel=c
  Copyright (c) NumPy
  Home: https://numpy.org
  Licence: BSD-3-Clause
  Text: BSD-3-Clause""",
        f"""\
old 1
  pkg:conda/old@1?channel=c
  {texts.NO_COPYRIGHT}
  Source: https://old.example/src
  Licence: GPL-2.0-only (assumed)
  Text: GPL-2.0-only""",
        f"""\
thing 2
  pkg:generic/thing@2
  {texts.NO_COPYRIGHT}
  Licence: LicenseRef-Thing AND LicenseRef-Other (needs review)
  Text: thing.txt""",
        f"""\
vendor 1
  pkg:conda/vendor@1?channel=c
  {texts.NO_COPYRIGHT}
  Licence: MIT AND LicenseRef-Vendor (needs review)
  Text: MIT, LicenseRef-Vendor
  Restriction on use: Not for sale""",
        f"""\
half 1
  pkg:conda/half@1?channel=c
  {texts.NO_COPYRIGHT}
  Licence: MIT OR LicenseRef-Nobody (needs review)
  Text: MIT; none for LicenseRef-Nobody""",
        """\
curl (version not declared)
  pkg:deb/ubuntu/curl?distro=ubuntu-20.04
  Licence: not known to the catalogue""",
        """\
passwd (at least 1:4.8)
  pkg:deb/ubuntu/passwd?distro=ubuntu-20.04
  Licence: not known to the catalogue""",
        """\
ubuntu:20.04
  Home: https://ubuntu.com
  Licence: LicenseRef-Vendor
  Text: LicenseRef-Vendor""",
        f"""\
nvcr.io/nvidia/cuda@{DIGEST}
  Licence: LicenseRef-GPU
  Text: none for LicenseRef-GPU
  Restriction on use: Only on GPUs""",
    ],
)
def test_entries(entry: str) -> None:
    assert entries(sections("app:one")["COMPONENTS"])[entry.split("\n")[0]] == entry


def test_components_stand_under_who_brought_them() -> None:
    names = [
        line
        for line in sections("app:one")["COMPONENTS"].split("\n")
        if line.startswith("From ") or line.startswith(("numpy ", "tool "))
    ]
    assert names == [
        "From app:one",
        "numpy 1.21",
        "From base:one",
        "numpy 1.21",
        "From ubuntu:20.04",
        "tool 1",
        f"From nvcr.io/nvidia/cuda@{DIGEST}",
    ]


def test_an_external_that_declares_nothing_says_so() -> None:
    assert sections("bare:one")["COMPONENTS"].endswith(texts.NOTHING_DECLARED)


def test_what_has_no_text_stands_apart_with_the_reason() -> None:
    without = sections("app:one")["COMPONENTS WITHOUT A LICENCE TEXT"]
    assert (
        without
        == f"""\
{texts.WITHOUT_ABOUT}

{texts.DEBIAN_ABOUT}

From app:one
  No text supplied for LicenseRef-Empty:
    empty 1
  No text supplied for LicenseRef-Nobody; no copyright line known, which the text of MIT has a place for:
    half 1
  No copyright line known, which the text of MIT has a place for:
    vendor 1

From base:one
  Licence not known to the catalogue:
    curl, passwd (at least 1:4.8)

From ubuntu:20.04
  Licence not known to the catalogue:
    tool 1

From nvcr.io/nvidia/cuda@{DIGEST}
  No text supplied for LicenseRef-GPU:
    nvcr.io/nvidia/cuda@{DIGEST}"""
    )


def test_texts_stand_once_under_all_their_names() -> None:
    found = licence_texts(sections("app:one")["LICENCE TEXTS"])
    assert list(found) == [
        "Apache-2.0",
        "BSD-3-Clause",
        "Classpath-exception-2.0",
        # SPDX has one text for both.
        "GPL-2.0-only, GPL-2.0-or-later",
        "LicenseRef-Vendor",
        "MIT",
        "thing.txt",
    ]


def test_standard_texts_are_spdxs_word_for_word() -> None:
    found = licence_texts(sections("app:one")["LICENCE TEXTS"])
    for id in ("Apache-2.0", "BSD-3-Clause", "Classpath-exception-2.0", "MIT"):
        assert found[id].split() == standard_texts()[id].split()
        assert max(map(len, found[id].split("\n"))) <= 110
    assert "Do not use" not in found["MIT"]


def test_supplied_texts_stand_as_they_are() -> None:
    found = licence_texts(sections("app:one")["LICENCE TEXTS"])
    assert found["LicenseRef-Vendor"] == NOTICES["LicenseRef-Vendor.txt"].strip("\n")
    assert found["thing.txt"] == "thing's own notice"


def test_equal_texts_of_two_files_stand_once() -> None:
    same = {**NOTICES, "thing.txt": NOTICES["LicenseRef-Vendor.txt"]}
    found = licence_texts(sections("app:one", notices=same)["LICENCE TEXTS"])
    assert "LicenseRef-Vendor, thing.txt" in found
    assert "thing.txt" not in found


def test_the_catalogues_own_licence_is_no_components_text() -> None:
    catalog = view(documents()).catalog
    assert NOTICES["MIT.txt"] in license_text(catalog)
    assert NOTICES["MIT.txt"] not in Notices(view(documents())).text("app:one").decode()

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.licenses import MAX_LENGTH, admitted, asks_for_source, check_expression, ids_of
from rgraph.names import Bad

GENERAL_HELP = "write SPDX ids joined by AND, OR, WITH; what SPDX does not list is `LicenseRef-NAME`"


def refused(text: str) -> Bad:
    """Why a text is no expression."""
    made = check_expression(text)
    assert isinstance(made, Bad)
    return made


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("MIT and apache-2.0", "MIT AND Apache-2.0"),
        ("  MIT\n  OR ISC ", "MIT OR ISC"),
        ("(MIT OR ISC) AND Zlib", "(MIT OR ISC) AND Zlib"),
        ("gpl-2.0-only with classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("GPL-2.0-only OR GPL-3.0-only", "GPL-2.0-only OR GPL-3.0-only"),
        ("bsd-3-clause-open-mpi", "BSD-3-Clause-Open-MPI"),
        ("LicenseRef-NVIDIA-CUDA-EULA", "LicenseRef-NVIDIA-CUDA-EULA"),
        ("licenseref-Own AND MIT", "LicenseRef-Own AND MIT"),
        ("LicenseRef-x WITH Classpath-exception-2.0", "LicenseRef-x WITH Classpath-exception-2.0"),
    ],
)
def test_an_expression_in_canonical_form(written: str, canonical: str) -> None:
    assert check_expression(written) == canonical
    assert check_expression(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "MIT OR",
        "OR MIT",
        "AND",
        "MIT ISC",
        "MIT OR AND ISC",
        "(MIT",
        "MIT)",
        "MIT)(ISC",
        "()",
        "MIT WITH",
        "MIT or not ISC",
        "DocumentRef-other:LicenseRef-x",
        "__import__('os').getcwd()",
        "lambda: MIT",
        "MIT # a comment",
        "MIT {}",
    ],
)
def test_no_expression(text: str) -> None:
    assert refused(text) == Bad(f"`{text}` is no licence expression", GENERAL_HELP)


@pytest.mark.parametrize(
    ("text", "unknown", "near"),
    [
        ("Apache-2", "apache-2", "Apache-2.0"),
        ("MIT OR BSD-3-Clauses", "bsd-3-clauses", "BSD-3-Clause"),
        ("GPL-2.0-only WITH Classpath-exception", "classpath-exception", "Classpath-exception-2.0"),
    ],
)
def test_an_id_that_spdx_does_not_list_is_named_with_one_that_it_lists(
    text: str, unknown: str, near: str
) -> None:
    what = f"`{text}` is no licence expression: SPDX lists no `{unknown}`"
    assert refused(text) == Bad(what, f"did you mean `{near}`?")


@pytest.mark.parametrize("text", ["LicenseRef-", "LicenseRef-a_b", "MIT AND LicenseRef-a/b"])
def test_a_reference_of_ones_own_has_few_signs(text: str) -> None:
    help = "`LicenseRef-` takes letters, digits, `.` and `-`"
    assert refused(text) == Bad(f"`{text}` is no licence expression", help)


@pytest.mark.parametrize(
    "text", ["(" * 10_000, "(" * 10_000 + "MIT" + ")" * 10_000, "MIT OR " * 10_000 + "MIT", "x" * 1_000_000]
)
def test_what_is_too_long_is_not_even_read(text: str) -> None:
    made = refused(text)
    assert made.what == f"the licence expression is longer than {MAX_LENGTH} characters"
    assert len(made.what) < 100


def test_as_many_parentheses_as_are_read() -> None:
    def nested(depth: int) -> str:
        return f"{'(' * depth}MIT OR ISC{')' * depth}"

    deep = check_expression(nested(50))
    assert isinstance(deep, str)
    assert admitted(deep, {"ISC"}.__contains__)
    assert refused(nested(51)).what == "the licence expression has more than 50 parentheses"


def test_the_longest_expression_is_read() -> None:
    text = "LicenseRef-" + "a" * (MAX_LENGTH - 11)
    assert check_expression(text) == text
    many = " OR ".join(f"LicenseRef-{number}" for number in range(110))
    assert check_expression(many) == many
    assert admitted(many, {"LicenseRef-109"}.__contains__)


@pytest.mark.parametrize("sign", ["\x00", "\x1b[31m", "\u202e", "\u00a0", "\u2011", "\ud800", "\U0001f600"])
def test_signs_that_are_no_part_of_an_id(sign: str) -> None:
    assert isinstance(check_expression(f"MI{sign}T"), Bad)


WORDS = st.sampled_from(
    ["MIT", "GPL-2.0-only", "LicenseRef-x", "Classpath-exception-2.0", "AND", "or", "WITH", "not", "(", ")"]
)


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join)))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    made = check_expression(text)
    if isinstance(made, str):
        assert check_expression(made) == made
        assert admitted(made, lambda _: True)
        assert not admitted(made, lambda _: False)
        assert ids_of(made)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("MIT", ("MIT",)),
        ("MIT OR (ISC AND MIT)", ("MIT", "ISC")),
        ("GPL-2.0-only WITH Classpath-exception-2.0", ("GPL-2.0-only", "Classpath-exception-2.0")),
        ("((LicenseRef-x))", ("LicenseRef-x",)),
    ],
)
def test_ids_in_order_each_once(expression: str, ids: tuple[str, ...]) -> None:
    assert ids_of(expression) == ids


@pytest.mark.parametrize(
    ("expression", "accepted", "holds"),
    [
        ("MIT", {"MIT"}, True),
        ("MIT", {"ISC"}, False),
        ("MIT OR ISC", {"ISC"}, True),
        ("MIT OR ISC", set(), False),
        ("MIT AND ISC", {"ISC"}, False),
        ("MIT AND ISC", {"ISC", "MIT"}, True),
        # AND binds closer than OR (SPDX 2.3, D.4.5).
        ("MIT OR ISC AND Zlib", {"MIT"}, True),
        ("MIT OR ISC AND Zlib", {"ISC"}, False),
        ("(MIT OR ISC) AND Zlib", {"MIT"}, False),
        ("(MIT OR ISC) AND Zlib", {"ISC", "Zlib"}, True),
        ("MIT AND (ISC OR (Zlib AND (X11 OR NTP)))", {"MIT", "Zlib", "NTP"}, True),
        ("MIT AND (ISC OR (Zlib AND (X11 OR NTP)))", {"MIT", "Zlib"}, False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-only"}, True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", {"Classpath-exception-2.0"}, False),
        ("MIT OR GPL-2.0-only WITH Classpath-exception-2.0", {"GPL-2.0-only"}, True),
        ("MIT AND GPL-2.0-only WITH Classpath-exception-2.0", {"MIT"}, False),
        # A library with a list of its own would take this for another id.
        ("LicenseRef-scancode-nvidia-2002", {"LicenseRef-scancode-nvidia-2002"}, True),
    ],
)
def test_what_a_policy_admits(expression: str, accepted: set[str], holds: bool) -> None:
    assert admitted(expression, accepted.__contains__) is holds


ASKING = """GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later LGPL-2.1-or-later LGPL-3.0-only
AGPL-3.0-only MPL-2.0 EPL-2.0 CDDL-1.0 EUPL-1.2 CPL-1.0 OSL-3.0 GPL-2.0"""
NOT_ASKING = """MIT Apache-2.0 BSD-3-Clause OpenSSL Zlib ISC LicenseRef-GPL-2.0 NGPL BSL-1.0
LicenseRef-NVIDIA-CUDA-EULA"""


@pytest.mark.parametrize("id", ASKING.split())
def test_licences_that_ask_for_the_source(id: str) -> None:
    assert asks_for_source(id)


@pytest.mark.parametrize("id", NOT_ASKING.split())
def test_licences_that_do_not(id: str) -> None:
    assert not asks_for_source(id)


def test_the_samples_are_ids_that_spdx_lists() -> None:
    listed = [id for id in f"{ASKING} {NOT_ASKING}".split() if not re.match("LicenseRef-", id)]
    assert [id for id in listed if check_expression(id) != id] == []


@pytest.mark.parametrize("text", ["NONE", "NOASSERTION", "noassertion"])
def test_nothing_is_said_by_leaving_the_fact_out(text: str) -> None:
    assert refused(text).help == "leave the fact out: its licence then shows as not known"


@pytest.mark.parametrize(
    ("expression", "denied", "holds"),
    [
        ("GPL-2.0", "GPL-2.0-only", False),
        ("GPL-2.0+", "GPL-2.0-or-later", False),
        ("LGPL-2.1+ OR MIT", "LGPL-2.1-or-later", True),
        ("GPL-2.0+", "GPL-2.0-only", True),
    ],
)
def test_ids_that_spdx_gave_up_are_judged_as_their_successors(
    expression: str, denied: str, holds: bool
) -> None:
    assert admitted(expression, lambda id: id != denied) is holds

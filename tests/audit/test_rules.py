"""Every rule finds what its case has, no more, and has a page that explains it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from rgraph.audit.table import RULES
from tests.audit.running import CASES, found, names


@pytest.mark.parametrize("case", names())
def test_a_rule_finds_what_its_case_has(case: str, tmp_path: Path) -> None:
    expected = (CASES / case / "expected.txt").read_text()
    assert found(case, tmp_path) == expected
    assert expected, "a case without findings proves nothing"


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {case.partition("-")[0] for case in names()} == set(RULES)


@pytest.mark.parametrize("id", sorted(RULES))
def test_every_rule_has_a_page(id: str) -> None:
    rule = RULES[id]
    page = (files("rgraph.audit") / "pages" / f"{id}.md").read_text()
    assert page.startswith(f"# {id} {rule.name}\n")
    for part in ("## Why", "## Example", "## What to do"):
        assert f"\n{part}\n" in page


def test_ids_and_names_are_given_once() -> None:
    assert all(id == rule.id for id, rule in RULES.items())
    assert len({rule.name for rule in RULES.values()}) == len(RULES)

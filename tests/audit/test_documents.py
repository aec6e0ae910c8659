"""What docs/ says of the audit is true: its rules, the table of failures, the orders of versions."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

from rgraph.audit.table import RULES
from rgraph.ecosystems import in_range
from tests.tools import rules

ROOT = Path(__file__).resolve().parents[2]
AUDIT = (ROOT / rules.DOCUMENT).read_text(encoding="utf-8")
LICENCES = (ROOT / "docs/licences.md").read_text(encoding="utf-8")
FAILURES = Path(__file__).with_name("test_eleven_failures.py")


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading."""
    below = text.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)
    assert table
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table[0].splitlines()[2:]]
    return [[cell.strip() for cell in line] for line in lines]


def reproduced() -> set[str]:
    """The tests that reproduce failures."""
    tree = ast.parse(FAILURES.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"}


def test_the_rules_are_those_that_there_are() -> None:
    shown = rules.shown_in(AUDIT)
    assert shown == rules.rules_in_markdown(), "tests/tools/refresh-docs docs/audit.md"
    assert re.findall(r"^\| \[(RG\d{3})\]", shown, re.MULTILINE) == sorted(RULES)


def test_every_family_has_a_heading() -> None:
    assert {id[2] for id in RULES} == set(rules.FAMILIES)


def test_the_table_names_every_failure_once_and_in_order() -> None:
    numbers = [row[0] for row in rows(AUDIT, "## Eleven failures") if row[0]]
    assert numbers == [str(number) for number in range(1, 12)]


def test_each_failure_is_impossible_or_found_and_has_tests_that_there_are() -> None:
    named: set[str] = set()
    number = ""
    for first, what, impossible, found, tests in rows(AUDIT, "## Eleven failures"):
        number = first or number
        assert what
        assert impossible or found
        names = re.findall(r"`(test_\w+)`", tests)
        assert names
        assert all(name.startswith(f"test_{number}_") for name in names)
        named.update(names)
        assert set(re.findall(r"RG\d{3}", found)) <= set(RULES)
    # What shows that a rule keeps silent where nothing is wrong need not stand in the table.
    assert named <= reproduced()
    assert reproduced() - named == {"test_1_the_right_base_is_neither"}


def test_rules_that_documents_name_exist() -> None:
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        named = set(re.findall(r"\bRG[1-9]\d\d\b", path.read_text(encoding="utf-8")))
        assert named <= set(RULES), path


ORDERS = [
    (purl.removeprefix("pkg:"), part)
    for cells in rows(LICENCES, "### Which version is older")
    for purl in re.findall(r"pkg:\w+", cells[0])
    for part in re.split(r"[:;,] ", cells[1])
    if re.search(r"`[^`]+` [<=] `", part)
]


@pytest.mark.parametrize(("type", "chain"), ORDERS)
def test_versions_are_in_the_order_that_is_shown(type: str, chain: str) -> None:
    found = re.findall(r"`([^`]+)`(?: ([<=]))?", chain)
    for (older, sign), (newer, _) in pairwise(found):
        operator = {"<": "<", "=": "=="}[sign]
        assert in_range(type, older, ((operator, newer),))
        assert in_range(type, newer, ((">", older),)) is (sign == "<")


def test_orders_are_shown() -> None:
    assert {type for type, _ in ORDERS} == {"pypi", "deb", "conda", "cran", "bioconductor"}
    assert len(ORDERS) > 7

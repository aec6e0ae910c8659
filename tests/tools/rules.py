"""The table of rules in docs/audit.md, made of the rules themselves.

It stands between two comments, `<!-- rules -->` and `<!-- end of rules -->`, and
`tests/tools/refresh-docs` writes it anew.
"""

from __future__ import annotations

import re

from rgraph.audit.table import RULES
from rgraph.schema.tables import table

DOCUMENT = "docs/audit.md"

FAMILIES = {
    "1": "Pins: what goes into an image is named exactly, and checked when it comes",
    "2": "Licences: they are known, admitted, and shown; what is private stays private",
    "3": "Graph: images, names and recipes agree with each other",
    "4": "Fitness: versions go together",
    "5": "Life: ends of life and dates",
    "6": "Safety: secrets, and commands that trust too much",
    "7": "Vulnerabilities: advisories that the user gives",
    "9": "Waivers: those that are over or of no use",
}
"""First digit of an id -> heading."""

_PLACE = re.compile(r"(?<=<!-- rules -->\n).*?(?=^<!-- end of rules -->$)", re.MULTILINE | re.DOTALL)


def rules_in_markdown() -> str:
    """A heading and a table for each family, rules by id."""
    blocks = []
    for digit, title in FAMILIES.items():
        rows = [
            (f"[{rule.id}](../rgraph/audit/pages/{rule.id}.md)", rule.name, rule.level, rule.summary)
            for _, rule in sorted(RULES.items())
            if rule.id[2] == digit
        ]
        blocks.append(f"### {title}\n\n{table(('rule', 'name', 'level', 'what it finds'), rows)}\n")
    return "\n" + "\n".join(blocks) + "\n"


def shown_in(text: str) -> str:
    """What stands in a document where the rules belong; empty if it has no such place."""
    found = _PLACE.search(text)
    return found[0] if found else ""


def with_rules(text: str) -> str:
    """A document with the rules as they are now, where it has a place for them."""
    return _PLACE.sub(lambda _: rules_in_markdown(), text)

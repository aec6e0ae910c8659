"""All rules, by family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rgraph.audit import fitness, licensing, lifecycle, pins, relations, safety, vulnerabilities, waiving
from rgraph.audit.interface import Check, Rule

FAMILIES: Final[Mapping[str, Check]] = {
    "pins": pins.check,
    "licences": licensing.check,
    "graph": relations.check,
    "fitness": fitness.check,
    "life": lifecycle.check,
    "safety": safety.check,
    "vulnerabilities": vulnerabilities.check,
}
"""Family -> its check; waivers are judged after all of them."""

RULES: Final[Mapping[str, Rule]] = {
    rule.id: rule
    for module in (pins, licensing, relations, fitness, lifecycle, safety, vulnerabilities, waiving)
    for rule in module.RULES
}
"""Id -> rule."""

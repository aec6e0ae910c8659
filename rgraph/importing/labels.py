"""Labels that a source gives an image beside those of its Dockerfile."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import structs

from rgraph.importing.parsing import instructions_of
from rgraph.importing.stages import Plan

RULE = "labels-of-the-source"


def with_labels(plan: Plan, labels: Mapping[str, str], escape: str) -> Plan:
    """A plan whose image has the labels, too; like those of a build, they beat the Dockerfile's.

    No value may hold a line end: no Dockerfile can say one.
    """
    if not labels:
        return plan
    pairs = (f"{_name(name, escape)}={_quoted(value, escape)}" for name, value in labels.items())
    own = plan.own
    made = (*own.stage.instructions, *instructions_of(f"LABEL {' '.join(pairs)}\n", escape))
    stage = structs.replace(own.stage, instructions=made)
    rules = tuple(sorted({*plan.rules, RULE}))
    return structs.replace(plan, stages=(*plan.stages[:-1], structs.replace(own, stage=stage)), rules=rules)


def _name(text: str, escape: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9._/-]+", text) else _quoted(text, escape)


def _quoted(text: str, escape: str) -> str:
    for sign in (escape, '"', "$"):
        text = text.replace(sign, f"{escape}{sign}")
    return f'"{text}"'

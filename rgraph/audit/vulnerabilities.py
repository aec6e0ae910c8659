"""Rules of the family."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject

RULES: tuple[Rule, ...] = ()


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from ()

"""Rules about licences: what is known of them, what the policy says, what is shown, what is published."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.licensing import facts, policy, publication
from rgraph.audit.subject import Subject

RULES: tuple[Rule, ...] = (
    facts.UNKNOWN,
    facts.NEEDS_REVIEW,
    policy.DENIED,
    facts.WITHOUT_TEXT,
    publication.RESTRICTION_NOT_SHOWN,
    publication.PRIVATE_IN_PUBLIC,
    policy.NOT_ALLOWED,
    facts.OFFER_MISSING,
    facts.WITHOUT_COPYRIGHT,
)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from facts.check(subject)
    yield from policy.check(subject)
    yield from publication.check(subject)

"""Rules about licences: what is known of them, what the policy says, what is shown, what is published."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.audit import license_facts, license_policy, publication
from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import Subject

RULES: tuple[Rule, ...] = (
    license_facts.UNKNOWN,
    license_facts.NEEDS_REVIEW,
    license_policy.DENIED,
    license_facts.WITHOUT_TEXT,
    publication.RESTRICTION_NOT_SHOWN,
    publication.PRIVATE_IN_PUBLIC,
    license_policy.NOT_ALLOWED,
    license_facts.OFFER_MISSING,
)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from license_facts.check(subject)
    yield from license_policy.check(subject)
    yield from publication.check(subject)

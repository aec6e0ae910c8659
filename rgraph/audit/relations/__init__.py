"""Rules about the graph: how images, names, repositories and manifests go together."""

from __future__ import annotations

from collections.abc import Iterator

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.relations import aliases, claims, distributions, duplicates, redundant, siblings, unused
from rgraph.audit.subject import Subject

RULES: tuple[Rule, ...] = (
    claims.DEVICE_MISMATCH,
    claims.NAME_VERSION_MISMATCH,
    distributions.FOREIGN_REPOSITORY,
    aliases.ALIAS_MOVED,
    aliases.OWN_IMAGE,
    duplicates.TWO_VERSIONS,
    siblings.SIBLING_DRIFT,
    unused.UNUSED,
    redundant.REDUNDANT_STEP,
)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from claims.check(subject)
    yield from distributions.check(subject)
    yield from aliases.check(subject)
    yield from duplicates.check(subject)
    yield from siblings.check(subject)
    yield from unused.check(subject)
    yield from redundant.check(subject)

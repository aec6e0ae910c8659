"""Licence facts, by component."""

from __future__ import annotations

from collections.abc import Mapping

from rgraph.catalog import Fact, FactKey
from rgraph.ecosystems import in_range
from rgraph.steps.interface import Component


def fact_of(component: Component, facts: Mapping[FactKey, tuple[Fact, ...]]) -> Fact | None:
    """The first fact whose purl and versions fit the component; None if nothing is known.

    Facts of debs are written without namespace: they hold for every distribution.
    """
    namespace = "" if component.type == "deb" else component.namespace
    for fact in facts.get((component.type, namespace, component.name), ()):
        if in_range(component.type, component.version, fact.range):
            return fact
    return None


def shown(fact: Fact | None) -> tuple[str, ...]:
    """What notices and SBOM show of a fact: the rest of it changes no image."""
    if fact is None:
        return ()
    written = fact.manifest
    return (
        written.license,
        written.status,
        written.copyright,
        written.homepage,
        written.source_offer,
        written.usage_restriction,
        written.notice,
        fact.texts,
    )

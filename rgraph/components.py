"""Licence facts, by component."""

from __future__ import annotations

from collections.abc import Mapping

from rgraph.catalog import Fact, FactKey
from rgraph.ecosystems import in_range
from rgraph.errors import Place
from rgraph.lock import LOCK_FILE
from rgraph.manifest.components import ComponentFact
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


def said_fact(purl: str, license: str, node: str) -> Fact | None:
    """What a package in an image or External says of its own licence, as the lock has it; None if nothing.

    Nobody of the catalogue has checked it, and its makers stand by it: `assumed`.
    """
    if not license:
        return None
    source = "the package itself, as `rgraph verify` read it"
    place = Place(LOCK_FILE).at("transitive", node, purl)
    return Fact(place, ComponentFact(purl=purl, license=license, status="assumed", source=source))


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

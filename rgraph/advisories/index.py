"""Advisories, indexed by what they are about and by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from rgraph.advisories.interface import REPOSITORY, Advisories, Advisory, Statement
from rgraph.advisories.naming import normal_name, repository_name, scope_of
from rgraph.errors import Problem

K = TypeVar("K")
V = TypeVar("V")


def index(source: str, advisories: Iterable[Advisory], skipped: Iterable[Problem] = ()) -> Advisories:
    """All advisories of a run; those that are withdrawn are only counted."""
    by_package: dict[tuple[str, str], list[Statement]] = {}
    by_id: dict[str, list[Advisory]] = {}
    by_upstream: dict[str, list[Advisory]] = {}
    ecosystems: set[tuple[str, str]] = set()
    count = withdrawn = 0
    for advisory in advisories:
        if advisory.withdrawn is not None:
            withdrawn += 1
            continue
        count += 1
        for name in dict.fromkeys(advisory.names):
            by_id.setdefault(name, []).append(advisory)
        for name in dict.fromkeys(each for each in advisory.upstream or () if each.strip()):
            by_upstream.setdefault(name, []).append(advisory)
        for affected in advisory.affected or ():
            statement = advisory, affected
            if affected.package is not None:
                scope = scope_of(affected.package.ecosystem)
                name = normal_name(scope.base, affected.package.name)
                by_package.setdefault((scope.base, name), []).append(statement)
                ecosystems.add((scope.base, scope.release))
            repositories = (repository_name(each.repo) for each in affected.ranges if each.type == "GIT")
            for name in dict.fromkeys(filter(None, repositories)):
                by_package.setdefault((REPOSITORY, name), []).append(statement)
                ecosystems.add((REPOSITORY, ""))
    return Advisories(
        source,
        _tuples(by_package),
        _tuples(by_id),
        _tuples(by_upstream),
        frozenset(ecosystems),
        count,
        withdrawn,
        tuple(skipped),
    )


def _tuples(found: dict[K, list[V]]) -> dict[K, tuple[V, ...]]:
    return {key: tuple(values) for key, values in found.items()}

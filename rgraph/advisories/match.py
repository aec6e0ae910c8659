"""Which vulnerabilities concern a component; advisories of the same vulnerability are one.

Aliases are symmetric and transitive (OSV schema 1.7, "aliases"): a vulnerability is all advisories
that lead to each other by ids and aliases, whether they concern the component or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from rgraph.advisories.interface import REPOSITORY, Advisories, Advisory, Affected
from rgraph.advisories.judge import Verdict, first_fixed, judge, last_affected, may_return
from rgraph.advisories.naming import Called, called, scope_of
from rgraph.inventory import Declared

Found = Literal["affected", "later", "unknown"]


class Vulnerability(Struct, frozen=True, eq=False):
    """Advisories of one vulnerability."""

    advisories: tuple[Advisory, ...]
    """Sorted by id."""
    ids: tuple[str, ...]
    """All ids and aliases: those of the advisories given first, each part sorted."""

    @property
    def id(self) -> str:
        """The id that stands for it."""
        return self.ids[0]


class Match(Struct, frozen=True, eq=False):
    """What is known of a vulnerability in a component."""

    vulnerability: Vulnerability
    found: Found
    """`affected`; `later`: the lowest version is not, one above may be; `unknown`: it cannot be said."""
    fixed: str = ""
    """The lowest version above that none of its advisories calls affected."""
    pro: bool = False
    """Whether that version comes with Ubuntu Pro only."""
    last: str = ""
    """The greatest version known to be affected, where none is known to be fixed."""


class Matcher:
    """Looks components up; each question is worked out once."""

    def __init__(self, advisories: Advisories) -> None:
        self._given = advisories
        self._groups: dict[str, Vulnerability] = {}
        self._called: dict[tuple[object, ...], tuple[Called, ...]] = {}
        self._matches: dict[tuple[tuple[Called, ...], bool], dict[str, Match | None]] = {}

    def called(self, declared: Declared) -> tuple[Called, ...]:
        """What advisories may call a component, as far as any of those given is about such things."""
        known_as = tuple(declared.fact.known_as) if declared.fact else ()
        key = (declared.purl, declared.component.pinned_by, known_as)
        if key not in self._called:
            self._called[key] = tuple(each for each in called(declared) if self._covers(each))
        return self._called[key]

    def _covers(self, name: Called) -> bool:
        scope = name.scope
        if not scope.release:
            return any(base == scope.base for base, _ in self._given.ecosystems)
        return not {(scope.base, scope.release), (scope.base, "")}.isdisjoint(self._given.ecosystems)

    def matches(self, declared: Declared) -> tuple[Match, ...]:
        """What is known of the vulnerabilities of a component, sorted by id; none if it has none."""
        found = self._matches_of(declared).values()
        return tuple(sorted((each for each in found if each), key=lambda each: each.vulnerability.id))

    def is_about(self, vulnerability: Vulnerability, declared: Declared) -> bool:
        """Whether a vulnerability is one of the component's package, in whatever version."""
        return vulnerability.id in self._matches_of(declared)

    def match(self, vulnerability: Vulnerability, declared: Declared) -> Match | None:
        """What is known of one vulnerability in a component."""
        return self._matches_of(declared).get(vulnerability.id)

    def named(self, id: str) -> tuple[Vulnerability, ...]:
        """The vulnerabilities that have an id, or come from the one that has it; sorted by id."""
        given = (*self._given.by_id.get(id, ()), *self._given.by_upstream.get(id, ()))
        found = {group.id: group for group in map(self._group, given)}
        return tuple(found[key] for key in sorted(found))

    def _group(self, advisory: Advisory) -> Vulnerability:
        if advisory.id in self._groups:
            return self._groups[advisory.id]
        members: dict[int, Advisory] = {}
        names: set[str] = set()
        todo = [advisory.id]
        while todo:
            name = todo.pop()
            if name in names:
                continue
            names.add(name)
            for each in self._given.by_id.get(name, ()):
                members[id(each)] = each
                todo += each.names
        own = {each.id for each in members.values()}
        group = Vulnerability(
            tuple(sorted(members.values(), key=lambda each: each.id)),
            (*sorted(own), *sorted(names - own)),
        )
        self._groups.update(dict.fromkeys(own, group))
        return group

    def _matches_of(self, declared: Declared) -> dict[str, Match | None]:
        key = names, exact = self.called(declared), bool(declared.component.version)
        if key not in self._matches:
            self._matches[key] = self._look_up(names, exact)
        return self._matches[key]

    def _look_up(self, names: tuple[Called, ...], exact: bool) -> dict[str, Match | None]:
        found: dict[str, Match | None] = {}
        for name in names:
            groups: dict[str, tuple[Vulnerability, list[Affected]]] = {}
            elsewhere: dict[str, Vulnerability] = {}
            for advisory, affected in self._given.by_package.get((name.scope.base, name.name), ()):
                group = self._group(advisory)
                if _concerns(affected, name):
                    groups.setdefault(group.id, (group, []))[1].append(affected)
                elif not name.scope.release:
                    # Of which release it is nobody knows.
                    elsewhere[group.id] = group
            for id, (group, statements) in groups.items():
                found[id] = _graver(found.get(id), _match(group, statements, name, exact))
            for id, group in elsewhere.items():
                found[id] = _graver(found.get(id), Match(group, "unknown"))
        return found


def _concerns(affected: Affected, name: Called) -> bool:
    if affected.package is None or name.scope.base == REPOSITORY:
        return True
    return scope_of(affected.package.ecosystem).release in ("", name.scope.release)


def _match(
    vulnerability: Vulnerability, statements: list[Affected], name: Called, exact: bool
) -> Match | None:
    verdicts: list[Verdict] = [judge(each, name.type, name.version) for each in statements]
    if "affected" in verdicts:
        fixed = first_fixed(statements, name.type, name.version)
        last = "" if fixed else last_affected(statements, name.type)
        return Match(vulnerability, "affected", fixed, bool(fixed) and _only_pro(statements, fixed), last)
    if "unknown" in verdicts:
        return Match(vulnerability, "unknown")
    if not exact and any(may_return(each, name.type, name.version) for each in statements):
        return Match(vulnerability, "later")
    return None


def _only_pro(statements: Iterable[Affected], fixed: str) -> bool:
    naming = [
        each.package
        for each in statements
        if any(event.fixed == fixed for part in each.ranges for event in part.events)
    ]
    return all(package and scope_of(package.ecosystem).pro for package in naming)


_ORDER: tuple[Found, ...] = ("affected", "unknown", "later")


def _graver(one: Match | None, other: Match | None) -> Match | None:
    known = [each for each in (one, other) if each]
    return min(known, key=lambda each: _ORDER.index(each.found), default=None)

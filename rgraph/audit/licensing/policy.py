"""The catalogue's policy: which licences images may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.licensing.facts import bringers_of, held, shown, used_components
from rgraph.audit.subject import Brought, Subject, plain_purl
from rgraph.audit.text.patterns import pattern
from rgraph.catalog import FactKey
from rgraph.errors import Place
from rgraph.licenses import admitted, ids_of, present

DENIED = Rule(
    "RG203", "licence-denied", "error", "An image holds something under a licence that the policy denies."
)
NOT_ALLOWED = Rule(
    "RG207",
    "licence-not-allowed",
    "error",
    "An image holds something under a licence that the policy does not list.",
)


class _Verdict(Struct, frozen=True):
    """What the policy says of an expression."""

    rule: Rule
    ids: tuple[str, ...]
    """The licences that are in the way."""


class _Policy:
    """The policy, and its verdict on each expression."""

    def __init__(self, subject: Subject) -> None:
        self._licenses = subject.catalog.settings.policy.licenses
        self._verdicts: dict[str, _Verdict | None] = {}

    def verdict(self, expression: str) -> _Verdict | None:
        """None if the policy admits the expression, or if there is none."""
        if expression not in self._verdicts:
            self._verdicts[expression] = self._judged(expression) if expression else None
        return self._verdicts[expression]

    def _judged(self, expression: str) -> _Verdict | None:
        if not admitted(expression, lambda id: not _has(self._deny, id)):
            return _Verdict(DENIED, tuple(id for id in _ids(expression) if _has(self._deny, id)))
        if self._allow and not admitted(expression, lambda id: _has(self._allow, id)):
            return _Verdict(NOT_ALLOWED, tuple(id for id in _ids(expression) if not _has(self._allow, id)))
        return None

    @cached_property
    def _deny(self) -> tuple[re.Pattern[str], ...]:
        return _patterns(self._licenses.deny)

    @cached_property
    def _allow(self) -> tuple[re.Pattern[str], ...]:
        return _patterns(self._licenses.allow)


def _ids(expression: str) -> Iterator[str]:
    return map(present, ids_of(expression))


def _patterns(written: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(pattern(present(each), re.IGNORECASE) for each in written)


def _has(patterns: Iterable[re.Pattern[str]], id: str) -> bool:
    # `X+`, X or later, is what the policy says of X.
    return any(each.fullmatch(id) or each.fullmatch(id.rstrip("+")) for each in patterns)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG203 and RG207: one for each place that brings a component, and each External."""
    policy = _Policy(subject)
    groups: dict[tuple[Place, FactKey, str], list[Brought]] = {}
    for brought in used_components(subject):
        declared = brought.declared
        if policy.verdict(declared.license):
            component = declared.component
            key = component.type, component.namespace, component.name
            groups.setdefault((declared.place, key, declared.license), []).append(brought)
    for group in groups.values():
        yield from _of_component(subject, policy, group)
    for external, images in held(subject):
        verdict = policy.verdict(external.manifest.license)
        if verdict is not None:
            what = f"the External `{external.name}` is under {external.manifest.license}"
            what = f"{what}, {_judgement(verdict)}; {_way(subject, images, (external.name,))}"
            help = "build on another image, or change the policy"
            yield Finding(verdict.rule, external.place.at("license"), what, external.name, help, images)


def _of_component(subject: Subject, policy: _Policy, group: list[Brought]) -> Iterator[Finding]:
    declared = group[0].declared
    verdict, fact = policy.verdict(declared.license), declared.known
    if verdict is None or fact is None:
        return
    bringers = bringers_of(group)
    images = subject.holding(bringers)
    names = ", ".join(dict.fromkeys(map(shown, group)))
    what = f"`{names}` is under {declared.license}, {_judgement(verdict)}; {_way(subject, images, bringers)}"
    help = "leave it out, take another version or component, or change the policy"
    related = ((fact.place, "the fact that says so"),)
    yield Finding(verdict.rule, declared.place, what, plain_purl(declared.purl), help, images, (), related)


def _judgement(verdict: _Verdict) -> str:
    ids = " and ".join(verdict.ids)
    if verdict.rule is DENIED:
        return f"and the policy denies {ids}"
    return f"and the policy does not list {ids}"


def _way(subject: Subject, images: tuple[str, ...], bringers: tuple[str, ...]) -> str:
    """By which images it comes into the one that is furthest from where it is brought."""
    last = images[-1]
    path = way(subject, last, next(each for each in bringers if last in subject.holders(each)))
    return f"`{last}` brings it" if len(path) == 1 else f"it comes by `{' -> '.join(path)}`"


def way(subject: Subject, image: str, bringer: str) -> tuple[str, ...]:
    """A shortest path from an image down to what it inherits from, along `from` where that leads there."""
    chain = [image]
    while chain[-1] in subject.images and chain[-1] != bringer:
        chain.append(subject.images[chain[-1]].parent.to)
    if chain[-1] == bringer:
        return tuple(chain)
    allowed = frozenset(subject.inventory.bringers(image))
    came: dict[str, str] = {image: ""}
    todo = [image]
    for node in todo:
        for edge in subject.images[node].edges if node in subject.images else ():
            if edge.to in allowed and edge.to not in came:
                came[edge.to] = node
                todo.append(edge.to)
    path = [bringer]
    while came.get(path[-1]):
        path.append(came[path[-1]])
    return tuple(reversed(path))

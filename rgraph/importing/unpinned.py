"""The ecosystems in which an import found packages without an exact version: the policy must admit them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from rgraph.importing.drafts import Data
from rgraph.names import Bad
from rgraph.steps.packages import parse_package

_LISTED: Final = ("apt", "bioconductor", "conda", "cran", "pip")
_MOVING: Final = frozenset({"", "HEAD", "main", "master", "devel", "develop", "trunk"})
"""Branches: what rgraph.steps.r takes for one."""


def unpinned(steps: Iterable[Data]) -> tuple[str, ...]:
    """The ecosystems with an unpinned package in some steps as they were written, sorted."""
    return tuple(sorted({ecosystem for step in steps for ecosystem in _of(step)}))


def _of(step: Data) -> Iterator[str]:
    for each in step.get("group", ()):
        yield from _of(each)
    for ecosystem in _LISTED:
        if ecosystem in step and not _is_pinned(ecosystem, step[ecosystem]):
            yield ecosystem
    for body in _several(step.get("github", [])):
        if body.get("ref", "HEAD") in _MOVING:
            yield "github"


def _is_pinned(ecosystem: str, body: Any) -> bool:
    if isinstance(body, dict):
        if (ecosystem == "cran" and body.get("snapshot")) or ecosystem == "bioconductor":
            return True
        body = body.get("packages", [])
    return all(_has_version(ecosystem, each) for each in ([body] if isinstance(body, str) else body))


def _has_version(ecosystem: str, package: Any) -> bool:
    if isinstance(package, dict):
        return bool(package.get("version"))
    made = parse_package(ecosystem, package)
    return not isinstance(made, Bad) and bool(made.version)


def _several(body: Any) -> Sequence[Any]:
    return body if isinstance(body, list) else [body]

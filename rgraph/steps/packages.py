"""Packages in the notations of their ecosystems: what is named, which version, and whether it is pinned.

Sources: Debian Policy 5.6.1 and 5.6.12 (names and versions); conda's package match specification;
PEP 508 and PEP 440; Writing R Extensions 1.1.1 (names and versions of R packages).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from msgspec import Struct

from rgraph.names import Bad


class Package(Struct, frozen=True):
    """One package to install."""

    name: str
    spec: str
    """What the installer is given."""
    version: str = ""
    """The exact version; empty if the package is not pinned."""
    at_least: str = ""
    fixes: tuple[str, ...] = ()
    channel: str = ""
    """conda: the channel that the spec names."""
    build: str = ""
    """conda: the build string that the spec names."""


_APT = re.compile(
    r"([a-z0-9][a-z0-9+.-]*[a-z0-9+.]|[a-z0-9]+)(?::[a-z0-9]+)?(?:=([A-Za-z0-9][A-Za-z0-9.+:~-]*\*?))?"
)
_CONDA = re.compile(
    r"(?:([A-Za-z0-9_./-]+)::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:==?([A-Za-z0-9_.!+]+)(?:=([A-Za-z0-9_.]+))?)?"
)
_CONDA_RANGE = re.compile(
    r"(?:[A-Za-z0-9_./-]+::)?([A-Za-z0-9_][A-Za-z0-9_.-]*)[ ]?[<>=!~][A-Za-z0-9_.!+*<>=,|~ ]*"
)
_PIP = re.compile(
    r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(\[[A-Za-z0-9._, -]+\])?"
    r"==([0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?(?:\+[A-Za-z0-9.]+)?)"
)
_R = re.compile(r"([A-Za-z][A-Za-z0-9.]*[A-Za-z0-9])(?:==([0-9]+(?:[.-][0-9]+)+))?")


def _apt(text: str) -> Package | Bad:
    match = _APT.fullmatch(text)
    if not match:
        if words := re.fullmatch(r"(\S+)\s+-?\s*=?\s*(\S+)", text):
            return Bad(
                f"`{text}` is no package: apt would read `{words[2]}` as a package or pattern of its own",
                f"a version is written `{words[1]}={words[2]}`",
            )
        return Bad(f"`{text}` is no apt package", "write `name` or `name=version`")
    version = match[2] or ""
    return Package(match[1], text, "" if version.endswith("*") else version)


def _conda(text: str) -> Package | Bad:
    match = _CONDA.fullmatch(text)
    if match:
        return Package(match[2], text, match[3] or "", channel=match[1] or "", build=match[4] or "")
    ranged = _CONDA_RANGE.fullmatch(text)
    if ranged:
        return Package(ranged[1], text)
    return Bad(f"`{text}` is no conda package", "write `name=version`")


def _pip(text: str) -> Package | Bad:
    match = _PIP.fullmatch(text)
    if match:
        return Package(match[1], text, match[3])
    # Late, as few catalogues need it: importing packaging takes a tenth of the time of a small plan.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return Bad(f"`{text}` is no Python requirement", "write `name==version`")
    exact = [each for each in requirement.specifier if each.operator in ("==", "===")]
    version = exact[0].version if len(exact) == 1 and not exact[0].version.endswith("*") else ""
    if requirement.url:
        commit = re.search(r"@([0-9a-f]{40})(?:#|$)|#sha256=([0-9a-f]{64})", requirement.url)
        version = (commit[1] or f"sha256.{commit[2]}") if commit else ""
    return Package(requirement.name, text, version)


def _r(text: str) -> Package | Bad:
    match = _R.fullmatch(text)
    if match:
        return Package(match[1], match[1], match[2] or "")
    return Bad(f"`{text}` is no R package", "write `name==version`, or `name`")


def exact_version(ecosystem: str, name: str, version: str) -> str:
    """The notation of a pin: `{name: curl, version: X}` gives `curl=X` for apt."""
    return f"{name}={version}" if ecosystem in ("apt", "conda") else f"{name}=={version}"


_PARSERS: dict[str, Callable[[str], Package | Bad]] = {
    "apt": _apt,
    "conda": _conda,
    "pip": _pip,
    "cran": _r,
    "bioconductor": _r,
}


@cache
def parse_package(ecosystem: str, text: str) -> Package | Bad:
    """A package of `apt`, `conda`, `pip`, `cran` or `bioconductor`, or why the text is none."""
    if not text.isprintable():
        return Bad("the package holds a line break or another character that does not print")
    return _PARSERS[ecosystem](text)

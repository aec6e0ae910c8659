"""A version within the notation of a package, a purl or a ref: another one in its place."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from rgraph.bumping.interface import Ask
from rgraph.bumping.written import occurrences, token
from rgraph.names import Bad
from rgraph.purls import checked_purl, parse_purl
from rgraph.steps.interface import Component
from rgraph.steps.packages import Package, parse_package

TYPES = {"apt": "deb", "conda": "conda", "pip": "pypi", "cran": "cran", "bioconductor": "bioconductor"}
"""Kind of a step with packages -> type of their purls."""


def component_of(kind: str, package: Package) -> Component:
    """The component of a package, as far as its name and version go (see the steps' `components`)."""
    name = package.name
    if kind == "conda":
        name = name.lower()
    elif kind == "pip":
        name = name.lower().replace("_", "-")
    direct = kind == "pip" and "@" in package.spec
    return Component(TYPES[kind], name, "" if direct else package.version)


class Changed(Struct, frozen=True):
    """A text in which the version is another."""

    text: str
    old: str
    """The version as the text had it."""
    new: str


def package_with(kind: str, text: str, ask: Ask) -> Changed | Bad | None:
    """A package in the new version; None if it is none of those asked for."""
    package = parse_package(kind, text)
    if isinstance(package, Bad) or not ask.wants(component_of(kind, package)):
        return None
    if package.build:
        return Bad(
            f"`{text}` names a build, which belongs to version {package.version}",
            "leave the build out first, or edit the line yourself",
        )
    for start in reversed(occurrences(text, package.version)):
        made = text[:start] + ask.new + text[start + len(package.version) :]
        again = parse_package(kind, made)
        if isinstance(again, Package) and (again.name, again.channel, again.version, again.build) == (
            package.name,
            package.channel,
            ask.new,
            "",
        ):
            return Changed(made, package.version, ask.new)
    return Bad(f"`{text}` cannot say the version `{ask.new}`", "is it one of this ecosystem?")


def purl_with(text: str, ask: Ask) -> Changed | Bad | None:
    """A purl in the new version; None if it is none of those asked for."""
    made = checked_purl(text)
    if isinstance(made, Bad):
        return None
    component = parse_purl(made)
    if not ask.wants(component):
        return None
    head, mark, rest = text, "", ""
    for sign in ("?", "#"):
        if sign in head:
            head, _, tail = head.partition(sign)
            mark, rest = sign, tail + mark + rest
    if token(component.version).search(rest) or component.checksum:
        return Bad(f"what stands behind `{mark}` in `{text}` belongs to the old version", "edit it yourself")
    name, _, old = head.rpartition("@")
    new = quote(ask.new, safe=":" if old != component.version else ":+~!")
    return Changed(f"{name}@{new}{mark}{rest}", old, new)


def ref_with(ref: str, new: str) -> str | Bad:
    """A ref of a repository for the new version."""
    if ref[:1] in "vV" and ref[1:2].isdigit() and new[:1].isdigit():
        return Bad(f"the ref is written `{ref}`", f"write the new one as `{ref[0]}{new}`")
    return new

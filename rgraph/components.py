"""Components and their package URLs, and the licence facts that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from urllib.parse import unquote

from rgraph.catalog import Catalog, Fact
from rgraph.names import Purl
from rgraph.steps.interface import Component
from rgraph.versions import in_range


def parse_purl(purl: Purl) -> Component:
    """The component that a purl names (purl specification, "How to parse a purl string in its components").

    By hand, as the library's import alone takes a tenth of a small plan's time; a law holds that
    both agree.
    """
    rest, _, subpath = purl.removeprefix("pkg:").partition("#")
    rest, _, query = rest.partition("?")
    rest, _, version = rest.partition("@")
    type, *namespace, name = rest.split("/")
    qualifiers = (pair.partition("=") for pair in query.split("&") if pair)
    return Component(
        type,
        unquote(name),
        unquote(version),
        unquote("/".join(namespace)),
        tuple(sorted((key, unquote(value)) for key, _, value in qualifiers)),
        unquote(subpath),
    )


def purl_of(component: Component, distribution: str = "") -> str:
    """The canonical purl of a component (purl specification, types deb, conda, pypi, cran, ...).

    `distribution` is the image's, such as `ubuntu-20.04`: a deb has it as namespace and qualifier.
    """
    from packageurl import PackageURL

    qualifiers = dict(component.qualifiers)
    namespace = component.namespace
    if component.type == "deb" and distribution and not namespace:
        namespace = distribution.split("-")[0]
        qualifiers["distro"] = distribution
    return PackageURL(
        component.type,
        namespace or None,
        component.name,
        component.version or None,
        qualifiers or None,
        component.subpath or None,
    ).to_string()


@cache
def _base_purls(type: str, namespace: str, name: str) -> tuple[str, ...]:
    """purls without version under which a fact may stand, the most special first."""
    name = name.lower().replace("_", "-") if type == "pypi" else name
    inner = f"{namespace}/{name}" if namespace else name
    return (f"pkg:{type}/{inner}",)


def fact_of(component: Component, facts: Mapping[str, tuple[Fact, ...]]) -> Fact | None:
    """The first fact whose purl and versions fit the component; None if nothing is known.

    A deb's fact is written without namespace, as it holds for Debian and Ubuntu alike, or with one.
    """
    for purl in _base_purls(component.type, component.namespace, component.name):
        for fact in facts.get(purl, ()):
            if in_range(component.version, fact.range):
                return fact
    return None


def known_license(component: Component, catalog: Catalog) -> str:
    """The licence expression of a component; empty if none is known."""
    fact = fact_of(component, catalog.facts)
    return fact.manifest.license if fact else ""

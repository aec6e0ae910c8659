"""Package URLs (purl specification, ECMA-427): reading those in manifests, writing those of components."""

from __future__ import annotations

from functools import cache
from urllib.parse import unquote

from rgraph.names import Purl
from rgraph.steps.interface import Component


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


@cache
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

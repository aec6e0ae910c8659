"""Package URLs (purl specification, ECMA-427): reading those in manifests, writing those of components."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import quote, unquote

from msgspec import structs

from rgraph import names
from rgraph.names import Bad, Purl
from rgraph.steps.interface import Component

_LOWER = frozenset(
    {"alpm", "apk", "bitbucket", "bitnami", "brew", "composer", "conda", "deb", "github", "hex", "luarocks"}
    | {"oci", "otp", "pypi"}
)
"""Types whose namespace and name do not tell cases apart and are written in lower case (the
specification's type definitions; of conda they say nothing, conda itself has lower-case names)."""
_NO_NAMESPACE = frozenset(
    {"bioconductor", "cargo", "conda", "cran", "gem", "julia", "nuget", "oci", "opam", "pub", "pypi"}
)
_NEEDS_NAMESPACE = frozenset(
    {"alpm", "apk", "bitbucket", "composer", "github", "golang", "huggingface", "maven", "rpm", "swift"}
)
"""By the type definitions, too. deb needs one as well, but an image's distribution gives it."""

_QUALIFIER = re.compile(r"[a-z][a-z0-9._-]*=[^=&?#\s][^&?#\s]*")


def checked_purl(text: str) -> Purl | Bad:
    """A package URL that says what its type asks for, all of whose parts can be shown."""
    made = names.purl(text)
    if isinstance(made, Bad):
        return made
    rest, _, query = made.partition("#")[0].partition("?")
    pairs = query.split("&") if query else []
    keys = {pair.partition("=")[0] for pair in pairs}
    if len(keys) < len(pairs) or not all(map(_QUALIFIER.fullmatch, pairs)):
        return Bad(
            f"`{text}` has bad qualifiers", "write `?key=value&other=value`, each key once, in lower case"
        )
    if "%" in made and (bad := _encoding(made)):
        return Bad(f"`{text}` holds {bad}", "write what it stands for, or leave it out")
    type, *namespace, _ = rest.partition("@")[0].removeprefix("pkg:").split("/")
    if namespace and type in _NO_NAMESPACE:
        return Bad(f"`{text}` has a namespace, and {type} has none", f"write `pkg:{type}/NAME@VERSION`")
    if not namespace and type in _NEEDS_NAMESPACE:
        return Bad(f"`{text}` has no namespace", f"write `pkg:{type}/NAMESPACE/NAME@VERSION`")
    return made


def _encoding(purl: Purl) -> str:
    """What is wrong with percent-encoded characters; empty if nothing is."""
    if re.search("%(?![0-9A-Fa-f]{2})", purl):
        return "a `%` that encodes nothing"
    try:
        decoded = unquote(purl, errors="strict")
    except UnicodeDecodeError:
        return "bytes that are no UTF-8"
    if not decoded.isprintable():
        return "a character that cannot be shown"
    component = parse_purl(purl)
    parts = (component.name, component.version, *(value for _, value in component.qualifiers))
    if any(part != part.strip() for part in parts) or not component.name.strip("/"):
        return "a part that is blank at its ends"
    path = purl.partition("?")[0].partition("@")[0] + purl.partition("#")[2]
    return "a `/` within a segment" if "%2f" in path.lower() else ""


def parse_purl(purl: Purl) -> Component:
    """The component that a purl names (purl specification, "How to parse a purl string in its components").

    By hand, as the library's import alone takes a tenth of a small plan's time; a law holds that
    both agree.
    """
    rest, _, subpath = purl.removeprefix("pkg:").partition("#")
    rest, _, query = rest.partition("?")
    rest, _, version = rest.partition("@")
    type, *namespace, name = rest.split("/")
    pairs = (pair.partition("=") for pair in query.split("&"))
    qualifiers = {key.lower(): unquote(value) for key, _, value in pairs if key and value}
    return Component(
        type,
        _name(type, unquote(name)),
        unquote(version),
        _namespace(type, unquote("/".join(namespace))),
        tuple(sorted(qualifiers.items())),
        "/".join(_segments(unquote(subpath))),
        checksum=_sha256(qualifiers.get("checksum", "")),
    )


def _name(type: str, name: str) -> str:
    name = name.lower() if type in _LOWER else name
    return name.replace("_", "-") if type == "pypi" else name


def _namespace(type: str, namespace: str) -> str:
    return namespace.lower() if type in _LOWER else namespace


def _segments(subpath: str) -> list[str]:
    return [each for each in subpath.split("/") if each not in ("", ".", "..")]


def _sha256(checksums: str) -> str:
    """The SHA-256 of a `checksum` qualifier: `sha1:...,sha256:...`."""
    for each in checksums.split(","):
        if each.startswith("sha256:") and isinstance(made := names.sha256(each), str):
            return made
    return ""


@cache
def purl_of(component: Component, distribution: str = "") -> str:
    """The canonical purl of a component (purl specification, types deb, conda, pypi, cran, github, generic).

    By hand, as the library still leaves a `/` in qualifiers as it is, which the specification encodes.
    Bioconductor has no registered type. The definition of `generic` asks for a type of its own where
    there can be one, so it is `pkg:bioconductor`, as tools have it.

    `distribution` is the image's, such as `ubuntu-20.04`: a deb has it as namespace and qualifier, if
    it comes from there. One of another repository has that repository instead: both together would
    say that it is one of Ubuntu's.
    """
    qualifiers = dict(component.qualifiers)
    namespace = component.namespace
    if component.type == "deb":
        home = distribution.split("-")[0]
        if not namespace and component.vendor is not None:
            namespace = component.vendor
        elif home and namespace in ("", home):
            namespace = home
            qualifiers.setdefault("distro", distribution)
    type = component.type
    path = [*_namespace(type, namespace).split("/"), _name(type, component.name)]
    pairs = (f"{key}={_quoted(value)}" for key, value in sorted(qualifiers.items()) if value)
    return "".join(
        (
            f"pkg:{type}/",
            "/".join(_quoted(each) for each in path if each),
            component.version and f"@{_quoted(component.version)}",
            (query := "&".join(pairs)) and f"?{query}",
            (subpath := "/".join(map(_quoted, _segments(component.subpath)))) and f"#{subpath}",
        )
    )


_ORIGINS = frozenset({"channel", "download_url", "repository_url", "vcs_url"})
"""Qualifiers that say where a package was fetched from."""


def without_origin(component: Component) -> Component:
    """A component of a private step, as files for everybody name it: not where it was fetched from.

    What an image holds must be noticed whichever part brings it; the address of an internal server need not.
    """
    kept = tuple(pair for pair in component.qualifiers if pair[0] not in _ORIGINS)
    # A vendor is the name of a repository: an internal one, if a private step adds it.
    return structs.replace(component, qualifiers=kept, vendor="" if component.vendor else component.vendor)


def _quoted(text: str) -> str:
    """Percent-encoded but for letters, digits and `.-_~:` ("Character encoding")."""
    return quote(text, safe=":")

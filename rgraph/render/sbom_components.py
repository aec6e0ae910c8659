"""Components of an SBOM as plain data, made and serialised by the CycloneDX library."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rgraph.catalog import External
from rgraph.inventory import Declared
from rgraph.names import ImageReference, Purl, reference
from rgraph.purls import parse_purl, purl_of
from rgraph.steps import interface

if TYPE_CHECKING:
    from cyclonedx.model import ExternalReferenceType
    from cyclonedx.model.component import Component

Json = dict[str, Any]
"""A component as JSON has it."""
Property = tuple[str, str]

_URL = re.compile(r"https?://(?:[\w.~:/?@!$&()*+,;=-]|%[0-9A-Fa-f]{2})+(?:#[\w./?=&-]*)?", re.ASCII)
_PACKAGES = frozenset({"pypi", "cran", "bioconductor", "npm", "maven", "nuget", "gem", "cargo"})
"""Types of purls whose packages are libraries for programs in one language."""
_KEYS = (
    "type",
    "bom-ref",
    "group",
    "name",
    "version",
    "purl",
    "hashes",
    "licenses",
    "copyright",
    "externalReferences",
    "properties",
)
"""The order in which people read a component; the library sorts by name."""


class _Facts(Struct, frozen=True):
    """What is known of a component or of an External beside its name."""

    license: str
    copyright: str = ""
    homepage: str = ""
    source_offer: str = ""
    properties: tuple[Property, ...] = ()


def component(variants: Sequence[Declared]) -> Json:
    """A component; several manifests may declare it, each knowing something else of it."""
    # Late: only what writes files needs it, and it takes as long as a small plan.
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    # Of the purl alone: two manifests may declare one purl by different means.
    purl = variants[0].purl
    parts = parse_purl(Purl(purl))
    made = Component(
        # "application if no more specific appropriate classification is available or cannot be
        # determined" (CycloneDX 1.6, component type).
        type=ComponentType.LIBRARY if parts.type in _PACKAGES else ComponentType.APPLICATION,
        bom_ref=purl,
        group=parts.namespace or None,
        name=parts.name,
        version=parts.version or None,
        hashes=[
            HashType(alg=HashAlgorithm.SHA_256, content=each.component.checksum)
            for each in variants
            if each.component.checksum
        ],
    )
    return _serialised(made, purl, _facts(variants))


def external(written: External) -> Json:
    """An External: a container image that others make."""
    from cyclonedx.model.component import Component, ComponentType

    parts = reference(written.reference)
    assert isinstance(parts, ImageReference), "the catalogue has checked it"
    made = Component(
        type=ComponentType.CONTAINER,
        bom_ref=written.name,
        name=parts.name,
        version=parts.tag or parts.digest or None,
    )
    facts = written.manifest
    properties = _named("usage-restriction", facts.usage_restriction)
    known = _Facts(facts.license, homepage=facts.homepage, properties=tuple(properties))
    return _serialised(made, _image_purl(parts), known)


def image(id: str) -> Json:
    """An image of the catalogue.

    It has no purl and no version: both would need the digest or the tag of what is still to be
    built, and the SBOM may itself be copied into it.
    """
    return {"type": "container", "bom-ref": id, "name": id}


def _facts(variants: Sequence[Declared]) -> _Facts:
    pins = (name for each in variants for name in _named("pinned-by", each.component.pinned_by))
    along = _named("transitive", "true" if all(each.transitive for each in variants) else "")
    fact = next((each.fact for each in variants if each.fact), None)
    if fact is None:
        return _Facts("", properties=tuple(dict.fromkeys((*pins, *along))))
    properties = [
        *pins,
        *along,
        *_named("license-status", fact.status),
        *_named("usage-restriction", fact.usage_restriction),
    ]
    return _Facts(
        fact.license, fact.copyright, fact.homepage, fact.source_offer, tuple(dict.fromkeys(properties))
    )


def _serialised(made: Component, purl: str, facts: _Facts) -> Json:
    from cyclonedx.model import ExternalReference, ExternalReferenceType, XsUri
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression
    from cyclonedx.schema.schema import SchemaVersion1Dot6
    from cyclonedx.spdx import is_supported_id

    if facts.license:
        # LicenseRef-... is an expression too (SPDX 2.3, annex D.2); as a mere name it would be
        # no statement of SPDX's.
        single = is_supported_id(facts.license)
        license = DisjunctiveLicense(id=facts.license) if single else LicenseExpression(facts.license)
        made.licenses.add(license)
    made.copyright = facts.copyright or None
    properties = list(facts.properties)
    links: tuple[tuple[str, str, ExternalReferenceType], ...] = (
        ("homepage", facts.homepage, ExternalReferenceType.WEBSITE),
        ("source-offer", facts.source_offer, ExternalReferenceType.SOURCE_DISTRIBUTION),
    )
    for name, text, type in links:
        if _URL.fullmatch(text):
            made.external_references.add(ExternalReference(type=type, url=XsUri(text)))
        else:
            # An offer may be an address of another kind; a reference must be an IRI.
            properties += _named(name, text)
    # The library's classes have `as_json` from a decorator, which types do not see.
    data: Json = json.loads(made.as_json(view_=SchemaVersion1Dot6))  # type: ignore[attr-defined]
    # As rgraph writes it everywhere: the library leaves a `/` in qualifiers as it is.
    data["purl"] = purl
    if properties:
        data["properties"] = [{"name": name, "value": value} for name, value in properties]
    return {key: data[key] for key in sorted(data, key=_KEYS.index)}


def _named(name: str, value: str) -> list[Property]:
    return [(f"rgraph:{name}", value)] if value else []


def _image_purl(parts: ImageReference) -> str:
    """By digest as type `oci`, which asks for one; else by tag as type `docker` (purl specification)."""
    host, path = _split(parts.name)
    namespace, _, name = path.rpartition("/")
    if parts.digest:
        where = (("repository_url", f"{host}/{path}"), ("tag", parts.tag))
        return purl_of(interface.Component("oci", name, parts.digest, qualifiers=where))
    registry = (("repository_url", "" if host == "docker.io" else host),)
    return purl_of(interface.Component("docker", name, parts.tag, namespace, registry))


def _split(name: str) -> tuple[str, str]:
    """Host and path of a repository: the first part is a host if it looks like one (distribution's
    reference grammar), else it stands on docker.io.
    """
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "docker.io", name if slash else f"library/{name}"

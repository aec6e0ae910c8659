"""What syft found in an image, from the SBOM that it writes (CycloneDX 1.6, JSON).

Its purls and properties: syft's documentation, "Output formats"; `syft:location:N:path` is the file that
tells of a package. Which deb brought a Python or R package it does not say; where Debian's policies put what
debs bring (Debian Python Policy 2.1, `dist-packages` below /usr/lib; Debian R policy, /usr/lib/R) it is taken
for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from rgraph.contents.declared import DATABASE_OF
from rgraph.contents.files import cached
from rgraph.contents.installed import Contents, Installed, harmless, normal_name
from rgraph.contents.spdx import joined, spdx_of
from rgraph.names import Bad, Purl, purl
from rgraph.purls import parse_purl
from rgraph.steps.interface import Component

_OF_DEBS: Final = re.compile(r"/?usr/lib/(?:python3(?:\.[0-9]+)?/dist-packages|R/(?:site-)?library)/.*")
_PART_OF_R: Final = re.compile(r"Part of R\b")


class _Property(Struct, frozen=True):
    name: str
    value: str = ""


class _License(Struct, frozen=True):
    license: dict[str, Any] = field(default_factory=dict)
    expression: str = ""


class _Component(Struct, frozen=True):
    purl: str = ""
    type: str = ""
    name: str = ""
    version: str = ""
    licenses: tuple[_License, ...] = ()
    properties: tuple[_Property, ...] = ()


class _Document(Struct, frozen=True):
    components: tuple[_Component, ...] = ()


def syft_contents(data: bytes) -> Contents:
    """What an SBOM of syft's says of an image. Raises ValueError if it is none."""
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    system = next((each for each in document.components if each.type == "operating-system"), None)
    distribution = f"{system.name}-{system.version}" if system and system.name and system.version else ""
    packages = set(_packages(document))
    left_out = cached({each.path for each in packages})
    found = sorted(
        (each for each in packages if each.path not in left_out),
        key=lambda each: (each.component.type, each.name.lower(), each.name, each.version, each.path),
    )
    return Contents(harmless(found), distribution)


def _packages(document: _Document) -> Iterator[Installed]:
    has_debs = any(each.purl.startswith("pkg:deb/") for each in document.components)
    for each in document.components:
        made = purl(each.purl)
        if isinstance(made, Bad):
            continue
        component = parse_purl(Purl(made))
        database = DATABASE_OF.get(component.type)
        if database is None or not component.version or any(map(_is_part_of_r, each.licenses)):
            continue
        path = next((each.value for each in each.properties if each.name == "syft:location:0:path"), "")
        owner = "a deb" if has_debs and database != "deb" and _OF_DEBS.fullmatch(path) else ""
        name = normal_name(database, component.name)
        kept = Component(component.type, name, component.version)
        yield Installed(database, name, kept, _license(each), path.lstrip("/"), owner)


def _license(component: _Component) -> str:
    """All licences of a component; a choice between them is within one of them."""
    named = (
        each.expression or str(each.license.get("id") or each.license.get("name") or "")
        for each in component.licenses
    )
    return joined("AND", map(spdx_of, named))


def _is_part_of_r(license: _License) -> bool:
    return bool(_PART_OF_R.match(str(license.license.get("name") or "")))

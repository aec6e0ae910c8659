"""Packages as an image has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from rgraph.purls import purl_of
from rgraph.steps.interface import Component

Database = Literal["deb", "conda", "pypi", "r"]
"""Who has written it down: dpkg, conda, pip (or another installer of Python), R."""
DATABASES: tuple[Database, ...] = ("deb", "conda", "pypi", "r")


class Installed(Struct, frozen=True):
    """A package in one version at one place."""

    database: Database
    name: str
    """Its name as its package manager knows it."""
    component: Component
    license: str
    """Licence expression, as far as the package says so; else empty."""
    path: str = ""
    """The file that says so, from the root of the image."""
    owner: str = ""
    """The package of dpkg or conda that brought this file: `deb python3-yaml`; empty if none did."""

    @property
    def version(self) -> str:
        """Its version."""
        return self.component.version

    @property
    def key(self) -> tuple[Database, str]:
        """What makes it the same as what a manifest declares."""
        return self.database, normal_name(self.database, self.name)

    def purl(self, distribution: str) -> str:
        """Its purl; of a deb with the image's distribution, such as `debian-12`."""
        return purl_of(self.component, distribution)


def normal_name(database: Database, name: str) -> str:
    """A name, so that two are equal if they mean the same package (PEP 503 for Python; R knows case)."""
    if database == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name if database == "r" else name.lower()


class Contents(Struct, frozen=True):
    """What is in an image."""

    packages: tuple[Installed, ...]
    distribution: str = ""
    """`debian-12`, as os-release says; empty if it does not."""
    virtual: frozenset[str] = frozenset()
    """Names that debs provide beside their own."""


def deb_fields(paragraph: str) -> dict[str, str]:
    """The fields of one paragraph; of one over several lines all, each without its indentation
    (deb-control(5), "Format"; R's `read.dcf`; core metadata of Python, whose body comes after them).
    """
    found: dict[str, str] = {}
    last = ""
    for line in paragraph.splitlines():
        if line[:1] in (" ", "\t"):
            if last:
                found[last] = f"{found[last]}\n{line.strip()}"
        elif match := _FIELD.match(line):
            last = match[1]
            repeated = f"{found[last]}\n" if last in found else ""
            found[last] = repeated + match[2].strip()
        elif not line.strip():
            break
    return found


_FIELD = re.compile(r"([A-Za-z@][A-Za-z0-9/@._-]*):[ \t]*(.*)")


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text, parted by empty lines."""
    yield from (each for each in re.split(r"\n(?:[ \t\r]*\n)+", text) if each.strip())


def text_of(raw: bytes | None) -> str:
    """The text of a file. Other encodings than UTF-8 occur in fields that nobody needs here."""
    return (raw or b"").decode(errors="replace")


def with_owners(packages: Iterable[Installed], owners: Mapping[str, str]) -> tuple[Installed, ...]:
    """Packages, each with the package that brought the file that tells of it; `owners`: path -> package."""
    from msgspec import structs

    return tuple(
        structs.replace(each, owner=owners[each.path]) if each.path in owners else each for each in packages
    )


def harmless(packages: Iterable[Installed]) -> tuple[Installed, ...]:
    """Packages, without control characters and other hidden ones in what they say of themselves: it goes to
    terminals, notices and SBOMs.
    """
    return tuple(map(_harmless, packages))


def _harmless(package: Installed) -> Installed:
    from msgspec import structs

    component = package.component
    texts = (package.name, component.name, component.version, component.namespace)
    if all(map(str.isprintable, texts)):
        return package
    name, plain, version, namespace = map(_printable, texts)
    made = structs.replace(component, name=plain, version=version, namespace=namespace)
    return structs.replace(package, name=name, component=made)


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)

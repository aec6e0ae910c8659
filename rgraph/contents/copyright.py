"""Licences of Debian's packages: the machine-readable form of `debian/copyright`.

Source: Debian, "Machine-readable debian/copyright file" (copyright-format 1.0), sections 4, 7.1 and 7.2. Its
short names are nearly SPDX's; what is different stands in `rgraph.contents.spdx`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rgraph.contents.installed import deb_fields, paragraphs
from rgraph.contents.spdx import joined, spdx_of

_FORMAT = re.compile(
    r"^Format:\s*https?://(?:www\.)?debian\.org/doc/packaging-manuals/copyright-format/", re.M
)
_EXCEPTION = re.compile(r"\s+with\s+(.+?)\s+exceptions?$", re.IGNORECASE)
_EXCEPTIONS = {
    "bison": "Bison-exception-2.2",
    "classpath": "Classpath-exception-2.0",
    "font": "Font-exception-2.0",
    "gcc": "GCC-exception-3.1",
    "libtool": "Libtool-exception",
}


def license_of(text: str, source: str) -> str:
    """The expression of all licences that a copyright file names for some files; empty if it is not in the
    machine-readable form, or too long for one.

    What has no id of SPDX's is called by the source package's own name: `permissive` is another licence in
    each.
    """
    if not _FORMAT.search(text[:_HEAD]):
        return ""
    found = [deb_fields(each) for each in paragraphs(text)]
    of_files = [each["License"] for each in found if "Files" in each and each.get("License")]
    names = of_files or [each["License"] for each in found[:1] if each.get("License")]
    # The first line is the name; what follows is the text.
    return joined("AND", (_expression(each.split("\n")[0], source) for each in names))


_HEAD = 4096


def _expression(text: str, source: str) -> str:
    """`A or B, and C`: a comma binds less than `and`, which binds more than `or` (section 7.2)."""
    clauses = re.split(r",\s*(?:(and|or)\s+)?", text.strip())
    expression = _clause(clauses[0], source)
    for word, clause in _pairs(clauses[1:]):
        expression = joined((word or "and").upper(), (expression, _clause(clause, source)))
    return expression


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    yield from ((word, clause) for word, clause in zip(parts[::2], parts[1::2], strict=True) if clause)


def _clause(text: str, source: str) -> str:
    sides = re.split(r"\s+or\s+|\s*\|\s*", text.strip(), flags=re.IGNORECASE)
    conjunctions = (re.split(r"\s+and\s+", side, flags=re.IGNORECASE) for side in sides)
    return joined("OR", (joined("AND", (_name(each, source) for each in names)) for names in conjunctions))


def _name(text: str, source: str) -> str:
    text = text.strip()
    if match := _EXCEPTION.search(text):
        base = spdx_of(text[: match.start()])
        exception = _EXCEPTIONS.get(match[1].lower().split()[0])
        if exception and base and not base.startswith("LicenseRef-") and " " not in base:
            return f"{base} WITH {exception}"
        return _own(spdx_of(f"{text[: match.start()]}-with-{match[1]}-exception"), source)
    return _own(spdx_of(text), source)


def _own(expression: str, source: str) -> str:
    name = expression.removeprefix("LicenseRef-")
    if name == expression or name.lower() in _COMMON:
        return expression
    return f"LicenseRef-{re.sub('[^A-Za-z0-9.]+', '-', source)}-{name}"


_COMMON = frozenset({"public-domain"})
"""Short names that mean the same in all packages (section 7.1)."""

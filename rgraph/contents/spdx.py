"""Licences as package managers name them, in SPDX's terms.

Sources of the names: Debian's copyright-format 1.0, section 7.1; Writing R Extensions, "Licensing", and R's
`share/licenses/license.db`; PyPI's classifiers "License :: ..."; conda-forge's documentation, "SPDX
identifiers". SPDX's list is `packaging`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from rgraph.licenses import MAX_LENGTH, check_expression
from rgraph.names import Bad

_ALIASES: Final = {
    "expat": "MIT",
    "mit license": "MIT",
    "mit/x11": "MIT",
    "the mit license": "MIT",
    "x11": "X11",
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "artistic": "Artistic-1.0-Perl",
    "artistic-2": "Artistic-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd-2-clause license": "BSD-2-Clause",
    "bsd_2_clause": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "bsd_3_clause": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "bsd-4-clause-uc": "BSD-4-Clause-UC",
    "boost": "BSL-1.0",
    "cc0": "CC0-1.0",
    "cecill-2": "CECILL-2.0",
    "fdl": "GFDL-1.3-or-later",
    "lucent public license": "LPL-1.02",
    "mpl": "MPL-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psf": "PSF-2.0",
    "psfl": "PSF-2.0",
    "python": "Python-2.0",
    "psf license": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "gnu general public license": "GPL-1.0-or-later",
    "gnu gpl": "GPL-1.0-or-later",
    "unlimited": "LicenseRef-Unlimited",
    "the unlicense (unlicense)": "Unlicense",
    "zlib/libpng": "Zlib",
    "zlib/libpng license": "Zlib",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "zope public license": "ZPL-2.1",
    "zpl": "ZPL-2.1",
}
_GNU: Final = re.compile(
    r"(?:gnu )?(a?gpl|lgpl|gfdl)(?:[- ]?v?(\d)(?:\.(\d))?(?:\.0)?)?( ?\+|-or-later|-only)?(-niv|-nil)?"
    r"|(?:gnu )?(affero general public license|lesser general public license|library general public license"
    r"|general public license)(?: v| version |,? version )?(\d)?(?:\.(\d))?( or later| only)?.*",
    re.IGNORECASE,
)
_LONG: Final = {"affero": "AGPL", "lesser": "LGPL", "library": "LGPL", "general": "GPL"}
_OLDEST: Final = {"GPL": "1.0", "LGPL": "2.0", "AGPL": "3.0", "GFDL": "1.1"}
_LONGEST_NAME: Final = 64
"""Characters of what is still a name, and not the text of a licence."""


@cache
def spdx_of(name: str) -> str:
    """A licence's name as an expression: SPDX's id where it has one, else `LicenseRef-NAME`.

    Empty if the text is none that could be a name.
    """
    plain = " ".join(name.split()).strip(" .,;")
    if not plain or len(plain) > _LONGEST_NAME or plain.lower() in _NOTHING:
        return ""
    if found := _ALIASES.get(plain.lower()):
        return found
    if found := _gnu(plain):
        return found
    made = check_expression(plain)
    if not isinstance(made, Bad):
        return made
    ref = re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-.")
    return f"LicenseRef-{ref}" if ref else ""


_NOTHING: Final = frozenset(
    {"unknown", "none", "noassertion", "other", "see license", "license.txt", "license"}
)


def _gnu(text: str) -> str:
    """A licence of the GNU project; `GPL-2+`, `GPL (>= 2)`, `GPLv2`, `GNU GPL 3.0`, ..."""
    text = re.sub(r"\s*\(\s*>=\s*([0-9.]+)\s*\)", r"-\1+", text)
    match = _GNU.fullmatch(re.sub(r"\s+\((?:a|l)?gpl.*\)$", "", text, flags=re.IGNORECASE))
    if not match:
        return ""
    short, major, minor, later, invariants, long, long_major, long_minor, long_later = match.groups()
    family = short.upper() if short else _LONG[long.split()[0].lower()]
    major, minor = major or long_major, minor or long_minor
    if not major:
        return _listed(f"{family}-{_OLDEST[family]}-or-later")
    rest = (later or long_later or "").strip().lower()
    version = f"{major}.{minor or ('0' if family != 'GFDL' else '1')}"
    suffix = {"-niv": "-no-invariants", "-nil": "-invariants"}.get((invariants or "").lower(), "")
    return _listed(
        f"{family}-{version}{suffix}-{'or-later' if rest in ('+', '-or-later', 'or later') else 'only'}"
    )


def _listed(id: str) -> str:
    made = check_expression(id)
    return "" if isinstance(made, Bad) else made


def joined(operator: str, expressions: Iterable[str]) -> str:
    """Some expressions as one; empty if there are none, or if it would be too long.

    What is unknown of one part makes the whole unknown: a part left out would be a claim.
    """
    found = list(dict.fromkeys(expressions))
    if not all(found) or not found:
        return ""
    if len(found) == 1:
        return found[0]
    parts = sorted(
        {part for each in found for part in _parts(operator, each)}, key=lambda each: (each.lower(), each)
    )
    text = f" {operator} ".join(parts)
    made = check_expression(text) if len(text) <= MAX_LENGTH else Bad("")
    return "" if isinstance(made, Bad) else made


def _parts(operator: str, expression: str) -> list[str]:
    """What an expression joins by an operator itself, outside of parentheses. One that joins by the other
    operator there is one part, in parentheses.
    """
    parts: list[list[str]] = [[]]
    depth = 0
    for word in expression.split(" "):
        if depth == 0 and word in ("AND", "OR"):
            if word != operator:
                return [f"({expression})"]
            parts.append([])
            continue
        depth += word.count("(") - word.count(")")
        parts[-1].append(word)
    return [" ".join(part) for part in parts]

"""Licences as package managers name them, in SPDX's terms."""

from __future__ import annotations

import pytest

from rgraph.contents.copyright import license_of
from rgraph.contents.r import r_license
from rgraph.contents.spdx import joined, spdx_of
from rgraph.licenses import check_expression


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("MIT", "MIT"),
        ("mit", "MIT"),
        ("Expat", "MIT"),
        ("GPL-2", "GPL-2.0-only"),
        ("GPL-2+", "GPL-2.0-or-later"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPLv3", "GPL-3.0-only"),
        ("GPLv3+", "GPL-3.0-or-later"),
        ("GNU GPL 3.0", "GPL-3.0-only"),
        ("GPL", "GPL-1.0-or-later"),
        ("LGPL-2.1+", "LGPL-2.1-or-later"),
        ("LGPL", "LGPL-2.0-or-later"),
        ("AGPL-3", "AGPL-3.0-only"),
        ("GFDL-1.3+", "GFDL-1.3-or-later"),
        ("GFDL-NIV-1.3", "LicenseRef-GFDL-NIV-1.3"),
        ("GNU General Public License v2 or later (GPLv2+)", "GPL-2.0-or-later"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "LGPL-3.0-only"),
        ("Apache License 2.0", "Apache-2.0"),
        ("BSD 3-Clause", "BSD-3-Clause"),
        ("BSD", "LicenseRef-BSD"),
        ("public-domain", "LicenseRef-public-domain"),
        ("Apache-2.0 OR MIT", "Apache-2.0 OR MIT"),
        ("Foo  Bar/2", "LicenseRef-Foo-Bar-2"),
        ("UNKNOWN", ""),
        ("", ""),
        ("Permission is hereby granted, free of charge, to any person obtaining a copy of this", ""),
        ("***", ""),
    ],
)
def test_names(name: str, expression: str) -> None:
    found = spdx_of(name)
    assert found == expression
    assert not found or check_expression(found) == found


def test_joined() -> None:
    assert joined("AND", ["MIT", "Apache-2.0", "MIT"]) == "Apache-2.0 AND MIT"
    assert joined("AND", ["MIT OR Zlib", "Zlib"]) == "(MIT OR Zlib) AND Zlib"
    assert joined("AND", ["(MIT OR Zlib) AND ISC", "Zlib"]) == "(MIT OR Zlib) AND ISC AND Zlib"
    assert joined("OR", ["MIT AND Zlib", "ISC"]) == "(MIT AND Zlib) OR ISC"
    assert joined("AND", ["GPL-2.0-or-later WITH Classpath-exception-2.0", "MIT"]) == (
        "GPL-2.0-or-later WITH Classpath-exception-2.0 AND MIT"
    )


def test_what_is_not_known_of_a_part_is_not_known_of_the_whole() -> None:
    assert joined("AND", ["MIT", ""]) == ""
    assert joined("AND", []) == ""
    assert joined("AND", [f"LicenseRef-{number}" for number in range(500)]) == ""


HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n"


@pytest.mark.parametrize(
    ("paragraphs", "expression"),
    [
        ("Files: *\nLicense: GPL-2+\n text\n .\n more", "GPL-2.0-or-later"),
        ("Files: *\nLicense: GPL-2+\n\nFiles: debian/*\nLicense: Expat", "GPL-2.0-or-later AND MIT"),
        ("Files: *\nLicense: GPL-1+ or Artistic", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("Files: *\nLicense: GPL-2 and Expat or ISC", "(GPL-2.0-only AND MIT) OR ISC"),
        ("Files: *\nLicense: GPL-2 or ISC, and Expat", "(GPL-2.0-only OR ISC) AND MIT"),
        ("Files: *\nLicense: GPL-2 | ISC", "GPL-2.0-only OR ISC"),
        (
            "Files: *\nLicense: GPL-2+ with Classpath exception",
            "GPL-2.0-or-later WITH Classpath-exception-2.0",
        ),
        ("Files: *\nLicense: permissive", "LicenseRef-src-permissive"),
        ("Files: *\nLicense: public-domain", "LicenseRef-public-domain"),
        ("Files: *\nLicense: GPL-2+ with OpenSSL exception", "LicenseRef-src-GPL-2-with-OpenSSL-exception"),
        ("License: MIT\n the text alone", ""),
    ],
)
def test_debian_copyright(paragraphs: str, expression: str) -> None:
    assert license_of(f"{HEAD}\n{paragraphs}\n", "src") == expression


def test_debian_copyright_in_its_head() -> None:
    assert license_of(f"{HEAD}License: ISC\n", "src") == "ISC"


def test_debian_copyright_that_programs_cannot_read() -> None:
    assert license_of("This package was debianized by ...\nLicense: GPL\n", "src") == ""
    assert license_of("", "src") == ""


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("GPL (>= 2)", "GPL-2.0-or-later"),
        ("GPL (>= 2.0)", "GPL-2.0-or-later"),
        ("GPL (== 2)", "GPL-2.0-only"),
        ("GPL-2 | GPL-3", "GPL-2.0-only OR GPL-3.0-only"),
        ("GPL-3", "GPL-3.0-only"),
        ("LGPL (>= 2.1)", "LGPL-2.1-or-later"),
        ("MIT + file LICENSE", "MIT"),
        ("BSD_3_clause + file LICENSE", "BSD-3-Clause"),
        ("Apache License (>= 2.0)", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("Apache License (== 2.0) | file LICENSE", ""),
        ("Artistic-2.0", "Artistic-2.0"),
        ("GPL (>= 2) | BSD_3_clause + file LICENSE", "BSD-3-Clause OR GPL-2.0-or-later"),
        ("CC0", "CC0-1.0"),
        ("Unlimited", "LicenseRef-Unlimited"),
        ("file LICENSE", ""),
        ("Part of R 4.2.2", "GPL-2.0-only OR GPL-3.0-only"),
        ("", ""),
    ],
)
def test_r(text: str, expression: str) -> None:
    assert r_license(text) == expression

"""Packages of Python, as their installers have them in an image.

Source: core metadata specifications of the Python Packaging User Guide (`Name`, `Version`, `License`,
`License-Expression`, `Classifier`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.contents.files import Files
from rgraph.contents.installed import Installed, deb_fields, normal_name, text_of
from rgraph.contents.spdx import joined, spdx_of
from rgraph.licenses import check_expression
from rgraph.names import Bad
from rgraph.steps.interface import Component

_METADATA: Final = re.compile(r"(?:.*/)?[^/]+\.(?:dist-info/METADATA|egg-info(?:/PKG-INFO)?)")
_CLASSIFIER: Final = re.compile(r"License :: (?:OSI Approved :: )?(.+)")
_VAGUE: Final = frozenset(
    {"OSI Approved", "Other/Proprietary License", "BSD License", "Public Domain", "Freeware"}
)
"""Classifiers that name no licence, or one of several."""


def python_packages(files: Files) -> Iterator[Installed]:
    """What is installed, for all Pythons."""
    for path, content in files.contents.items():
        if _METADATA.fullmatch(path):
            fields = deb_fields(text_of(content))
            name, version = fields.get("Name", ""), fields.get("Version", "")
            if name and version:
                component = Component("pypi", normal_name("pypi", name), version)
                yield Installed("pypi", component.name, component, _license(fields), path)


def _license(fields: dict[str, str]) -> str:
    expression = check_expression(fields.get("License-Expression", "").strip())
    if not isinstance(expression, Bad):
        return expression
    classifiers = (_CLASSIFIER.fullmatch(line) for line in fields.get("Classifier", "").split("\n"))
    named = [match[1] for match in classifiers if match and match[1] not in _VAGUE]
    plain = fields.get("License", "").strip()
    # The text of a licence may stand where its name should.
    said = spdx_of(plain) if "\n" not in plain else ""
    if said and not said.startswith("LicenseRef-"):
        return said
    return joined("OR", map(spdx_of, named)) or said

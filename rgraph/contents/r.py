"""Packages of R, as their DESCRIPTION files in an image have them.

Sources: Writing R Extensions, "The DESCRIPTION file" and "Licensing"; the field `Built`, which only installed
packages have; `Repository`, `RemoteType`, ..., which installers add (the remotes package).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.contents.files import Files
from rgraph.contents.installed import Installed, deb_fields, text_of
from rgraph.contents.spdx import joined, spdx_of
from rgraph.steps.interface import Component

_DESCRIPTION: Final = re.compile(r"(?:.*/)?([^/]+)/DESCRIPTION")
_OF_R: Final = "GPL-2.0-only OR GPL-3.0-only"
"""R's own licence (its COPYING, and https://www.r-project.org/Licenses/)."""


def r_packages(files: Files) -> Iterator[Installed]:
    """What is installed, in all libraries; what is a part of R itself is none of them."""
    for path, content in files.contents.items():
        match = _DESCRIPTION.fullmatch(path)
        fields = deb_fields(text_of(content)) if match else {}
        name, version = fields.get("Package", ""), fields.get("Version", "")
        is_base = fields.get("Priority", "") == "base"
        if match and match[1] == name and version and "Built" in fields and not is_base:
            license = r_license(fields.get("License", ""))
            yield Installed("r", name, _component(name, version, fields), license, path)


def _component(name: str, version: str, fields: dict[str, str]) -> Component:
    sha, owner, repo = (fields.get(f"Remote{key}", "") for key in ("Sha", "Username", "Repo"))
    if fields.get("RemoteType") == "github" and owner and repo:
        return Component("github", repo.lower(), sha or version, namespace=owner.lower())
    repository = fields.get("Repository", "")
    if repository.startswith("Bioc") or "git.bioconductor.org" in fields.get("git_url", ""):
        return Component("bioconductor", name, version)
    if repository in ("CRAN", "RSPM") or fields.get("Priority") == "recommended":
        return Component("cran", name, version)
    return Component("generic", name, version)


def r_license(text: str) -> str:
    """The `License` field as an expression: `GPL (>= 2) | MIT + file LICENSE`."""
    if re.match(r"Part of R\b", text):
        return _OF_R
    return joined("OR", (_one(each) for each in text.split("|"))) if text.strip() else ""


def _one(text: str) -> str:
    # What `+ file LICENSE` adds is a copyright line, or a restriction that has no name.
    name = re.sub(r"\s*\+?\s*file\s+LICEN[CS]E\s*$", "", text.strip(), flags=re.IGNORECASE)
    name = re.sub(
        r"^(Apache License|AGPL|GPL|LGPL|Artistic|MPL|EPL|CeCILL)\s+\(\s*==\s*([0-9.]+)\s*\)$", r"\1-\2", name
    )
    if re.fullmatch(r"Apache License(?:\s+\(\s*>=\s*2(?:\.0)?\s*\)|\s+2(?:\.0)?|-2(?:\.0)?)?", name):
        return "Apache-2.0"
    return spdx_of(name)

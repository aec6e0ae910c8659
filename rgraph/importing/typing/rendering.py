"""Steps as rgraph itself would write them: the same resolver and the same renderer."""

from __future__ import annotations

from typing import Any

import msgspec

from rgraph.catalog import Catalog
from rgraph.errors import Place, Problems
from rgraph.expressions import Scope
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.document import convert_step
from rgraph.resolve.steps import StepResolver
from rgraph.steps.context import Settings
from rgraph.steps.interface import Dialect, Os
from rgraph.steps.shells import run, unsafe_verbatim

_PLACE = Place("import")
_CATALOG = Catalog(CatalogManifest(kind="catalog", name="import"), _PLACE)
_ECOSYSTEMS = frozenset({"apt", "conda", "pip", "cran", "bioconductor", "github"})


def rendered(data: dict[str, Any], dialect: Dialect, os: Os) -> str | None:
    """The text of one step in a Dockerfile; None if its data is not valid, or no one instruction."""
    problems = Problems()
    resolver = StepResolver(_CATALOG, Settings(unpinned=_ECOSYSTEMS, files=_files(data)), problems)
    try:
        step = convert_step(data)
    except (msgspec.ValidationError, ValueError):
        return None
    found = resolver.resolve(step, Scope({}), _PLACE)
    if any(not each.unsure for each in problems) or len(found) != 1:
        return None
    resolved = found[0].step
    if resolved.os not in (None, os):
        return None
    made = resolved.render(dialect)
    if isinstance(made, str):
        return made
    if made.verbatim and unsafe_verbatim(made.commands[0], "\\" if os == "linux" else "`"):
        return None
    return run(made, dialect)


def _files(data: dict[str, Any]) -> frozenset[str]:
    """Files that it copies: whether they exist is for others to check."""
    copied = data.get("copy")
    return frozenset(copied["files"]) if isinstance(copied, dict) else frozenset()


def joined(text: str, dialect: Dialect) -> str:
    """The text behind RUN with its continued lines joined, as the builder reads it."""
    escape = "\\" if dialect == "posix" else "`"
    return text.removeprefix("RUN ").replace(f"{escape}\n", "")

"""The package indexes that pip is configured for."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from rgraph.engines.errors import CouldNotAskError

_SECTIONS: Final = (":env:", "install", "global")
"""Where pip's settings stand, the strongest first (pip's documentation, "Configuration")."""
_DEFAULT: Final = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_PATIENCE: Final = 60
_HELP: Final = "name an index: `--index URL`"


class PipSources(Struct, frozen=True):
    """Where pip looks for projects. Addresses may hold credentials."""

    indexes: tuple[str, ...]
    """Its index and the extra ones."""
    links: tuple[str, ...] = ()
    """Folders, files and pages with links to files (`find-links`)."""


def pip_sources() -> PipSources:
    """What pip's configuration names, else pip's own default.

    Raises CouldNotAskError if there is no pip to ask, or it looks nowhere.
    """
    for python in _interpreters():
        listed = _run(python, "-m", "pip", "config", "list")
        if listed is not None:
            return _sources(settings(listed), python)
    raise CouldNotAskError("pip", "no Python here has it", _HELP)


def _interpreters() -> Iterator[str]:
    yield sys.executable
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield found


def _run(python: str, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            [python, *arguments], capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None


def settings(listed: str) -> dict[str, str]:
    """What `pip config list` says: `global.index-url='...'`, a setting a line."""
    found = {}
    for line in listed.splitlines():
        name, mark, value = line.partition("=")
        try:
            said = ast.literal_eval(value) if mark else None
        except (ValueError, SyntaxError):
            continue
        if isinstance(said, str):
            found[name.strip()] = said
    return found


def _sources(found: Mapping[str, str], python: str) -> PipSources:
    links = tuple(dict.fromkeys(_setting(found, "find-links").split()))
    if _setting(found, "no-index").lower() in ("1", "true", "yes", "on"):
        if not links:
            raise CouldNotAskError("pip's index", "pip is configured to use none", _HELP)
        return PipSources((), links)
    main = _setting(found, "index-url") or (_run(python, "-c", _DEFAULT) or "").strip()
    if not main:
        raise CouldNotAskError("pip", "it does not say which index it uses", _HELP)
    return PipSources(tuple(dict.fromkeys((main, *_setting(found, "extra-index-url").split()))), links)


def _setting(found: Mapping[str, str], name: str) -> str:
    for section in _SECTIONS:
        # pip writes `:env:.index-url`, and on some systems underscores.
        for key in (name, name.replace("-", "_")):
            if f"{section}.{key}" in found:
                return found[f"{section}.{key}"]
    return ""

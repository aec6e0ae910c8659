"""The package indexes that pip is configured for."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from rgraph.engines.errors import CouldNotAskError

_SECTIONS: Final = (":env:", "install", "global")
"""Where pip's settings stand, the strongest first (pip's documentation, "Configuration")."""
_DEFAULT: Final = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
_PATIENCE: Final = 60
_HELP: Final = "name an index: `--index URL`"


def pip_indexes() -> tuple[str, ...]:
    """The index and the extra indexes of pip's configuration, else pip's own default.

    They may hold credentials. Raises CouldNotAskError if there is no pip to ask, or it uses no index.
    """
    for python in _interpreters():
        listed = _run(python, "-m", "pip", "config", "list")
        if listed is not None:
            return _indexes(settings(listed), python)
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


def _indexes(found: Mapping[str, str], python: str) -> tuple[str, ...]:
    if _setting(found, "no-index").lower() in ("1", "true", "yes", "on"):
        raise CouldNotAskError("pip's index", "pip is configured to use none", _HELP)
    main = _setting(found, "index-url") or (_run(python, "-c", _DEFAULT) or "").strip()
    if not main:
        raise CouldNotAskError("pip", "it does not say which index it uses", _HELP)
    return tuple(dict.fromkeys((main, *_setting(found, "extra-index-url").split())))


def _setting(found: Mapping[str, str], name: str) -> str:
    for section in _SECTIONS:
        # pip writes `:env:.index-url`, and on some systems underscores.
        for key in (name, name.replace("-", "_")):
            if f"{section}.{key}" in found:
                return found[f"{section}.{key}"]
    return ""

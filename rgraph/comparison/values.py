"""Values of steps and settings as a line of text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, structs

from rgraph.steps.fetching import shown
from rgraph.steps.packages import Package

_LONGEST = 200
"""Characters of a value that are shown."""

_ADDRESS = re.compile(r"""[A-Za-z][A-Za-z0-9+.-]*://[^\s"'`<>|;]+""")


def without_secrets(text: str) -> str:
    """A text with its addresses as they may be shown: without passwords and queries, in commands, too."""
    return _ADDRESS.sub(lambda found: shown(found[0]), text) if "://" in text else text


def shown_value(value: object) -> str:
    """A value as manifests would say it; long ones are cut."""
    text = _text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def differing_values(before: object, after: object) -> tuple[str, str]:
    """Two values as lines of text; of lists only what stands between their equal beginnings and ends."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        shortest = min(len(before), len(after))
        start = next((i for i in range(shortest) if before[i] != after[i]), shortest)
        rest = shortest - start
        end = next((i for i in range(rest) if before[-1 - i] != after[-1 - i]), rest)
        before, after = before[start : len(before) - end], after[start : len(after) - end]
    return shown_value(before), shown_value(after)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Package):
        return without_secrets(value.spec)
    if isinstance(value, Struct):
        fields = [field for field in structs.fields(value) if getattr(value, field.name) != field.default]
        return " ".join(filter(None, (_text(getattr(value, field.name)) for field in fields)))
    if isinstance(value, (tuple, list)):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_text(each)}" for name, each in value.items())
    # A command's own line breaks are places where rgraph may break it.
    return "" if value is None else without_secrets(str(value)).replace("\n", " ")

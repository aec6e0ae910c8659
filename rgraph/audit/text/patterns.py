"""Names with `*` for any text."""

from __future__ import annotations

import fnmatch
import re
from functools import cache


@cache
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern in which `*` alone is special: purls and references are full of the other signs of fnmatch.

    It never goes back over what it has matched: its time grows with the text, however many `*` it has.
    """
    return re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]")), flags)

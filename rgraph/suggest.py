"""Help for names that are not known: what was meant, or what there is."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 60
"""Longest word that is compared: the comparison's time grows with the square."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A help text with the known word that is most like `word`; empty if none is."""
    # Late: only an error needs it.
    import difflib

    if len(word) > _LONGEST:
        return ""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f"did you mean `{by_lower[close[0]]}`?" if close else ""


def listed(names: Iterable[str], last: str = "or") -> str:
    """Names as part of a sentence: `a`, `b` or `c`."""
    return joined([f"`{name}`" for name in names], last)


def joined(words: list[str], last: str = "or") -> str:
    """Words as part of a sentence: a, b or c."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))

"""Texts that are alike: what stays, and what differs from one to the next.

A text is cut into words, versions and signs. Texts with the same signs and words, which differ in their
versions alone, have the same *skeleton*; a *pattern* of several texts is what they share, with holes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from rgraph.expressions import names_of

EXPRESSION: Final = r"""\$\{\{(?:[^'"}]|'[^']*'|"[^"]*"|\}(?!\}))*\}\}"""
"""An expression of the manifest language, as `rgraph.expressions` finds its end."""
_VERSION: Final = r"[0-9a-f]{16,}|[0-9]+(?:\.[0-9][0-9A-Za-z]*)*"
_TOKEN: Final = re.compile(rf"{EXPRESSION}|{_VERSION}|[A-Za-z]+|[ \t]+|.", re.DOTALL)
_ATOM: Final = re.compile(EXPRESSION)
_VARIABLE: Final = re.compile(rf"{EXPRESSION}|{_VERSION}")
HOLE: Final = "\0"
LONGEST_HOLE: Final = 100
"""Longest text that may differ, in characters: more is another text, and no parameter."""
_LONGEST: Final = 20_000
"""Longest text that is compared with others, in characters."""
MOST_HOLES: Final = 6
"""Holes of a text: more make it unreadable."""

Pattern = tuple["str | tuple[str, ...]", ...]
"""Parts of several texts: what all have, or what each has, in their order."""


def escaped(text: str) -> str:
    """A text as the manifest language has it: a `${{` that it holds is no expression's, and a blank that
    looks like a space is written so that it is seen.
    """
    made = text.replace("${{", "${{ '$' }}{{")
    return made if made.isascii() else _BLANKS.sub(lambda odd: f"${{{{ '\\u{ord(odd[0]):04x}' }}}}", made)


_BLANKS: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
"""Unicode's space separators (category Zs), but for the plain space."""


def is_writable(text: str) -> bool:
    """Whether a manifest can hold a text: only line feeds and tabs in it cannot be seen."""
    return text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()


def has_names(text: str) -> bool:
    """Whether a text holds an expression that sees a name; one that stands for a sign sees none."""
    return "${{" in text and bool(names_of(text))


@lru_cache(maxsize=50_000)
def skeleton(text: str) -> str:
    """The text with holes in place of versions and expressions."""
    return _VARIABLE.sub(HOLE, text)


@lru_cache(maxsize=50_000)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(text))


def pattern(texts: Sequence[str]) -> Pattern | None:
    """What some texts share, and what each has in its holes; None if they are not alike.

    Joined with any of the texts' own pieces, the parts give that text again.
    """
    distinct = list(dict.fromkeys(texts))
    if len(distinct) == 1:
        return (texts[0],) if texts[0] else ()
    if max(map(len, distinct)) > _LONGEST:
        return None
    cuts = _cuts([_tokens(text) for text in distinct])
    if cuts is None:
        return None
    parts = _joined(cuts)
    index = {text: position for position, text in enumerate(distinct)}
    order = [index[text] for text in texts]
    made = tuple(
        part if isinstance(part, str) else tuple(part[position] for position in order) for part in parts
    )
    if _is_good(made, distinct):
        return made
    return (tuple(texts),) if all(map(_is_short, distinct)) else None


def _is_short(text: str) -> bool:
    """Whether a text can be a parameter as a whole: a name, a reference, a URL."""
    return len(text) <= LONGEST_HOLE and not re.search(r"[\s;|]|&&", _ATOM.sub("", text))


def _is_good(parts: Pattern, texts: Sequence[str]) -> bool:
    holes = [part for part in parts if not isinstance(part, str)]
    if len(holes) > MOST_HOLES or any(_is_too_much(text) for hole in holes for text in set(hole)):
        return False
    shared = sum(len(part.strip()) for part in parts if isinstance(part, str))
    longest = max(map(len, texts))
    # A word is short, and its parts mean something: `py3.8-debian`.
    return shared * (2 if any(" " in text for text in texts) else 4) >= longest


def _is_too_much(text: str) -> bool:
    """Whether a piece of a text is no value of a parameter but a part of a script."""
    text = _ATOM.sub("", text)
    return (
        len(text) > LONGEST_HOLE or bool(re.search(r"[\n;|]|&&|\s\s", text)) or text.count(" ") > _MOST_SPACES
    )


_MOST_SPACES: Final = 3


def _cuts(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]] | None:
    """Columns of the rows: each has a token of every row, or (a hole) the text of several or none."""
    first = rows[0]
    if all(len(row) == len(first) for row in rows):
        columns = list(zip(*rows, strict=True))
        different = sum(len(set(column)) > 1 for column in columns)
        if different * 3 <= len(columns) or different <= 2:
            return columns
    if len(rows) > _MOST_ALIGNED or max(map(len, rows)) > _MOST_TOKENS:
        return None
    # Positions of the first row's tokens in each other row; a token that a row lacks is no anchor.
    places: list[dict[int, int]] = []
    for row in rows[1:]:
        blocks = SequenceMatcher(None, first, row, autojunk=False).get_matching_blocks()
        places.append({a + i: b + i for a, b, size in blocks for i in range(size)})
    anchors = [at for at in range(len(first)) if all(at in place for place in places)]
    columns = []
    done = [0] * len(rows)
    for at in [*anchors, len(first)]:
        ends = [at, *(place.get(at, len(row)) for place, row in zip(places, rows[1:], strict=True))]
        between = tuple("".join(row[s:e]) for row, s, e in zip(rows, done, ends, strict=True))
        if any(between):
            columns.append(between)
        if at < len(first):
            columns.append((first[at],) * len(rows))
        done = [end + 1 for end in ends]
    return columns


_MOST_ALIGNED: Final = 40
_MOST_TOKENS: Final = 600


def _joined(columns: Sequence[tuple[str, ...]]) -> list[str | tuple[str, ...]]:
    """Columns joined: shared tokens to one text, holes of one word to one hole."""
    kinds = [len(set(column)) == 1 for column in columns]
    _widen(columns, kinds)
    parts: list[str | tuple[str, ...]] = []
    for column, same in zip(columns, kinds, strict=True):
        if not parts or isinstance(parts[-1], str) != same:
            parts.append(column[0] if same else column)
        elif same:
            parts[-1] = f"{parts[-1]}{column[0]}"
        else:
            parts[-1] = tuple(f"{a}{b}" for a, b in zip(parts[-1], column, strict=True))
    return parts


def _widen(columns: Sequence[tuple[str, ...]], kinds: list[bool]) -> None:
    """Two holes of one word become one, which is all of the word: `py38_4.12.0`."""

    def is_shared(at: int, signs: str) -> bool:
        return 0 <= at < len(columns) and kinds[at] and bool(re.fullmatch(signs, columns[at][0]))

    last = -1
    for at, same in enumerate(list(kinds)):
        if same:
            continue
        if last >= 0 and at > last + 1 and all(is_shared(each, r"[\w.]+") for each in range(last + 1, at)):
            start, end = last, at
            while is_shared(start - 1, r"\w+"):
                start -= 1
            while is_shared(end + 1, r"\w+"):
                end += 1
            kinds[start : end + 1] = [False] * (end + 1 - start)
        last = at

"""Data of several images that is alike becomes one, with expressions where it differs (anti-unification).

Texts get an axis for what differs in them; lists of words and of steps keep what only some images have,
under a condition. What is not alike raises Unlike, and whoever asked keeps the images apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from rgraph.importing.aligning import aligned, exact, kind_of, opening, shape, stem
from rgraph.importing.axes import Axes, Vector, is_literal
from rgraph.importing.drafts import Data, comment_of, noted
from rgraph.importing.patterns import pattern

FIXED: Final = frozenset({"command", "type"})
"""Keys whose values the manifest language admits no expression for."""
MOST_CONDITIONS: Final = 12
"""Conditions in one list of words: more are no list any more."""
_LONGEST_EXPRESSION: Final = 900


class Unlike(Exception):
    """Data that no manifest could say in one."""


class Unifier:
    """Unifies data of rows; what differs goes into the axes."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes

    def unify(self, values: Sequence[Any], rows: Sequence[int], hint: str) -> Any:
        """One value for those of some rows. Raises Unlike."""
        first = values[0]
        if all(value is first for value in values) or len({exact(value) for value in values}) == 1:
            return first
        if hint in FIXED or len({type(value) for value in values}) > 1:
            raise Unlike(hint)
        match first:
            case str():
                return self.text(values, rows, hint)
            case bool():
                return f"${{{{ {self.axes.value(self._vector(values, rows), hint)} }}}}"
            case dict():
                return self._mapping(values, rows, hint)
            case list():
                return self._list(values, rows, hint)
        raise Unlike(hint)

    def text(self, values: Sequence[str], rows: Sequence[int], hint: str) -> str:
        """One text. Raises Unlike."""
        parts = pattern(values)
        if parts is None:
            raise Unlike(hint)
        made = before = ""
        for part in parts:
            if isinstance(part, str):
                made += part
                before = part
                continue
            if any("${{" in text for text in part):
                raise Unlike(hint)
            name = hint_of(before, hint)
            made += f"${{{{ {self.axes.text(self._vector(part, rows), name)} }}}}"
        return made

    def _vector(self, values: Sequence[Any], rows: Sequence[int]) -> Vector:
        found: list[Any] = [None] * self.axes.rows
        for row, value in zip(rows, values, strict=True):
            found[row] = value
        return tuple(found)

    def _mapping(self, values: Sequence[Data], rows: Sequence[int], hint: str) -> Data:
        names = list(values[0])
        if any(set(value) != set(names) for value in values):
            raise Unlike(hint)
        generic = {"apt", "run", "url", "packages", "value", "to", "reference"}
        return {
            name: self.unify(
                [value[name] for value in values], rows, hint if name in generic and hint else name
            )
            for name in names
        }

    def _list(self, values: Sequence[list[Any]], rows: Sequence[int], hint: str) -> list[Any]:
        if not all(isinstance(item, str) for value in values for item in value):
            if len({len(value) for value in values}) > 1:
                raise Unlike(hint)
            columns = zip(*values, strict=True)
            return [self.unify(column, rows, hint) for column in columns]
        return self._words(values, rows, hint)

    def _words(self, values: Sequence[list[str]], rows: Sequence[int], hint: str) -> list[Any]:
        """A list of texts; those that only some rows have stand under a condition."""
        made: list[Any] = []
        pending: list[str] = []
        present: tuple[int, ...] = ()

        def flush() -> None:
            if pending:
                made.extend(self._conditional(pending, present, rows, hint))
                pending.clear()

        everywhere = tuple(rows)
        for here, texts in self._columns(values, rows):
            if here == everywhere:
                flush()
                made.append(self.text(texts, rows, hint))
            elif len(set(texts)) > 1:
                raise Unlike(hint)
            else:
                if here != present:
                    flush()
                present = here
                pending.append(texts[0])
        flush()
        if sum("${{" in item for item in made) > MOST_CONDITIONS:
            raise Unlike(hint)
        return made

    def _columns(
        self, values: Sequence[list[str]], rows: Sequence[int]
    ) -> list[tuple[tuple[int, ...], list[str]]]:
        """Columns of words: the rows that have something there, and what.

        Only a column of all rows has texts that differ.
        """
        found: list[tuple[tuple[int, ...], list[str]]] = []
        for column in aligned(values, (exact, shape, opening)):
            by_text: dict[str, list[int]] = {}
            for row, text in zip(rows, column, strict=True):
                if text is not None:
                    by_text.setdefault(text, []).append(row)
            texts = [text for text in column if text is not None]
            if len(texts) == len(rows) and pattern(texts) is not None:
                found.append((tuple(rows), texts))
            else:
                found += [(tuple(here), [text] * len(here)) for text, here in by_text.items()]
        return found

    def _conditional(
        self, words: Sequence[str], present: Sequence[int], rows: Sequence[int], hint: str
    ) -> list[str]:
        spaced = any(" " in word for word in words)
        if not all(map(is_literal, words)):
            raise Unlike(hint)
        condition = self.condition(present, rows, of_command(words[0]) if spaced else words[0])
        if spaced:
            return [f"${{{{ '{word}' if {condition} }}}}" for word in words]
        made, line = [], ""
        for word in [*words, ""]:
            if line and (not word or len(line) + len(word) > _LONGEST_EXPRESSION):
                listed = f"'{line}' | split(' ')" if " " in line else f"'{line}'"
                made.append(f"${{{{ {listed} if {condition} }}}}")
                line = ""
            line += f" {word}" if line else word
        return made

    def condition(self, present: Sequence[int], rows: Sequence[int], hint: str) -> str:
        """An expression that is true in some of the rows."""
        return self.axes.flag(self._vector([row in present for row in rows], rows), hint)

    def steps(self, values: Sequence[Sequence[Data]], rows: Sequence[int]) -> list[Data]:
        """One list of steps; those that only some rows have get a `when`. Raises Unlike."""
        made: list[Data] = []
        for column in aligned(values, (exact, shape, stem)):
            entries = [(row, step) for row, step in zip(rows, column, strict=True) if step is not None]
            while entries:
                step, entries = self._step(entries, rows)
                made.append(step)
        return made

    def _step(
        self, entries: Sequence[tuple[int, Data]], rows: Sequence[int]
    ) -> tuple[Data, list[tuple[int, Data]]]:
        """One step of as many entries as it can be made of, and the others."""
        groups: dict[str, list[tuple[int, Data]]] = {}
        for entry in entries:
            groups.setdefault(shape(entry[1]), []).append(entry)
        tries = [list(entries), *groups.values()] if len(groups) > 1 else [list(entries)]
        same = [entry for entry in entries if exact(entry[1]) == exact(entries[0][1])]
        for some in [*tries, same]:
            mark = self.axes.mark()
            try:
                return self._as_one(some, rows), [entry for entry in entries if entry not in some]
            except Unlike:
                self.axes.reset(mark)
        raise Unlike("steps")

    def _as_one(self, entries: Sequence[tuple[int, Data]], rows: Sequence[int]) -> Data:
        here = [row for row, _ in entries]
        steps = [step for _, step in entries]
        first = steps[0]
        hint = hint_of_step(first)
        if any(kind_of(step) != kind_of(first) for step in steps):
            raise Unlike(hint)
        condition = ""
        if len(here) < len(rows):
            if "when" in first:
                raise Unlike(hint)
            condition = self.condition(here, rows, hint)
        if kind_of(first) == "group":
            made = {**first, "group": self.steps([step["group"] for step in steps], here)}
        else:
            made = dict(self._mapping(steps, here, hint))
        if condition:
            made["when"] = f"${{{{ {condition} }}}}"
        return noted(made, next(filter(None, map(comment_of, steps)), ""))


_MEANINGLESS: Final = frozenset(
    {"https", "http", "com", "org", "net", "v", "www", "download", "releases", "tmp", "opt"}
)


def hint_of(before: str, otherwise: str) -> str:
    """A name for what stands behind a text: its last word; else the name that is known."""
    match = re.search(r"([A-Za-z][A-Za-z0-9]*)[-_=:/ .]*v?$", before[-60:])
    word = match[1].lower() if match else ""
    if len(word) > 1 and word not in _MEANINGLESS and re.search(r"[A-Za-z0-9_=-]v?$", before):
        return word
    return re.sub(r"_?(version|ver)$", "", otherwise, flags=re.IGNORECASE) or otherwise


def hint_of_step(step: Data) -> str:
    """A name for a step: of the program, package or variable that it is about."""
    kind = kind_of(step)
    body = step[kind]
    if kind == "group" and body:
        return hint_of_step(min(body, key=lambda each: (rank(each), -len(exact(each)))))
    if kind == "label":
        return "labels"
    text = _told(body)
    if kind == "run":
        text = of_command(" ".join(body) if isinstance(body, list) else body)
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", re.split(r"[=<>:]", text)[0])
    name = "_".join(words[:2] if kind in ("run", "env") else words[:1]) or kind
    return re.sub(r"_(version|ver)$", "", name, flags=re.IGNORECASE).lower()


def _told(body: Any) -> str:
    """The first thing that the body of a step names."""
    match body:
        case str():
            return body
        case [first, *_]:
            return _told(first)
        case {"name": str(name)}:
            return name
        case {"packages": [*packages]}:
            return _told(packages)
        case {"url": str(url)} | {"git": str(url)}:
            return re.split(r"[-_.0-9?]", url.rstrip("/").rpartition("/")[2])[0]
        case {"files": named} | {"from": named}:
            return _told(named)
        case dict() if body:
            return str(next(iter(body)))
    return ""


_RANKS: Final = (
    "source",
    "download",
    "key",
    "github",
    "conda",
    "url",
    "cran",
    "bioconductor",
    "pip",
    "apt",
    "take",
)


def rank(step: Data) -> int:
    """How well a step names what it is part of: a program that is built says most."""
    kind = kind_of(step)
    if kind == "env" and any(name.upper().endswith("_VERSION") for name in step["env"]):
        return 1
    if kind == "group" and step["group"]:
        return min(map(rank, step["group"]))
    return _RANKS.index(kind) if kind in _RANKS else len(_RANKS)


_COMMON: Final = frozenset(
    (
        "apt",
        "get",
        "update",
        "install",
        "run",
        "set",
        "mkdir",
        "tmp",
        "bash",
        "bin",
        "usr",
        "apk",
        "add",
        "sudo",
    )
)


def of_command(text: str) -> str:
    """The word of a script that tells it from others: the first that scripts do not all have."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9]{2,}", text[:400])
    return next((word for word in words if word.lower() not in _COMMON), "run")

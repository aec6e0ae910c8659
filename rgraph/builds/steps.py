"""What BuildKit tells while it builds, as `--progress=plain` writes it.

Source: BuildKit, `util/progress/progressui`: `#7 [2/5] RUN ...` opens a vertex, `#7 CACHED`,
`#7 DONE 1.2s` and `#7 ERROR ...` end it, `#7 0.310 text` is a line of its output.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

_VERTEX: Final = re.compile(r"#(\d+) \[(?:([^\]]*?) ?)??(\d+)/(\d+)\] (.*)")
_CLASSIC: Final = re.compile(r"Step (\d+)/(\d+) : (.*)")
"""As Docker's older builder writes it, which is the only one for Windows."""
_NUMBER: Final = re.compile(r"#(\d+) (.*)")
_NAMED: Final = re.compile(r"\[([^\]\s]+)(?: [^\]]*)?\]")
_EXPORT: Final = re.compile(r"#\d+ (?:\[[^\]]*\] )?(exporting to \w+|importing to \w+)")
_PUSH: Final = re.compile(r"(?:#\d+ pushing layers|The push refers to repository) ?")
_END: Final = re.compile(r"(?:DONE \S+|CACHED)$")
_ERROR: Final = re.compile(r"ERROR:? (.*)")
_SUMMARY: Final = re.compile(r" > (\[.*)")
_FAILED: Final = re.compile(r"ERROR: (?:target \S+: )?(?:failed to (?:solve|build): )?(.*)")
_CANCELLED: Final = "context canceled"


class Step(Struct, frozen=True):
    """Where a build is."""

    number: int
    of: int
    text: str
    """The instruction."""
    stage: str = ""
    """Of bake the target, of a build with several stages the stage, if it says so."""


def step_of(line: str) -> Step | None:
    """The step that a line begins; None if it begins none."""
    if found := _VERTEX.match(line):
        _, stage, number, of, text = found.groups()
        return Step(int(number), int(of), " ".join(text.split()), stage or "")
    if found := _CLASSIC.match(line):
        return Step(int(found[1]), int(found[2]), found[3])
    if found := _EXPORT.match(line):
        return Step(0, 0, found[1])
    if _PUSH.match(line):
        return Step(0, 0, "pushing")
    return None


def reason_of(lines: tuple[str, ...], code: int) -> str:
    """Why a build failed, one sentence: what the builder said last of it."""
    for line in reversed(lines):
        if (found := _FAILED.match(line)) and found[1].strip():
            return found[1].strip().rstrip(".")
    told = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return told.rstrip(".") or f"the builder ended with code {code}"


class Sorter:
    """Tells the lines of several targets apart, which bake writes into one stream.

    Each vertex names a target when it begins (`#5 [base 2/7] RUN ...`); later lines only its number. What
    several targets share may be named after any of them.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        self._targets = frozenset(targets)
        self._only = next(iter(self._targets)) if len(self._targets) == 1 else ""
        self._vertices: dict[str, str] = {}
        self._open: set[str] = set()
        self.blamed: dict[str, str] = {}
        """Target of which a step failed -> why."""

    def target(self, line: str) -> str:
        """The target that a line is about; empty for one that is about none, or several."""
        if summary := _SUMMARY.match(line):
            self._blame(self._named(summary[1]), "")
        found = _NUMBER.match(line)
        if not found:
            return self._only
        number, rest = found.groups()
        if named := self._named(rest):
            self._vertices[number] = named
            self._open.add(number)
        target = self._vertices.get(number, self._only)
        if _END.match(rest):
            self._open.discard(number)
        if error := _ERROR.match(rest):
            self._blame(target, error[1])
        return target

    @property
    def unfinished(self) -> frozenset[str]:
        """Targets of which a step ran to no good end: it runs, or has failed, or was cancelled."""
        return frozenset(self._vertices[number] for number in self._open)

    def _named(self, text: str) -> str:
        if self._only:
            return self._only if text.startswith("[") else ""  # then bake names none
        named = _NAMED.match(text)
        return named[1] if named and named[1] in self._targets else ""

    def _blame(self, target: str, why: str) -> None:
        if target and not why.endswith(_CANCELLED):
            self.blamed[target] = self.blamed.get(target) or why

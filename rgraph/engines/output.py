"""What a program in a container writes, kept as far as it is of use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

KEPT: Final = 1 << 20
"""Characters of an output that are kept, of its beginning and of its end each."""


class Output:
    """The lines of an output, of a long one its beginning and its end."""

    def __init__(self, sink: Callable[[str], None]) -> None:
        self._sink = sink
        self._head: list[str] = []
        self._tail: list[str] = []
        self._sizes = [0, 0]
        self.size = 0
        """Characters of all that came."""

    def take(self, line: str) -> None:
        """One line more."""
        self.size += len(line) + 1
        self._sink(line)
        if self._sizes[0] < KEPT:
            self._head.append(line)
            self._sizes[0] += len(line) + 1
            return
        self._tail.append(line)
        self._sizes[1] += len(line) + 1
        while self._sizes[1] > KEPT and len(self._tail) > 1:
            self._sizes[1] -= len(self._tail.pop(0)) + 1

    def text(self) -> str:
        """All that is kept."""
        return "\n".join([*self._head, *self._tail])

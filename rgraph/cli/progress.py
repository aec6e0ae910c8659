"""How far a long piece of asking is, in one line of a terminal that is written over again and again."""

from __future__ import annotations

import sys
import time
from threading import Lock
from typing import Final

_PAUSE: Final = 0.1
"""Seconds between two pictures."""


class Meter:
    """Draws on stderr, if that is a terminal; the line is gone at the end of a `with`."""

    def __init__(self) -> None:
        self._drawing = sys.stderr.isatty()
        self._lock = Lock()
        self._what, self._total, self._answered, self._bytes = "", 0, 0, 0
        self._next, self._width = 0.0, 0

    def __enter__(self) -> Meter:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            # What still runs in the background must not draw over what comes next.
            if self._drawing and self._width:
                self._put("")
            self._drawing = False

    def begin(self, what: str, total: int) -> None:
        """So many questions are put now."""
        with self._lock:
            self._what, self._total, self._answered, self._bytes, self._next = what, total, 0, 0, 0.0
            self._draw()

    def answered(self) -> None:
        """One more has its answer."""
        with self._lock:
            self._answered += 1
            self._draw()

    def read(self, size: int) -> None:
        """So many bytes more have come."""
        with self._lock:
            self._bytes += size
            self._draw()

    def _draw(self) -> None:
        now = time.monotonic()
        if self._drawing and now >= self._next:
            self._next = now + _PAUSE
            size = f", {self._bytes / 1e6:,.1f} MB" if self._bytes else ""
            self._put(f"{self._answered:,} of {self._total:,} {self._what}{size}")

    def _put(self, text: str) -> None:
        # Spaces and no escape sequence: they clear the old line on every terminal.
        sys.stderr.write(f"\r{text.ljust(self._width)}\r" if not text else f"\r{text.ljust(self._width)}")
        sys.stderr.flush()
        self._width = len(text)

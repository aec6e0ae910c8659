"""What lets a long run end in order when somebody interrupts it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType


class Stop:
    """Is set by the first SIGINT or SIGTERM.

    Outside of `gently` that raises KeyboardInterrupt, too; within it the work looks at `event` and ends in
    order. Later signals change nothing: what is ending has time limits of its own.
    """

    def __init__(self) -> None:
        self.event = Event()
        self.number = 0
        """The signal that came first; 0 if none did."""
        self._gentle = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes the signals of the process; only its main thread can."""
        before = {each: signal.signal(each, self._take) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def gently(self) -> Iterator[None]:
        """Work that looks at `event` by itself."""
        self._gentle = True
        try:
            yield
        finally:
            self._gentle = False

    def _take(self, number: int, _: FrameType | None) -> None:
        if self.number:
            return
        self.number = number
        self.event.set()
        if not self._gentle:
            raise KeyboardInterrupt

"""Work on several things at once, by threads that end before the run does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final, TypeVar

_LOOK: Final = 0.5
"""Seconds between two looks at signals."""

_Result = TypeVar("_Result")
_Told = tuple[str, _Result | BaseException, float]
"""What was done, what came of it, and its seconds."""


def work(
    take: Callable[[], str | None],
    do: Callable[[str], _Result],
    settle: Callable[[str, _Result, float], None],
    at_once: int,
    stop: Event,
) -> None:
    """Does things that `take` gives out (None: none at present) until there are no more.

    `settle` is told, by this thread, what came of each and how many seconds it took; that may make more of
    them ready. When `stop` is set, nothing new is begun; what runs is waited for. An exception of `do` or
    `settle` sets it, and is raised at the end.
    """
    told = SimpleQueue[_Told[_Result]]()
    running = 0
    failure: BaseException | None = None
    while True:
        while running < at_once and not stop.is_set() and (id := take()) is not None:
            Thread(target=_do, args=(id, do, told), daemon=True).start()
            running += 1
        if not running:
            break
        id, result, seconds = _next(told)
        running -= 1
        try:
            if isinstance(result, BaseException):
                raise result
            settle(id, result, seconds)
        except BaseException as error:
            failure = failure or error
            stop.set()
    if failure:
        raise failure


def _do(id: str, do: Callable[[str], _Result], told: SimpleQueue[_Told[_Result]]) -> None:
    begun = time.monotonic()
    try:
        result: _Result | BaseException = do(id)
    except BaseException as error:  # the thread that waits for it raises it
        result = error
    told.put((id, result, time.monotonic() - begun))


def _next(told: SimpleQueue[_Told[_Result]]) -> _Told[_Result]:
    while True:
        # With a limit: a thread that waits without one sees no signal.
        with suppress(Empty):
            return told.get(timeout=_LOOK)


class Stopwatch:
    """Seconds from the first to the last thing that was noted of each image."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def note(self, id: str) -> bool:
        """Notes something of an image; whether it is the first."""
        now = time.monotonic()
        self._last[id] = now
        return self._first.setdefault(id, now) == now

    def seconds(self, id: str) -> float:
        """How long an image took."""
        return self._last.get(id, 0.0) - self._first.get(id, 0.0)

"""How far a build is: on a terminal a line for each image that is being built, else a line for each step."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import Final

from msgspec import Struct

from rgraph.builds.record import BuiltImage
from rgraph.builds.steps import Step
from rgraph.cli.common import coloured, note, printable

_PAUSE: Final = 0.2
"""Seconds between two pictures."""
_BAR: Final = 12
"""Columns of a bar."""
_UP: Final = "\x1b[{}A"
_CLEAR: Final = "\x1b[J"
"""Clears from here to the end of the screen (ECMA-48, 8.3.39)."""
_COLOURS: Final = {"built": "green", "present": "green", "skipped": "yellow"}


class _Line(Struct):
    """An image that is being built."""

    begun: float
    number: int = 0
    of: int = 0
    text: str = "starting"


class Plain:
    """A line when an image begins, at each of its steps, and when it ends."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lines: dict[str, _Line] = {}
        self._total = self._ended = 0

    def begin(self, total: int) -> None:
        """So many images are built now."""
        self._total = total

    def started(self, id: str) -> None:
        """An image is being built."""
        with self._lock:
            self._lines[id] = _Line(time.monotonic())
            self._say(f"{id}: building")

    def step(self, id: str, step: Step) -> None:
        """The build of an image has come to a step."""
        with self._lock:
            line = self._lines.get(id)
            if line is None or (line.number, line.of, line.text) == (step.number, step.of, step.text):
                return
            line.number, line.of, line.text = step.number, step.of, step.text
            place = f"[{step.number}/{step.of}] " if step.of else ""
            self._say(f"{id}: {_clock(line)} {place}{_cut(printable(step.text), 100)}")

    def ended(self, id: str, image: BuiltImage) -> None:
        """An image is there, or will not be."""
        with self._lock:
            self._lines.pop(id, None)
            self._ended += 1
            self._say(self._result(id, image))

    def note(self, text: str) -> None:
        """A remark."""
        with self._lock:
            self._say(text)

    def _result(self, id: str, image: BuiltImage) -> str:
        state = coloured(image.state, _COLOURS.get(image.state, "red"), err=True)
        took = f" in {image.seconds:.1f} s" if image.seconds else ""
        why = f": {_cut(printable(image.reason), 300)}" if image.reason else ""
        return f"{id}: {state}{took}{why} ({self._ended} of {self._total})"

    def _say(self, text: str) -> None:
        note(text)


class Live(Plain):
    """The same on a terminal: what has ended stands above a line for each image that is being built."""

    def __init__(self) -> None:
        super().__init__()
        self._drawn = 0

    def started(self, id: str) -> None:
        """An image is being built."""
        with self._lock:
            self._lines[id] = _Line(time.monotonic())
            self._draw()

    def step(self, id: str, step: Step) -> None:
        """The build of an image has come to a step."""
        with self._lock:
            if line := self._lines.get(id):
                line.number, line.of, line.text = step.number, step.of, step.text

    def draw(self) -> None:
        """Draws anew."""
        with self._lock:
            self._draw()

    def clear(self) -> None:
        """Takes away what is drawn."""
        with self._lock:
            self._lines.clear()
            self._draw()

    def _say(self, text: str) -> None:
        self._draw(text)

    def _draw(self, text: str = "") -> None:
        columns, rows = shutil.get_terminal_size()
        shown = list(self._lines.items())[: max(1, rows - 2)]
        width = max((len(id) for id, _ in shown), default=0)
        lines = [_cut(_shown(id.ljust(width), line), columns - 1) for id, line in shown]
        before = f"{_UP.format(self._drawn)}\r" if self._drawn else "\r"
        above = f"{text}\n" if text else ""
        below = "".join(f"{line}\n" for line in lines)
        sys.stderr.write(f"{before}{_CLEAR}{above}{below}")
        sys.stderr.flush()
        self._drawn = len(lines)


@contextmanager
def build_progress() -> Iterator[Plain]:
    """What shows the progress of a build, as fits what stderr is."""
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield Plain()
        return
    live, end = Live(), Event()

    def draw() -> None:
        while not end.wait(_PAUSE):
            live.draw()

    thread = Thread(target=draw, daemon=True)
    thread.start()
    try:
        yield live
    finally:
        end.set()
        thread.join()
        live.clear()


def _shown(id: str, line: _Line) -> str:
    done = min(_BAR, line.number * _BAR // line.of) if line.of else _BAR * (line.number > 0)
    bar = f"{'#' * done}{'.' * (_BAR - done)}"
    place = f"{line.number}/{line.of} " if line.of else ""
    return f"{id} [{bar}] {_clock(line)} {place}{printable(line.text)}"


def _clock(line: _Line) -> str:
    seconds = int(time.monotonic() - line.begun)
    return f"{seconds // 60:02}:{seconds % 60:02}"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(0, width - 3)]}..."

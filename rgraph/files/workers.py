"""Work on many things in copies of this process: several at a time, each with a time limit.

What is imported may be hostile, and the parser that reads it is not ours to interrupt: an item that takes
too long, or that ends the process that works on it, is given up alone, and the others go on.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")

SECONDS: Final = 10.0
"""Longest that one item may take. The slowest known Dockerfile takes half a second on a busy machine."""
_HEAD: Final = struct.Struct("<Q")
_FEW: Final = 8
"""Items for which one process is enough."""
_UNSAFE: Final = "dockerfile"
"""A module whose threads do not survive a fork: once it is loaded here, the work is done here."""


class Failed(msgspec.Struct, frozen=True):
    """An item without a result."""

    what: str
    """Why, as part of a sentence."""


def in_workers(
    items: Sequence[T], work: Callable[[T], R], kind: type[R], seconds: float = SECONDS
) -> list[R | Failed]:
    """The result of each item, in order; `kind` is the results' type, for msgspec.

    An exception of `work` gives Failed with its text. Where processes cannot be copied, there is no time
    limit.
    """
    if not hasattr(os, "fork") or _UNSAFE in sys.modules:
        return [_attempt(work, item) for item in items]
    count = 1 if len(items) <= _FEW else min(4, os.cpu_count() or 1)
    decode = msgspec.msgpack.Decoder(kind).decode
    results: list[R | Failed] = [Failed("was not reached")] * len(items)
    # In turn: neighbours are alike, and so is what they cost.
    waiting = [list(range(start, len(items), count)) for start in range(count)]
    running = [_Worker(items, work, mine, seconds) for mine in waiting if mine]
    try:
        while running:
            ready, _, _ = select.select([each.source for each in running], [], [], _next(running))
            for each in list(running):
                again = each.step(each.source in ready, results, decode)
                if not again:
                    running.remove(each)
                    each.end()
                    if each.todo:
                        running.append(_Worker(items, work, each.todo, seconds))
    finally:
        for each in running:
            each.end()
    return results


def _attempt(work: Callable[[T], R], item: T) -> R | Failed:
    try:
        return work(item)
    except Exception as error:
        return Failed(f"{type(error).__name__}: {error}")


def _next(running: Sequence[_Worker[T, R]]) -> float:
    return max(0.0, min(each.deadline for each in running) - time.monotonic())


class _Worker(Generic[T, R]):
    """A copy of this process that works on some of the items, one after the other."""

    def __init__(
        self, items: Sequence[T], work: Callable[[T], R], todo: Sequence[int], seconds: float
    ) -> None:
        self.todo = list(todo)
        self._seconds = seconds
        self._buffer = b""
        self.source, sink = os.pipe()
        self.deadline = time.monotonic() + seconds
        self._child = os.fork()
        if self._child == 0:
            _serve(sink, items, work, self.todo)
        os.close(sink)

    def step(self, ready: bool, results: list[R | Failed], decode: Callable[[bytes], R]) -> bool:
        """Takes what has come; whether there is more to wait for."""
        if not ready:
            if time.monotonic() < self.deadline:
                return True
            results[self.todo.pop(0)] = Failed(f"takes longer than {self._seconds:g} seconds")
            return False
        data = os.read(self.source, 1 << 20)
        if not data:
            if self.todo:
                results[self.todo.pop(0)] = Failed("ends the program that reads it")
            return False
        self._buffer += data
        self._take(results, decode)
        return True

    def _take(self, results: list[R | Failed], decode: Callable[[bytes], R]) -> None:
        while len(self._buffer) >= _HEAD.size:
            size = _HEAD.unpack_from(self._buffer)[0]
            if len(self._buffer) < _HEAD.size + size:
                return
            body = self._buffer[_HEAD.size : _HEAD.size + size]
            self._buffer = self._buffer[_HEAD.size + size :]
            index = self.todo.pop(0)
            results[index] = decode(body[1:]) if body[:1] == b"+" else Failed(body[1:].decode())
            self.deadline = time.monotonic() + self._seconds

    def end(self) -> None:
        """Ends the copy, whatever it does."""
        os.close(self.source)
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)


def _serve(sink: int, items: Sequence[T], work: Callable[[T], R], todo: Sequence[int]) -> None:
    """Never returns: the copy must do nothing else that its original does."""
    try:
        # What the parser says when it crashes is nothing that people could use.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        encode = msgspec.msgpack.Encoder().encode
        for index in todo:
            made = _attempt(work, items[index])
            body = (
                b"-" + made.what.encode(errors="replace") if isinstance(made, Failed) else b"+" + encode(made)
            )
            view = memoryview(_HEAD.pack(len(body)) + body)
            while view:
                view = view[os.write(sink, view) :]
    finally:
        os._exit(0)

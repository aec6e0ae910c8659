"""Work on a list in two processes: half here, half in a copy of this one.

Reading YAML is most of what a large catalogue costs, and two processors are common; threads would
take turns at the interpreter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")
R = TypeVar("R")

ENOUGH: Final = 500
"""Items from which on a second process saves more than it costs."""


def in_halves(items: Sequence[T], work: Callable[[Sequence[T]], R], kind: type[R]) -> list[R]:
    """The results of the work on the items, in one part or two; `kind` is their type, for msgspec.

    The second half's result comes back through a pipe. If the copy fails, the work is done here.
    """
    if len(items) < ENOUGH or not hasattr(os, "fork") or (os.cpu_count() or 1) < 2:
        return [work(items)]
    half = len(items) // 2
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        _work_in_copy(sink, lambda: work(items[half:]))
    os.close(sink)
    try:
        first = work(items[:half])
        with open(source, "rb", closefd=False) as stream:
            answer = stream.read()
    finally:
        os.close(source)
        os.waitpid(child, 0)
    try:
        return [first, msgspec.msgpack.decode(answer, type=kind)]
    except msgspec.DecodeError:
        return [first, work(items[half:])]


def _work_in_copy(sink: int, work: Callable[[], object]) -> None:
    """Never returns: the copy must do nothing else that its original does."""
    try:
        view = memoryview(msgspec.msgpack.encode(work()))
        while view:
            view = view[os.write(sink, view) :]
    finally:
        os._exit(0)

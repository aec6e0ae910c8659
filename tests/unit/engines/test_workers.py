"""Work on several things at once: how many, in which order, and how it ends."""

from __future__ import annotations

import signal
import threading
import time
from threading import Event, Lock

import pytest

from rgraph.engines.signals import Stop
from rgraph.engines.workers import Stopwatch, work


class Things:
    """Things to do, and what was done to them."""

    def __init__(self, *ids: str) -> None:
        self._todo = list(ids)
        self._lock = Lock()
        self.running = self.most = 0
        self.settled: list[tuple[str, str]] = []

    def take(self) -> str | None:
        return self._todo.pop(0) if self._todo else None

    def do(self, id: str) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        time.sleep(0.05)
        with self._lock:
            self.running -= 1
        return id.upper()

    def settle(self, id: str, result: str, seconds: float) -> None:
        assert threading.current_thread() is threading.main_thread()
        assert seconds >= 0.05
        self.settled.append((id, result))


@pytest.mark.parametrize("at_once", [1, 3, 9])
def test_all_is_done_and_no_more_at_once(at_once: int) -> None:
    things = Things(*"abcdef")
    work(things.take, things.do, things.settle, at_once, Event())
    assert sorted(things.settled) == [(id, id.upper()) for id in "abcdef"]
    assert things.most == min(at_once, 6)


def test_what_one_makes_ready_comes_next() -> None:
    things = Things("a")

    def settle(id: str, result: str, seconds: float) -> None:
        things.settle(id, result, seconds)
        if len(things.settled) < 3:
            things._todo.append(id + "a")

    work(things.take, things.do, settle, 4, Event())
    assert [id for id, _ in things.settled] == ["a", "aa", "aaa"]


def test_nothing_is_begun_after_a_stop() -> None:
    things, stop = Things(*"abcdef"), Event()

    def settle(id: str, result: str, seconds: float) -> None:
        things.settle(id, result, seconds)
        stop.set()

    work(things.take, things.do, settle, 2, stop)
    assert [id for id, _ in sorted(things.settled)] == ["a", "b"], "what runs is waited for"


def test_an_error_ends_it_and_is_raised() -> None:
    things, stop = Things(*"abc"), Event()

    def do(id: str) -> str:
        if id == "a":
            raise ValueError(id)
        return things.do(id)

    with pytest.raises(ValueError, match="a"):
        work(things.take, do, things.settle, 2, stop)
    assert stop.is_set()
    assert things.settled == [("b", "B")]


def test_a_stopwatch() -> None:
    watch = Stopwatch()
    assert watch.note("a")
    time.sleep(0.02)
    assert not watch.note("a")
    assert watch.seconds("a") >= 0.02
    assert watch.seconds("b") == 0.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts_once(number: signal.Signals) -> None:
    stop = Stop()
    with stop.listening():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGINT)
    assert (stop.number, stop.event.is_set()) == (number, True)


def test_a_signal_is_gentle_where_that_is_wanted() -> None:
    stop, before = Stop(), signal.getsignal(signal.SIGTERM)
    with stop.listening(), stop.gently():
        signal.raise_signal(signal.SIGTERM)
        assert stop.event.is_set()
    assert stop.number == signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before

"""Many questions at once: nobody waits for one that has no end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rgraph.engines.answers import NO_ANSWERS, Answer, ask_all
from rgraph.engines.checksums import checksums
from rgraph.engines.credentials import Keyring
from rgraph.engines.errors import CouldNotAskError, Missing, Refused
from rgraph.engines.registry import Registry
from rgraph.engines.web import Web
from tests.unit.engines.serving import QUICK, Asked, Said, serving

ANSWERS: dict[str, Answer] = {"found": "x", "missing": Missing("m"), "refused": Refused("r")}


class Noting:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told = 0
        self.bytes = 0

    def begin(self, what: str, total: int) -> None:
        raise AssertionError("who asks knows what it is about")

    def answered(self) -> None:
        self.told += 1

    def read(self, size: int) -> None:
        self.bytes += size


def test_answers_are_sorted_and_in_the_order_of_their_questions() -> None:
    def ask(question: str) -> Answer:
        time.sleep(0.03 if question == "found" else 0)
        if question.startswith("fail"):
            raise CouldNotAskError(question, "no")
        return ANSWERS[question]

    progress = Noting()
    found = ask_all(["found", "fail", "missing", "found", "refused", "failed"], ask, progress=progress)
    assert found.found == {"found": "x"}
    assert list(found.absent) == ["missing", "refused"]
    assert list(found.failed) == ["fail", "failed"]
    assert progress.told == 5


def test_no_questions() -> None:
    assert ask_all([], lambda _: "x") == NO_ANSWERS


def test_so_many_at_once_and_no_more() -> None:
    running, most, guard = 0, 0, threading.Lock()

    def ask(_: str) -> Answer:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with guard:
            running -= 1
        return "x"

    ask_all(map(str, range(20)), ask, at_once=3)
    assert most == 3


def test_a_question_without_end_is_given_up_and_the_rest_is_asked() -> None:
    never = threading.Event()

    def ask(question: str) -> Answer:
        if question.startswith("never"):
            never.wait(20)
        return question

    questions = ["never1", "a", "never2", "b", "never3", "c"]
    start = time.monotonic()
    found = ask_all(questions, ask, at_once=2, patience=0.3)
    assert time.monotonic() - start < 5
    never.set()
    assert list(found.found) == ["a", "b", "c"]
    assert list(found.failed) == ["never1", "never2", "never3"]
    assert str(found.failed["never1"]) == "cannot ask never1: it took longer than 0.3 s"


def test_our_own_errors_are_not_hidden() -> None:
    def ask(question: str) -> Answer:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask_all(["a", "b"], ask)


def dripping(_: Asked) -> Iterator[bytes]:
    """Headers without end: each byte comes within the time limit for one."""
    yield b"HTTP/1.1 200 OK\r\nX: "
    for _count in range(100):
        time.sleep(0.05)
        yield b"x"


def test_headers_without_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("rgraph.engines.registry._PATIENCE", 0.5)
    with serving(dripping) as server, Web(limits=QUICK) as web:
        start = time.monotonic()
        found = Registry(web, Keyring([tmp_path / "none"])).digests([f"{server.host}/a:1"])
        assert time.monotonic() - start < 3
    assert "it took longer than 0.5 s" in str(found.failed[f"{server.host}/a:1"])


def test_how_far_downloads_are() -> None:
    progress = Noting()
    with serving(lambda _: Said(200, b"12345")) as server, Web(limits=QUICK) as web:
        checksums(web, [f"{server.url}/a", f"{server.url}/b"], progress=progress)
    assert (progress.told, progress.bytes) == (2, 10)

"""Many questions at once, and their answers sorted into found, not there, and not asked."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from msgspec import Struct

from rgraph.engines.addresses import shown
from rgraph.engines.errors import CouldNotAskError, Missing, NotAllAskedError, Refused
from rgraph.engines.progress import SILENT, Progress

Answer = str | Missing | Refused

_LOOK: Final = 0.25
"""Seconds between two looks at who takes too long."""


class Answers(Struct, frozen=True):
    """What came of many questions, each in their order."""

    found: Mapping[str, str]
    """Question -> digest or checksum."""
    absent: Mapping[str, Missing | Refused]
    failed: Mapping[str, CouldNotAskError]

    def raise_failed(self) -> None:
        """Raises CouldNotAskError, or NotAllAskedError if there are several, unless all could be asked."""
        different = {str(error): error for error in self.failed.values()}
        if len(different) > 1:
            raise NotAllAskedError(different.values())
        for error in different.values():
            raise error


NO_ANSWERS: Final = Answers({}, {}, {})
"""Those of no questions."""


def ask_all(
    questions: Iterable[str],
    ask: Callable[[str], Answer],
    at_once: int = 8,
    patience: float = math.inf,
    progress: Progress = SILENT,
) -> Answers:
    """Puts each different question once, some at a time. Only CouldNotAskError is caught.

    A question that takes longer than `patience` seconds counts as one that could not be asked: a server
    may keep us for ever with a byte now and then, and the machine's own look-up of names has no limit.
    """
    different = tuple(dict.fromkeys(questions))
    answers = _answers(different, ask, at_once, patience, progress)
    found: dict[str, str] = {}
    absent: dict[str, Missing | Refused] = {}
    failed: dict[str, CouldNotAskError] = {}
    for question in different:
        match answer := answers[question]:
            case str():
                found[question] = answer
            case Missing() | Refused():
                absent[question] = answer
            case CouldNotAskError():
                failed[question] = answer
            case _:
                raise answer
    return Answers(found, absent, failed)


class _Said(Struct, frozen=True, eq=False):
    """What a thread tells: that a question is put, or what its answer is."""

    question: str
    at: float
    answer: Answer | Exception | None = None


def _answers(
    questions: Sequence[str], ask: Callable[[str], Answer], at_once: int, patience: float, progress: Progress
) -> dict[str, Answer | Exception]:
    todo, told = deque(questions), SimpleQueue[_Said]()
    answers: dict[str, Answer | Exception] = {}
    running: dict[str, float] = {}
    for _ in range(min(max(1, at_once), len(questions))):
        _start(todo, ask, told)
    while len(answers) < len(questions):
        settled: dict[str, Answer | Exception] = {}
        said = _next(told)
        if said and said.answer is None:
            running[said.question] = said.at
        elif said and said.answer is not None:
            settled[said.question] = said.answer
        for question in _overdue(running, patience):
            settled.setdefault(
                question, CouldNotAskError(shown(question), f"it took longer than {patience:g} s")
            )
            _start(todo, ask, told)  # in place of the thread that waits there
        for question in settled.keys() - answers.keys():
            answers[question] = settled[question]
            running.pop(question, None)
            progress.answered()
    return answers


def _start(todo: deque[str], ask: Callable[[str], Answer], told: SimpleQueue[_Said]) -> None:
    # Not a pool's threads: those are waited for at the end, and so make Ctrl-C wait for a server.
    Thread(target=_work, args=(todo, ask, told), daemon=True).start()


def _work(todo: deque[str], ask: Callable[[str], Answer], told: SimpleQueue[_Said]) -> None:
    """Puts questions as long as there are some."""
    while todo:
        try:
            question = todo.popleft()
        except IndexError:  # another thread was faster
            return
        told.put(_Said(question, time.monotonic()))
        try:
            answer: Answer | Exception = ask(question)
        except Exception as error:  # the thread that waits for it raises it
            answer = error
        told.put(_Said(question, time.monotonic(), answer))


def _next(told: SimpleQueue[_Said]) -> _Said | None:
    try:
        return told.get(timeout=_LOOK)
    except Empty:
        return None


def _overdue(running: Mapping[str, float], patience: float) -> list[str]:
    end = time.monotonic() - patience
    return [question for question, begun in running.items() if begun < end]

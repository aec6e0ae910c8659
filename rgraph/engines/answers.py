"""Many questions at once, and their answers sorted into found, not there, and not asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from rgraph.engines.errors import CouldNotAskError, Missing, NotAllAskedError, Refused

Answer = str | Missing | Refused


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


def ask_all(questions: Iterable[str], ask: Callable[[str], Answer], at_once: int = 8) -> Answers:
    """Puts each different question once, some at a time. Only CouldNotAskError is caught."""
    different = list(dict.fromkeys(questions))
    found: dict[str, str] = {}
    absent: dict[str, Missing | Refused] = {}
    failed: dict[str, CouldNotAskError] = {}

    def put(question: str) -> Answer | CouldNotAskError:
        try:
            return ask(question)
        except CouldNotAskError as error:
            return error

    with ThreadPoolExecutor(max_workers=max(1, at_once)) as threads:
        for question, answer in zip(different, threads.map(put, different), strict=True):
            match answer:
                case str():
                    found[question] = answer
                case CouldNotAskError():
                    failed[question] = answer
                case _:
                    absent[question] = answer
    return Answers(found, absent, failed)

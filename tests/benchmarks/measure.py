"""Whole processes, measured from outside: wall-clock time and peak memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """A measured command did not end with exit code 0."""

    def __init__(self, argv: Sequence[str], code: int, tail: str) -> None:
        super().__init__(f"`{' '.join(argv)}` ended with {code}:\n{tail}")


@dataclass(frozen=True)
class Sample:
    """One run of a command."""

    seconds: float
    peak: float
    """Peak resident memory in MB (10^6 bytes)."""


def measure(argv: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Sample:
    """Runs a command with its output thrown away. Raises Failed, OSError.

    The child's peak counts what this process held when it started it (Linux carries it over exec),
    so nothing large may be kept here: catalogues are made in a process of their own.
    """
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        # Popen must not wait for it a second time.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise Failed(argv, process.returncode, errors.read()[-2000:].decode(errors="replace"))
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(seconds, usage.ru_maxrss * unit / 1e6)


def alternate(*runs: tuple[int, Callable[[], Sample]]) -> list[list[Sample]]:
    """Runs several commands in turns, A B A B, each as often as its number says.

    What disturbs the machine for a while then falls on all of them.
    """
    samples: list[list[Sample]] = [[] for _ in runs]
    for turn in range(max(count for count, _ in runs)):
        for taken, (count, run) in zip(samples, runs, strict=True):
            if turn < count:
                taken.append(run())
    return samples


def median(samples: Sequence[Sample]) -> float:
    """The middle of the times, in seconds."""
    return statistics.median(sample.seconds for sample in samples)


def peak(samples: Sequence[Sample]) -> float:
    """The greatest peak, in MB."""
    return max(sample.peak for sample in samples)


def ratios(slower: Sequence[Sample], faster: Sequence[Sample]) -> list[float]:
    """How many times the first takes as long as the second, pair by pair, as they ran.

    A command that ran once only (it takes minutes) is compared with the middle of the other's runs.
    """
    if len(slower) == 1:
        return [slower[0].seconds / median(faster)]
    return [one.seconds / other.seconds for one, other in zip(slower, faster, strict=False)]

"""Work in copies of the process: what takes too long or crashes is given up alone."""

from __future__ import annotations

import os
import time

import pytest

from rgraph.files import workers
from rgraph.files.workers import Failed, in_workers


def work(item: int) -> list[int]:
    match item:
        case 3:
            time.sleep(60)
        case 5:
            raise ValueError("no five")
        case 7:
            os._exit(9)
    return [item] * 3


def test_each_item_has_its_own_fate(monkeypatch: pytest.MonkeyPatch) -> None:
    # Other tests of this process may have loaded it.
    monkeypatch.setattr(workers, "_UNSAFE", "no-such-module")
    found = in_workers(list(range(20)), work, list[int], seconds=0.5)
    assert found[3] == Failed("takes longer than 0.5 seconds")
    assert found[5] == Failed("ValueError: no five")
    assert found[7] == Failed("ends the program that reads it")
    others = [index for index in range(20) if index not in (3, 5, 7)]
    assert [found[index] for index in others] == [[index] * 3 for index in others]


def test_large_results_come_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_UNSAFE", "no-such-module")
    assert in_workers([3_000_000, 1], lambda size: "x" * size, str) == ["x" * 3_000_000, "x"]


def test_without_copies_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    assert in_workers([1, 5], work, list[int]) == [[1, 1, 1], Failed("ValueError: no five")]
    assert in_workers([], work, list[int]) == []

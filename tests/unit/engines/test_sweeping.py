"""What killed runs have left is taken away, and nothing of those that go on."""

from __future__ import annotations

from pathlib import Path

from rgraph.engines.sweeping import run_name, swept


def test_who_is_alone_sweeps(tmp_path: Path) -> None:
    done: list[str] = []
    with swept(tmp_path, lambda: done.append("first")), swept(tmp_path, lambda: done.append("second")):
        pass
    with swept(tmp_path, lambda: done.append("third")):
        pass
    assert done == ["first", "third"]


def test_one_that_began_beside_another_is_left_alone_when_that_has_ended(tmp_path: Path) -> None:
    done: list[str] = []
    first, second = swept(tmp_path, lambda: done.append("1")), swept(tmp_path, lambda: done.append("2"))
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with swept(tmp_path, lambda: done.append("3")):
        pass
    second.__exit__(None, None, None)
    assert done == ["1"]


def test_a_folder_that_is_not_there_is_swept_by_nobody(tmp_path: Path) -> None:
    done: list[str] = []
    with swept(tmp_path / "none", lambda: done.append("x")):
        pass
    assert done == []


def test_each_folder_has_a_name(tmp_path: Path) -> None:
    assert run_name("verify", tmp_path) == run_name("verify", tmp_path / "x" / "..")
    assert run_name("verify", tmp_path) != run_name("verify", tmp_path / "x")

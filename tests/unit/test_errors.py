"""Places, problems, and their order."""

from __future__ import annotations

import pytest

from rgraph.errors import ManifestError, Place, Problem, Problems, RgraphError, UsageError

FILE = Place("manifests/a.yaml")


def test_places_grow() -> None:
    assert FILE.at("steps", 3) == Place("manifests/a.yaml", ("steps", 3))
    assert FILE.at("steps").at(3, "apt") == Place("manifests/a.yaml", ("steps", 3, "apt"))
    assert FILE.at("steps").key("apt") == Place("manifests/a.yaml", ("steps", "apt"), on_key=True)
    assert FILE.key("a").at("b").on_key is False


def test_no_problems_raise_nothing() -> None:
    problems = Problems()
    problems.raise_any()
    assert len(problems) == 0
    assert list(problems) == []


def test_all_problems_are_raised_together_sorted_and_once() -> None:
    problems = Problems()
    problems.add(Place("b.yaml"), "first")
    problems.add(Place("a.yaml", ("steps", 10)), "tenth")
    problems.add(Place("a.yaml", ("steps", 2)), "second", "help")
    problems.add(Place("a.yaml", line=7), "by line")
    problems.extend([Problem(Place("b.yaml"), "first")])
    assert len(problems) == 5
    with pytest.raises(ManifestError) as raised:
        problems.raise_any()
    assert [problem.what for problem in raised.value.problems] == ["second", "tenth", "by line", "first"]
    assert str(raised.value).splitlines()[0] == "a.yaml: second"


def test_keys_and_indexes_sort_without_comparing_them() -> None:
    mixed = [Problem(FILE.at("a", "b"), "x"), Problem(FILE.at("a", 0), "y"), Problem(FILE.at("a"), "z")]
    assert [problem.what for problem in ManifestError(mixed).problems] == ["z", "x", "y"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(ManifestError([]), 2), (UsageError("x"), 2), (RgraphError("x"), 2)],
)
def test_exit_codes(error: RgraphError, code: int) -> None:
    assert error.exit_code == code


def test_usage_errors_say_what_and_help() -> None:
    error = UsageError("what", "help")
    assert (str(error), error.what, error.help) == ("what", "what", "help")

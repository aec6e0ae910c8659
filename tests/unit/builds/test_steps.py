"""What BuildKit writes, as Docker 20.10 and 26 have written it."""

from __future__ import annotations

import pytest

from rgraph.builds.steps import Sorter, Step, reason_of, step_of


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("#5 [2/7] RUN apt-get update", Step(2, 7, "RUN apt-get update")),
        ("#5 [build 2/7] RUN   make  all", Step(2, 7, "RUN make all", "build")),
        ("#5 [r-base_cpu stage-1 2/7] COPY a b", Step(2, 7, "COPY a b", "r-base_cpu stage-1")),
        ("#6 exporting to image", Step(0, 0, "exporting to image")),
        ("#6 [low_one] exporting to image", Step(0, 0, "exporting to image")),
        ("The push refers to repository [127.0.0.1:5000/r]", Step(0, 0, "pushing")),
        ("Step 2/7 : RUN dir", Step(2, 7, "RUN dir")),
        ("#6 exporting layers 0.1s done", None),
        ("#5 0.310 [1/2] of something", None),
        ("#5 DONE 0.3s", None),
        ("#1 [internal] load build definition from Dockerfile", None),
        ("", None),
    ],
)
def test_steps(line: str, step: Step | None) -> None:
    assert step_of(line) == step


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (
            (
                "#5 ERROR: executor failed",
                "ERROR: failed to solve: executor failed running [x]: exit code: 3",
            ),
            "executor failed running [x]: exit code: 3",
        ),
        (
            ("executor failed running [/bin/sh]: exit code: 3", ""),
            "executor failed running [/bin/sh]: exit code: 3",
        ),
        (("ERROR: target a: failed to solve: no such thing.",), "no such thing"),
        ((), "the builder ended with code 1"),
        (("", " "), "the builder ended with code 1"),
    ],
)
def test_reasons(lines: tuple[str, ...], reason: str) -> None:
    assert reason_of(lines, 1) == reason


BAKED = """\
#0 building with "default" instance using docker driver
#3 [own_one internal] load build definition from D3
#3 DONE 0.0s
#9 [own_one 2/2] RUN sleep 3; echo z > /z
#9 ...
#8 [mid_one 1/2] FROM tiny:1
#8 CACHED
#8 [low_one 1/2] FROM tiny:1
#8 CACHED
#11 [mid_one 2/2] RUN exit 4
#11 0.5 going
#11 ERROR: process "/bin/sh -c exit 4" did not complete successfully: exit code: 4
#9 [own_one 2/2] RUN sleep 3; echo z > /z
#9 CANCELED
------
 > [low_one 2/2] RUN exit 4:
------
ERROR: failed to solve: process "/bin/sh -c exit 4" did not complete successfully: exit code: 4
""".splitlines()


def test_lines_of_several_targets() -> None:
    """The very lines of a call in which `low_one` failed: its step was named after what stands on it."""
    sorter = Sorter(["low_one", "mid_one", "own_one"])
    told = [(sorter.target(line), line.split(" ")[0]) for line in BAKED]
    assert [target for target, number in told if number == "#8"] == ["mid_one"] * 2 + ["low_one"] * 2
    assert [target for target, number in told if number == "#9"] == ["own_one"] * 4
    assert [target for target, number in told if number in ("#0", "------")] == [""] * 3
    assert sorter.blamed.keys() == {"mid_one", "low_one"}
    assert "exit code: 4" in sorter.blamed["mid_one"]
    assert sorter.unfinished == {"mid_one", "own_one"}


@pytest.mark.parametrize("end", ["#3 0.2 waiting", "#3 CANCELED", "#3 ERROR: process: context canceled"])
def test_a_step_that_hangs(end: str) -> None:
    """BuildKit may say that it was cancelled, when its time has come."""
    sorter = Sorter(["low_one", "own_one"])
    for line in ("#2 [low_one 1/2] RUN true", "#3 [own_one 1/2] RUN sleep 9", "#2 DONE 0.1s", end):
        sorter.target(line)
    assert sorter.unfinished == {"own_one"}


def test_one_target_is_not_named() -> None:
    sorter = Sorter(["low_one"])
    lines = ("#0 building", "#2 [1/2] RUN false", "#2 ERROR: process failed")
    assert [sorter.target(line) for line in lines] == ["low_one"] * 3
    assert sorter.blamed == {"low_one": "process failed"}


def test_nobody_is_to_blame_for_being_cancelled() -> None:
    sorter = Sorter(["low_one", "own_one"])
    sorter.target("#2 [low_one 1/2] RUN true")
    sorter.target("#2 ERROR: failed to compute: context canceled")
    assert sorter.blamed == {}

"""Whether a trial came out well."""

from __future__ import annotations

import pytest

from rgraph.builds.record import TestResult
from rgraph.trials.judge import judged
from rgraph.trials.r_packages import fits, said_of
from rgraph.trials.trial import Ended, Launch, Loading, Output, Trial, WantedPackage

LAUNCH = Launch(words=("x",))
SAID = "\nrgraph\ta\t1.0\t0.25\t\t\n"
"""What R says of a package that loads."""


def judge(wanted: Output, *ended: Ended, launch: Launch | None = LAUNCH) -> TestResult:
    (found,) = judged(Trial("t", launch, wanted), ended)
    assert (found.state == "passed") == (found.message == "")
    return found


def test_what_passes() -> None:
    assert judge(Output("", 0), Ended(exit_code=0, seconds=1.23456)) == TestResult(
        "t", "passed", 1.235, 0, ""
    )
    assert judge(Output("b", 3), Ended(exit_code=3, output="abc")).state == "passed"
    assert judge(Output("", 0), Ended(exit_code=None), launch=None).state == "passed"


@pytest.mark.parametrize(
    ("wanted", "ended", "message"),
    [
        (
            Output("", 0),
            Ended(exit_code=2, output="a\nb\n"),
            "ended with exit code 2, and not with 0; output:\na\nb",
        ),
        (Output("", 3), Ended(exit_code=0), "ended with exit code 0, and not with 3; no output"),
        (Output("", 0), Ended(exit_code=127), "as of a command that is not there"),
        (Output("", 0), Ended(exit_code=126), "as of a command that cannot be run"),
        (Output("42", 0), Ended(exit_code=0, output="41"), "the output does not hold `42`; output:\n41"),
        (
            Output("", 0),
            Ended(exit_code=None, problem="it cannot be started: no"),
            "it cannot be started: no",
        ),
        (Output("", 0), Ended(exit_code=0, output="x", problem="no memory left"), "no memory left"),
    ],
)
def test_what_fails(wanted: Output, ended: Ended, message: str) -> None:
    found = judge(wanted, ended)
    assert (found.state, found.exit_code) == ("failed", ended.exit_code)
    assert message in found.message


def test_a_time_limit() -> None:
    found = judge(Output("", 0), Ended(exit_code=None, output="so far", timed_out=True))
    assert found == TestResult(
        "t", "timeout", 0.0, None, "did not end within its time limit; output:\nso far"
    )


def test_a_long_output_is_cut() -> None:
    found = judge(Output("", 0), Ended(exit_code=1, output="x" * 100_000 + "the end"))
    assert len(found.message) < 3000
    assert found.message.endswith("xthe end")


def test_every_node_counts_and_the_first_ones_output() -> None:
    well, bad = Ended(exit_code=0, output="hello", seconds=1), Ended(exit_code=1, output="oh", seconds=2)
    assert judge(Output("hello", 0), well, Ended(exit_code=0, seconds=2)).seconds == 2
    assert judge(Output("hello", 0), well, bad).message.startswith("node1: ended with exit code 1")
    assert judge(Output("hello", 0), Ended(exit_code=0), well).state == "failed"
    hung = Ended(exit_code=None, timed_out=True)
    assert judge(Output("", 0), well, hung).state == "timeout"


def test_each_r_package_has_a_result() -> None:
    wanted = [
        WantedPackage("a", "1.0"),
        WantedPackage("b", "1.8-4"),
        WantedPackage("c", "2.0"),
        WantedPackage("d", ""),
        WantedPackage("e", "1.1", at_least=True),
        WantedPackage("gone", ""),
    ]
    output = (
        "noise\n\nrgraph\ta\t1.0\t0.25\t\t\n\nrgraph\tb\t1.8.4\t0.1\t\t\n\nrgraph\tc\t2.1\t0\t\t\n"
        "rgraph\td\t\t0\tthere is no package called 'd'\t\nrgraph\te\t1.10\t0\t\t\nsegfault\n"
    )
    found = list(judged(Trial("r", LAUNCH, Loading(tuple(wanted))), [Ended(exit_code=139, output=output)]))
    whole, *found = found
    assert (whole.name, whole.state, whole.exit_code) == ("r", "failed", 139)
    assert whole.message == "3 of 6 do not load as they should: library(c), library(d), library(gone)"
    assert [(each.name, each.state) for each in found] == [
        ("r: library(a)", "passed"),
        ("r: library(b)", "passed"),
        ("r: library(c)", "failed"),
        ("r: library(d)", "failed"),
        ("r: library(e)", "passed"),
        ("r: library(gone)", "failed"),
    ]
    assert found[0].seconds == 0.25
    assert found[2].message == "it loads, but as version 2.1: declared is 2.0"
    assert found[3].message == "there is no package called 'd'"
    assert found[5].message.startswith("R ended with exit code 139 before it was loaded; output:\nnoise")


def test_r_that_never_began_or_never_ended() -> None:
    trial = Trial("r", LAUNCH, Loading((WantedPackage("a", ""),)))
    _, hung = judged(trial, [Ended(exit_code=None, timed_out=True)])
    assert hung.state == "timeout"
    _, missing = judged(trial, [Ended(exit_code=None, problem="it cannot be started: no Rscript")])
    assert (missing.state, missing.message) == ("failed", "it cannot be started: no Rscript")


@pytest.mark.parametrize(
    ("ended", "state", "message"),
    [
        (Ended(exit_code=0, output=SAID), "passed", ""),
        (Ended(exit_code=139, output=SAID), "failed", "all load, but R ended with exit code 139; output:"),
        (Ended(exit_code=None, output=SAID, timed_out=True), "timeout", "did not end within its time limit"),
        (
            Ended(exit_code=137, output=SAID, problem="no memory left"),
            "failed",
            "all load, but no memory left",
        ),
    ],
)
def test_r_must_end_well_also_if_all_packages_load(ended: Ended, state: str, message: str) -> None:
    whole, package = judged(Trial("r", LAUNCH, Loading((WantedPackage("a", "1.0"),))), [ended])
    assert (whole.state, package.state) == (state, "passed")
    assert message in whole.message
    assert bool(whole.message) == (state != "passed")


def test_lines_that_are_not_ours() -> None:
    assert said_of("rgraph\tx\nrgraph\nargraph\tx\t1\t1\t\t\n") == {}
    assert said_of("rgraph\tx\t1\tsoon\t\t\n")["x"].seconds == 0.0


@pytest.mark.parametrize(
    ("wanted", "version", "fit"),
    [
        (WantedPackage("x", ""), "0.1", True),
        (WantedPackage("x", "1.8-4"), "1.8.4", True),
        (WantedPackage("x", "1.8_4"), "1.8.4", True),
        (WantedPackage("x", "1.8"), "1.8.4", False),
        (WantedPackage("x", "2019.10.01"), "2019.10.1", True),
        (WantedPackage("x", "1.9", at_least=True), "1.10", True),
        (WantedPackage("x", "1.9", at_least=True), "1.8.9", False),
    ],
)
def test_versions_as_r_reports_them(wanted: WantedPackage, version: str, fit: bool) -> None:
    assert fits(wanted, version) == fit

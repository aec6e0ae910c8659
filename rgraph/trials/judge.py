"""Whether a trial came out well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from rgraph.builds.record import TestResult
from rgraph.trials.r_packages import fits, said_of
from rgraph.trials.trial import Ended, Loading, Output, Trial, WantedPackage

_TAIL: Final = 2000
"""Characters of an output that a message quotes: its end, where the reason stands."""
_NOT_FOUND: Final = 127
_NOT_RUN: Final = 126
"""Exit codes of a shell whose command is not there, or is no program (POSIX, "Exit Status for
Commands")."""


def judged(trial: Trial, ended: Sequence[Ended]) -> tuple[TestResult, ...]:
    """The results of a trial: one of its name; of R packages, one more for each of them. `ended` has what
    came of each node that counts, the first node first.
    """
    if isinstance(trial.wanted, Loading):
        found = _loaded(trial, trial.wanted, ended[0])
        return (_all_loaded(trial, found, ended[0]), *found)
    return (_judged(trial, trial.wanted, ended),)


def failed(trial: Trial, why: str) -> TestResult:
    """The result of a trial that could not begin."""
    return TestResult(trial.name, "failed", 0.0, None, why)


def _judged(trial: Trial, wanted: Output, ended: Sequence[Ended]) -> TestResult:
    first = ended[0]
    seconds = round(max(each.seconds for each in ended), 3)
    if any(each.timed_out for each in ended):
        said = _quoted(next(each for each in ended if each.timed_out).output)
        what = f"did not end within its time limit{said}"
        return TestResult(trial.name, "timeout", seconds, None, what)
    for rank, each in enumerate(ended):
        if why := _wrong(trial, wanted, each):
            where = f"node{rank}: " if len(ended) > 1 else ""
            return TestResult(
                trial.name, "failed", seconds, each.exit_code, where + why + _quoted(each.output)
            )
    if wanted.text and wanted.text not in first.output:
        what = f"the output does not hold `{wanted.text}`{_quoted(first.output)}"
        return TestResult(trial.name, "failed", seconds, first.exit_code, what)
    return TestResult(trial.name, "passed", seconds, first.exit_code, "")


def _wrong(trial: Trial, wanted: Output, each: Ended) -> str:
    if each.problem:
        return each.problem
    # What an image does that is started without arguments is its own affair; that it starts is not.
    if trial.launch is None and each.exit_code is None:
        return ""
    if each.exit_code == wanted.exit_code:
        return ""
    hint = ""
    if each.exit_code == _NOT_FOUND:
        hint = ", as of a command that is not there"
    elif each.exit_code == _NOT_RUN:
        hint = ", as of a command that cannot be run"
    return f"ended with exit code {each.exit_code}{hint}, and not with {wanted.exit_code}"


def _loaded(trial: Trial, wanted: Loading, ended: Ended) -> list[TestResult]:
    said = said_of(ended.output)
    found = []
    for each in wanted.packages:
        loaded = said.get(each.name)
        name = f"{trial.name}: library({each.name})"
        if loaded is None:
            state, what = _unsaid(ended)
            found.append(TestResult(name, state, 0.0, ended.exit_code, what))
            continue
        why = loaded.problem or _other_version(each, loaded.version)
        found.append(TestResult(name, "failed" if why else "passed", loaded.seconds, ended.exit_code, why))
    return found


def _all_loaded(trial: Trial, found: Sequence[TestResult], ended: Ended) -> TestResult:
    bad = [each for each in found if each.state != "passed"]
    names = ", ".join(each.name.removeprefix(f"{trial.name}: ") for each in bad)
    state: Literal["passed", "failed", "timeout"] = "failed" if bad else "passed"
    why = f"{len(bad)} of {len(found)} do not load as they should: {names}" if bad else ""
    if ended.timed_out:
        state = "timeout"
        why = why or f"all load, but R did not end within its time limit{_quoted(ended.output)}"
    elif not bad and (ended.problem or ended.exit_code != 0):
        state = "failed"
        how = ended.problem or f"R ended with exit code {ended.exit_code}"
        why = f"all load, but {how}{_quoted(ended.output)}"
    return TestResult(trial.name, state, round(ended.seconds, 3), ended.exit_code, why)


def _unsaid(ended: Ended) -> tuple[Literal["failed", "timeout"], str]:
    if ended.timed_out:
        return "timeout", f"R did not end within its time limit{_quoted(ended.output)}"
    if ended.problem:
        return "failed", ended.problem
    return "failed", f"R ended with exit code {ended.exit_code} before it was loaded{_quoted(ended.output)}"


def _other_version(wanted: WantedPackage, version: str) -> str:
    if fits(wanted, version):
        return ""
    least = "at least " if wanted.at_least else ""
    return f"it loads, but as version {version}: declared is {least}{wanted.version}"


def _quoted(output: str) -> str:
    text = output.strip()
    cut = "..." if len(text) > _TAIL else ""
    return f"; output:\n{cut}{text[-_TAIL:]}" if text else "; no output"

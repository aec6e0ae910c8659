"""The results of a benchmark as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.measure import Sample, median, peak, ratios


@dataclass
class Case:
    """What was measured on one catalogue."""

    shape: str
    images: int
    manifests: int
    manifest_bytes: int
    files: int = 0
    """Files under `generated/`."""
    file_bytes: int = 0
    plan: list[Sample] = field(default_factory=list)
    bake: list[Sample] = field(default_factory=list)
    first: list[Sample] = field(default_factory=list)
    check: list[Sample] = field(default_factory=list)
    nothing: list[Sample] = field(default_factory=list)
    audit: list[Sample] = field(default_factory=list)
    bump: list[Sample] = field(default_factory=list)
    """Of one pin, wherever it is written."""
    since: list[Sample] = field(default_factory=list)
    beside: list[Sample] = field(default_factory=list)
    """Plans of the whole, in turns with those since a commit."""
    changed: int = 0
    """Images that the bump changes."""
    advisories: int = 0
    """That the audit was given."""
    components: int = 0
    """Distinct names of components, of which advisories are given."""


@dataclass
class Start:
    """Commands on the shipped catalogue, and what they are compared with: name -> samples."""

    samples: dict[str, list[Sample]]
    left_out: list[str]
    """What could not be measured, and why."""


PLAN = "`rgraph plan --format json`, shipped catalogue"
PYDANTIC = '`python -c "import pydantic"`'


def tables(cases: Sequence[Case], start: Start) -> str:
    """All tables. Times are medians with the least and greatest in brackets."""
    parts = [
        "### plan and bake --print\n\n" + _plans(cases),
        "### generate\n\n" + _generates(cases),
        "### bump and plan --since\n\n" + _changes(cases),
        "### audit\n\n" + _audits(cases),
        "### start-up\n\n" + _starts(start),
        "### goals\n\n" + _goals(cases, start),
    ]
    return "\n\n".join(parts)


def _plans(cases: Iterable[Case]) -> str:
    head = [
        "shape",
        "images",
        "manifests",
        "`rgraph plan`",
        "`bake --print`",
        "bake / plan",
        "peak plan",
        "peak bake",
    ]
    return _table(
        head,
        (
            [
                case.shape,
                f"{case.images:,}",
                f"{case.manifests:,} ({case.manifest_bytes / 1e6:.1f} MB)",
                _times(case.plan),
                _times(case.bake),
                _factors(ratios(case.bake, case.plan)),
                f"{peak(case.plan):.0f} MB",
                f"{peak(case.bake):.0f} MB",
            ]
            for case in cases
        ),
    )


def _generates(cases: Iterable[Case]) -> str:
    head = ["shape", "images", "files", "first write", "`--check`", "nothing to do", "peak"]
    return _table(
        head,
        (
            [
                case.shape,
                f"{case.images:,}",
                f"{case.files:,} ({case.file_bytes / 1e6:.1f} MB)",
                _times(case.first),
                _times(case.check),
                _times(case.nothing),
                f"{peak([*case.first, *case.check, *case.nothing]):.0f} MB",
            ]
            for case in cases
        ),
    )


def _changes(cases: Iterable[Case]) -> str:
    head = ["shape", "images", "changed", "`rgraph bump`", "`plan --since`", "since / plan", "peak"]
    return _table(
        head,
        (
            [
                case.shape,
                f"{case.images:,}",
                f"{case.changed:,}",
                _times(case.bump),
                _times(case.since),
                _factors(ratios(case.since, case.beside)),
                f"{peak([*case.bump, *case.since]):.0f} MB",
            ]
            for case in cases
        ),
    )


def _audits(cases: Iterable[Case]) -> str:
    head = ["shape", "images", "components", "advisories", "`rgraph audit --format json`", "peak"]
    return _table(
        head,
        (
            [
                case.shape,
                f"{case.images:,}",
                f"{case.components:,}",
                f"{case.advisories:,}",
                _times(case.audit),
                f"{peak(case.audit):.0f} MB",
            ]
            for case in cases
        ),
    )


def _starts(start: Start) -> str:
    rows = ([name, _times(samples), f"{peak(samples):.0f} MB"] for name, samples in start.samples.items())
    notes = "".join(f"\n\nLeft out: {reason}." for reason in start.left_out)
    return _table(["command", "time", "peak"], rows) + notes


def _goals(cases: Sequence[Case], start: Start) -> str:
    rows: list[list[str]] = []
    for case in cases:
        rows += _goals_of(case)
        smaller = [each for each in cases if each.shape == case.shape and each.images * 10 == case.images]
        if smaller and case.images == 10_000:
            for name, growth in (
                ("plan", _growth(smaller[0].plan, case.plan)),
                ("bake", _growth(smaller[0].bake, case.bake)),
                ("audit", _growth(smaller[0].audit, case.audit)),
            ):
                goal = None if name == "bake" else 10.0
                rows.append(
                    _goal(f"growth of {name} from 1,000 to 10,000, {case.shape}", growth, "times", most=goal)
                )
    if PLAN in start.samples and PYDANTIC in start.samples:
        pairs = ratios(start.samples[PLAN], start.samples[PYDANTIC])
        rows.append(
            _goal(
                "plan of the shipped catalogue / import pydantic", statistics.median(pairs), "times", most=4
            )
        )
    return _table(["what", "measured", "goal", "met"], rows)


def _goals_of(case: Case) -> list[list[str]]:
    faster = {1_000: 1.5, 10_000: 25.0}.get(case.images)
    if faster is None:
        return []
    name = f"{case.images:,} images, {case.shape}"
    rows = [
        _goal(f"bake / plan, {name}", statistics.median(ratios(case.bake, case.plan)), "times", least=faster)
    ]
    if case.images == 10_000:
        check = median(case.check)
        rows += [
            _goal(f"peak memory of plan, {name}", peak(case.plan), "MB", most=500),
            _goal(f"generate --check, {name}", check, "s", most=15),
            _goal(
                f"generate with nothing to do / --check, {name}",
                median(case.nothing) / check,
                "times",
                most=1,
            ),
            _goal(
                f"plan --since / plan, {name}",
                statistics.median(ratios(case.since, case.beside)),
                "times",
                most=2.2,
            ),
            _goal(f"bump that {case.changed:,} images follow, {name}", median(case.bump), "s", most=5),
            _goal(f"audit with 50,000 advisories, {name}", median(case.audit), "s", most=20),
            _goal(f"peak memory of audit, {name}", peak(case.audit), "MB", most=2000),
        ]
    return rows


def _growth(small: Sequence[Sample], large: Sequence[Sample]) -> float:
    return median(large) / median(small)


def _goal(
    name: str, value: float, unit: str, *, least: float | None = None, most: float | None = None
) -> list[str]:
    if least is None and most is None:
        return [name, f"{value:.2f} {unit}", "", ""]
    met = value >= least if least is not None else value <= (most or 0)
    goal = f"at least {least:g}" if least is not None else f"at most {most:g}"
    return [name, f"{value:.2f} {unit}", goal, "yes" if met else "**no**"]


def _times(samples: Sequence[Sample]) -> str:
    times = [sample.seconds for sample in samples]
    middle = statistics.median(times)
    factor, unit, digits = (1000, "ms", 0) if middle < 10 else (1, "s", 1)
    text = f"{middle * factor:,.{digits}f} {unit}"
    if len(times) == 1:
        return f"{text} (1 run)"
    return f"{text} ({min(times) * factor:,.{digits}f} to {max(times) * factor:,.{digits}f})"


def _factors(values: Sequence[float]) -> str:
    text = f"{statistics.median(values):.1f}"
    return text if len(values) == 1 else f"{text} ({min(values):.1f} to {max(values):.1f})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

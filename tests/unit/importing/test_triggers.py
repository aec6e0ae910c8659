"""ONBUILD of stages that become one with those on them."""

from __future__ import annotations

from rgraph.importing.model import ParsedFile
from rgraph.importing.triggers import with_triggers
from tests.unit.importing.reading import file, resolution


def originals(text: str) -> list[list[tuple[int, str]]]:
    made = with_triggers(file(text), resolution(text))
    assert isinstance(made, ParsedFile)
    return [[(each.line, each.original) for each in stage.instructions] for stage in made.stages]


def test_a_trigger_runs_in_the_stage_above_and_is_gone() -> None:
    text = (
        "FROM node:20 AS base\n"
        "ONBUILD RUN --mount=type=cache,target=/c npm ci\n"
        "RUN a\n"
        "FROM base AS next\n"
        'ONBUILD COPY ["x", "/y"]\n'
        "FROM next\n"
        "ONBUILD USER z\n"
        'CMD ["node"]\n'
    )
    assert originals(text) == [
        [(3, "RUN a")],
        [(2, "RUN --mount=type=cache,target=/c npm ci")],
        [(5, 'COPY ["x", "/y"]'), (7, "ONBUILD USER z"), (8, 'CMD ["node"]')],
    ]
    made = with_triggers(file(text), resolution(text))
    assert isinstance(made, ParsedFile)
    run = made.stages[1].instructions[0]
    assert (run.keyword, run.flags, run.words) == ("RUN", ("--mount=type=cache,target=/c",), ("npm ci",))


def test_a_file_without_triggers_for_a_stage_stays() -> None:
    text = "FROM x AS base\nFROM base\nONBUILD RUN a\n"
    given = file(text)
    assert with_triggers(given, resolution(text)) is given

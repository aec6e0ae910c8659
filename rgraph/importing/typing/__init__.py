"""Instructions of a stage as steps of the manifest language.

An instruction becomes a typed step only if rgraph, given that step, writes an instruction that
`equivalence` finds the same. Else a RUN becomes a `run` step with its text, any other an `instruction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rgraph.importing.equivalence import Different, State, compare
from rgraph.importing.model import Instruction, ParsedStage, Step
from rgraph.importing.parsing import instructions_of
from rgraph.importing.typing.rendering import rendered
from rgraph.importing.typing.runs import run_step
from rgraph.importing.typing.settings import Escapes, instruction, joinable, settings

__all__ = ["typed_steps"]

FRAME = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
"""Instructions that a layer says beside its steps."""


def typed_steps(stage: ParsedStage, escape: str = "\\", *, windows: bool = False) -> tuple[Step, ...]:
    """The steps of a stage, in order. CMD, ENTRYPOINT and HEALTHCHECK become none."""
    state = State.start(windows)
    found: list[Step] = []
    index = 0
    while index < len(stage.instructions):
        count = 1
        one = stage.instructions[index]
        if one.keyword not in FRAME:
            group, data = _step(stage.instructions, index, escape, state, windows)
            count = len(group)
            found.append(Step(data, tuple(range(index, index + count))))
        state = state.over(stage.instructions[index : index + count], escape)
        index += count
    return tuple(found)


def _step(
    every: Sequence[Instruction], index: int, escape: str, state: State, windows: bool
) -> tuple[Sequence[Instruction], dict[str, Any]]:
    one = every[index]
    if one.keyword == "RUN":
        return [one], run_step(one, state, "windows" if windows else "linux")
    escapes = Escapes(escape, "`" if windows else "\\")
    end = index + 1
    while end < len(every) and every[end].keyword == one.keyword and joinable(every[index : end + 1], escape):
        end += 1
    for group in (every[index:end], [one]):
        data = settings(group, escapes)
        if data is not None and _proved(group, data, escape, state, windows):
            return group, data
    return [one], instruction(one, escapes)


def _proved(
    group: Sequence[Instruction], data: dict[str, Any], escape: str, state: State, windows: bool
) -> bool:
    if "take" in data:
        return True  # its text depends on the graph
    text = rendered(data, state.dialect or "posix", "windows" if windows else "linux")
    if text is None:
        return False
    own = "`" if windows else "\\"
    made = instructions_of(f"# escape={own}\n{text}\n")
    return not isinstance(compare(group, made, (escape, own), windows=windows, state=state), Different)

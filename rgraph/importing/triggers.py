"""ONBUILD of a stage, for the stages on it.

A layer that is made of several stages has no FROM between them, at which BuildKit would run what ONBUILD
says. So that stands in the stage above as an instruction of its own.
"""

from __future__ import annotations

from msgspec import structs

from rgraph.errors import Place, Problem
from rgraph.importing.edges import Resolution
from rgraph.importing.model import Instruction, ParsedFile
from rgraph.importing.parsing import instructions_of

RULE = "onbuild-in-place"


def with_triggers(file: ParsedFile, resolution: Resolution) -> ParsedFile | Problem:
    """The file with what ONBUILD of a stage says at the beginning of each stage on it; itself if no stage
    that the image needs stands on one with ONBUILD. What is wrong otherwise is a problem.

    Source: the Dockerfile reference, "ONBUILD": a trigger runs directly behind FROM and is gone then. A
    stage that is not the image only hands its triggers on, so it does not need them itself.
    """
    below = {
        index: origins[0].stage
        for index, origins in resolution.origins.items()
        if origins and origins[0].type == "from" and origins[0].kind == "stage"
    }
    held = {
        index: [each for each in file.stages[index].instructions if each.keyword == "ONBUILD"]
        for index in set(below.values())
    }
    if not any(held.values()):
        return file
    stages = list(file.stages)
    for index in resolution.needed:
        given: list[Instruction] = []
        for each in held.get(below.get(index, -1), ()):
            made = _instruction(each, file.escape)
            if made is None:
                place = Place(file.path, line=each.line, column=1)
                return Problem(
                    place, "what ONBUILD holds cannot be said in the stage that stands on this one"
                )
            given.append(made)
        own = file.stages[index].instructions
        if index in held and index != resolution.target:
            own = tuple(each for each in own if each.keyword != "ONBUILD")
        stages[index] = structs.replace(file.stages[index], instructions=(*given, *own))
    return structs.replace(file, stages=tuple(stages))


def _instruction(each: Instruction, escape: str) -> Instruction | None:
    """What an ONBUILD holds, at its place in the file."""
    text = each.original[len("ONBUILD") :].strip()
    try:
        found = instructions_of(f"{text}\n", escape)
    except ValueError:
        return None
    if len(found) != 1 or found[0].keyword != each.onbuild or found[0].onbuild:
        return None
    return structs.replace(found[0], line=each.line, end=each.end)

"""Several steps in one RUN instruction."""

from __future__ import annotations

from msgspec import structs

from rgraph.steps.download import Download, Source
from rgraph.steps.interface import Dialect, Run, Step
from rgraph.steps.package_managers import FETCH_LISTS, REMOVE_LISTS
from rgraph.steps.shells import as_one


class Group(Step, frozen=True):
    """Steps that share one RUN."""

    steps: tuple[Step, ...]

    def parts(self, dialect: Dialect) -> list[Run]:
        """The RUN of each step."""
        rendered = [(step, step.render(dialect)) for step in self.steps]
        return [_apart(step, part, dialect) for step, part in rendered if isinstance(part, Run)]

    def render(self, dialect: Dialect) -> Run:
        """All commands, as one."""
        parts = self.parts(dialect)
        return Run(
            tuple(_without_waste([command for part in parts for command in part.commands])),
            tuple(dict.fromkeys(mount for part in parts for mount in part.mounts)),
            any(part.powershell for part in parts),
            errors=parts[0].errors if parts else "stop",
        )


def _apart(step: Step, part: Run, dialect: Dialect) -> Run:
    """A subshell for what changes the folder or sets variables, so that the next step does not see it."""
    if dialect != "posix" or not isinstance(step, (Download, Source)):
        return part
    return structs.replace(part, commands=("( " + "\n&& ".join(map(as_one, part.commands)) + " )",))


def _without_waste(commands: list[str]) -> list[str]:
    """Leaves out the removal of apt's lists where the next command would only fetch them again."""
    kept: list[str] = []
    for command in commands:
        if kept and (kept[-1], command) == (REMOVE_LISTS, FETCH_LISTS):
            kept.pop()
        else:
            kept.append(command)
    return kept

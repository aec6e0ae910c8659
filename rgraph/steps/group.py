"""Several steps in one RUN instruction."""

from __future__ import annotations

from rgraph.steps.interface import Component, Dialect, Run, Step


class Group(Step, frozen=True):
    """Steps that share one RUN."""

    steps: tuple[Step, ...]

    def parts(self, dialect: Dialect) -> list[Run]:
        """The RUN of each step."""
        return [part for step in self.steps if isinstance(part := step.render(dialect), Run)]

    def render(self, dialect: Dialect) -> Run:
        """All commands, as one."""
        parts = self.parts(dialect)
        return Run(
            tuple(command for part in parts for command in part.commands),
            tuple(dict.fromkeys(mount for part in parts for mount in part.mounts)),
            any(part.powershell for part in parts),
        )

    def components(self) -> tuple[Component, ...]:
        """What the steps bring. (A step's `provides` is noted with the group.)"""
        return tuple(component for step in self.steps for component in step.components())

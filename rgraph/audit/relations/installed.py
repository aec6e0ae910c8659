"""Where packages go: what is installed into environments of their own stands side by side on purpose."""

from __future__ import annotations

from rgraph.audit.subject import Subject
from rgraph.errors import Path, Place
from rgraph.steps.package_managers import Conda, Pip


class Environments:
    """The environments of the steps of conda and pip, by place."""

    def __init__(self, subject: Subject) -> None:
        self._found: dict[tuple[str, Path], str] = {}
        for use in subject.steps:
            match use.step.step:
                case Conda(environment=name) if name:
                    self._found[use.step.place.file, use.step.place.path] = name
                case Pip(command=command) if "/" in command:
                    self._found[use.step.place.file, use.step.place.path] = command.rpartition("/")[0]

    def of(self, place: Place) -> str:
        """The environment that a step installs into; empty for the usual one of its program."""
        return self._found.get((place.file, place.path), "")

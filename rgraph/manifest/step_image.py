"""Steps that set a property of the image or its build: ENV, ARG, LABEL, USER, ..."""

from __future__ import annotations

from rgraph.manifest.base import Texts, Written


class EnvPath(Written, frozen=True, kw_only=True):
    """A change to a variable that holds a list of folders, such as PATH."""

    prepend: str = ""
    """Folder to put in front."""
    append: str = ""
    """Folder to put behind."""


EnvBody = dict[str, str | EnvPath]
"""Variables to set. `$NAME` in a value is the variable's value before this step; `$$` is a dollar."""

ArgBody = dict[str, str | None] | Texts
"""Build arguments: names, or names with defaults. Never for secrets."""

LabelBody = dict[str, str]
"""Labels."""

UserBody = str
"""The user for what follows, as `USER` takes it."""

WorkdirBody = str
"""The folder for what follows; made if missing."""

ExposeBody = Texts
"""Ports: `8888`, `53/udp`."""

VolumeBody = Texts
"""Mount points."""

InstructionBody = str
"""One instruction as it stands in a Dockerfile, without line breaks. RUN, FROM, USER, SHELL, CMD and the
like have their own keys."""

ShellBody = list[str]
"""The shell for what follows, for instance `[/bin/bash, -o, pipefail, -c]` or
`[powershell, -Command]`. Typed steps render for it."""

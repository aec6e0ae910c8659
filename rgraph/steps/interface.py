"""What a resolved step is, and what it brings."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from rgraph.manifest.base import OnError

Os = Literal["linux", "windows"]
Dialect = Literal["posix", "powershell", "powershell-strict", "cmd"]
"""The language that RUN instructions are written in: it follows from the platform and `shell`.

`powershell-strict` is a PowerShell whose `shell` already makes it stop at errors."""


class Component(Struct, frozen=True):
    """A third-party thing that a step brings into an image."""

    type: str
    """Type of its purl: `deb`, `conda`, `pypi`, `cran`, `bioconductor`, `github`, `generic`, ..."""
    name: str
    version: str = ""
    """Empty where no version is declared."""
    namespace: str = ""
    """Namespace of its purl, with `/`."""
    qualifiers: tuple[tuple[str, str], ...] = ()
    """Qualifiers of its purl, sorted by key."""
    subpath: str = ""
    """Subpath of its purl."""
    pinned_by: str = ""
    """What pins it if it has no version: `snapshot 2019-10-10`, `release 3.9`; or `at least X`."""
    fixes: tuple[str, ...] = ()
    """Advisories that this version is there for."""
    checksum: str = ""
    """SHA-256 of the file that it is made of, where one file is and its checksum is known."""
    vendor: str | None = None
    """deb: the repository that the step adds for it, empty if it adds several; None: the distribution's."""


class Run(Struct, frozen=True):
    """A step, or a part of a group, that renders to RUN.

    A newline in a command is a place where rgraph breaks the line; no value from a manifest can
    hold one.
    """

    commands: tuple[str, ...]
    mounts: tuple[str, ...] = ()
    """Flags of RUN, for instance `--mount=type=secret,id=TOKEN`."""
    powershell: bool = False
    """Whether the commands are PowerShell whatever the shell is."""
    verbatim: bool = False
    """Whether the one command is to stand behind RUN as it is."""
    errors: OnError = "stop"
    """PowerShell: what an error leads to."""


class Step(Struct, frozen=True):
    """A resolved step. Each kind says how it renders and what it brings."""

    os: ClassVar[Os | None] = None
    """The only operating system that it makes sense on."""

    def platforms(self) -> tuple[str, ...]:
        """The platforms that it is for, if it says so; the image must have no others."""
        return ()

    def render(self, dialect: Dialect) -> Run | str:
        """A RUN to be written in a dialect, or a whole instruction."""
        raise NotImplementedError

    def components(self) -> tuple[Component, ...]:
        """What the step brings, as far as the manifests say."""
        return ()

    def checksum(self) -> str:
        """SHA-256 of the one file that all it brings is made of; empty if there is none or it is unknown."""
        return ""

    def sources(self) -> tuple[str, ...]:
        """Images, Externals or stages that it takes files from, as written."""
        return ()

    def files(self) -> tuple[str, ...]:
        """Files that it needs in the build context."""
        return ()


PARENT = "\x00{}\x00"
"""Stands in rendered text for the reference of another image, which depends on the ledger."""

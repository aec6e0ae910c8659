"""One step: what it does, and what every step takes (`when`, `provides`, `with`)."""

from __future__ import annotations

from typing import Any

from msgspec import field

from rgraph.manifest.base import Flag, Texts, Written
from rgraph.manifest.step_files import Copy, Download, Source, Take
from rgraph.manifest.step_image import (
    ArgBody,
    EnvBody,
    ExposeBody,
    InstructionBody,
    LabelBody,
    ShellBody,
    UserBody,
    VolumeBody,
    WorkdirBody,
)
from rgraph.manifest.step_packages import AptBody, CondaBody, Key, PipBody
from rgraph.manifest.step_r import Bioconductor, CranBody, GithubBody, UrlBody
from rgraph.manifest.step_windows import Certificate, RegistryBody


class Step:
    """A step as it stands in a list of steps; `document.py` makes it of `{KIND: body, ...}`."""

    __slots__ = ("body", "kind", "names", "provides", "when", "with_")

    def __init__(
        self,
        kind: str,
        body: Any,
        when: bool | str,
        provides: list[str] | str | None,
        with_: dict[str, Any],
        names: tuple[str, ...],
    ) -> None:
        self.kind = kind
        """Its key, one of STEP_KINDS."""
        self.body = body
        """A value of the type that STEP_KINDS names."""
        self.when = when
        self.provides = provides
        self.with_ = with_
        self.names = names
        """Names that its expressions use: the step comes out the same wherever they have the same
        values."""


class _Common(Written, frozen=True, kw_only=True):
    when: Flag = True
    """Leave the step out where this is false."""


class _Providing(_Common, frozen=True, kw_only=True):
    provides: Texts | None = None
    """Components that the step brings, as purls: `pkg:generic/openmpi@4.1.0`."""


class AptStep(_Common, frozen=True, kw_only=True):
    """Debian and Ubuntu packages."""

    apt: AptBody
    """Packages, or a mapping with more to say."""


class KeyStep(_Common, frozen=True, kw_only=True):
    """A key for all apt repositories."""

    key: Key
    """Where it is and how it is fetched."""


class CondaStep(_Common, frozen=True, kw_only=True):
    """Conda packages."""

    conda: CondaBody
    """Packages, or a mapping with channels and more."""


class PipStep(_Common, frozen=True, kw_only=True):
    """Python packages."""

    pip: PipBody
    """Packages, or a mapping with more to say."""


class CranStep(_Common, frozen=True, kw_only=True):
    """R packages from CRAN."""

    cran: CranBody
    """Packages, or a mapping with a snapshot."""


class BioconductorStep(_Common, frozen=True, kw_only=True):
    """R packages from Bioconductor."""

    bioconductor: Bioconductor
    """Release and packages."""


class GithubStep(_Common, frozen=True, kw_only=True):
    """R packages from GitHub."""

    github: GithubBody
    """One package or several."""


class UrlStep(_Common, frozen=True, kw_only=True):
    """R packages by URL."""

    url: UrlBody
    """One package or several."""


class SourceStep(_Providing, frozen=True, kw_only=True):
    """A program built from source."""

    source: Source
    """Where it comes from and how to build it. Provides `pkg:generic/NAME@VERSION` if it does not
    say otherwise."""


class DownloadStep(_Common, frozen=True, kw_only=True):
    """A file from the web."""

    download: Download
    """Where it comes from and what becomes of it."""
    provides: Texts
    """Components that it brings, as purls; `[]` for none."""


class TakeStep(_Providing, frozen=True, kw_only=True):
    """Files of another image: `COPY --from`."""

    take: Take
    """From where, which, and to where. Without `provides`, all components of the other image come
    along."""


class CopyStep(_Common, frozen=True, kw_only=True):
    """Files of the catalogue."""

    copy: Copy
    """Which files, and to where."""


class EnvStep(_Common, frozen=True, kw_only=True):
    """Environment variables."""

    env: EnvBody
    """`NAME: value`, or `PATH: {prepend: DIR}`. One instruction, sorted by name."""


class ArgStep(_Common, frozen=True, kw_only=True):
    """Build arguments."""

    arg: ArgBody
    """Names, or `NAME: default`."""


class LabelStep(_Common, frozen=True, kw_only=True):
    """Labels."""

    label: LabelBody
    """`name: value`."""


class UserStep(_Common, frozen=True, kw_only=True):
    """User."""

    user: UserBody
    """The user for what follows."""


class WorkdirStep(_Common, frozen=True, kw_only=True):
    """Working folder."""

    workdir: WorkdirBody
    """The folder for what follows."""


class ExposeStep(_Common, frozen=True, kw_only=True):
    """Ports."""

    expose: ExposeBody
    """Ports that the image listens on."""


class VolumeStep(_Common, frozen=True, kw_only=True):
    """Volumes."""

    volume: VolumeBody
    """Mount points."""


class ShellStep(_Common, frozen=True, kw_only=True):
    """Shell."""

    shell: ShellBody
    """The shell for what follows."""


class RegistryStep(_Common, frozen=True, kw_only=True):
    """Windows registry."""

    registry: RegistryBody
    """One value or several."""


class CertificateStep(_Common, frozen=True, kw_only=True):
    """A certificate (Windows)."""

    certificate: Certificate
    """Where it is and which store it goes to."""


class RunStep(_Common, frozen=True, kw_only=True):
    """The escape hatch: what no typed step can say."""

    run: Texts
    """A list of commands, which rgraph joins so that the first failure ends the build; or one text
    that stands behind RUN as it is."""
    provides: Texts
    """Components that it brings, as purls; `[]` for none."""


class InstructionStep(_Providing, frozen=True, kw_only=True):
    """An instruction other than RUN that no other step can say: ADD, COPY with flags, STOPSIGNAL."""

    instruction: InstructionBody
    """The instruction, on one line."""


class GroupStep(_Common, frozen=True, kw_only=True):
    """Several steps in one RUN instruction."""

    group: list[Step]
    """The steps; each must be one that renders to RUN."""


class UseStep(_Common, frozen=True, kw_only=True):
    """A recipe."""

    use: str
    """Name of the recipe."""
    with_: dict[str, Any] = field(name="with", default_factory=dict)
    """Values of its parameters."""


STEP_TYPES: tuple[type[_Common], ...] = (
    AptStep,
    KeyStep,
    CondaStep,
    PipStep,
    CranStep,
    BioconductorStep,
    GithubStep,
    UrlStep,
    SourceStep,
    DownloadStep,
    TakeStep,
    CopyStep,
    EnvStep,
    ArgStep,
    LabelStep,
    UserStep,
    WorkdirStep,
    ExposeStep,
    VolumeStep,
    ShellStep,
    RegistryStep,
    CertificateStep,
    RunStep,
    InstructionStep,
    GroupStep,
    UseStep,
)

STEP_KEYS = ("when", "provides", "with_")
"""Fields that stand beside the body of a step."""

STEP_KINDS: dict[str, type[_Common]] = {
    next(name for name in step.__struct_fields__ if name not in STEP_KEYS): step for step in STEP_TYPES
}
"""Key of the step -> its written type."""

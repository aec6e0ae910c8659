"""Manifests of kind base, r and framework: families of images, and the recipes that they share."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, field

from rgraph.manifest.base import Flag, Texts, Written
from rgraph.manifest.step import Step

Kind = Literal["base", "r", "framework"]


class Stage(Written, frozen=True, kw_only=True):
    """A build stage of its own, from which the image takes files."""

    name: str
    """Name of the stage, for `take: {from: NAME}`."""
    from_: str = field(name="from")
    """As a layer's `from`; an earlier stage's name works too."""
    platform: str = ""
    """Platform that the stage is for, if not the image's: `$BUILDPLATFORM` is the one that builds."""
    steps: list[Step] = field(default_factory=list)
    """Steps of the stage."""


class Lifecycle(Written, frozen=True, kw_only=True):
    """How long the images live."""

    cadence: str = ""
    """How often to rebuild even if nothing changed: `weekly`, `monthly`, `quarterly`,
    `yearly`, `second-wednesday` (Windows images)."""
    end_of_life: str = ""
    """Date (YYYY-MM-DD) after which the image is no longer kept."""
    deprecated: str = ""
    """What to use instead, if the image is going away."""


class Healthcheck(Written, frozen=True, kw_only=True):
    """`HEALTHCHECK`."""

    command: Texts
    """A shell command, or a list for the exec form."""
    interval: str = ""
    """Time between checks, for instance `30s`."""
    timeout: str = ""
    """Time limit of one check."""
    start_period: str = ""
    """Time to start in which failures do not count."""
    retries: str = ""
    """Failures in a row that make the container unhealthy."""


class ImageTest(Written, frozen=True, kw_only=True):
    """A test to run against the built image. Images on top inherit it."""

    name: str
    """Name of the test, unique in its layer."""
    script: str = ""
    """A file of `manifests/files/` to run; generate puts it beside the Dockerfile. One that begins with
    `#!` is run as it says, else `.py`, `.R`, `.sh` and `.ps1` by their language."""
    command: Texts = ""
    """A command to run in the container (a shell command, or a list of words)."""
    r_packages: Texts = ""
    """R packages to load by `library()`: `forecast`, or `forecast==8.9` with the version that they must
    report. What the image's manifests declare is loaded without this."""
    files: Texts = ""
    """Files of `manifests/files/` that the test needs, beside its script."""
    nodes: str = "1"
    """Number of containers: more than one is a distributed test, on a network of its own."""
    launch: Literal["mpirun", "each"] | None = None
    """How a distributed test runs: `mpirun` (default) starts one process on each node, `each` runs the
    script or command in every container, which finds the others by `RANK`, `WORLD_SIZE` and
    `MASTER_ADDR`."""
    batch: Flag = False
    """Run it as doAzureParallel does: with the `AZ_BATCH_*` variables and the volume of a node of Azure
    Batch; `files` are in `$AZ_BATCH_NODE_STARTUP_DIR/wd`."""
    output: str = ""
    """Text that the output must hold."""
    exit_code: str = "0"
    """The exit code that means success."""
    timeout: str = ""
    """Time limit, for instance `90s` or `10m`; left out: that of `rgraph test`."""
    when: Flag = True
    """Leave the test out where this is false."""


class LayerManifest(Written, frozen=True, kw_only=True):
    """A family of images: one list of steps and a matrix."""

    kind: Kind
    """What it is: `base`, `r` or `framework`. It groups; it does not limit `from`."""
    name: str
    """Name of the layer; `NAME:variant` is an image."""
    description: str = ""
    """One paragraph for the README of each image."""
    matrix: dict[str, Any] = field(default_factory=dict)
    """Axes (`device: [cpu, gpu]`), `include` and `exclude`, as GitHub Actions has them. Values are
    texts, booleans or lists of texts. Left out: one image."""
    from_: str = field(name="from")
    """What the image stands on: an image (`layer:variant`) or the name of an External."""
    variant: str
    """Name of each image within the layer, from the matrix: `${{ device }}`."""
    repository: str = ""
    """Repository in the registry, below the catalogue's namespace. Default: the layer's name."""
    tags: Texts | None = None
    """Tags; `${{ release }}` is the `YYYYMMDD.vN` of the release. Default:
    `["${{ variant }}-${{ release }}", "${{ variant }}"]`. Every image needs a floating tag (one
    without the release)."""
    folder: str = ""
    """Folder below `generated/`. Default: `NAME/VARIANT`."""
    platforms: Texts | None = None
    """Platforms of the image; its parents must have all of them. Default: the catalogue's."""
    capabilities: dict[str, bool | str] = field(default_factory=dict)
    """Claims, checked: each must equal what the parent or External has."""
    lifecycle: Lifecycle | None = None
    """Cadence of rebuilds and end of life."""
    args: dict[str, str] = field(default_factory=dict)
    """`ARG` before `FROM`, with their defaults."""
    stages: list[Stage] = field(default_factory=list)
    """Build stages of their own, from which steps `take` files."""
    steps: list[Step] = field(default_factory=list)
    """What to do, in order: the public part."""
    private: list[Step] = field(default_factory=list)
    """Steps that are not published: the private part."""
    entrypoint: Texts | None = None
    """`ENTRYPOINT`: a list is the exec form, a text the shell form."""
    cmd: Texts | None = None
    """`CMD`: a list is the exec form, a text the shell form."""
    healthcheck: Healthcheck | Literal["none"] | None = None
    """`HEALTHCHECK`; `none` switches off the parent's."""
    tests: list[ImageTest] = field(default_factory=list)
    """Tests of the images."""


class Param(Written, frozen=True, kw_only=True):
    """A parameter of a recipe."""

    default: Any = UNSET
    """Value if the layer gives none; a parameter without default is required."""
    description: str = ""
    """What it is for."""

    @property
    def has_default(self) -> bool:
        """Whether the parameter may be left out."""
        return self.default is not UNSET


class RecipeManifest(Written, frozen=True, kw_only=True):
    """A named list of steps that layers `use`."""

    kind: Literal["recipe"]
    """`recipe`."""
    name: str
    """Name, for `use: NAME`."""
    description: str = ""
    """What it does."""
    params: dict[str, Param | None] = field(default_factory=dict)
    """Parameters: `{version: , ucx: {default: false}}`. A recipe's expressions see only these."""
    steps: list[Step]
    """The steps."""

"""Images as resolved: one for each row of each layer's matrix, every reference checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from rgraph.errors import Place
from rgraph.expressions import Value
from rgraph.names import Folder, ImageId, Platform, Repository
from rgraph.steps.interface import Component, Dialect, Os, Step

RELEASE = "\x00release\x00"
"""Stands in a tag for the release's `YYYYMMDD.vN`."""


class Edge(Struct, frozen=True, order=True):
    """What an image needs to be built."""

    type: Literal["from", "copy"]
    """FROM, or COPY --from (also: a build stage that stands on it)."""
    to: str
    """Id of an image, or name of an External."""
    external: bool


class ImageStep(Struct, frozen=True, eq=False):
    """A resolved step with where it was written. Images share them."""

    step: Step
    place: Place
    comment: str
    """Name of the recipe, on its first step."""
    components: tuple[Component, ...]
    sources: tuple[str, ...] = ()
    """Images, Externals or stages that it takes files from, as written."""
    files: tuple[str, ...] = ()
    """Files that it needs in the build context."""
    platforms: tuple[str, ...] = ()
    """The platforms that it is for, if it says so."""
    members: tuple[ImageStep, ...] = ()
    """The steps of a group, each with its own place."""
    says_provides: bool = False
    """Whether the manifest says what the step brings; a `take` that does not brings everything."""


class Rendered(Struct, frozen=True, eq=False):
    """A step as Dockerfile text, with the hash of all that counts of it."""

    source: ImageStep
    text: str
    """Instructions; `PARENT` marks stand for references of other images."""
    digest: bytes


class Stage(Struct, frozen=True):
    """A build stage beside the image's own."""

    name: str
    source: str
    """Image id, External or earlier stage."""
    steps: tuple[Rendered, ...]
    platform: str = ""
    """Behind `--platform=`; empty for the image's own."""


class ImageTest(Struct, frozen=True, omit_defaults=True):
    """A test of an image. What is left out stays out of fingerprints, too."""

    name: str
    script: str
    command: tuple[str, ...] | str
    nodes: int
    output: str
    exit_code: int
    r_packages: tuple[tuple[str, str], ...] = ()
    """Name and version of R packages to load; an empty version is any."""
    files: tuple[str, ...] = ()
    launch: Literal["mpirun", "each"] = "mpirun"
    batch: bool = False
    timeout: str = ""
    """As written, a duration."""


class Frame(Struct, frozen=True):
    """What an image has beside its steps and names."""

    capabilities: tuple[tuple[str, bool | str], ...] = ()
    """Claims."""
    platforms: tuple[Platform, ...] = ()
    """As written; empty if the manifest does not say."""
    args: tuple[tuple[str, str], ...] = ()
    entrypoint: tuple[str, ...] | str | None = None
    cmd: tuple[str, ...] | str | None = None
    healthcheck: str = ""
    """What stands behind HEALTHCHECK; empty for none."""
    tests: tuple[ImageTest, ...] = ()


class State(Struct, frozen=True):
    """What a parent passes on to what is built upon it."""

    os: Os
    dialect: Dialect
    shell: tuple[str, ...]
    user: str
    workdir: str
    platforms: tuple[Platform, ...]
    capabilities: Mapping[str, bool | str]


class Image(Struct, frozen=True, eq=False):
    """One buildable result."""

    id: ImageId
    kind: Literal["base", "r", "framework"]
    layer: str
    variant: str
    description: str
    place: Place
    """The layer's manifest."""
    row: Mapping[str, Value]
    """The row of the matrix: axis -> value."""
    parent: Edge
    edges: tuple[Edge, ...]
    """Sorted, the parent first."""
    repository: Repository
    """With the catalogue's namespace."""
    tags: tuple[str, ...]
    """With RELEASE where the release's tag goes."""
    folder: Folder
    frame: Frame
    stages: tuple[Stage, ...]
    public: tuple[Rendered, ...]
    private: tuple[Rendered, ...]
    restore: tuple[str, ...]
    """Instructions that end the private part: user, shell and workdir of the public part."""
    state: State
    """What it passes on."""
    files: tuple[str, ...]
    """Files of `manifests/files/` beside its Dockerfile."""

    @property
    def floating_tags(self) -> tuple[str, ...]:
        """Tags that move from release to release."""
        return tuple(tag for tag in self.tags if RELEASE not in tag)

    def references(self, release: str) -> tuple[str, ...]:
        """`repository:tag` of all tags, for a release."""
        return tuple(f"{self.repository}:{tag.replace(RELEASE, release)}" for tag in self.tags)


def inherited_tests(
    images: Mapping[str, Image], image: Image, *, overridden: bool = False
) -> Iterator[tuple[str, ImageTest]]:
    """Id of the image that has a test, and the test: the image's own, then those of the images below it.

    Of tests of one name only the one nearest to the image counts, or with `overridden` all do.
    """
    seen: set[str] = set()
    node: Image | None = image
    while node is not None:
        for test in node.frame.tests:
            if overridden or test.name not in seen:
                seen.add(test.name)
                yield node.id, test
        node = None if node.parent.external else images[node.parent.to]

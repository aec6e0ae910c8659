"""What the parts of the import hand to each other: files as parsed, images as a source names them, steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from rgraph.errors import Place


class Instruction(Struct, frozen=True):
    """One instruction of a Dockerfile, as BuildKit's parser reads it."""

    keyword: str
    """In upper case: `RUN`."""
    flags: tuple[str, ...]
    """`--mount=...`, `--from=...`, as written."""
    words: tuple[str, ...]
    """The parser's values: a shell form is one text; ENV, LABEL and ARG give names and values in turn
    (`A`, `1`, `B`, `"2 3"`: quotes stay), ARG one text (`X=1`) for each."""
    json: bool
    """Whether it has the exec form."""
    heredocs: tuple[tuple[str, str], ...]
    """Name and body of each."""
    original: str
    """Its text with continued lines joined and comments left out; of heredocs with their bodies."""
    line: int
    """1-based, its first line."""
    end: int
    """1-based, its last line."""
    onbuild: str = ""
    """Of ONBUILD, the keyword (upper case) that it holds; `flags`, `words` and `json` are that one's."""


class ParsedStage(Struct, frozen=True):
    """A stage: a FROM and what follows it."""

    name: str
    """Behind AS, as written; empty if it has none."""
    index: int
    """0 for the first."""
    source: str
    """What stands behind FROM, as written, variables and all."""
    platform: str
    """Of `--platform=`, as written; empty if it has none."""
    instructions: tuple[Instruction, ...]
    """All but FROM itself."""
    line: int


class ParsedFile(Struct, frozen=True):
    """A Dockerfile as parsed."""

    path: str
    escape: str
    """The character that continues lines: `\\` or a backtick."""
    syntax: str
    """Of the directive `# syntax=`; empty if there is none."""
    args: tuple[tuple[str, str | None, int], ...]
    """ARG before the first FROM: name, default as written if it has one, line."""
    stages: tuple[ParsedStage, ...]
    lines: int = 0
    """Lines of the file that are not empty and no comments."""


class SourceImage(Struct, frozen=True):
    """An image that a source says is built, before anything of it is read."""

    name: str
    """Unique key within the source: the path of the Dockerfile, or the target."""
    dockerfile: str
    """Path, relative to the root of what is imported, with `/`."""
    context: str
    """Folder of the build context, relative to the same root; empty for the root itself."""
    args: Mapping[str, str]
    """Build arguments that the source gives."""
    target: str
    """The stage to build; empty for the last."""
    tags: tuple[str, ...]
    """Full references, as the source names them."""
    platforms: tuple[str, ...]
    """Empty if the source does not say."""
    contexts: Mapping[str, str]
    """Named contexts -> what they stand for (`docker-image://...`, `target:...`, a folder)."""
    place: Place
    """Where the source says so."""
    shared: tuple[str, ...] = ()
    """Full references that stand for several images, each for platforms of its own."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that the source gives beside those of the Dockerfile."""


class SourceEdge(Struct, frozen=True):
    """What an image needs to be built."""

    image: str
    """Name of the SourceImage that needs it."""
    to: str
    """Name of a SourceImage, or a reference."""
    type: Literal["from", "copy"]
    external: bool
    line: int
    """1-based, in the Dockerfile; 0 if the source itself says so."""


class Step(Struct, frozen=True):
    """One step of the manifest language, and the instructions that it stands for."""

    data: dict[str, Any]
    """For instance `{"apt": {...}}` or `{"run": "...", "provides": []}`."""
    covers: tuple[int, ...]
    """Indexes in the stage's instructions."""
    comment: str = ""
    """Written above the step."""


class ImportedStage(Struct, frozen=True):
    """A build stage beside the image's own, as steps."""

    name: str
    """Unique in the image, a name of the manifest language."""
    source: str
    """Name of an imported image, of an earlier stage, or a reference; `kind` says which."""
    kind: Literal["image", "stage", "external"]
    steps: tuple[Step, ...]
    parsed: int
    """Index in the file's stages."""
    platform: str = ""
    """Of its FROM, as written, where it is not the image's own."""


class ImportedImage(Struct, frozen=True):
    """An image with everything that a layer says about it."""

    source: SourceImage
    file: ParsedFile
    parsed: int
    """Index of the file's stage that is the image."""
    from_: str
    """Name of the imported image or the reference that it stands on; `kind` says which."""
    kind: Literal["image", "external"]
    edges: tuple[SourceEdge, ...]
    stages: tuple[ImportedStage, ...]
    """The stages that it needs, in order, without its own."""
    steps: tuple[Step, ...]
    args: Mapping[str, str]
    """`args` of the layer: ARG before FROM that are kept."""
    entrypoint: tuple[str, ...] | str | None
    cmd: tuple[str, ...] | str | None
    healthcheck: Mapping[str, Any] | Literal["none"] | None
    repository: str
    """Proposed; what C finds better may stand in its place as long as tags and edges stay."""
    variant: str
    tags: tuple[str, ...]
    """Tags alone, without their repository; floating."""
    folder: str
    platforms: tuple[str, ...]
    os: Literal["linux", "windows"] = "linux"
    files: tuple[tuple[str, str], ...] = ()
    """Files of the build context that it copies: path in the context, path below the imported root."""
    notes: tuple[tuple[int, str], ...] = ()
    """What a person must look at: line in the Dockerfile, and one sentence."""

"""Steps that bring files: downloads, source builds, COPY, and COPY --from other images."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from rgraph.manifest.base import Flag, OnError, PlatformText, Texts, Written

Downloader = Literal["curl", "wget"]


class Download(Written, frozen=True, kw_only=True):
    """A file from the web, checked, used, and removed in the same instruction.

    `to`, `extract` or `run` says what becomes of it; `run` may follow one of the others.
    """

    url: PlatformText
    """Where it is; by platform, if they differ: `{linux/amd64: URL, linux/arm64: URL}`."""
    sha256: PlatformText = ""
    """Checksum; by platform, if `url` is. Without one, and none in the lock, it is not checked."""
    to: str = ""
    """Keep it under this path (a folder if it ends in `/`)."""
    extract: str = ""
    """Unpack it into this folder (tar, or zip by its name)."""
    strip: str = ""
    """With `extract`: leading folders of the archive to leave out."""
    run: Texts = field(default_factory=list)
    """Commands that use `$FILE`, the file (without `to` or `extract` it is removed afterwards)."""
    file: str = ""
    """Without `to`: where the file is meanwhile, if not under its name in `/tmp`."""
    command: Downloader | None = None
    """The program to download with, if not the catalogue's."""
    options: list[str] | None = None
    """Options of that program, if not rgraph's own (`-fsSL` of curl, `-q` of wget)."""
    named: Flag = False
    """With a folder as `to`: wget itself names the file, and adds a number if there is one already."""
    errors: OnError = "stop"
    """Windows: what an error leads to. Without `stop`, the folder of `to` must be there already."""


class Source(Written, frozen=True, kw_only=True):
    """A program built from source, unpacked and built in a temporary folder that is removed."""

    name: str
    """Name of the component."""
    version: str
    """Its version."""
    url: str = ""
    """URL of a tar archive."""
    sha256: str = ""
    """Checksum of the archive. Without one, and none in the lock, it is not checked."""
    git: str = ""
    """URL of a git repository, instead of `url`."""
    ref: str = ""
    """Tag or branch of the repository."""
    commit: str = ""
    """Commit (40 hex digits) that `ref` must be; the build fails otherwise."""
    shallow: Flag = True
    """With `git`: fetch the newest commit only, without history."""
    directory: str = ""
    """Folder of the sources in the archive, if there is not just one at its top."""
    folder: str = ""
    """Absolute folder to unpack or clone in, if not rgraph's own. `directory` is then below it, for `git`
    by default named like the repository."""
    keep: Flag = False
    """With `folder`: the folder is there already, and what was unpacked in it stays."""
    prepare: Texts = field(default_factory=list)
    """Commands before configure, for instance `./autogen.sh`."""
    configure: Flag | list[str] = field(default_factory=list)
    """Arguments of `./configure`; `false` if there is none."""
    make: Flag | list[str] = field(default_factory=lambda: ["all", "install"])
    """Targets of make, one call for each; `false` for none."""
    run: Texts = field(default_factory=list)
    """Commands in the folder of the sources after make, for instance `ldconfig`."""
    command: Downloader | None = None
    """The program to download with, if not the catalogue's."""
    options: list[str] | None = None
    """Options of that program, if not rgraph's own (`-fsSL` of curl, `-q` of wget)."""


class Take(Written, frozen=True, kw_only=True):
    """`COPY --from`: files of another image or stage. An edge of the graph."""

    from_: str = field(name="from")
    """An image (`layer:variant`), a stage of this layer, or an External."""
    path: Texts
    """File or folder in it, or several."""
    to: str
    """Where it goes."""
    owner: str = ""
    """`user:group` that shall own it."""
    options: Texts = field(default_factory=list)
    """Further options of COPY: `--chmod=755`, `--link`, `--parents`, `--exclude=*.md`. They need
    BuildKit."""


class Copy(Written, frozen=True, kw_only=True):
    """`COPY` of files that rgraph generates (`LICENSE.txt`, `ThirdPartyNotices.txt`) or that lie in
    `manifests/files/`.
    """

    files: Texts
    """The files; folders of `manifests/files/`, whose contents are copied; or patterns with `*` and
    `?`."""
    to: str
    """Where they go: a folder ends in `/`."""
    owner: str = ""
    """`user:group` that shall own them."""
    options: Texts = field(default_factory=list)
    """As for `take`."""

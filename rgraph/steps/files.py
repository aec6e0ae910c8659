"""Steps that copy: `take` from other images, `copy` from the build context."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from functools import lru_cache

from rgraph.manifest import step_files as written
from rgraph.manifest.base import Texts
from rgraph.names import Bad, copied_path
from rgraph.steps.context import Context
from rgraph.steps.interface import PARENT, Dialect, Step
from rgraph.steps.shells import json_array

_NOT_PLAIN = re.compile(r"""[\s<\[\]"']|\\$""")
"""What would part a path, or make a list, a here-document or a line continuation of it."""


_OWNER = re.compile(
    r"(?:[A-Za-z0-9_-]|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?)+(?::(?:[A-Za-z0-9_-]|\$\{?[A-Za-z_][A-Za-z0-9_]*\}?)+)?"
)
"""User, or user and group: names, numbers, variables of the Dockerfile."""


def _copy(flags: tuple[str, ...], paths: tuple[str, ...]) -> str:
    plain = not any(map(_NOT_PLAIN.search, paths))
    return " ".join(("COPY", *flags, " ".join(paths) if plain else json_array(paths)))


def _flags(owner: str, options: tuple[str, ...]) -> tuple[str, ...]:
    return (f"--chown={owner}", *options) if owner else options


_OPTION = re.compile(
    r"--(?:link(?:=(?:true|false))?|parents(?:=(?:true|false))?|(?:chmod|exclude)=[^\s\"'`\\<>]+)"
)
"""Source: the Dockerfile reference, "COPY"."""


def _options(context: Context, written: Texts) -> tuple[str, ...]:
    for text, here in context.placed(written):
        if not _OPTION.fullmatch(text):
            here.problem(
                f"`{text}` is no option of COPY",
                "write `--chmod=755`, `--link`, `--parents` or `--exclude=PATTERN`",
            )
    return context.texts(written)


class Take(Step, frozen=True):
    """Files of another image, stage or External."""

    source: str
    """As written: an image id, a stage's or an External's name."""
    paths: tuple[str, ...]
    to: str
    owner: str = ""
    options: tuple[str, ...] = ()

    def render(self, dialect: Dialect) -> str:
        """COPY --from, with a mark where the reference goes."""
        flags = (f"--from={PARENT.format(self.source)}", *_flags(self.owner, self.options))
        return _copy(flags, (*self.paths, self.to))

    def sources(self) -> tuple[str, ...]:
        """The other image."""
        return (self.source,)


class Copy(Step, frozen=True):
    """Files of the build context."""

    names: tuple[str, ...]
    to: str
    owner: str = ""
    contained: tuple[str, ...] = ()
    """The files that folders and patterns stand for, if there are such among the names."""
    options: tuple[str, ...] = ()

    def render(self, dialect: Dialect) -> str:
        """COPY."""
        return _copy(_flags(self.owner, self.options), (*self.names, self.to))

    def files(self) -> tuple[str, ...]:
        """The files."""
        return self.contained or self.names


def _path(context: Context, text: str) -> str:
    value = context.text(text)
    if value.startswith("-") or (value.rstrip().endswith(("\\", "`")) and value[-2:-1] != ":"):
        context.problem(
            f"`{value}` is no path here",
            "a path does not begin with `-` and does not end in `\\` or a backtick",
        )
    return value


def _owner(context: Context, text: str) -> str:
    value = context.optional(text)
    if value and not _OWNER.fullmatch(value):
        context.problem(f"`{value}` is no owner", "write `user` or `user:group`")
    return value


def resolve_take(context: Context, body: written.Take) -> Take:
    """A `take` step; whether the source exists is checked with the graph."""
    before = len(context.problems)
    found = context.at("path").placed(body.path)
    if not found and len(context.problems) == before:
        context.at("path").problem("no path", "name a file or a folder")
    to = _path(context.at("to"), body.to)
    paths = tuple(_path(here, text) for text, here in found)
    if len(found) > 1:
        _check_folder(context, to)
    owner, options = _owner(context.at("owner"), body.owner), _options(context.at("options"), body.options)
    return Take(context.at("from").text(body.from_), paths, to, owner, options)


def resolve_copy(context: Context, body: written.Copy) -> Copy:
    """A `copy` step."""
    before = len(context.problems)
    found = context.at("files").placed(body.files)
    several, contained = len(found) > 1, []
    for name, here in found:
        made = copied_path(name)
        if isinstance(made, Bad):
            here.problem(made.what, made.help)
            continue
        files = _files_of(name, context)
        several = several or (len(files) > 1 and "*" in name)
        contained += files
        if not files:
            known = ", ".join(sorted(context.settings.generated))
            help = f"put it into manifests/files/, or name one of {known}"
            here.problem(f"there is no file `{name}`", help, unsure=True)
    if not found and len(context.problems) == before:
        context.problem("no files", "name some of manifests/files/")
    to = _path(context.at("to"), body.to)
    if several:
        _check_folder(context, to)
    names = tuple(name for name, _ in found)
    all_files = tuple(dict.fromkeys(contained))
    owner = _owner(context.at("owner"), body.owner)
    options = _options(context.at("options"), body.options)
    return Copy(names, to, owner, () if all_files == names else all_files, options)


def _check_folder(context: Context, to: str) -> None:
    # `.` and what ends in it are folders, and nobody knows what a variable holds.
    if not to.endswith(("/", "\\", "/.", "}")) and to != "." and not to.rpartition("/")[2].startswith("$"):
        context.at("to").problem("several files need a folder", f"write `{to}/`")


def _files_of(name: str, context: Context) -> list[str]:
    """The files that a name stands for: itself, those in a folder, those that a pattern fits."""
    files = context.settings.files
    if name in files or name in context.settings.generated:
        return [name]
    folders = _folders(files)
    plain = name.rstrip("/")
    if plain in folders:
        return list(folders[plain])
    if not re.search(r"[*?\[]", name):
        return []
    # As Go's filepath.Match, which COPY uses: no `*` goes across a `/`.
    pattern = re.compile("/".join(fnmatch.translate(part)[4:-3] for part in plain.split("/")), re.DOTALL)
    found = [
        each
        for each in sorted(files | folders.keys())
        if pattern.fullmatch(each) and each.count("/") == plain.count("/")
    ]
    return [file for each in found for file in ([each] if each in files else folders[each])]


@lru_cache(maxsize=8)
def _folders(files: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """Folder -> all files in it and below, sorted."""
    found: dict[str, list[str]] = {}
    for file in sorted(files):
        parts = file.split("/")
        for end in range(1, len(parts)):
            found.setdefault("/".join(parts[:end]), []).append(file)
    return {folder: tuple(inside) for folder, inside in found.items()}

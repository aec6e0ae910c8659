"""Steps that copy: `take` from other images, `copy` from the build context."""

from __future__ import annotations

import re

from rgraph.manifest import step_files as written
from rgraph.names import Bad, file_path
from rgraph.steps.context import Context
from rgraph.steps.interface import PARENT, Dialect, Step
from rgraph.steps.shells import json_array

_NOT_PLAIN = re.compile(r"""[\s<\[\]"']|\\$""")
"""What would part a path, or make a list, a here-document or a line continuation of it."""


def _copy(flags: str, paths: tuple[str, ...]) -> str:
    plain = not any(map(_NOT_PLAIN.search, paths))
    return f"COPY {flags}{' '.join(paths) if plain else json_array(paths)}"


class Take(Step, frozen=True):
    """Files of another image, stage or External."""

    source: str
    """As written: an image id, a stage's or an External's name."""
    path: str
    to: str
    owner: str = ""

    def render(self, dialect: Dialect) -> str:
        """COPY --from, with a mark where the reference goes."""
        owner = f"--chown={self.owner} " if self.owner else ""
        return _copy(f"--from={PARENT.format(self.source)} {owner}", (self.path, self.to))

    def sources(self) -> tuple[str, ...]:
        """The other image."""
        return (self.source,)


class Copy(Step, frozen=True):
    """Files of the build context."""

    names: tuple[str, ...]
    to: str
    owner: str = ""

    def render(self, dialect: Dialect) -> str:
        """COPY."""
        return _copy(f"--chown={self.owner} " if self.owner else "", (*self.names, self.to))

    def files(self) -> tuple[str, ...]:
        """The files."""
        return self.names


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
    if value and not all(part.replace("-", "").replace("_", "").isalnum() for part in value.split(":")):
        context.problem(f"`{value}` is no owner", "write `user` or `user:group`")
    return value


def resolve_take(context: Context, body: written.Take) -> Take:
    """A `take` step; whether the source exists is checked with the graph."""
    return Take(
        context.at("from").text(body.from_),
        _path(context.at("path"), body.path),
        _path(context.at("to"), body.to),
        _owner(context.at("owner"), body.owner),
    )


def resolve_copy(context: Context, body: written.Copy) -> Copy:
    """A `copy` step."""
    before = len(context.problems)
    found = context.at("files").placed(body.files)
    for name, here in found:
        made = file_path(name)
        if isinstance(made, Bad):
            here.problem(made.what, made.help)
        elif name not in context.settings.files and name not in context.settings.generated:
            known = ", ".join(sorted(context.settings.generated))
            help = f"put it into manifests/files/, or name one of {known}"
            here.problem(f"there is no file `{name}`", help, unsure=True)
    if not found and len(context.problems) == before:
        context.problem("no files", "name some of manifests/files/")
    to = _path(context.at("to"), body.to)
    if len(found) > 1 and not to.endswith(("/", "\\")):
        context.at("to").problem("several files need a folder", f"write `{to}/`")
    return Copy(tuple(name for name, _ in found), to, _owner(context.at("owner"), body.owner))

"""Steps that set a property of the image or its build: ENV, ARG, LABEL, USER, ..."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rgraph.manifest.step_image import EnvPath
from rgraph.names import Bad, variable
from rgraph.steps.commands import readable
from rgraph.steps.context import Context
from rgraph.steps.interface import Dialect, Step
from rgraph.steps.shells import dialect_of, instruction_value, json_array

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_LABEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_PORT = re.compile(r"(?:[0-9]{1,5}(?:-[0-9]{1,5})?|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})(?:/(?:tcp|udp|sctp))?")


def pairs(keyword: str, items: tuple[tuple[str, str], ...], dialect: Dialect) -> str:
    """One instruction of names and values, one a line."""
    continuation = ("\\" if dialect == "posix" else "`") + "\n" + " " * (len(keyword) + 1)
    return f"{keyword} " + f" {continuation}".join(
        f"{name}={instruction_value(value, dialect)}" for name, value in items
    )


class Env(Step, frozen=True):
    """Environment variables."""

    variables: tuple[tuple[str, str], ...]
    """Sorted by name."""
    lists: bool = False
    """Whether a value adds to a list of folders, which Windows keeps in its registry."""

    def render(self, dialect: Dialect) -> str:
        """One ENV: every `$NAME` in it is the value before it (Dockerfile reference, "ENV")."""
        return pairs("ENV", self.variables, dialect)


class Label(Step, frozen=True):
    """Labels."""

    labels: tuple[tuple[str, str], ...]
    """Sorted by name."""

    def render(self, dialect: Dialect) -> str:
        """One LABEL."""
        return pairs("LABEL", self.labels, dialect)


class Arg(Step, frozen=True):
    """Build arguments."""

    arguments: tuple[tuple[str, str | None], ...]
    """Name and default."""

    def render(self, dialect: Dialect) -> str:
        """One ARG for each."""
        return "\n".join(
            f"ARG {name}" if default is None else pairs("ARG", ((name, default),), dialect)
            for name, default in self.arguments
        )


class User(Step, frozen=True):
    """The user for what follows."""

    user: str

    def render(self, dialect: Dialect) -> str:
        """USER."""
        return f"USER {self.user}"


class Workdir(Step, frozen=True):
    """The folder for what follows."""

    folder: str

    def render(self, dialect: Dialect) -> str:
        """WORKDIR."""
        return f"WORKDIR {self.folder}"


class Expose(Step, frozen=True):
    """Ports."""

    ports: tuple[str, ...]

    def render(self, dialect: Dialect) -> str:
        """EXPOSE."""
        return f"EXPOSE {' '.join(self.ports)}"


class Volume(Step, frozen=True):
    """Mount points."""

    paths: tuple[str, ...]

    def render(self, dialect: Dialect) -> str:
        """VOLUME in the exec form, which needs no quoting."""
        return f"VOLUME {json_array(self.paths)}"


class Shell(Step, frozen=True):
    """The shell for what follows."""

    words: tuple[str, ...]

    def render(self, dialect: Dialect) -> str:
        """SHELL."""
        return f"SHELL {json_array(self.words)}"


def resolve_env(context: Context, body: Mapping[str, str | EnvPath]) -> Env:
    """An `env` step."""
    found = []
    lists = False
    for name in sorted(body):
        here, written = context.at(name), body[name]
        if not _ENV_NAME.fullmatch(name):
            context.key(name).problem(f"`{name}` is no name of a variable", "use letters, digits and `_`")
        if isinstance(written, EnvPath):
            lists = True
            _variable(context.key(name), name)
            found.append((name, _path(here, name, written)))
        else:
            found.append((name, here.optional(written)))
    if not found:
        context.problem("no variables", "write `NAME: value`")
    return Env(tuple(found), lists)


def _path(context: Context, name: str, body: EnvPath) -> str:
    """A folder before or behind what the variable holds; PATH is always set, others may not be."""
    first, last = context.at("prepend").optional(body.prepend), context.at("append").optional(body.append)
    if not first and not last:
        context.problem("neither `prepend` nor `append`", "write `{prepend: FOLDER}`")
    before, behind = (f"{first}:" if first else ""), (f":{last}" if last else "")
    if name == "PATH":
        return f"{before}$PATH{behind}"
    if first and last:
        return f"{first}:${{{name}:+${name}:}}{last}"
    return f"{first}${{{name}:+:${name}}}" if first else f"${{{name}:+${name}:}}{last}"


def resolve_label(context: Context, body: Mapping[str, str]) -> Label:
    """A `label` step."""
    for name in body:
        if not _LABEL_NAME.fullmatch(name):
            context.key(name).problem(
                f"`{name}` is no name of a label", "use letters, digits, `.`, `_`, `/` and `-`"
            )
    if not body:
        context.problem("no labels", "write `name: value`")
    return Label(tuple((name, context.at(name).optional(body[name])) for name in sorted(body)))


def resolve_arg(context: Context, body: Mapping[str, str | None] | list[str] | str) -> Arg:
    """An `arg` step."""
    before = len(context.problems)
    if isinstance(body, Mapping):
        found = [
            (_variable(context.key(name), name), None if value is None else context.at(name).optional(value))
            for name, value in body.items()
        ]
    else:
        found = [(_variable(here, text), None) for text, here in context.placed(body)]
    if not found and len(context.problems) == before:
        context.problem("no arguments", "write their names, or `NAME: default`")
    return Arg(tuple(sorted(found, key=lambda each: each[0])))


def _variable(context: Context, name: str) -> str:
    made = variable(name)
    if isinstance(made, Bad):
        context.problem(made.what, made.help)
    return name


def _line(context: Context, text: str, what: str) -> str:
    value = context.text(text)
    if value.rstrip().endswith(("\\", "`")):
        context.problem(f"{what} ends in a line continuation", "leave the last character out")
    if value.startswith("-"):
        context.problem(f"{what} starts with `-`", "instructions would take it for an option")
    if '"' in value or "'" in value:
        context.problem(f"{what} holds a quote", "leave the quotes out: the builder would remove them")
    return value


def resolve_user(context: Context, body: str) -> User:
    """A `user` step."""
    user = _line(context, body, "the user")
    if " " in user:
        context.problem(f"`{user}` is no user", "write `user` or `user:group`")
    return User(user)


def resolve_workdir(context: Context, body: str) -> Workdir:
    """A `workdir` step."""
    return Workdir(_line(context, body, "the folder"))


def resolve_expose(context: Context, body: list[str] | str) -> Expose:
    """An `expose` step."""
    before = len(context.problems)
    found = context.placed(body)
    for port, here in found:
        if not _PORT.fullmatch(port):
            here.problem(f"`{port}` is no port", "write `8888` or `53/udp`")
    if not found and len(context.problems) == before:
        context.problem("no ports", "write `8888` or `53/udp`")
    return Expose(tuple(port for port, _ in found))


def resolve_volume(context: Context, body: list[str] | str) -> Volume:
    """A `volume` step."""
    before = len(context.problems)
    found = context.texts(body)
    if not found and len(context.problems) == before:
        context.problem("no mount points", "write the folders")
    return Volume(found)


_INSTRUCTION = re.compile(
    r"(ADD|ARG|COPY|ENV|EXPOSE|LABEL|MAINTAINER|ONBUILD|STOPSIGNAL|VOLUME|WORKDIR)[ \t]+(\S.*)"
)


class Verbatim(Step, frozen=True):
    """An instruction as written."""

    text: str

    def render(self, dialect: Dialect) -> str:
        """The instruction."""
        return self.text


def resolve_instruction(context: Context, body: str) -> Verbatim:
    """An `instruction` step."""
    text = context.value(body)
    if not isinstance(text, str) or not readable(text.replace("\t", " ")):
        text = context.text(body)  # says what is wrong with it
    match = _INSTRUCTION.fullmatch(text)
    if text and not match:
        context.problem(
            f"`{text[:40]}` is no instruction that can stand here",
            "write `KEYWORD value` on one line; RUN, FROM, USER, SHELL, CMD and the like have their own keys",
        )
    elif text.rstrip().endswith(("\\", "`")):
        context.problem("the instruction ends in a line continuation", "leave the last character out")
    elif match and "<<" in match[2]:
        context.problem("the instruction holds a here-document", "put the text into a file and copy it")
    elif match and match[1] in ("ADD", "COPY", "ONBUILD") and "--from=" in match[2]:
        context.problem(
            "the instruction takes files of another image", "say so with `take`, an edge of the graph"
        )
    return Verbatim(text)


def resolve_shell(context: Context, body: list[str]) -> Shell:
    """A `shell` step."""
    words = context.texts(body)
    if dialect_of(words) is None:
        context.problem(
            f"the shell `{words[0] if words else ''}` is not known", "one of sh, bash, powershell, pwsh, cmd"
        )
    return Shell(words)

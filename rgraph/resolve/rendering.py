"""Steps to Dockerfile text in the shell of their image: each distinct step once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import structs

from rgraph.catalog import Catalog
from rgraph.components import fact_of, shown
from rgraph.errors import Problems
from rgraph.image import ImageStep, Rendered, State
from rgraph.steps.commands import Commands
from rgraph.steps.group import Group
from rgraph.steps.image_settings import Env, Shell, User, Workdir
from rgraph.steps.interface import Dialect, Os, Step
from rgraph.steps.r import RPackages, UrlPackages
from rgraph.steps.shells import dialect_of, json_array, run, unsafe_verbatim


def leaves(step: Step) -> Iterator[Step]:
    """The step itself, or those of a group."""
    if isinstance(step, Group):
        yield from step.steps
    else:
        yield step


_STATEFUL = frozenset({Shell, User, Workdir})
"""Steps after which others may render differently, or which a private part must undo."""


class Renderer:
    """Renders steps and remembers them."""

    def __init__(self, catalog: Catalog, problems: Problems) -> None:
        self._facts = catalog.facts
        self._problems = problems
        self._memory: dict[tuple[Os, Dialect], dict[int, Rendered]] = {}
        """Operating system and dialect -> id of a step (which its Rendered keeps alive) -> Rendered."""

    def render(self, steps: Sequence[ImageStep], start: State) -> tuple[tuple[Rendered, ...], State]:
        """The texts of steps, and the state after them."""
        state = start
        found = []
        memory = self._memory.setdefault((state.os, state.dialect), {})
        for step in steps:
            rendered = memory.get(id(step))
            if rendered is None:
                rendered = memory[id(step)] = self._rendered(step, state)
            found.append(rendered)
            if type(step.step) in _STATEFUL:
                state = self._after(step, state)
                memory = self._memory.setdefault((state.os, state.dialect), {})
        return tuple(found), state

    def _rendered(self, step: ImageStep, state: State) -> Rendered:
        if step.step.os != state.os:
            self._check(step, state)
        escape = "\\" if state.os == "linux" else "`"
        made = step.step.render(state.dialect)
        text = made if isinstance(made, str) else run(made, state.dialect)
        if isinstance(step.step, Commands) and step.step.verbatim:
            reason = unsafe_verbatim(step.step.commands[0], escape)
            if reason:
                self._problems.add(
                    step.place.at("run"),
                    f"the text {reason}",
                    f"end each line but the last with `{escape}`, use a here-document, "
                    "or write a list of commands",
                )
        if step.comment:
            text = f"# {step.comment}\n{text}"
        digest = hashlib.sha256(text.encode())
        if step.components or step.says_provides:
            digest.update(msgspec.json.encode((step.components, step.says_provides)))
            digest.update(self._fact_bytes(step))
        return Rendered(step, text, digest.digest())

    def _fact_bytes(self, step: ImageStep) -> bytes:
        """What notices say of the step's components."""
        if not self._facts:
            return b""
        known = self._facts
        found = (fact_of(component, known) for component in step.components)
        return b"".join(msgspec.json.encode(shown(fact)) for fact in found)

    def _check(self, step: ImageStep, state: State) -> None:
        if isinstance(step.step, Group) and state.dialect == "cmd":
            kinds = {part.powershell for part in step.step.parts(state.dialect)}
            if len(kinds) > 1:
                what = "the group mixes commands of cmd with steps that need PowerShell"
                self._problems.add(
                    step.place.at("group"), what, "put `shell: [powershell, -Command]` before it"
                )
        for part in leaves(step.step):
            if part.os is not None and part.os != state.os:
                self._problems.add(
                    step.place,
                    f"the step `{_kind(part)}` is for {part.os} images, and this one is {state.os}",
                    "leave it out here: `when`",
                )
            if isinstance(part, Env) and part.lists and state.os == "windows":
                self._problems.add(
                    step.place.at("env"),
                    "Windows keeps lists of folders in its registry, where ENV does not see them",
                    'add to them in `run`: `setx /M PATH "%PATH%;C:\\folder"`',
                )

    def _after(self, step: ImageStep, state: State) -> State:
        match step.step:
            case User(user=user):
                return structs.replace(state, user=user)
            case Workdir(folder=folder):
                absolute = folder.startswith(("/", "$", "\\")) or folder[1:2] == ":"
                return structs.replace(
                    state, workdir=folder if absolute else f"{state.workdir.rstrip('/')}/{folder}"
                )
            case Shell(words=words):
                dialect = dialect_of(words) or state.dialect
                if (dialect == "posix") != (state.os == "linux"):
                    self._problems.add(
                        step.place.at("shell"),
                        f"rgraph cannot write steps for the shell `{words[0]}` on {state.os}",
                        "use sh or bash on Linux, powershell or cmd on Windows",
                    )
                    return state
                return structs.replace(state, dialect=dialect, shell=words)
        return state


def _kind(step: Step) -> str:
    match step:
        case RPackages(type=kind):
            return kind
        case UrlPackages():
            return "url"
    return type(step).__name__.lower()


def restore(private: Sequence[ImageStep], public: State) -> tuple[str, ...]:
    """Instructions that give back what a private part changed."""
    kinds = {type(step.step) for step in private}
    return (
        *((f"SHELL {json_array(public.shell)}",) if Shell in kinds else ()),
        *((f"WORKDIR {public.workdir}",) if Workdir in kinds else ()),
        *((f"USER {public.user}",) if User in kinds else ()),
    )

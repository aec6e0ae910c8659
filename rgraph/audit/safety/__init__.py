"""Rules RG6xx: no secrets, no code from elsewhere unseen, no more rights than needed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from rgraph.audit.interface import Finding, Level, Rule
from rgraph.audit.pins.fetches import remote_code
from rgraph.audit.safety import secrets, verification
from rgraph.audit.subject import Subject
from rgraph.audit.text.commands import Command
from rgraph.audit.text.merging import merged
from rgraph.audit.text.scripts import Files, Line, Script, scripts
from rgraph.audit.text.secret_words import shown_address
from rgraph.errors import Place
from rgraph.image import Image
from rgraph.steps.image_settings import Arg, Env, User

PIPE = Rule("RG602", "pipe-to-shell", "error", "Commands run what they download as it comes.")
SUDO = Rule("RG603", "sudo", "warning", "A command runs under sudo.")
ROOT = Rule("RG604", "root-user", "warning", "An image ends as root where the policy asks for another user.")
PERMISSIONS = Rule(
    "RG606", "unsafe-permissions", "note", "A command lets everybody write to a file or folder."
)

RULES: tuple[Rule, ...] = (*secrets.RULES, PIPE, SUDO, ROOT, *verification.RULES, PERMISSIONS)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from merged(subject, _all(subject))


def _all(subject: Subject) -> Iterator[Finding]:
    files = Files(subject)
    for use in subject.steps:
        yield from secrets.check_step(subject, files, use)
        yield from verification.check_step(subject, files, use)
    for script in scripts(subject, files):
        yield from secrets.check_script(subject, files, script)
        yield from verification.check_script(subject, files, script)
        yield from _commands(subject, files, script)
    yield from secrets.check_frames(subject, files)
    if subject.catalog.settings.policy.user == "non-root":
        yield from _root(subject)


_HELP: Final = {
    PIPE.id: 'use `download` with `sha256` and `run: [sh "$FILE"]`, or download, check, then run',
    SUDO.id: "leave `sudo` out; put `user: root` before the step and the other user behind it",
    PERMISSIONS.id: "give the file to the user or group that needs it: `chown`, `chmod g+w`",
}


def _commands(subject: Subject, files: Files, script: Script) -> Iterator[Finding]:
    images = subject.holding(script.use.images)
    for rule, line, what in (*_piped(script), *_sudo(script), *_permissions(script)):
        yield Finding(rule, line.place, what, files.owner(line.place), _HELP[rule.id], images)


def _piped(script: Script) -> Iterator[tuple[Rule, Line, str]]:
    lines = {id(line.command): line for line in script.lines}
    for command, address in remote_code([line.command for line in script.lines], script.windows):
        what = f"`{command.program}` in `{script.key}` runs {shown_address(address)} as it comes"
        yield PIPE, lines[id(command)], what


def _sudo(script: Script) -> Iterator[tuple[Rule, Line, str]]:
    for line in script.lines:
        if "sudo" in line.command.wrappers:
            place = line.place
            named = Place(place.file, place.path, word="sudo")
            run = line.command.program or "a command"
            yield SUDO, Line(line.command, named), f"`{script.key}` runs `{run}` under sudo"


_MODE = re.compile(r"[0-7]{1,5}")
_CLAUSE = re.compile(r"(?P<who>[ugoa]*)[+=](?P<what>[rwxXstugo]*)")


def _permissions(script: Script) -> Iterator[tuple[Rule, Line, str]]:
    for line in script.lines:
        for text in _open_modes(line.command):
            yield PERMISSIONS, line, f"`{text}` in `{script.key}` lets everybody write"


def _open_modes(command: Command) -> Iterator[str]:
    program = command.program
    if program == "chmod":
        mode = next((word for word in command.arguments if _MODE.fullmatch(word) or _CLAUSE.match(word)), "")
        if _is_open(mode):
            yield f"chmod {mode}"
    elif program in ("mkdir", "install"):
        mode = command.option("-m") or command.option("--mode") or ""
        if _is_open(mode):
            yield f"{program} -m {mode}"
    elif program == "umask" and command.arguments and re.fullmatch("0{1,4}", command.arguments[0]):
        yield f"umask {command.arguments[0]}"


def _is_open(mode: str) -> bool:
    """Whether a mode lets others write; a folder with the sticky bit, such as /tmp, protects its files."""
    if _MODE.fullmatch(mode):
        bits = int(mode, 8)
        return bool(bits & 0o002) and not bits & 0o1000
    clauses = [_CLAUSE.fullmatch(each) for each in mode.split(",")]
    given = [each for each in clauses if each]
    sticky = any("t" in each["what"] for each in given)
    return not sticky and any("w" in each["what"] and re.search("[oa]", each["who"]) for each in given)


_ROOTS: Final = frozenset({"", "root", "0"})
_VARIABLE = re.compile(
    r"\$(?:\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<plain>[A-Za-z_][A-Za-z0-9_]*))"
)


def _root(subject: Subject) -> Iterator[Finding]:
    parents = {image.parent.to for image in subject.images.values()}
    found: dict[tuple[Place, str, Level | None], list[str]] = {}
    for id, image in subject.images.items():
        if id in parents:
            continue
        user = image.state.user
        name = _value(subject, image, user.partition(":")[0])
        is_root = name.lower() == "containeradministrator" if image.state.os == "windows" else name in _ROOTS
        if is_root or "$" in name:
            level: Level | None = None if is_root else "note"
            found.setdefault((_place(image), user, level), []).append(id)
    for (place, user, level), ids in found.items():
        what = f"the last user is `{user}`, and the policy asks for one that is not root"
        if level:
            what = f"the last user is `{user}`, and no manifest says who that is"
        help = "end the steps with `user: NAME`, one that the image has"
        layer = subject.images[ids[0]].layer
        yield Finding(ROOT, place, what, layer, help, tuple(ids), tuple(ids), level=level)


def _place(image: Image) -> Place:
    """The layer's step that sets the last user, else what the layer stands on."""
    places = [step.source.place for step in image.public if isinstance(step.source.step, User)]
    own = bool(places) and places[-1].file == image.place.file
    return places[-1].at("user") if own else image.place.at("from")


def _value(subject: Subject, image: Image, user: str) -> str:
    """A user with the variable that it names replaced, as far as `env` and `arg` of the images below say."""
    match = _VARIABLE.fullmatch(user)
    if match is None:
        return user
    name = match["braced"] or match["plain"]
    below: Image | None = image
    while below is not None:
        for step in reversed(below.public):
            value = _set(step.source.step).get(name)
            if value:
                return value
        below = subject.images.get(below.parent.to)
    return match["default"] or user


def _set(step: object) -> Mapping[str, str | None]:
    match step:
        case Env(variables=pairs):
            return dict(pairs)
        case Arg(arguments=arguments):
            return dict(arguments)
    return {}

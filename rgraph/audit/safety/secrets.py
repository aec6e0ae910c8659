"""The rule about secrets: none in an image, and none in the manifests that describe it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rgraph.audit.interface import Finding, Level, Rule
from rgraph.audit.pins.addresses import addresses_of
from rgraph.audit.subject import StepUse, Subject
from rgraph.audit.text.commands import Command, listed_words
from rgraph.audit.text.scripts import Files, Script
from rgraph.audit.text.secret_words import is_literal, is_secret_name, secrets_in
from rgraph.errors import Place
from rgraph.image import Image
from rgraph.steps.image_settings import Arg, Env, Label
from rgraph.steps.package_managers import Apt
from rgraph.steps.windows import Registry

SECRET = Rule(
    "RG601", "secret-in-manifest", "error", "A manifest holds a secret, or leads one into an image."
)
RULES = (SECRET,)

_HELP: Final = (
    "remove it and make it invalid where it was issued; a build secret "
    "(`--mount=type=secret`, `auth`) leaves nothing in the image"
)
_ARG_HELP: Final = "use a build secret: a build argument stays in the image's history"

_Seen = tuple[Place, str, Level | None, str, str]
"""Place, what, level, help, and the name that the secret is given; empty if it has none."""


def check_step(subject: Subject, files: Files, use: StepUse) -> Iterator[Finding]:
    """Secrets in the values of a typed step."""
    yield from _findings(subject, files, use.images, _in_step(use))


def check_script(subject: Subject, files: Files, script: Script) -> Iterator[Finding]:
    """Secrets in commands."""
    yield from _findings(subject, files, script.use.images, _in_script(script))


def check_frames(subject: Subject, files: Files) -> Iterator[Finding]:
    """Secrets in what images have beside their steps, once for each place."""
    found: dict[_Seen, list[str]] = {}
    for id, image in subject.images.items():
        for seen in _in_frame(image):
            found.setdefault(seen, []).append(id)
    for seen, ids in found.items():
        yield from _findings(subject, files, tuple(ids), (seen,))


def _findings(
    subject: Subject, files: Files, ids: tuple[str, ...], found: Iterable[_Seen]
) -> Iterator[Finding]:
    images = subject.holding(ids)
    for place, what, level, help, name in found:
        # With the name: a waiver of one must not hide the next one of the same layer.
        about = f"{files.owner(place)} {name}".rstrip()
        yield Finding(SECRET, place, what, about, help, images, level=level)


def _in_step(use: StepUse) -> Iterator[_Seen]:
    place = use.step.place
    match use.step.step:
        case Env(variables=variables):
            for name, value in variables:
                yield from _named("the variable", name, value, place.at("env", name))
        case Label(labels=labels):
            for name, value in labels:
                yield from _named("the label", name, value, place.at("label", name))
        case Arg(arguments=arguments):
            for name, default in arguments:
                here = place.at("arg", name) if default is not None else place.at("arg")
                here = Place(here.file, here.path, word=name if default is None else "")
                yield from _argument(name, default or "", here)
        case Apt(env=variables):
            for name, value in variables:
                yield from _named("the variable", name, value, place.at("apt", "env", name))
        case Registry(values=values):
            for each in values:
                here = Place(place.file, (*place.path, "registry"), word=each.name)
                yield from _named("the value", each.name, each.value, here)
    for url, here in addresses_of(use.step):
        yield from _formats("the address", url, here)


def _in_frame(image: Image) -> Iterator[_Seen]:
    frame, place = image.frame, image.place
    for name, value in frame.args:
        yield from _argument(name, value, place.at("args", name))
    texts = {"entrypoint": frame.entrypoint, "cmd": frame.cmd, "healthcheck": frame.healthcheck}
    for key, text in texts.items():
        joined = " ".join(text) if isinstance(text, tuple) else text or ""
        yield from _formats(f"`{key}`", joined, place.at(key))


def _argument(name: str, default: str, place: Place) -> Iterator[_Seen]:
    found = [*_named("the default of the argument", name, default, place)]
    if not found and is_secret_name(name):
        what = (
            f"the build argument `{name}` is named like a secret, and its value stays in the image's history"
        )
        found = [(place, what, "warning", _ARG_HELP, name)]
    yield from found


def _named(kind: str, name: str, value: str, place: Place) -> Iterator[_Seen]:
    """A secret by its format, else by the name that it is given."""
    found = [*_formats(f"{kind} `{name}`", value, place, name)]
    if not found and is_secret_name(name) and is_literal(value):
        found = [(place, f"{kind} `{name}` is named like a secret and has a value", None, _HELP, name)]
    yield from found


def _formats(what: str, text: str, place: Place, name: str = "") -> Iterator[_Seen]:
    for secret in secrets_in(text):
        start = f" (`{secret.start}...`)" if secret.start else ""
        yield place, f"{what} holds {secret.kind}{start}", None, _HELP, name


def _in_script(script: Script) -> Iterator[_Seen]:
    for text, place in script.texts:
        yield from _formats(f"`{script.key}`", text, place)
    for line in script.lines:
        for name in _given(line.command):
            yield (
                line.place,
                f"`{script.key}` gives a value to `{name}`, named like a secret",
                None,
                _HELP,
                name,
            )
        if how := _logs_in(line.command):
            yield line.place, f"`{script.key}` gives curl a secret with `{how}`", None, _HELP, how
    yield from _passwords(script)


_PASSWORD = re.compile(r"(?P<user>[a-z_$][A-Za-z0-9_{}-]*):(?P<password>[^\s:]+)")


def _passwords(script: Script) -> Iterator[_Seen]:
    """Passwords of users: `echo "root:PASSWORD" | chpasswd`."""
    setting = {line.command.pipeline for line in script.lines if line.command.program == "chpasswd"}
    for line in script.lines:
        command = line.command
        if command.pipeline in setting and command.program in ("echo", "printf", "chpasswd"):
            for text in (*command.arguments, *command.stdin.split()):
                match = _PASSWORD.match(text)
                if match and is_literal(match["password"]):
                    what = f"`{script.key}` sets the password of `{match['user']}`"
                    yield line.place, what, None, _HELP, match["user"]


_SETTERS: Final = listed_words("export declare readonly local set setx")
_OPTION = re.compile(r"--(?P<name>[A-Za-z][A-Za-z0-9-]*)(?:=(?P<value>.*))?", re.DOTALL)


def _given(command: Command) -> Iterator[str]:
    """Names of secrets that a command gives a literal value, by assignment or by option."""
    for name, value in command.variables:
        if is_secret_name(name) and is_literal(value):
            yield name
    arguments = command.arguments
    for index, word in enumerate(arguments):
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        name, equals, value = word.partition("=")
        if (
            command.program in _SETTERS
            and is_secret_name(name)
            and is_literal(value if equals else following)
        ):
            yield name
        elif match := _OPTION.fullmatch(word):
            given = following if match["value"] is None else match["value"]
            if is_secret_name(match["name"]) and is_literal(given) and not given.startswith("-"):
                yield f"--{match['name']}"


_HEADER = re.compile(
    r"(?:Authorization\s*:\s*(?:Bearer|token|Basic)|(?:X-Api-Key|Private-Token|Job-Token)\s*:)\s*(?P<value>\S+)",
    re.IGNORECASE,
)


def _logs_in(command: Command) -> str:
    """The option by which curl or wget gets a literal secret; empty if none does."""
    if command.program not in ("curl", "wget"):
        return ""
    user = command.option("-u") or command.option("--user") or ""
    if command.program == "curl" and is_literal(user.partition(":")[2]):
        return "--user"
    headers = (match for word in command.arguments if (match := _HEADER.search(word)))
    return "--header" if any(is_literal(match["value"]) for match in headers) else ""

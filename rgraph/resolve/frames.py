"""What a layer says beside names and steps: capabilities, platforms, commands, tests."""

from __future__ import annotations

import re

from rgraph import names
from rgraph.durations import DURATION, seconds_of
from rgraph.image import Frame, ImageTest
from rgraph.manifest.layer import Healthcheck, LayerManifest
from rgraph.manifest.layer import ImageTest as WrittenTest
from rgraph.render_names import OWN_FILES
from rgraph.steps.context import Context
from rgraph.steps.packages import parse_package
from rgraph.steps.shells import json_array

_MOST_NODES = 10_000
_MOST_EXIT_CODE = 2**32 - 1


def resolve_frame(context: Context, manifest: LayerManifest) -> Frame:
    """The frame of the images in a scope; `context` is the layer's."""
    platforms = context.at("platforms").placed(manifest.platforms)
    return Frame(
        _capabilities(context.at("capabilities"), manifest.capabilities),
        tuple(
            sorted(
                {here.checked(text, names.platform, names.Platform("")) for text, here in platforms} - {""}
            )
        ),
        tuple(
            (here.checked(name, names.variable, ""), here.optional(value))
            for name, value in sorted(manifest.args.items())
            for here in [context.at("args", name)]
        ),
        _command(context.at("entrypoint"), manifest.entrypoint),
        _command(context.at("cmd"), manifest.cmd),
        _healthcheck(context.at("healthcheck"), manifest.healthcheck),
        _tests(context.at("tests"), manifest.tests),
    )


def _capabilities(context: Context, written: dict[str, bool | str]) -> tuple[tuple[str, bool | str], ...]:
    found: list[tuple[str, bool | str]] = []
    for name in sorted(written):
        value = context.at(name).value(written[name])
        if isinstance(value, (bool, str)) and value != "":
            found.append((name, value))
        elif isinstance(value, list):
            context.at(name).problem("a capability is a text or a boolean", "write `true` or a version")
    return tuple(found)


def _command(context: Context, written: list[str] | str | None) -> tuple[str, ...] | str | None:
    if written is None:
        return None
    if isinstance(written, list):
        return context.texts(written)
    text = context.text(written)
    if text.lstrip().startswith("["):
        context.problem("the text would be read as a list", "write a YAML list for the exec form")
    if text.rstrip().endswith(("\\", "`")):
        context.problem("the command ends in a line continuation", "leave the last character out")
    return text


def _healthcheck(context: Context, written: Healthcheck | str | None) -> str:
    if written is None:
        return ""
    if not isinstance(written, Healthcheck):
        return "NONE"
    flags = []
    for flag, text in (
        ("interval", written.interval),
        ("timeout", written.timeout),
        ("start-period", written.start_period),
    ):
        value = context.at(flag.replace("-", "_")).optional(text)
        if value and not DURATION.fullmatch(value):
            context.at(flag.replace("-", "_")).problem(f"`{value}` is no duration", "write `30s` or `1m30s`")
        flags += [f"--{flag}={value}"] if value else []
    retries = context.at("retries").optional(written.retries)
    if retries and not re.fullmatch("[0-9]{1,9}", retries):
        context.at("retries").problem(f"`{retries}` is no number", "write `3`")
    flags += [f"--retries={retries}"] if retries else []
    command = _command(context.at("command"), written.command)
    return " ".join([*flags, "CMD", json_array(command) if isinstance(command, tuple) else str(command)])


def _tests(context: Context, written: list[WrittenTest]) -> tuple[ImageTest, ...]:
    found: list[ImageTest] = []
    for index, each in enumerate(written):
        here = context.at(index)
        if not here.at("when").flag(each.when):
            continue
        name = here.at("name").text(each.name)
        if any(name == other.name for other in found):
            here.at("name").problem(f"two tests are called `{name}`", "give each its own name")
        found.append(_test(here, each, name))
    return tuple(found)


def _test(here: Context, each: WrittenTest, name: str) -> ImageTest:
    script = here.at("script").optional(each.script)
    if script:
        _check_file(here.at("script"), script)
    files = here.at("files").placed(each.files or None)
    for file, place in files:
        _check_file(place, file)
    command = _command(here.at("command"), each.command) if each.command else ""
    r_packages = _r_packages(here.at("r_packages"), each.r_packages)
    if sum(map(bool, (script, command, r_packages))) != 1:
        here.problem("a test has one of `script`, `command` and `r_packages`", "write one of them")
    nodes = _number(here.at("nodes"), each.nodes, 1, _MOST_NODES)
    if each.launch and nodes == 1:
        here.at("launch").problem("`launch` is for tests of several nodes", "write `nodes: 2`")
    if r_packages and (nodes > 1 or each.output or each.exit_code != "0"):
        help = "leave `nodes`, `output` and `exit_code` out"
        here.at("r_packages").problem("R packages are loaded in one container, and must all load", help)
    timeout = here.at("timeout").optional(each.timeout)
    if timeout and not seconds_of(timeout):
        here.at("timeout").problem(f"`{timeout}` is no time limit", "write `90s` or `10m`")
    return ImageTest(
        name,
        script,
        command or "",
        nodes,
        here.at("output").optional(each.output),
        _number(here.at("exit_code"), each.exit_code, 0, _MOST_EXIT_CODE),
        r_packages,
        tuple(file for file, _ in files),
        each.launch or "mpirun",
        here.at("batch").flag(each.batch),
        timeout,
    )


def _check_file(context: Context, name: str) -> None:
    if name not in context.settings.files or name in OWN_FILES:
        context.problem(f"there is no file `{name}`", "put it into manifests/files/", unsure=True)


def _r_packages(context: Context, written: list[str] | str) -> tuple[tuple[str, str], ...]:
    found = []
    for text, here in context.placed(written or None):
        package = parse_package("cran", text)
        if isinstance(package, names.Bad):
            here.problem(package.what, package.help)
        else:
            found.append((package.name, package.version))
    return tuple(found)


def _number(context: Context, written: str, least: int, most: int) -> int:
    text = context.optional(written)
    if re.fullmatch("[0-9]{1,10}", text) and least <= int(text) <= most:
        return int(text)
    context.problem(f"`{text}` is no number from {least} to {most}", "write it in digits")
    return least

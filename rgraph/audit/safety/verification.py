"""The rule about checks that are switched off: of certificates, of signatures, of what R installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.subject import StepUse, Subject
from rgraph.audit.text.commands import Command, listed_words
from rgraph.audit.text.scripts import Files, Script
from rgraph.errors import Path, Place
from rgraph.image import ImageStep
from rgraph.steps.image_settings import Arg, Env
from rgraph.steps.r import Github, RPackages, UrlPackages

OFF = Rule(
    "RG605", "verification-off", "warning", "A check of certificates, signatures or results is switched off."
)
RULES = (OFF,)

_HELP: Final = "leave it on, and add the certificate or key that is missing"
_R_HELP: Final = "leave `verify` out: R only warns of a package that it could not install"

_NO: Final = listed_words("0 false no off")
_VARIABLES: Final = {
    "GIT_SSL_NO_VERIFY": None,
    "PYTHONHTTPSVERIFY": _NO,
    "NODE_TLS_REJECT_UNAUTHORIZED": _NO,
    "CONDA_SSL_VERIFY": _NO,
    "PIP_TRUSTED_HOST": None,
    "NPM_CONFIG_STRICT_SSL": _NO,
    "npm_config_strict_ssl": _NO,
}
"""Variable -> values that switch checks off; None: any value that is not one of _NO."""


def check_step(subject: Subject, files: Files, use: StepUse) -> Iterator[Finding]:
    """Checks that a typed step switches off."""
    for path, word, what, help in _in_step(use.step):
        place = use.step.place.at(*path)
        place = Place(place.file, place.path, word=word)
        yield Finding(OFF, place, what, files.owner(place), help, subject.holding(use.images))


def check_script(subject: Subject, files: Files, script: Script) -> Iterator[Finding]:
    """Checks that commands switch off."""
    images = subject.holding(script.use.images)
    for line in script.lines:
        for off in _in_command(line.command, script.windows):
            what = f"`{off}` in `{script.key}` switches verification off"
            yield Finding(OFF, line.place, what, files.owner(line.place), _HELP, images)


def _in_step(step: ImageStep) -> Iterator[tuple[Path, str, str, str]]:
    match step.step:
        case RPackages(type=kind, verify=False):
            yield (kind, "verify"), "", f"`verify: false` of `{kind}` {_PASSES}", _R_HELP
        case Github(packages=from_github):
            repos = [each.repo for each in from_github if not each.verify]
            yield from (
                (("github",), repo, f"`verify: false` of {repo} {_PASSES}", _R_HELP) for repo in repos
            )
        case UrlPackages(packages=from_urls):
            named = [each.name for each in from_urls if not each.verify]
            yield from ((("url",), name, f"`verify: false` of {name} {_PASSES}", _R_HELP) for name in named)
        case Env(variables=variables):
            yield from _switched("env", variables)
        case Arg(arguments=arguments):
            yield from _switched("arg", arguments)


def _switched(key: str, pairs: tuple[tuple[str, str | None], ...]) -> Iterator[tuple[Path, str, str, str]]:
    for name, value in pairs:
        if value and _is_off(name, value):
            yield (key, name), "", f"`{name}={value}` switches verification off", _HELP


_PASSES: Final = "lets the build pass if what it installs is missing"


def _is_off(name: str, value: str) -> bool:
    if name not in _VARIABLES:
        return False
    values = _VARIABLES[name]
    return value.lower() in values if values is not None else value.lower() not in _NO | {""}


_APT: Final = (
    "--allow-unauthenticated",
    "--force-yes",
    "--allow-insecure-repositories",
    "--allow-downgrade-to-insecure-repositories",
    "--no-allow-insecure-repositories=false",
)
_APT_SETTINGS = re.compile(
    r"(?:Acquire::https?::(?:[^\s:]+::)?Verify-(?:Peer|Host)|Acquire::https::verify)\W+(?:false|0|no)\b"
    r"|(?:APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories)\W+(?:true|1|yes)\b",
    re.IGNORECASE,
)
_TRUSTED = re.compile(r"\[[^\]\n]{0,200}\btrusted=yes\b|^Trusted:\s*yes\b", re.MULTILINE | re.IGNORECASE)
_OPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "curl": ("--insecure", "--proxy-insecure"),
    "wget": ("--no-check-certificate",),
    "aria2c": ("--check-certificate=false",),
    **dict.fromkeys(("apt-get", "apt", "aptitude"), _APT),
    **dict.fromkeys(("yum", "dnf", "microdnf"), ("--nogpgcheck",)),
    "zypper": ("--no-gpg-checks",),
    "rpm": ("--nosignature", "--nodigest"),
    "apk": ("--allow-untrusted",),
    **dict.fromkeys(("conda", "mamba", "micromamba"), ("--insecure",)),
}
_CONFIGURED: Final = frozenset({"ssl_verify", "http.sslverify", "strict-ssl"})


def _in_command(command: Command, windows: bool) -> Iterator[str]:
    """What a command says to switch checks off."""
    program = command.program
    options = _OPTIONS.get(program, ())
    yield from (f"{program} {word}" for word in command.arguments if word in options)
    if program == "curl" and "k" in command.letters("AbcCdDeEFhHKmoPQrtTuUwxXyYz"):
        yield "curl -k"
    if re.match(r"(?:pip|python|uv)[0-9.]*$", program) and command.has(
        "--trusted-host", "--allow-insecure-host"
    ):
        yield f"{program} --trusted-host"
    yield from (f"{name}={value}" for name, value in command.variables if _is_off(name, value))
    if program in ("export", "setx", "set"):
        pairs = (word.partition("=") for word in command.arguments)
        yield from (f"{name}={value}" for name, _, value in pairs if _is_off(name, value))
    yield from _configured(command)
    for text in (*command.arguments, command.stdin):
        yield from ("trusted=yes" for _ in _TRUSTED.finditer(text))
        yield from (match[0] for match in _APT_SETTINGS.finditer(text))
        if windows and re.search(
            r"-SkipCertificateCheck\b|ServerCertificateValidationCallback", text, re.IGNORECASE
        ):
            yield text.split("=")[0]


def _configured(command: Command) -> Iterator[str]:
    """Settings such as `git config http.sslVerify false`, `git -c http.sslVerify=false`."""
    words = command.arguments
    for index, word in enumerate(words):
        name, equals, value = word.partition("=")
        following = value if equals else "".join(words[index + 1 : index + 2])
        if name.lower() in _CONFIGURED and following.lower() in _NO:
            yield f"{command.program} {name} {following}"

"""Rules about downloads: a checksum for each, over connections that nobody can change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.audit.interface import Finding, Level, Rule
from rgraph.audit.pins.addresses import addresses_of, fetches_of
from rgraph.audit.pins.fetches import checks_something, download_of, remote_code
from rgraph.audit.pins.installs import R_PROGRAMS
from rgraph.audit.subject import StepUse, Subject, plain_purl
from rgraph.audit.text.commands import Command, listed_words
from rgraph.audit.text.scripts import Files, Line, Script
from rgraph.audit.text.secret_words import shown_address
from rgraph.errors import Place
from rgraph.image import ImageStep
from rgraph.purls import purl_of
from rgraph.steps.package_managers import Apt

NO_CHECKSUM = Rule("RG104", "download-without-checksum", "warning", "A download has no checksum.")
INSECURE = Rule(
    "RG105", "insecure-url", "error", "Something is fetched over a connection without encryption."
)
NO_KEY_CHECKSUM = Rule(
    "RG108", "key-without-checksum", "warning", "The key of an apt repository has no checksum."
)
IN_RUN = Rule("RG110", "downloads-in-run", "warning", "Commands download something and check no checksum.")
RULES = (NO_CHECKSUM, INSECURE, NO_KEY_CHECKSUM, IN_RUN)

_INSECURE = re.compile(
    r"(?:git\+)?(?P<scheme>http|ftp|git)://(?!(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$))"
)
_SECURE: Final = "use `https://`"


def check_step(subject: Subject, files: Files, use: StepUse) -> Iterator[Finding]:
    """What is wrong with the downloads of a typed step."""
    images = subject.holding(use.images)
    names = _names(files, use.step)
    for fetch, path, word in fetches_of(use.step):
        missing = [(platform, url) for platform, url, checksum in fetch.sources if not checksum]
        for platform, url in missing:
            place = use.step.place.at(*path, *([str(platform)] if platform else []))
            of = f" for {platform}" if platform else ""
            what = f"the download of {shown_address(url)}{of} has no checksum"
            help = "add `sha256`, from its makers, or run `rgraph lock`"
            found = Place(place.file, place.path, word=word)
            yield Finding(NO_CHECKSUM, found, what, names[0], help, images, names[1:])
    for url, place in addresses_of(use.step):
        if match := _INSECURE.match(url):
            what = f"{shown_address(url)} is fetched over {match['scheme']}: anybody on the way can change it"
            yield Finding(INSECURE, place, what, names[0], _SECURE, images, names[1:])
    if isinstance(use.step.step, Apt):
        yield from _repositories(use.step, use.step.step, images, names)


def _repositories(
    step: ImageStep, apt: Apt, images: tuple[str, ...], names: tuple[str, ...]
) -> Iterator[Finding]:
    for index, each in enumerate(apt.repositories):
        place = step.place.at("apt", "repositories", index)
        if not each.key_sha256:
            what = f"the key of the repository `{each.name}` has no checksum: {shown_address(each.key_url)}"
            help = "add `sha256`, from its makers, or run `rgraph lock`"
            yield Finding(NO_KEY_CHECKSUM, place.at("key", "url"), what, each.name, help, images, names)
        uri = next((word for word in each.line.split() if "://" in word), "")
        if match := _INSECURE.match(uri):
            how = f"is read over {match['scheme']}: only its key protects it"
            what = f"the repository `{each.name}` at {shown_address(uri)} {how}"
            yield Finding(INSECURE, place.at("uri"), what, each.name, _SECURE, images, names, level="note")


def _names(files: Files, step: ImageStep) -> tuple[str, ...]:
    """What waivers can call a step: its components, the layer or recipe that it stands in."""
    plain = [plain_purl(purl_of(component)) for component in step.components if component.type != "deb"]
    return (*plain, files.owner(step.place))


def check_script(subject: Subject, files: Files, script: Script) -> Iterator[Finding]:
    """What is wrong with the downloads of commands."""
    images = subject.holding(script.use.images)
    names = _names(files, script.use.step)
    for rule, line, what, help, level in (*_unchecked(script), *_insecure(script)):
        yield Finding(rule, line.place, what, names[0], help, images, names[1:], level=level)


_Found = tuple[Rule, Line, str, str, Level | None]


def _unchecked(script: Script) -> Iterator[_Found]:
    commands = [line.command for line in script.lines]
    if checks_something(commands):
        return
    run = {address for _, address in remote_code(commands, script.windows)}
    for line in script.lines:
        address = download_of(line.command, script.windows)
        if address is None or address in run:  # what runs at once is RG602's
            continue
        program = line.command.program.lstrip(".")
        what = f"`{program}` in `{script.key}` downloads {shown_address(address)} and nothing checks it"
        git = line.command.program == "git"
        help = (
            "use `source` with `git`, `ref` and `commit`, or check out a commit"
            if git
            else 'use `download` with `sha256`, or check it: `echo "SUM  FILE" | sha256sum -c -`'
        )
        yield IN_RUN, line, what, help, None


_FETCHING: Final = listed_words(
    "curl wget wget2 aria2c git pip conda mamba micromamba apt-key add-apt-repository rpm yum dnf svn npm "
    "yarn R Rscript r invoke-webrequest iwr irm invoke-restmethod start-bitstransfer bitsadmin certutil choco"
) | frozenset(R_PROGRAMS)
_PROXY: Final = frozenset(
    {"-x", "--proxy", "--preproxy", "-H", "--header", "-e", "--referer", "-A", "-d", "--data"}
)
_ADDRESS = re.compile(r"(?i:(?<!proxy_)(?:url|uri|mirror|repos?|repository|index|cran))$")
_IN_R = re.compile(r"[\"'](?P<url>(?:http|ftp)://[^\"'\s]+)")
_APT_LINE = re.compile(r"\bdeb(?:-src)?\s+(?:\[[^\]\n]*\]\s*)?(?P<url>(?:http|ftp)://\S+)")


def _insecure(script: Script) -> Iterator[_Found]:
    for line in script.lines:
        for who, url, level in _insecure_urls(line.command):
            if match := _INSECURE.match(url):
                risk = "only its key protects it" if level else "anybody on the way can change it"
                what = f"{who} in `{script.key}` fetches {shown_address(url)} over {match['scheme']}: {risk}"
                yield INSECURE, line, what, _SECURE, level


def _insecure_urls(command: Command) -> Iterator[tuple[str, str, Level | None]]:
    """Who fetches, from where, and the level of it; also addresses that are encrypted."""
    program = re.sub(r"^(pip|python)[0-9.]*$", "pip", command.program)
    who = f"`{command.program}`"
    for name, value in command.variables:
        if _ADDRESS.search(name):
            yield f"`{name}`", value, None
    if program in ("echo", "printf", "cat", "add-apt-repository", "apt-add-repository", "tee"):
        for text in (" ".join(command.arguments), command.stdin):
            yield from (("apt's source list", match["url"], "note") for match in _APT_LINE.finditer(text))
    if program in ("R", "Rscript", "r"):
        for text in (*command.arguments, command.stdin):
            yield from ((who, match["url"], None) for match in _IN_R.finditer(text))
    if program in _FETCHING or program.lower() in _FETCHING:
        previous = ""
        for word in command.arguments:
            url = word.partition("=")[2] if word.startswith("--") else word
            if previous not in _PROXY and word.partition("=")[0] not in _PROXY:
                yield who, url, None
            previous = word

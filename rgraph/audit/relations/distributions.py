"""Apt repositories and keys that are another distribution's than the image's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import structs

from rgraph.audit.interface import Finding, Rule
from rgraph.audit.relations.owners import Owners
from rgraph.audit.subject import Subject
from rgraph.errors import Place
from rgraph.image import Image, ImageStep, Rendered
from rgraph.steps.commands import Commands
from rgraph.steps.download import Download, Source
from rgraph.steps.package_managers import Apt

FOREIGN_REPOSITORY = Rule(
    "RG303",
    "foreign-repository",
    "error",
    "An apt repository or key is another distribution's than the image's.",
)

CODENAMES = {
    "trusty": "ubuntu-14.04",
    "xenial": "ubuntu-16.04",
    "bionic": "ubuntu-18.04",
    "focal": "ubuntu-20.04",
    "jammy": "ubuntu-22.04",
    "noble": "ubuntu-24.04",
    "jessie": "debian-8",
    "stretch": "debian-9",
    "buster": "debian-10",
    "bullseye": "debian-11",
    "bookworm": "debian-12",
    "trixie": "debian-13",
}
"""Codename -> release of Ubuntu's long-term releases and of Debian (Debian's package distro-info-data)."""

_NAMED = re.compile(rf"(?<![a-z0-9])({'|'.join(CODENAMES)})(?![a-z0-9])")
_UBUNTU = re.compile(r"ubuntu[-_/.]?([12][0-9])\.?(04|10)(?![0-9])")
_DEBIAN = re.compile(r"debian[-_/.]?([0-9]{1,2})(?![0-9])")
_OF_APT = re.compile(
    r"sources\.list|apt-key|apt-add-repository|add-apt-repository|keyrings?/|/etc/apt/|(?:^|[\s\"'])deb "
    r"|\.deb\b|/repos?/|/apt/|/dists/|\.(?:pub|asc|gpg)\b"
)
"""What shows that a command or a URL has to do with apt: an archive of a program for another release may
well run."""
_REPLACES = re.compile(r"\bsed\b")
"""A command that rewrites a source list names the old release and the new one."""


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of RG303: one for each place of a layer and distribution of its images."""
    mentions: dict[int, tuple[tuple[str, str], ...]] = {}
    found: dict[tuple[str, Place, str, str, str], list[str]] = {}
    for id, image in subject.images.items():
        for rendered, distribution in _steps(subject, image):
            for step in rendered.source.members or (rendered.source,):
                if (key := _identity(step)) not in mentions:
                    mentions[key] = tuple(_mentions(step))
                for text, release in mentions[key] if distribution else ():
                    if not _same(release, distribution):
                        what = image.layer, step.place, distribution, text, release
                        found.setdefault(what, []).append(id)
    owners = Owners(subject.catalog)
    for (layer, place, distribution, text, release), ids in found.items():
        images = subject.in_order(ids)
        whose = f"{len(images)} images are" if len(images) > 1 else "the image is"
        what_is = f"`{text}` is {_shown(release)}'s, and {whose} {_shown(distribution)}"
        help = f"take the repository or key for {_shown(distribution)}"
        # A recipe is right for others: what is wrong is that, or how, the layer uses it.
        at = owners.seen_from(subject.catalog.layers[layer], structs.replace(place, word=text))
        related = () if at.file == place.file else ((place, "the recipe's step"),)
        yield Finding(FOREIGN_REPOSITORY, at, what_is, layer, help, images, (), related)


def _steps(subject: Subject, image: Image) -> Iterator[tuple[Rendered, str]]:
    """The steps of an image, each with the distribution that it runs on."""
    stages: dict[str, str] = {}
    for stage in image.stages:
        source = stage.source
        stages[stage.name] = stages[source] if source in stages else _distribution(subject, source)
        yield from ((step, stages[stage.name]) for step in stage.steps)
    own = subject.inventory.distribution(image.id)
    yield from ((step, own) for step in (*image.public, *image.private))


def _distribution(subject: Subject, node: str) -> str:
    if ":" in node:
        return subject.inventory.distribution(node)
    return subject.catalog.externals[node].manifest.distribution


def _mentions(step: ImageStep) -> Iterator[tuple[str, str]]:
    """Releases of distributions that a step names in what it says to apt: the text, and which it is."""
    found: dict[str, tuple[str, str]] = {}
    for text in _texts(step):
        for mention, release in releases_in(text):
            found.setdefault(release, (mention, release))
    yield from found.values()


def _texts(step: ImageStep) -> Iterable[str]:
    match step.step:
        case Apt(repositories=repositories):
            return [text for each in repositories for text in (each.line, each.key_url)]
        case Commands(commands=commands, verbatim=verbatim):
            parts = re.split(r"&&|;|\n(?<!\\\n)", commands[0]) if verbatim else commands
            return [each for each in parts if _says_apt(each)]
        case Download(fetch=fetch, run=run):
            return [each for each in (*(url for _, url, _ in fetch.sources), *run) if _says_apt(each)]
        case Source(build=build):
            return [each for each in build if _says_apt(each)]
    return ()


def _says_apt(text: str) -> bool:
    return bool(_OF_APT.search(text)) and not _REPLACES.search(text)


def releases_in(text: str) -> Iterator[tuple[str, str]]:
    """Releases that a text names: by codename, or as `ubuntu1804`, `ubuntu/18.04`, `debian/10`."""
    lower = text.lower()
    for match in _UBUNTU.finditer(lower):
        yield match[0], f"ubuntu-{match[1]}.{match[2]}"
    for match in _DEBIAN.finditer(lower):
        yield match[0], f"debian-{match[1]}"
    for match in _NAMED.finditer(lower):
        yield match[0], CODENAMES[match[0]]


def _same(release: str, distribution: str) -> bool:
    # Debian's point releases are one release.
    return distribution == release or distribution.startswith(f"{release}.")


def _shown(release: str) -> str:
    name, _, version = release.partition("-")
    return f"{name.capitalize()} {version}"


def _identity(step: ImageStep) -> int:
    # Images share resolved steps, and the catalogue keeps them alive.
    return id(step)

"""The addresses that typed steps fetch from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rgraph.audit.text.commands import listed_words
from rgraph.errors import Path, Place
from rgraph.image import ImageStep
from rgraph.steps.download import Download, Source
from rgraph.steps.fetching import Fetch
from rgraph.steps.image_settings import Arg, Env
from rgraph.steps.package_managers import Apt, Conda, Pip
from rgraph.steps.packages import Package
from rgraph.steps.r import RPackages, UrlPackages
from rgraph.steps.windows import Certificate

_INDEX_VARIABLES: Final = listed_words(
    "PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX_URL UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL CONDA_CHANNEL_ALIAS "
    "CRAN CRAN_MIRROR NPM_CONFIG_REGISTRY npm_config_registry GOPROXY"
)
"""Variables that tell package managers where to fetch from (their manuals)."""


def addresses_of(step: ImageStep) -> Iterator[tuple[str, Place]]:
    """URLs of a typed step, each with its place."""
    for url, path, word in _addresses(step):
        place = step.place.at(*path)
        yield url, Place(place.file, place.path, word=word)


def fetches_of(step: ImageStep) -> Iterator[tuple[Fetch, Path, str]]:
    """Files that a typed step downloads: each with the path of its URL and a word that stands there."""
    match step.step:
        case Download(fetch=fetch):
            yield fetch, ("download", "url"), ""
        case Source(fetch=fetch) if fetch:
            yield fetch, ("source", "url"), ""
        case Certificate(fetch=fetch):
            yield fetch, ("certificate", "url"), ""
        case UrlPackages(packages=packages):
            for each in packages:
                yield each.fetch, ("url",), each.name


def _addresses(step: ImageStep) -> Iterator[tuple[str, Path, str]]:
    for fetch, path, word in fetches_of(step):
        for platform, url, _ in fetch.sources:
            yield url, (*path, str(platform)) if platform else path, word
    match step.step:
        case Source(git=git) if git:
            yield git, ("source", "git"), ""
        case Apt(repositories=repositories):
            for index, each in enumerate(repositories):
                yield each.key_url, ("apt", "repositories", index, "key", "url"), ""
        case Pip(packages=packages, index=index, extra_indexes=extra):
            yield from (
                (url, ("pip", key), url)
                for key, url in (("index", index), *(("extra_indexes", u) for u in extra))
            )
            yield from ((_requirement(each), ("pip",), each.name) for each in packages)
        case Conda(channels=channels):
            yield from ((url, ("conda", "channels"), url) for url in channels)
        case RPackages(type=kind, repositories=repositories):
            yield from ((url, (kind, "repository"), "") for _, url in repositories)
        case Env(variables=variables):
            yield from ((value, ("env", name), "") for name, value in variables if name in _INDEX_VARIABLES)
        case Arg(arguments=arguments):
            yield from (
                (value or "", ("arg", name), "") for name, value in arguments if name in _INDEX_VARIABLES
            )


def _requirement(package: Package) -> str:
    """The URL that a requirement of pip names; empty if it names none."""
    return package.spec.partition(" @ ")[2].removeprefix("git+")

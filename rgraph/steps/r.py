"""Steps that install R packages: CRAN, Bioconductor, GitHub, URL."""

from __future__ import annotations

import re

from msgspec import Struct

from rgraph.manifest import step_r as written
from rgraph.names import day, variable
from rgraph.steps.context import Context
from rgraph.steps.fetching import Fetch, fetch_commands, resolve_fetch, shown
from rgraph.steps.interface import Component, Dialect, Run, Step
from rgraph.steps.listing import packages
from rgraph.steps.packages import Package
from rgraph.steps.shells import word

SNAPSHOTS = "https://packagemanager.posit.co/cran"
"""Posit's public package manager: a snapshot's address is this and its date (its documentation,
"Repository URLs")."""
CRAN = "https://cloud.r-project.org"
"""CRAN's own cloud mirror."""
BIOCONDUCTOR = "https://bioconductor.org/packages"
_BIOCONDUCTOR_PARTS = (("BioCsoft", "bioc"), ("BioCann", "data/annotation"), ("BioCexp", "data/experiment"))
"""Names and folders of a release's repositories, as BiocManager::repositories() gives them."""


def _strings(texts: tuple[str, ...]) -> str:
    return ",\n".join(f'"{text}"' for text in texts)


def _install(names: tuple[str, ...], repositories: tuple[tuple[str, str], ...]) -> str:
    repos = ",\n".join(f'{name} = "{url}"' for name, url in repositories)
    return f"install.packages(c({_strings(names)}),\nrepos = c({repos}))"


def _exact(pinned: tuple[tuple[str, str], ...], repository: str) -> str:
    """R code that replaces what the repository has moved on from by the version in its archive
    (R Installation and Administration, "Setting up a package repository"; CRAN's src/contrib/Archive).
    """
    pairs = ",\n".join(f'{name} = "{version}"' for name, version in pinned)
    return (
        f"pins <- c({pairs});\n"
        "for (p in names(pins)) if (packageVersion(p) != pins[[p]])\n"
        f'install.packages(sprintf("{repository}/src/contrib/Archive/%s/%s_%s.tar.gz",\n'
        "p, p, pins[[p]]), repos = NULL)"
    )


def _verification(wanted: tuple[tuple[str, str], ...]) -> str:
    """R code that stops unless each package is there, in its version where one is named."""
    pairs = ",\n".join(f'{name} = "{version}"' for name, version in wanted)
    return (
        f"want <- c({pairs});\n"
        "for (p in names(want)) if (!requireNamespace(p, quietly = TRUE) ||\n"
        'want[[p]] != "" && packageVersion(p) != want[[p]])\n'
        'stop("not installed as wanted: ", p, " ", want[[p]])'
    )


def _rscript(*codes: str) -> str:
    return "\n".join(("Rscript", *(f"-e '{code}'" for code in codes)))


class RPackages(Step, frozen=True):
    """R packages of CRAN or Bioconductor."""

    os = "linux"
    type: str
    """`cran` or `bioconductor`."""
    packages: tuple[Package, ...]
    repositories: tuple[tuple[str, str], ...]
    """Name and URL."""
    pinned_by: str
    verify: bool
    command: tuple[str, ...] = ()
    """install2.r, its options and its repository; empty: R itself."""

    def render(self, dialect: Dialect) -> Run:
        """Install, then verify: R only warns of a package that failed."""
        if self.command:
            every = (*map(word, self.command), *(each.name for each in self.packages))
            check = (_rscript(_verification(tuple((each.name, "") for each in self.packages))),)
            return Run((" ".join(every), *(check if self.verify else ())))
        codes = [_install(tuple(each.name for each in self.packages), self.repositories)]
        pinned = tuple((each.name, each.version) for each in self.packages if each.version)
        if pinned and self.type == "cran":
            codes.append(_exact(pinned, dict(self.repositories)["CRAN"]))
        if self.verify:
            codes.append(_verification(tuple((each.name, each.version) for each in self.packages)))
        return Run((_rscript(*codes),))

    def components(self) -> tuple[Component, ...]:
        """The packages."""
        return tuple(
            Component(
                self.type,
                each.name,
                each.version,
                pinned_by="" if each.version else self.pinned_by,
                fixes=each.fixes,
            )
            for each in self.packages
        )


class GithubPackage(Struct, frozen=True):
    """One R package of GitHub."""

    repo: str
    ref: str
    name: str
    version: str
    subdir: str
    auth: str
    verify: bool


class Github(Step, frozen=True):
    """R packages of GitHub."""

    os = "linux"
    packages: tuple[GithubPackage, ...]

    def render(self, dialect: Dialect) -> Run:
        """Install with remotes; a token comes from a build secret and stays in its one command."""
        commands = []
        for each in self.packages:
            path = each.repo + (f"/{each.subdir}" if each.subdir else "")
            code = f'remotes::install_github("{path}@{each.ref}", upgrade = "never")'
            codes = (code, _verification(((each.name, each.version),))) if each.verify else (code,)
            token = f'GITHUB_PAT="$(cat /run/secrets/{each.auth})" ' if each.auth else ""
            commands.append(token + _rscript(*codes))
        secrets = dict.fromkeys(each.auth for each in self.packages if each.auth)
        return Run(
            tuple(commands), tuple(f"--mount=type=secret,id={secret},required=true" for secret in secrets)
        )

    def components(self) -> tuple[Component, ...]:
        """The repositories at their refs. purl's github type is lower case."""
        return tuple(
            Component("github", repo.lower(), each.ref, namespace=owner.lower(), subpath=each.subdir)
            for each in self.packages
            for owner, repo in [each.repo.split("/", 1) if "/" in each.repo else ("", each.repo)]
        )


class UrlPackage(Struct, frozen=True):
    """One R package by URL."""

    name: str
    version: str
    fetch: Fetch
    verify: bool


class UrlPackages(Step, frozen=True):
    """R packages by URL."""

    os = "linux"
    packages: tuple[UrlPackage, ...]

    def render(self, dialect: Dialect) -> Run:
        """Download, check, install, remove, verify."""
        commands: list[str] = []
        for each in self.packages:
            file = f"/tmp/{each.name}_{each.version}.tar.gz"
            commands += [*fetch_commands(each.fetch, file, dialect), f"R CMD INSTALL {file}", f"rm {file}"]
            if each.verify:
                commands.append(_rscript(_verification(((each.name, each.version),))))
        return Run(tuple(commands))

    def components(self) -> tuple[Component, ...]:
        """The packages, with where they come from."""
        return tuple(
            Component(
                "generic",
                each.name,
                each.version,
                qualifiers=(("download_url", shown(each.fetch.url)),),
                checksum=each.fetch.checksum,
            )
            for each in self.packages
        )


def _repository(context: Context, snapshot: str, repository: str) -> tuple[str, str]:
    date = context.at("snapshot").name(snapshot, day, "") if snapshot else ""
    url = context.at("repository").url(repository).rstrip("/") if repository else ""
    if any(character in url for character in "\"'\\"):
        context.at("repository").problem("the URL holds a quote or backslash", "write it without")
        url = ""
    return "CRAN", f"{url or SNAPSHOTS}/{date}" if snapshot else url or CRAN


def resolve_cran(context: Context, body: written.CranBody) -> RPackages:
    """A `cran` step."""
    cran = body if isinstance(body, written.Cran) else written.Cran(packages=body)
    here = context.at("packages") if isinstance(body, written.Cran) else context
    pinned_by = f"snapshot {context.at('snapshot').text(cran.snapshot)}" if cran.snapshot else ""
    found = packages(here, cran.packages, "cran", pinned_by)
    verify = context.at("verify").flag(cran.verify)
    repository = _repository(context, cran.snapshot, cran.repository)
    return RPackages(
        "cran", found, (repository,), pinned_by, verify, _command(context, cran, found, repository)
    )


_INSTALL2_OPTION = re.compile(r"--error|--skipinstalled|--skipmissing|--ncpus=-?[0-9]+")


def _command(
    context: Context, cran: written.Cran, found: tuple[Package, ...], repository: tuple[str, str]
) -> tuple[str, ...]:
    """The start of the command, if it is not R's own."""
    options = context.at("options").placed(cran.options)
    if cran.command == "Rscript":
        if options:
            context.at("options").problem("`options` are those of install2.r", "add `command: install2.r`")
        return ()
    for text, here in options:
        if not _INSTALL2_OPTION.fullmatch(text):
            here.problem(
                f"`{text}` is no option of install2.r here", "one of --error, --skipinstalled, --ncpus=N"
            )
    if any(each.version for each in found):
        context.at("packages").problem(
            "install2.r takes no versions", "name a `snapshot`, or leave `command` out"
        )
    where = ("--repos", repository[1]) if cran.snapshot or cran.repository else ()
    return ("install2.r", *(text for text, _ in options), *where)


def resolve_bioconductor(context: Context, body: written.Bioconductor) -> RPackages:
    """A `bioconductor` step."""
    release = context.at("release").text(body.release)
    if release and not re.fullmatch(r"[0-9]+\.[0-9]+", release):
        context.at("release").problem(f"`{release}` is no Bioconductor release", 'write it as `"3.9"`')
    pinned_by = f"release {release}"
    found = packages(context.at("packages"), body.packages, "bioconductor", pinned_by)
    repositories = tuple((name, f"{BIOCONDUCTOR}/{release}/{folder}") for name, folder in _BIOCONDUCTOR_PARTS)
    cran = _repository(context, body.snapshot, body.repository)
    return RPackages(
        "bioconductor", found, (*repositories, cran), pinned_by, context.at("verify").flag(body.verify)
    )


_REPO = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/[A-Za-z0-9._-]+")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_R_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]")
_R_VERSION = re.compile(r"[0-9]+(?:[.-][0-9]+)*")
_DIGITS = "use digits, with `.` or `-` between them"
_SUBDIR = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_FLOATING = frozenset({"HEAD", "main", "master", "devel", "develop", "trunk"})


def _matching(context: Context, text: str, pattern: re.Pattern[str], what: str, help: str) -> str:
    value = context.text(text)
    if value and not pattern.fullmatch(value):
        context.problem(f"`{value}` is no {what}", help)
    return value


def resolve_github(context: Context, body: written.GithubBody) -> Github:
    """A `github` step."""
    entries = (
        [(body, context)]
        if isinstance(body, written.GithubPackage)
        else [(each, context.at(index)) for index, each in enumerate(body)]
    )
    return Github(tuple(_github_package(here, each) for each, here in entries))


def _github_package(context: Context, body: written.GithubPackage) -> GithubPackage:
    repo = _matching(context.at("repo"), body.repo, _REPO, "repository of GitHub", "write `owner/name`")
    ref = _matching(context.at("ref"), body.ref, _REF, "tag or commit", "write a tag or 40 hex digits")
    if ref in _FLOATING and "github" not in context.settings.unpinned:
        context.at("ref").problem(f"`{ref}` is a branch, which moves", "name a tag or a commit")
    name = body.name or repo.rsplit("/", 1)[-1]
    return GithubPackage(
        repo,
        ref,
        _matching(context.at("name"), name, _R_NAME, "name of an R package", "say it: `name: PACKAGE`"),
        _matching(context.at("version"), body.version, _R_VERSION, "version of an R package", _DIGITS)
        if body.version
        else "",
        _matching(
            context.at("subdir"),
            body.subdir,
            _SUBDIR,
            "folder of a repository",
            "write its path there, without `/` before it",
        )
        if body.subdir
        else "",
        _secret(context.at("auth"), body.auth) if body.auth else "",
        context.at("verify").flag(body.verify),
    )


def _secret(context: Context, text: str) -> str:
    name = context.name(text, variable, "")
    if re.match(r"gh[opsur]_|github_pat_", name):
        context.problem("this looks like a token itself", "write the name of the build secret that holds it")
        return ""
    return name


def resolve_url(context: Context, body: written.UrlBody) -> UrlPackages:
    """A `url` step."""
    entries = (
        [(body, context)]
        if isinstance(body, written.UrlPackage)
        else [(each, context.at(index)) for index, each in enumerate(body)]
    )
    return UrlPackages(
        tuple(
            UrlPackage(
                _matching(
                    here.at("name"), each.name, _R_NAME, "name of an R package", "use letters, digits and `.`"
                ),
                _matching(here.at("version"), each.version, _R_VERSION, "version of an R package", _DIGITS),
                resolve_fetch(here, each.url, each.sha256, None),
                here.at("verify").flag(each.verify),
            )
            for each, here in entries
        )
    )

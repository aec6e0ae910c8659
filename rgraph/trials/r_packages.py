"""R packages of an image: which must load, the program that loads them, and what it said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rgraph.image import Image
from rgraph.inventory import Declared, Inventory
from rgraph.steps.interface import Step
from rgraph.steps.r import Github, RPackages, UrlPackages
from rgraph.trials.trial import WantedPackage

PROGRAM: Final = "load-r-packages.R"
"""The file that the program stands in."""

_PROGRAM: Final = r"""
known <- .packages(all.available = TRUE)
for (wanted in commandArgs(trailingOnly = TRUE)) {
  alike <- known[tolower(known) == tolower(wanted)]
  name <- if (wanted %in% known || length(alike) == 0) wanted else alike[[1]]
  began <- proc.time()[["elapsed"]]
  problem <- tryCatch({
    suppressWarnings(suppressPackageStartupMessages(library(name, character.only = TRUE)))
    ""
  }, error = function(e) conditionMessage(e))
  version <- if (problem == "") as.character(packageVersion(name)) else ""
  seconds <- proc.time()[["elapsed"]] - began
  cat("\nrgraph", wanted, version, seconds, gsub("[[:space:]]+", " ", problem), "", sep = "\t")
  cat("\n")
}
"""

_NO_PACKAGES: Final = frozenset({"base", "base-core", "base-dev", "essentials", "mutex", "recommended"})
"""What conda and Debian call `r-...` and is R itself or a list of packages."""
_CONDA: Final = re.compile(r"r-(.+)|bioconductor-(.+)")
_DEB: Final = re.compile(r"r-(?:cran|bioc|other)-(.+)")


class Loaded(Struct, frozen=True):
    """What R said of one package."""

    version: str
    seconds: float
    problem: str
    """Empty if it loads."""


def program() -> bytes:
    """R code that loads the packages of its arguments, one after the other, and says how it went.

    conda and Debian write names in lower case, which R does not; so case counts only where it can.
    """
    return _PROGRAM.lstrip().encode()


def wanted_packages(images: Mapping[str, Image], inventory: Inventory, id: str) -> tuple[WantedPackage, ...]:
    """The R packages that the manifests declare for an image and for all that it is built from, by name.

    What is nearest to the image counts: it was installed last.
    """
    found: dict[str, WantedPackage] = {}
    node = id
    while node:
        image = images.get(node)
        steps = _steps(image) if image else ()
        for each in (*_of_steps(steps), *_of_packages(inventory.own(node))):
            found.setdefault(each.name.lower(), each)
        node = image.parent.to if image else ""
    return tuple(sorted(found.values(), key=lambda each: (each.name.lower(), each.name)))


def _steps(image: Image) -> Iterator[Step]:
    for rendered in (*reversed(image.private), *reversed(image.public)):
        for each in reversed(rendered.source.members or (rendered.source,)):
            yield each.step


def _of_steps(steps: Iterable[Step]) -> Iterator[WantedPackage]:
    for step in steps:
        if isinstance(step, RPackages | Github | UrlPackages):
            yield from (WantedPackage(each.name, each.version) for each in step.packages)


def _of_packages(components: Iterable[Declared]) -> Iterator[WantedPackage]:
    """Those that another package manager brings."""
    for each in components:
        component = each.component
        pattern = {"conda": _CONDA, "deb": _DEB}.get(component.type)
        match = pattern.fullmatch(component.name) if pattern and not each.transitive else None
        if component.type in ("cran", "bioconductor") and not each.transitive:
            yield WantedPackage(component.name, component.version)
        elif match and (name := next(filter(None, match.groups()))) not in _NO_PACKAGES:
            least = component.pinned_by.removeprefix("at least ") if not component.version else ""
            version = _upstream(component.type, component.version or least)
            yield WantedPackage(name, version, at_least=bool(least))


def _upstream(type: str, version: str) -> str:
    """The package's own version within one of Debian's: no epoch, no revision, nothing of repacking."""
    if type != "deb":
        return version
    upstream, dash, revision = version.rpartition(":")[2].rpartition("-")
    return re.split("[+~]", upstream if dash else revision)[0]


def said_of(output: str) -> dict[str, Loaded]:
    """What the program said: name -> how it went."""
    found = {}
    for line in output.splitlines():
        words = line.split("\t")
        if words[0] == "rgraph" and len(words) >= _WORDS:
            _, name, version, seconds, problem = words[:_WORDS]
            found[name] = Loaded(version, _number(seconds), problem.strip())
    return found


_WORDS: Final = 5


def _number(text: str) -> float:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", text) else 0.0


def fits(wanted: WantedPackage, version: str) -> bool:
    """Whether a package reports the version that is wanted: R knows `1.8-4` and `1.8.4` as the same."""
    if not wanted.version:
        return True
    here, there = _parts(version), _parts(wanted.version)
    if wanted.at_least and all(map(str.isdigit, (*here, *there))):
        return [*map(int, here)] >= [*map(int, there)]
    return here == there


def _parts(version: str) -> Sequence[str]:
    return [part.lstrip("0") or "0" for part in re.split("[._-]", version)]

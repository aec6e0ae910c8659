"""Rules RG1xx: everything that goes into an image is named exactly, and checked when it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rgraph.audit.interface import Finding, Level, Rule
from rgraph.audit.pins import downloads, externals
from rgraph.audit.pins.installs import Install, installs
from rgraph.audit.subject import StepUse, Subject, plain_purl
from rgraph.audit.text.merging import merged
from rgraph.audit.text.scripts import Files, Script, scripts
from rgraph.audit.text.secret_words import shown, shown_address
from rgraph.errors import Place
from rgraph.purls import purl_of
from rgraph.steps.download import Source
from rgraph.steps.r import Github, RPackages
from rgraph.suggest import joined

UNPINNED = Rule("RG101", "unpinned-package", "warning", "A package is named without an exact version.")
NO_SNAPSHOT = Rule(
    "RG106",
    "cran-without-snapshot",
    "warning",
    "R packages come from a CRAN repository that moves on every day.",
)
FLOATING_REF = Rule(
    "RG107", "floating-ref", "warning", "A git reference is a branch, or a tag without its commit."
)
INSTALLS = Rule("RG109", "installs-in-run", "warning", "Commands of a step install packages by hand.")

RULES: tuple[Rule, ...] = (
    UNPINNED,
    *externals.RULES,
    *downloads.RULES,
    NO_SNAPSHOT,
    FLOATING_REF,
    INSTALLS,
)


def check(subject: Subject) -> Iterator[Finding]:
    """All findings of the family."""
    yield from _unpinned(subject)
    yield from externals.check(subject)
    yield from merged(subject, _in_steps(subject))


def _in_steps(subject: Subject) -> Iterator[Finding]:
    files = Files(subject)
    for use in subject.steps:
        yield from _no_snapshot(subject, files, use)
        yield from _floating_refs(subject, files, use)
        yield from downloads.check_step(subject, files, use)
    for script in scripts(subject, files):
        yield from _installs(subject, files, script)
        yield from downloads.check_script(subject, files, script)


def _unpinned(subject: Subject) -> Iterator[Finding]:
    for brought in subject.components:
        declared, component = brought.declared, brought.declared.component
        if ":" not in brought.bringers[0] or component.version:
            continue  # what an External provides is knowledge, not a request
        if component.pinned_by and not component.pinned_by.startswith("at least"):
            continue
        bound = f", only `{declared.version}`" if declared.version else ""
        what = f"`{declared.name}` ({component.type}) has no exact version{bound}"
        help = _PINS.get(component.type, _SAID)
        images = subject.holding(brought.bringers)
        yield Finding(UNPINNED, declared.place, what, plain_purl(declared.purl), help, images)


_SAID: Final = "say its version in `provides`"
_PINS: Final = {
    "deb": "write `name=version`, as `apt-cache policy` shows it",
    "conda": "write `name=version`",
    "pypi": "write `name==version`",
    "cran": "write `name==version`, or name a `snapshot`",
    "bioconductor": "write `name==version`",
}

_DATED = re.compile(
    r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}|(?<![0-9])20[0-9]{6}(?![0-9])|/[0-9]{2,}(?=/|$)|[0-9a-f]{40}"
)


def _no_snapshot(subject: Subject, files: Files, use: StepUse) -> Iterator[Finding]:
    step = use.step.step
    if not isinstance(step, RPackages):
        return
    url = dict(step.repositories).get("CRAN", "")
    if _DATED.search(url):
        return
    how = "the day of the build decides which versions come"
    if step.type == "bioconductor":
        how = "the release does not pin what they need from CRAN"
    elif all(each.version for each in step.packages):
        how = "their own versions are pinned, those of what they need are not"
    listed = _listed([each.name for each in step.packages])
    what = f"no snapshot of {shown_address(url)} for {listed}: {how}"
    help = "name a `snapshot: YYYY-MM-DD` of a day on which they work together"
    place = use.step.place.at(step.type)
    yield Finding(NO_SNAPSHOT, place, what, files.owner(place), help, subject.holding(use.images))


_COMMIT = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(
    r"(?i:head|main|master|trunk|devel|develop|dev|stable|next|latest)|refs/heads/.*|(?i:release|feature|branch)[_/-].*"
    r"|.*[-_/.](?:branch|x|dev|devel|stable|latest)|[^0-9]*"
)


def _floating_refs(subject: Subject, files: Files, use: StepUse) -> Iterator[Finding]:
    images = subject.holding(use.images)
    for place, ref, name, purl, help in _references(use):
        if _COMMIT.fullmatch(ref):
            continue
        branch = _BRANCH.fullmatch(ref) is not None
        kind = "branch, which moves" if branch else "tag, which can be moved"
        level: Level = "warning" if branch else "note"
        names = (name, files.owner(place))
        yield Finding(
            FLOATING_REF, place, f"`{ref}` of {name} is a {kind}", purl, help, images, names, level=level
        )


def _references(use: StepUse) -> Iterator[tuple[Place, str, str, str, str]]:
    """Git references of a step: place, reference, of what, its purl, help."""
    match use.step.step:
        case Github(packages=packages):
            help = "name the commit, 40 hex digits, that it is today"
            file, path = use.step.place.file, (*use.step.place.path, "github")
            for each in packages:
                yield (
                    Place(file, path, word=each.repo),
                    each.ref,
                    each.repo,
                    f"pkg:github/{each.repo.lower()}",
                    help,
                )
        case Source(git=git, ref=ref, commit=commit, name=name) if git and not commit:
            purls = [plain_purl(purl_of(component)) for component in use.step.components]
            help = "add `commit:`, the one that it is today"
            yield use.step.place.at("source", "ref"), ref, f"`{name}`", (*purls, name)[0], help


def _installs(subject: Subject, files: Files, script: Script) -> Iterator[Finding]:
    components = script.use.step.components
    by_command = {id(line.command): line.place for line in script.lines}
    images = subject.holding(script.use.images)
    for install in installs([line.command for line in script.lines]):
        if not install.step and components:
            continue  # no step installs such packages, and `provides` lists them
        place = by_command[id(install.command)]
        what = f"{_called(install)} in `{script.key}`" + "".join(f"; {fault}" for fault in install.faults)
        help = (
            f"`{install.step}:` pins, lists and cleans up what it installs"
            if install.step
            else "name exact versions, and list what it brings in `provides`"
        )
        yield Finding(INSTALLS, place, what, files.owner(place), help, images)


def _called(install: Install) -> str:
    packages = _listed([shown(each, 40) for each in install.packages])
    return f"`{install.shown}`" + (f" of {packages}" if packages else "")


def _listed(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names[:3]]
    if not quoted:
        return ""
    return joined([*quoted, f"{len(names) - 3} more"] if len(names) > 3 else quoted, "and")

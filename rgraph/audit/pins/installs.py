"""Which commands install packages, which packages, and what is wrong with how they do it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rgraph.audit.text.commands import Command, listed_words
from rgraph.suggest import did_you_mean, listed


class Install(Struct, frozen=True):
    """A command that installs packages."""

    command: Command
    shown: str
    """The command without its arguments: `apt-get install`."""
    packages: tuple[str, ...]
    """What it installs, as written; empty if that cannot be told."""
    step: str
    """The step that takes its place; empty if there is none."""
    faults: tuple[str, ...] = ()
    """What else is wrong with it."""


class _Manager(Struct, frozen=True):
    step: str
    verbs: frozenset[str]
    values: frozenset[str] = frozenset()
    """Options that take the next word as value."""


_APT = _Manager(
    "apt",
    listed_words("install upgrade dist-upgrade full-upgrade build-dep"),
    listed_words("-t -o -c --target-release"),
)
_PIP = _Manager(
    "pip",
    listed_words("install"),
    listed_words(
        "-r -c -i -f -t --requirement --constraint --index-url --extra-index-url --find-links --trusted-host "
        "--target --prefix --root --timeout --retries --python --proxy --platform --cache-dir --progress-bar "
        "--no-binary --only-binary --config-settings --global-option --src --upgrade-strategy --index"
    ),
)
_CONDA = _Manager(
    "conda",
    listed_words("install create update upgrade"),
    listed_words("-n -p -c -f -r --name --prefix --channel --file --solver --experimental-solver"),
)
_MANAGERS: Final[Mapping[str, _Manager]] = {
    **dict.fromkeys(("apt-get", "apt", "aptitude"), _APT),
    **dict.fromkeys(("conda", "mamba", "micromamba"), _CONDA),
    **dict.fromkeys(
        ("npm", "pnpm"), _Manager("", listed_words("install i add ci"), listed_words("--cache --prefix"))
    ),
    "yarn": _Manager("", listed_words("add install global")),
    "gem": _Manager("", listed_words("install"), listed_words("-v --version -i -n")),
    "cargo": _Manager(
        "", listed_words("install"), listed_words("--version --git --rev --tag --root --features")
    ),
    "go": _Manager("", listed_words("install get")),
    "apk": _Manager("", listed_words("add upgrade"), listed_words("-t --virtual -X --repository --root -p")),
    **dict.fromkeys(
        ("yum", "dnf", "microdnf", "zypper"),
        _Manager(
            "",
            listed_words("install update upgrade in up groupinstall"),
            listed_words("--installroot --releasever --root -c --enablerepo --disablerepo"),
        ),
    ),
    "choco": _Manager("", listed_words("install upgrade")),
    "winget": _Manager("", listed_words("install")),
    "install-module": _Manager("", listed_words("*")),
    "install-package": _Manager("", listed_words("*")),
}
R_PROGRAMS: Final[Mapping[str, str]] = {
    "install2.r": "cran",
    "install.r": "cran",
    "installDeps.r": "cran",
    "installGithub.r": "github",
    "install_github.r": "github",
    "installBioc.r": "bioconductor",
}
"""Scripts of littler that rocker's images have, and the steps that take their place."""
_R_CALL = re.compile(
    r"\b(?P<name>install\.packages|BiocManager::install|biocLite|install_(?:github|gitlab|bitbucket|git|url"
    r"|version|cran|bioc|deps|local)|pkg_install|pak::pak|pak::pkg_install|renv::restore|renv::install)\s*\("
)
_R_STEPS: Final[Mapping[str, str]] = {
    "BiocManager::install": "bioconductor",
    "biocLite": "bioconductor",
    "install_bioc": "bioconductor",
    "install_github": "github",
    "install_url": "url",
}


def installs(commands: Sequence[Command]) -> Iterator[Install]:
    """The installations among some commands."""
    answered = {command.pipeline for command in commands if command.program in ("yes", "echo", "printf")}
    echoed: dict[int, str] = {}
    for command in commands:
        if command.program in ("echo", "printf", "cat"):
            echoed[command.pipeline] = "\n".join((*command.arguments, command.stdin))
        yield from _installs(command, command.pipeline in answered, echoed.get(command.pipeline, ""))


def _installs(command: Command, answered: bool, fed: str) -> Iterator[Install]:
    program = command.program
    manager = _MANAGERS.get(program) or _MANAGERS.get(program.lower())
    if manager:
        yield from _by_manager(command, program, command, manager, answered)
    elif pip := _pip(command):
        shown = " ".join(command.words[: len(command.words) - len(pip.words) + 1])
        yield from _by_manager(
            command, shown.rsplit("/", 1)[-1] if " " not in shown else shown, pip, _PIP, False
        )
    elif program in R_PROGRAMS:
        packages = command.positionals(
            listed_words("-n -r -l -d -t --ncpus --repos --repo --libloc --deps --type")
        )
        yield Install(command, program, packages, R_PROGRAMS[program])
    elif program in ("R", "Rscript", "r"):
        code = "\n".join((*command.arguments, command.stdin, fed))
        yield from (_r_call(command, code, match) for match in _R_CALL.finditer(code))


def _pip(command: Command) -> Command | None:
    """The command as if `pip` were its program; None if it runs no pip."""
    words = command.words
    if re.fullmatch(r"pip[0-9.]*", command.program):
        start = 0
    elif re.fullmatch(r"python[0-9.]*", command.program) and words[1:3] == ("-m", "pip"):
        start = 2
    elif (command.program == "uv" and words[1:2] == ("pip",)) or (
        command.program in ("conda", "micromamba") and "pip" in words[1:5]
    ):
        start = words.index("pip")
    else:
        return None
    return Command(words[start:], command.variables, command.wrappers, command.stdin, command.pipeline)


def _by_manager(
    command: Command, shown: str, run: Command, manager: _Manager, answered: bool
) -> Iterator[Install]:
    given = run.positionals(manager.values)
    if "*" in manager.verbs:
        yield Install(command, shown, given, manager.step)
        return
    if manager is _CONDA and given[:1] == ("env",):
        shown, given = f"{shown} env", given[1:]
    if not given or given[0] not in manager.verbs or run.has("--help", "--dry-run", "--download-only"):
        return
    packages = given[1:]
    if manager is _PIP:
        required = tuple(f"-r {file}" for file in (run.option("-r"), run.option("--requirement")) if file)
        packages = tuple(package for package in packages if not _is_local(package))
        if not packages and not required:
            return
        packages = (*packages, *required)
    faults = tuple(_faults(run, manager, answered))
    yield Install(command, f"{shown} {given[0]}", packages, manager.step, faults)


def _is_local(package: str) -> bool:
    archive = package.endswith((".whl", ".tar.gz")) and "://" not in package
    return archive or package.startswith((".", "/", "file:"))


_NO_PACKAGE = re.compile(r"[<>=-]+|[0-9]+(?:[.:-][0-9A-Za-z]+)+")


def _faults(run: Command, manager: _Manager, answered: bool) -> Iterator[str]:
    if manager not in (_APT, _CONDA) or (manager is _CONDA and "env" in run.arguments[:1]):
        return
    letters = run.letters("otca" if manager is _APT else "npcf")
    agreed = "y" in letters or run.has("--yes", "--assume-yes", "--force-yes", "--quiet=2")
    agreed = agreed or any("assume-yes" in word.lower() for word in run.arguments)
    if manager is _APT and letters.count("q") >= 2:  # apt-get's manual: -qq implies -y
        agreed = True
    odd = [word for word in run.positionals(manager.values)[1:] if _NO_PACKAGE.fullmatch(word)]
    if odd and manager is _APT:
        yield f"apt reads `{odd[-1]}` as a package or pattern of its own, not as a version"
    if answered and not agreed:
        yield "another program answers its questions, whatever they are"
    elif not agreed and dict(run.variables).get("CONDA_ALWAYS_YES") is None:
        yield "without `-y` it waits for an answer that never comes"


_R_ARGUMENTS: Final = listed_words(
    "pkgs lib repos contriburl method available destdir dependencies type configure.args configure.vars "
    "clean Ncpus verbose libs_only INSTALL_opts quiet keep_outputs"
)
"""Arguments of install.packages (R's utils, help page "install.packages"); others go to download.file."""


def _r_call(command: Command, code: str, match: re.Match[str]) -> Install:
    name = match["name"].removeprefix("pak::").removeprefix("renv::")
    inner = _inside(code, match.end())
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "''", inner)
    faults = tuple(_r_faults(code, bare)) if match["name"] == "install.packages" else ()
    packages = tuple(re.findall(r"[\"']([^\"'\s]+)[\"']", _first_argument(inner)))
    return Install(command, f"{match['name']}()", packages, _R_STEPS.get(name, "cran"), faults)


_LONGEST_CALL: Final = 3_000
"""Characters of a call that are read."""


def _inside(code: str, start: int) -> str:
    """What stands in a call's parentheses."""
    depth, quote = 1, ""
    for index in range(start, min(len(code), start + _LONGEST_CALL)):
        sign = code[index]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if depth == 0:
                return code[start:index]
    return code[start : start + _LONGEST_CALL]


def _first_argument(inner: str) -> str:
    """The first argument of a call, without the others."""
    depth, quote = 0, ""
    for index, sign in enumerate(inner):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            return inner[:index]
    return inner


def _r_faults(code: str, bare: str) -> Iterator[str]:
    """What is wrong with a call of install.packages; `bare` are its arguments with empty strings."""
    listed_names = re.match(r"\s*(?:pkgs\s*=\s*)?c\(([^()]*)\)", bare)
    words = re.split(r"[\s,]+", listed_names[1])[:20] if listed_names else []
    names = [word for word in words if re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", word)]
    unknown = [name for name in names if not re.search(rf"\b{re.escape(name)}\s*(?:<-|=[^=])", code)]
    if unknown:
        s = "" if len(unknown) > 1 else "s"
        yield f"{listed(unknown, 'and')} stand{s} without quotes, so R looks for variables of that name"
    top = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", bare))
    for word in dict.fromkeys(re.findall(r",\s*([A-Za-z][A-Za-z_.]{2,40})\s*=(?!=)", f",{top}")):
        known = any(each.startswith(word) for each in _R_ARGUMENTS)
        meant = "" if known else did_you_mean(word, sorted(_R_ARGUMENTS))
        if meant:
            yield f"R ignores `{word}`, which is none of its arguments ({meant})"

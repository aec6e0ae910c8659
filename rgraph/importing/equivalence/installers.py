"""What the options of programs that install packages mean.

Sources: the manuals of apt-get(8), conda and pip; littler's install2.r; R's own `R` and `Rscript`.
A program's function gives None where it meets an option that it does not know: the words then stay.
"""

from __future__ import annotations

import re

from rgraph.importing.equivalence.rcode import read_calls, written
from rgraph.importing.equivalence.values import SIGN, Line, Redirects, Walk, is_one_word, is_text


def package(word: str, walk: Walk) -> str:
    """A package whose unquoted `*`, `[` or `]` stands for itself: else a file of such a name, `=` and all,
    would have to lie in the working folder.
    """
    if SIGN not in word or not _PATTERN.fullmatch(word):
        return word
    walk.rules.add("package-pattern")
    return word.replace(SIGN, "")


_PATTERN = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._+-]*(?:{SIGN}\[|[=!<>]=?)(?:[A-Za-z0-9._+=,-]|{SIGN}[\]*])+")


def _package_words(words: tuple[str, ...]) -> bool:
    return all(is_text(each) and "/" not in each for each in words)


_APT_FLAGS = frozenset(
    {"--no-install-recommends", "--no-install-suggests", "--install-recommends", "--only-upgrade"}
    | {"--allow-downgrades", "--allow-change-held-packages", "--allow-unauthenticated", "--fix-missing"}
    | {"--reinstall", "--purge", "--auto-remove", "--download-only", "--fix-broken", "--no-upgrade"}
)
_ASKING_NOTHING = frozenset({"update", "clean", "autoclean"})


def apt(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """apt-get and apt: `-qq` implies `-y`, and how much is printed changes nothing."""
    if redirects:
        return None
    flags: set[str] = set()
    rest: list[str] = []
    for word in words[1:]:
        if word in ("--yes", "--assume-yes") or re.fullmatch(r"-[yq]+", word):
            flags |= {"-y"} if "y" in word.removeprefix("--") or word.count("q") > 1 else set()
        elif word in ("--quiet", "-q=1"):
            continue
        elif word in _APT_FLAGS:
            flags.add(word)
        elif word.startswith("-") and word != "-":
            return None
        else:
            rest.append(package(word, walk))
    if not rest or not _package_words(tuple(rest)):
        return None
    if rest[0] in _ASKING_NOTHING:
        flags.discard("-y")
    made = Line((words[0], rest[0], *sorted(flags), "\x07", *rest[1:]))
    if words[1:] != (rest[0], *sorted(flags), *rest[1:]):
        walk.rules.add("options")
    return made


def conda(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """`install` and `clean`: options before packages; the order of channels counts."""
    if redirects or len(words) < 2 or words[1] not in ("install", "clean"):
        return None
    flags: set[str] = set()
    channels: list[str] = []
    rest: list[str] = []
    name = ""
    known = _CONDA_INSTALL if words[1] == "install" else _CONDA_CLEAN
    waiting = iter(words[2:])
    for word in waiting:
        if word in ("-c", "--channel") and words[1] == "install":
            channels += ["-c", next(waiting, "")]
        elif word in ("-n", "--name") and words[1] == "install":
            name = next(waiting, "")
        elif word in known:
            flags |= set(known[word])
        elif re.fullmatch("-[yq]+" if words[1] == "install" else "-[yqafptil]+", word):
            flags |= set(word[1:])
        elif word.startswith("-"):
            return None
        else:
            rest.append(package(word, walk))
    if not all(is_one_word(each) and not each.startswith((".", "/", "\x02")) for each in rest):
        return None
    walk.rules.add("options")
    return Line((words[0], words[1], *sorted(flags - {"q"}), "\x07", *channels, "\x07", name, "\x07", *rest))


_CONDA_INSTALL = {"--yes": "y", "--quiet": "q"}
_CONDA_CLEAN = {**_CONDA_INSTALL, "--all": "a", "--force-pkgs-dirs": "f", "--force": "f"}


_PIP_FLAGS = {"-U": "--upgrade"}
_PIP_KNOWN = frozenset({"--no-cache-dir", "--no-deps", "--upgrade", "--pre", "--user"})


def pip(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """`pip install`: options before packages."""
    if redirects or words[1:2] != ("install",):
        return None
    return _pip(words[:1], words[2:], walk)


def python(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """`python -m pip install`."""
    if redirects or words[1:4] != ("-m", "pip", "install"):
        return None
    return _pip(words[:3], words[4:], walk)


def _pip(head: tuple[str, ...], words: tuple[str, ...], walk: Walk) -> Line | None:
    flags: set[str] = set()
    indexes: list[str] = []
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        if word in ("-i", "--index-url", "--extra-index-url"):
            indexes += ["--index-url" if word == "-i" else word, next(waiting, "")]
        elif match := re.fullmatch(r"(--index-url|--extra-index-url)=(.+)", word):
            indexes += [match[1], match[2]]
        elif re.fullmatch(r"-[qv]+|--quiet|--verbose|--progress-bar=[a-z]+", word):
            continue
        elif _PIP_FLAGS.get(word, word) in _PIP_KNOWN:
            flags.add(_PIP_FLAGS.get(word, word))
        elif word.startswith("-"):
            return None
        else:
            rest.append(package(word, walk))
    if not rest or not all(
        is_one_word(each) and _PIP_NAME.match(each) and not _ARCHIVE.search(each) for each in rest
    ):
        return None
    walk.rules.add("options")
    return Line((*head, "install", *sorted(flags), "\x07", *indexes, "\x07", *rest))


_R_FLAGS = frozenset({"-q", "--quiet", "--silent", "--no-save", "--slave", "--no-echo", "--no-restore"})


def rscript(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """`R -e` and `Rscript -e`: calls, however they are spaced and quoted."""
    codes: list[str] = []
    waiting = iter(words[1:])
    for word in waiting:
        if word == "-e":
            codes.append(next(waiting, ""))
        elif word not in _R_FLAGS:
            return None
    if redirects or not codes or not all(is_text(code) and read_calls(code) for code in codes):
        return None
    walk.rules.add("calls-of-r")
    return Line(("\x07R", "; ".join(written(call) for code in codes for call in read_calls(code) or ())))


_INSTALL2 = {
    "-e": "--error",
    "-s": "--skipinstalled",
    "--error": "",
    "--skipinstalled": "",
    "--skipmissing": "",
}


def install2(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """Littler's install2.r."""
    flags: set[str] = set()
    repositories: list[str] = []
    rest: list[str] = []
    waiting = iter(words[1:])
    for word in waiting:
        if word in _INSTALL2:
            flags.add(_INSTALL2[word] or word)
        elif word in ("-n", "--ncpus"):
            flags.add(f"--ncpus={next(waiting, '')}")
        elif re.fullmatch(r"--ncpus=-?[0-9]+", word):
            flags.add(word)
        elif word in ("-r", "--repos"):
            repositories.append(next(waiting, "").rstrip("/"))
        elif re.fullmatch("--repos=.+", word):
            repositories.append(word.removeprefix("--repos=").rstrip("/"))
        elif word.startswith("-"):
            return None
        else:
            rest.append(word)
    if redirects or not rest or not all(is_text(each) and "/" not in each and each != "." for each in rest):
        return None
    walk.rules.add("options")
    return Line((words[0], *sorted(flags), "\x07", *repositories, "\x07", *rest))


_ARCHIVE = re.compile(r"\.(?:whl|zip|tar\.[a-z0-9]+|tgz|tbz|egg)(?:\[|$)")
"""pip would look for such a file in the working folder."""
_PIP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?![/A-Za-z0-9._:-])")

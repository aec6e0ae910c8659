"""What the options of known programs mean: the order and spelling in which they are compared.

Sources: the manuals of curl(1), wget(1), GNU tar, git-clone(1), GNU make, and GNU coreutils.
A program's function gives None where it meets an option that it does not know: the words then stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from rgraph.importing.equivalence.installers import apt, conda, install2, pip, python, rscript
from rgraph.importing.equivalence.values import Line, Redirects, Walk, is_one_word, is_text

_CURL_SILENT = {"--silent": "s", "--show-error": "S", "--progress-bar": "#", "--fail": "f", "--location": "L"}


def curl(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """One address to a file or to the standard output; `-f` and `-L` count, `-s`, `-S` and `-#` do not."""
    flags: set[str] = set()
    urls: list[str] = []
    target, own = "", False
    waiting = iter(words[1:])
    for word in waiting:
        if word in _CURL_SILENT:
            flags.add(_CURL_SILENT[word])
        elif word in ("-o", "--output"):
            target = target or next(waiting, "")
        elif word in ("-O", "--remote-name"):
            own = True
        elif match := re.fullmatch(r"-([sSfL#]*)(O?)([sSfL#]*)(o?)", word):
            flags |= set(match[1] + match[3])
            own = own or bool(match[2])
            target = target or (next(waiting, "") if match[4] else "")
        elif word.startswith("-"):
            return None
        else:
            urls.append(word)
    if own:
        name = urls[0].rsplit("/", 1)[-1] if len(urls) == 1 else ""
        if target or redirects or not name or re.search(r"[?#%]", name):
            return None
        target = name
    return _download("curl", flags & {"f", "L"}, urls, target, redirects, walk)


_WGET_QUIET = re.compile(r"-q|-nv|--quiet|--no-verbose|--show-progress|--progress=[a-z:]+")


def wget(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """One address to a file; how much is printed does not count."""
    urls: list[str] = []
    target = ""
    waiting = iter(words[1:])
    for word in waiting:
        if word in ("-O", "-qO", "-nvO", "--output-document"):
            target = target or next(waiting, "")
        elif match := re.fullmatch(r"(?:-q?O|--output-document=)(.+)", word):
            target = target or match[1]
        elif _WGET_QUIET.fullmatch(word):
            continue
        elif word.startswith("-"):
            return None
        else:
            urls.append(word)
    if redirects:
        return None if target != "-" else _download("wget", set(), urls, "", redirects, walk)
    if target == "-":
        return _download("wget", set(), urls, "", redirects, walk)
    if not target and len(urls) == 1:
        name = urls[0].rsplit("/", 1)[-1]
        if not name or not is_one_word(urls[0]) or re.search(r"[?#%]", name):
            return None
        if str(walk.folder) not in walk.fresh:
            walk.rules.add("options")
            return Line(("\x07named", urls[0], str(walk.folder)))
        walk.rules.add("download-name")
        target = name
    return _download("wget", set(), urls, target, redirects, walk) if target else None


def _download(
    program: str, flags: set[str], urls: list[str], target: str, redirects: Redirects, walk: Walk
) -> Line | None:
    if len(urls) != 1 or not is_one_word(urls[0]):
        return None
    walk.rules.add("options")
    if redirects:
        if target or len(redirects) > 1 or redirects[0][0] != ">":
            return None
        target = redirects[0][1]
        walk.rules.add("redirection")
    file = walk.folder.file(target) if target and target != "-" else "-"
    return None if file is None else Line(("\x07download", program, *sorted(flags), urls[0], file))


_TAR_FILTERS = {"z": (".tar.gz", ".tgz"), "j": (".tar.bz2", ".tbz2", ".tbz"), "J": (".tar.xz", ".txz")}


def tar(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """Unpacking: GNU tar finds out how an archive is compressed, and `v` only prints."""
    match = re.fullmatch(r"-?([xzjJv]*)f?", words[1]) if len(words) > 2 else None
    if not match or "x" not in match[1] or not words[1].endswith("f") or redirects:
        return None
    file, into, strip = words[2], ".", ""
    waiting = iter(words[3:])
    for word in waiting:
        if word in ("-C", "--directory") and into == ".":
            into = next(waiting, "")
        elif found := re.fullmatch(r"--strip(?:-components)?=([0-9]+)", word):
            strip = found[1]
        elif word in ("--strip", "--strip-components"):
            strip = next(waiting, "")
        else:
            return None
    if any(not file.endswith(_TAR_FILTERS[letter]) for letter in match[1] if letter in _TAR_FILTERS):
        return None
    archive, folder = walk.folder.file(file), walk.folder.file(into)
    if archive is None or folder is None or "\x07" in archive + folder:
        return None
    walk.rules.add("archive")
    return Line(("\x07unpack", archive, folder, strip))


def git(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """`git clone` of one branch or tag."""
    if words[1:2] != ("clone",) or redirects:
        return None
    branch, flags, rest = "", set(), []
    waiting = iter(words[2:])
    for word in waiting:
        if word in ("-b", "--branch"):
            branch = next(waiting, "")
        elif match := re.fullmatch(r"--branch=(.+)", word):
            branch = match[1]
        elif word in ("-q", "--quiet"):
            continue
        elif word == "--depth":
            flags.add(f"--depth={next(waiting, '')}")
        elif re.fullmatch(r"--depth=[0-9]+|--recursive|--recurse-submodules|--single-branch", word):
            flags.add(word)
        elif word.startswith("-"):
            return None
        else:
            rest.append(word)
    if not 1 <= len(rest) <= 2 or not all(map(is_one_word, rest)):
        return None
    name = rest[1] if len(rest) > 1 else re.sub(r"(?:/\.git|\.git)?/?$", "", rest[0]).rsplit("/", 1)[-1]
    folder = walk.folder.file(name) if is_text(name) else None
    if folder is None or not re.match(r"[a-z+]+://", rest[0]):
        return None
    walk.rules.add("options")
    return Line(("\x07clone", branch, *sorted(flags), rest[0], folder))


def make(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """How many jobs run side by side does not count, whether several do does."""
    found: list[str] = []
    several = False
    position = 1
    while position < len(words):
        word = words[position]
        position += 1
        if word in ("-j", "--jobs") and position < len(words) and _JOBS.fullmatch(words[position]):
            several, position = True, position + 1
        elif re.match(r"(?:-j|--jobs=)", word) and _JOBS.fullmatch(re.sub(r"-j|--jobs=", "", word, count=1)):
            several = True
        elif word.startswith("-j") or redirects:
            return None
        else:
            found.append(word)
    if several:
        walk.rules.add("jobs")
    return Line(("make", *(("\x07-j",) if several else ()), *found), str(walk.folder))


_JOBS = re.compile(r"[2-9]|[1-9][0-9]+|[\x05\x06](?:\$\(nproc(?: --all)?\)|`nproc(?: --all)?`)\x03")


def rm(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """Flags in one order; absolute paths are the same from every folder."""
    flags = {letter for word in words[1:] if re.fullmatch("-[rfR]+", word) for letter in word[1:].lower()}
    rest = [word for word in words[1:] if not re.fullmatch("-[rfR]+", word)]
    if redirects or not rest or any(word.startswith("-") for word in rest):
        return None
    absolute = all(word.startswith("/") for word in rest)
    return Line(("rm", *sorted(flags), "\x07", *rest), "" if absolute else str(walk.folder))


def mkdir(words: tuple[str, ...], redirects: Redirects, walk: Walk) -> Line | None:
    """One folder, with or without `-p`."""
    rest = [word for word in words[1:] if word not in ("-p", "--parents")]
    if len(rest) != 1 or redirects:
        return None
    folder = walk.folder.file(rest[0].rstrip("/"))
    if folder is None:
        return None
    return Line(("\x07mkdir -p" if len(words) > 2 else "\x07mkdir", folder))


PROGRAMS: Final[Mapping[str, Callable[[tuple[str, ...], Redirects, Walk], Line | None]]] = {
    "R": rscript,
    "Rscript": rscript,
    "apt": apt,
    "apt-get": apt,
    "conda": conda,
    "curl": curl,
    "git": git,
    "install2.r": install2,
    "make": make,
    "mamba": conda,
    "micromamba": conda,
    "mkdir": mkdir,
    "pip": pip,
    "pip3": pip,
    "python": python,
    "python3": python,
    "rm": rm,
    "tar": tar,
    "wget": wget,
}
"""Last part of a program's path -> its function."""

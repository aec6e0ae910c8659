"""Which commands download, which of them run what they downloaded, and which check it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rgraph.audit.text.commands import SHELLS, Command, listed_words, reads_program

_URL = re.compile(r"[a-z][a-z0-9+]*://")
_LOCAL = re.compile(r"(?:https?://)?(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(?=[:/]|$)|file:|unix:")
_CURL_VALUES: Final = "AbcCdDeEFHhKmoPQrtTuUwxXyYz"
"""Letters of curl's options that take a value (curl's manual)."""
_WGET_VALUES: Final = "oaeiBtOTwQPUlADIXR"
"""Letters of wget's options that take a value (wget's manual)."""
_LONG_VALUES: Final = listed_words(
    "--output --output-document --output-dir --directory-prefix --header --user --password --proxy --retry "
    "--data --retry-delay --retry-max-time --connect-timeout --max-time --request --user-agent --referer "
    "--tries --timeout --waitretry --cacert --cert --key --http-user --http-password --progress --limit-rate"
)
_WINDOWS: Final = frozenset(
    {
        "invoke-webrequest",
        "iwr",
        "invoke-restmethod",
        "irm",
        "start-bitstransfer",
        "bitsadmin",
        "curl",
        "wget",
    }
)
_WINDOWS_VALUES: Final = listed_words("-OutFile -Headers -Method -UserAgent -Proxy -Destination -Source")


def download_of(command: Command, windows: bool = False) -> str | None:
    """What a command downloads, as its address stands there; None if it downloads nothing."""
    program = command.program
    if windows:
        found = _windows_download(command)
        if found is not None:
            return found
    if program in ("curl", "wget", "wget2", "aria2c"):
        found = _address(command)
        return None if not found or _LOCAL.match(found) else found
    if program == "git":
        given = command.positionals(
            frozenset({"-c", "-C", "-b", "--branch", "--depth", "-j", "--jobs", "-o"})
        )
        if given[:1] == ("clone",) and len(given) > 1 and not re.match(r"[/.]|file:", given[1]):
            return given[1]
    if program == "apt-key" and command.has("--fetch-keys"):
        return command.arguments[-1]
    return None


def _address(command: Command) -> str:
    values = _CURL_VALUES if command.program == "curl" else _WGET_VALUES
    options = frozenset(f"-{letter}" for letter in values) | _LONG_VALUES
    # A cluster such as `-fsSLo FILE` takes a value too, if only its last letter does.
    clusters = {
        word
        for word in command.arguments
        if re.fullmatch(r"-[A-Za-z0-9]{2,}", word)
        and word[-1] in values
        and not any(letter in values for letter in word[1:-1])
    }
    given = command.positionals(options | clusters)
    return next((word for word in given if _URL.match(word)), "") or (given[-1] if given else "")


def _windows_download(command: Command) -> str | None:
    program = command.program.lower()
    address = next((word for word in command.arguments if _URL.match(word)), "")
    if program in _WINDOWS or (program == "certutil" and command.has("-urlcache")):
        named = next((word for word in command.arguments if word.lower() == "-uri"), "-Uri")
        given = command.option(named) or next(iter(command.positionals(_WINDOWS_VALUES)), "")
        return address or given or None
    if command.words and command.words[0].lower().endswith((".downloadstring", ".downloadfile")):
        return address or "".join(command.arguments[:1]) or None
    return None


_SUMS: Final = frozenset(
    {"sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "md5sum", "shasum", "cksum"}
)
_COMMIT = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{7,40}")
_SIGNATURES: Final = frozenset({"gpgv", "cosign", "minisign", "signify", "slsa-verifier"})


def checks_something(commands: Sequence[Command]) -> bool:
    """Whether any of some commands checks a checksum, a signature, or that a repository is at a commit."""
    summed = {command.pipeline for command in commands if command.program in _SUMS}
    return any(
        _checks(command) or (command.program in ("grep", "egrep") and command.pipeline in summed)
        for command in commands
    )


def _checks(command: Command) -> bool:
    program = command.program
    if program in _SUMS:
        return command.has("--check") or "c" in command.letters("a")
    if program in ("gpg", "gpg2"):
        return command.has("--verify", "--verify-files")
    if program == "git":
        commits = any(_COMMIT.fullmatch(word) for word in command.arguments)
        return commits or command.has("verify-tag", "verify-commit")
    if program in ("[", "[[", "test"):
        return any(re.search(r"\bsha[0-9]+sum\b|\brev-parse\b", word) for word in command.arguments)
    if program == "openssl":
        return command.has("-verify")
    told = any(word.lower() in ("get-filehash", "get-authenticodesignature") for word in command.words)
    return told or program in _SIGNATURES


def remote_code(commands: Sequence[Command], windows: bool = False) -> Iterator[tuple[Command, str]]:
    """Commands that run what is downloaded as it comes, and the address that it comes from."""
    fed: dict[int, str] = {}
    for command in commands:
        address = download_of(command, windows)
        if address is None:
            code = _remote(command)
            if code:
                yield command, code
            elif command.pipeline in fed and reads_program(command):
                yield command, fed[command.pipeline]
        elif command.pipeline not in fed:
            fed[command.pipeline] = address
    for command in commands:
        if command.program.lower() in ("iex", "invoke-expression") and command.pipeline in fed:
            yield command, fed[command.pipeline]


_SUBSTITUTED = re.compile(r"\s*(?:\$\(|<\(|`)\s*(?:sudo\s+)?(?:curl|wget)\s")
_ANY_URL = re.compile(r"[a-z][a-z0-9+]{0,20}://[^\s'\")`]+")
_R_SOURCE = re.compile(r"\bsource(?:_url)?\(\s*(?:url\(\s*)?[\"'](?P<url>(?:https?|ftp)://[^\"']+)")


def _remote(command: Command) -> str:
    """The address of what a command runs without a pipe; empty if it runs nothing from elsewhere."""
    program = command.program
    if program in ("R", "Rscript", "r"):
        match = _R_SOURCE.search("\n".join((*command.arguments, command.stdin)))
        return match["url"] if match else ""
    if program in ("eval", ".", "source"):
        codes: Iterable[str] = command.arguments[:1]
    elif program in SHELLS or program.startswith(("python", "perl", "ruby", "node")):
        codes = (command.stdin, *_code_words(command))
    else:
        return ""
    code = next((code for code in codes if _SUBSTITUTED.match(code)), "")
    url = _ANY_URL.search(code)
    return url[0] if url else "a download" if code else ""


def _code_words(command: Command) -> Iterator[str]:
    """Words that an interpreter takes for a program: the value of `-c` or `-e`, or its first file."""
    skip = False
    for index, word in enumerate(command.arguments):
        if skip:
            skip = False
        elif re.fullmatch(r"-[a-z]*[ce]", word):
            yield from command.arguments[index + 1 : index + 2]
            skip = "c" in word
        elif word in ("-o", "-O"):
            skip = True
        elif not word.startswith(("-", "+")):
            yield word
            return

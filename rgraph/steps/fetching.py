"""Downloading a file within a RUN instruction, with its checksum, in every dialect."""

from __future__ import annotations

import re

from msgspec import Struct

from rgraph.names import Platform
from rgraph.steps.context import Context
from rgraph.steps.interface import Dialect
from rgraph.steps.shells import powershell_text, word

_MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
"""What `uname -m` prints on each platform."""


_SSH_PASSWORD = re.compile(r"((?:[a-z]+\+)?ssh://[^/@:]*):[^/@]*@", re.IGNORECASE)
_CREDENTIALS = re.compile(r"((?<![a-z+])(?:[a-z]+\+)?(?!ssh)[a-z]+://)[^/@]*@", re.IGNORECASE)
_CONDA_TOKEN = re.compile(r"([a-z]+://[^/]+)/t/[^/]+", re.IGNORECASE)


def shown(url: str) -> str:
    """An address without what may be a secret in it: purls are published, even those of private steps.

    Left out: a password, a user but for that of SSH, conda's token, and what stands behind `?`, where
    signed addresses have their signature.
    """
    plain = re.sub(r"\?[^#]*", "", url)
    return _CONDA_TOKEN.sub(r"\1", _CREDENTIALS.sub(r"\1", _SSH_PASSWORD.sub(r"\1@", plain)))


class Fetch(Struct, frozen=True):
    """A file to download: one URL, or one for each platform."""

    sources: tuple[tuple[Platform | None, str, str], ...]
    """Platform (None: any), URL, checksum (empty: none known)."""
    downloader: str
    options: tuple[str, ...] | None = None
    """Of the downloader, if not rgraph's own."""

    @property
    def url(self) -> str:
        """The first URL."""
        return self.sources[0][1] if self.sources else ""

    @property
    def checksum(self) -> str:
        """Checksum of the one file for all platforms; empty if it is unknown, or if they have their own."""
        return self.sources[0][2] if len(self.sources) == 1 else ""

    @property
    def file_name(self) -> str:
        """A file name made of the URL's last part."""
        last = self.url.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
        return re.sub(r"[^A-Za-z0-9._+-]", "_", last).lstrip("-.") or "download"

    def platforms(self) -> tuple[str, ...]:
        """The platforms that have a source; none if one is for all."""
        return tuple(str(platform) for platform, _, _ in self.sources if platform)

    def checked(self) -> bool:
        """Whether every source has a checksum."""
        return all(checksum for _, _, checksum in self.sources)


def resolve_fetch(
    context: Context,
    url: str | dict[str, str],
    sha256: str | dict[str, str],
    downloader: str | None,
    options: list[str] | None = None,
) -> Fetch:
    """URL and checksum of a written step; `sha256` may be by platform only if `url` is."""
    here = context.at("url")
    sums = {platform: text for platform, text, _ in context.at("sha256").by_platform(sha256)}
    if isinstance(url, dict) and isinstance(sha256, dict) and set(sha256) - set(url):
        context.at("sha256").problem(
            "a checksum for a platform that has no URL", "write the same platforms in both"
        )
    if None not in sums and isinstance(url, str):
        context.at("sha256").problem("checksums by platform for one URL", "write `url` by platform too")
    if sums.get(None) and not isinstance(url, str):
        context.at("sha256").problem("one checksum for URLs by platform", "write `sha256` by platform too")
    found = []
    for platform, text, place in here.by_platform(url):
        address = place.url(text)
        written = sums.get(platform, "" if platform else sums.get(None, ""))
        found.append((platform, address, context.at("sha256").checksum(written, address)))
    said = resolve_options(context.at("options"), options)
    return Fetch(tuple(found), downloader or context.settings.downloader, said)


_OPTION = re.compile(r"--?[A-Za-z#][A-Za-z0-9-]*(?:=[A-Za-z0-9._:/+-]+)?")


def resolve_options(context: Context, written: list[str] | None) -> tuple[str, ...] | None:
    """Options of a downloader; none of them may say where the file goes."""
    if written is None:
        return None
    for text, here in context.placed(written):
        if not _OPTION.fullmatch(text) or re.match(r"-[a-zA-Z]*[oO]|--output|--remote-name", text):
            here.problem(
                f"`{text}` is no option to download with",
                "write `--retry=3`; where the file goes is said by the step",
            )
    return context.texts(written)


def own_options(downloader: str, options: tuple[str, ...] | None) -> tuple[str, ...]:
    """The options, or rgraph's own."""
    return options if options is not None else ("-fsSL",) if downloader == "curl" else ("-q",)


def fetch_commands(fetch: Fetch, target: str, dialect: Dialect) -> tuple[str, ...]:
    """Commands that download to a target (a word of the dialect, already quoted) and check it."""
    if dialect != "posix":
        _, url, checksum = next(
            (source for source in fetch.sources if str(source[0]).startswith("windows/")), fetch.sources[0]
        )
        get = f"Invoke-WebRequest -UseBasicParsing -Uri {powershell_text(url)} -OutFile {target}"
        return (get, *_powershell_check(target, checksum))
    if fetch.sources[0][0] is None:
        _, url, checksum = fetch.sources[0]
        return (f"{_get(fetch)} {target} {word(url)}", *_check(target, checksum))
    some = " SUM=" if any(checksum for _, _, checksum in fetch.sources) else ""
    cases = "\n".join(
        f"{_MACHINES[str(platform)]}) URL={word(url)}{f' SUM={checksum}' if checksum else some} ;;"
        for platform, url, checksum in fetch.sources
        if platform in _MACHINES
    )
    choose = f'case "$(uname -m)" in\n{cases}\n*) echo "no download for $(uname -m)" >&2 ; exit 1 ;;\nesac'
    check = f'echo "$SUM  {target.strip(chr(34))}" | sha256sum -c -'
    if not fetch.checked():
        # Where only some have a checksum, those are checked.
        return (choose, f'{_get(fetch)} {target} "$URL"', *([f'test -z "$SUM" || {check}'] if some else []))
    return (choose, f'{_get(fetch)} {target} "$URL"', check)


def _get(fetch: Fetch) -> str:
    if fetch.options is None:
        return "curl -fsSL -o" if fetch.downloader == "curl" else "wget -qO"
    return " ".join((fetch.downloader, *fetch.options, "-o" if fetch.downloader == "curl" else "-O"))


def _check(target: str, checksum: str) -> tuple[str, ...]:
    return (f'echo "{checksum}  {target.strip(chr(34))}" | sha256sum -c -',) if checksum else ()


def _powershell_check(target: str, checksum: str) -> tuple[str, ...]:
    if not checksum:
        return ()
    return (
        f"if ((Get-FileHash {target} -Algorithm SHA256).Hash -ne '{checksum}') {{ throw 'wrong checksum' }}",
    )

"""Steps that bring files from the web: `download` and `source`."""

from __future__ import annotations

import re

from rgraph.manifest import step_files as written
from rgraph.manifest.base import OnError
from rgraph.names import Bad, file_path
from rgraph.steps.commands import commands
from rgraph.steps.context import Context
from rgraph.steps.fetching import Fetch, fetch_commands, own_options, resolve_fetch, shown
from rgraph.steps.interface import Component, Dialect, Run, Step
from rgraph.steps.shells import powershell_text, word


class Download(Step, frozen=True):
    """A file from the web."""

    fetch: Fetch
    to: str = ""
    extract: str = ""
    strip: str = ""
    run: tuple[str, ...] = ()
    file: str = ""
    """Where it is meanwhile; empty: under its name in `/tmp`."""
    errors: OnError = "stop"
    named: bool = False

    def platforms(self) -> tuple[str, ...]:
        """Those that it has a URL for."""
        return self.fetch.platforms()

    def checksum(self) -> str:
        """The file's."""
        return self.fetch.checksum

    def render(self, dialect: Dialect) -> Run:
        """Fetch, check, unpack or use, remove."""
        return self._posix() if dialect == "posix" else self._windows()

    def _posix(self) -> Run:
        if self.named:
            options = own_options("wget", self.fetch.options)
            get = " ".join(("wget", *options, word(self.fetch.url)))
            return Run((f"cd {word(self.to)}", get))
        keep = self.to + self.fetch.file_name if self.to.endswith("/") else self.to
        folder = keep.rsplit("/", 1)[0] if "/" in keep else ""
        commands = [f"FILE={word(keep or self.file or f'/tmp/{self.fetch.file_name}')}"]
        if folder and not folder.startswith("$"):
            commands.append(f"mkdir -p {word(folder)}")
        commands += fetch_commands(self.fetch, '"$FILE"', "posix")
        if self.extract:
            commands += [f"mkdir -p {word(self.extract)}", self._unpack()]
        commands += self.run
        return Run((*commands, *(() if keep else ('rm -f "$FILE"',))))

    def _unpack(self) -> str:
        if self.fetch.file_name.endswith(".zip"):
            return f'unzip -q "$FILE" -d {word(self.extract)}'
        strip = f" --strip-components={self.strip}" if self.strip else ""
        return f'tar -xf "$FILE" -C {word(self.extract)}{strip}'

    def _windows(self) -> Run:
        separator = "" if self.to.endswith(("/", "\\")) else None
        keep = self.to + self.fetch.file_name if separator == "" else self.to
        path = keep or self.file
        file = powershell_text(path) if path else f"Join-Path $env:TEMP '{self.fetch.file_name}'"
        commands = [f"$FILE = {file}"]
        if keep and self.errors == "stop":
            commands.append("New-Item -ItemType Directory -Force -Path (Split-Path $FILE) | Out-Null")
        commands += fetch_commands(self.fetch, "$FILE", "powershell")
        if self.extract:
            target = powershell_text(self.extract)
            zipped = self.fetch.file_name.endswith(".zip")
            strip = f" --strip-components={self.strip}" if self.strip else ""
            commands.append(f"New-Item -ItemType Directory -Force -Path {target} | Out-Null")
            commands.append(
                f"Expand-Archive -Force -Path $FILE -DestinationPath {target}"
                if zipped
                else f"tar -xf $FILE -C {target}{strip}"
            )
        commands += self.run
        return Run(
            (*commands, *(() if keep else ("Remove-Item -Force $FILE",))), powershell=True, errors=self.errors
        )


class Source(Step, frozen=True):
    """A program built from source."""

    os = "linux"
    name: str
    version: str
    fetch: Fetch | None
    git: str = ""
    ref: str = ""
    commit: str = ""
    directory: str = ""
    build: tuple[str, ...] = ()
    """Commands in the folder of the sources."""
    shallow: bool = True
    folder: str = ""
    keep: bool = False

    def render(self, dialect: Dialect) -> Run:
        """Fetch into a temporary folder, build, remove the folder."""
        if self.folder:
            return self._in_folder()
        work = f"/tmp/{self.name}"
        source = f"{work}/source"
        if self.fetch:
            archive = f"{work}/{self.fetch.file_name}"
            strip = "" if self.directory else " --strip-components=1"
            get = [
                f"mkdir -p {source}",
                *fetch_commands(self.fetch, archive, "posix"),
                f"tar -xf {archive} -C {source}{strip}",
            ]
        else:
            get = [f"{self._clone()} {source}"]
        enter = [f"cd {source}" + (f"/{word(self.directory)}" if self.directory else "")]
        return Run((*get, *enter, *self._checked(), *self.build, "cd /", f"rm -rf {work}"))

    def _clone(self) -> str:
        depth = " --depth 1" if self.shallow else ""
        return f"git clone{depth} --branch {word(self.ref)} {word(self.git)}"

    def _checked(self) -> list[str]:
        return [f'test "$(git rev-parse HEAD)" = {self.commit}'] if self.commit else []

    def _in_folder(self) -> Run:
        folder = word(self.folder)
        commands = [f"cd {folder}"] if self.keep else [f"mkdir -p {folder}", f"cd {folder}"]
        directory = self.directory
        if self.fetch:
            name = self.fetch.file_name
            commands += [*fetch_commands(self.fetch, name, "posix"), f"tar -xf {name}"]
        else:
            directory = directory or re.sub(r"(?:\.git)?/?$", "", self.git).rsplit("/", 1)[-1]
            commands.append(f"{self._clone()} {word(directory)}")
        commands += [*([f"cd {word(directory)}"] if directory else []), *self._checked(), *self.build]
        return Run((*commands, *(() if self.keep else ("cd /", f"rm -rf {folder}"))))

    def components(self) -> tuple[Component, ...]:
        """The program; `provides` takes the place of this where it is written."""
        github = re.fullmatch(r"https://github\.com/([^/]+)/([^/]+?)(?:\.git)?/?", self.git)
        if github:
            return (Component("github", github[2].lower(), self.ref, namespace=github[1].lower()),)
        qualifiers = (
            (("download_url", shown(self.fetch.url)),)
            if self.fetch
            else (("vcs_url", f"git+{shown(self.git)}@{self.commit or self.ref}"),)
        )
        return (
            Component("generic", self.name, self.version, qualifiers=qualifiers, checksum=self.checksum()),
        )

    def checksum(self) -> str:
        """The archive's."""
        return self.fetch.checksum if self.fetch else ""


def resolve_download(context: Context, body: written.Download) -> Download:
    """A `download` step."""
    to = context.at("to").optional(body.to)
    extract = context.at("extract").optional(body.extract)
    strip = context.at("strip").optional(body.strip)
    for name, path in (("to", to), ("extract", extract)):
        if path.startswith("-"):
            context.at(name).problem(f"`{path}` is no path", "it begins with `-`, like an option")
    run = commands(context.at("run"), body.run)
    if not (to or extract or run):
        context.problem("nothing says what becomes of the file", "add `to`, `extract` or `run`")
    if to and extract:
        context.problem("both `to` and `extract`", "leave one of them out")
    if strip and not (extract and re.fullmatch("[0-9]+", strip)):
        context.at("strip").problem("`strip` is a number, and goes with `extract`", "write `strip: 1`")
    fetch = resolve_fetch(context, body.url, body.sha256, body.command, body.options)
    if strip and any(url.endswith(".zip") for _, url, _ in fetch.sources):
        context.at("strip").problem("zip archives cannot be stripped", "move the files in `run`")
    file = context.at("file").optional(body.file)
    if file and (to or not re.match(r"/|[A-Za-z]:[\\/]|\$", file)):
        context.at("file").problem("`file` is an absolute path, and goes without `to`", "write `/tmp/NAME`")
    return Download(fetch, to, extract, strip, run, file, body.errors, _named(context, body, fetch))


def _named(context: Context, body: written.Download, fetch: Fetch) -> bool:
    named = context.at("named").flag(body.named)
    plain = fetch.downloader == "wget" and body.to.endswith("/") and not body.run and not fetch.checksum
    if named and (not plain or len(fetch.sources) > 1):
        what = "`named` is for wget, one `url` without `sha256`, and `to` a folder, without `run`"
        context.at("named").problem(what, "leave it out: the file then has the name of its address")
    return named


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


def resolve_source(context: Context, body: written.Source) -> Source:
    """A `source` step."""
    name = context.at("name").text(body.name)
    if name and not _NAME.fullmatch(name):
        context.at("name").problem(f"`{name}` is no name", "use letters, digits, `.`, `_`, `+` and `-`")
    if bool(body.url) == bool(body.git):
        context.problem("a source has either `url` or `git`", "write one of them")
    ref, commit = context.at("ref").optional(body.ref), context.at("commit").optional(body.commit)
    if body.git and not _REF.fullmatch(ref):
        context.at("ref").problem("`git` needs a `ref`", "name a tag")
    if commit and not re.fullmatch(r"[0-9a-f]{40}", commit):
        context.at("commit").problem(f"`{commit}` is no commit", "40 hex digits")
    directory = context.at("directory").optional(body.directory)
    if directory and isinstance(file_path(directory), Bad):
        context.at("directory").problem(
            f"`{directory}` is no folder of the archive", "write its path there, without `..`"
        )
    return Source(
        name,
        context.at("version").text(body.version),
        resolve_fetch(context, body.url, body.sha256, body.command, body.options) if body.url else None,
        context.at("git").url(body.git) if body.git else "",
        ref,
        commit,
        directory,
        (
            *commands(context.at("prepare"), body.prepare),
            *_build(context, body),
            *commands(context.at("run"), body.run),
        ),
        context.at("shallow").flag(body.shallow),
        _folder(context.at("folder"), body.folder) if body.folder else "",
        _kept(context, body),
    )


def _folder(context: Context, text: str) -> str:
    folder = context.text(text)
    if folder and not re.fullmatch(r"(?:/[A-Za-z0-9_][A-Za-z0-9._+-]*)+", folder):
        context.problem(f"`{folder}` is no absolute folder", "write it as `/tmp/name`, without `..`")
    return folder


def _kept(context: Context, body: written.Source) -> bool:
    keep = context.at("keep").flag(body.keep)
    if keep and not body.folder:
        context.at("keep").problem("`keep` goes with `folder`", "name the folder, or leave `keep` out")
    return keep


def _build(context: Context, body: written.Source) -> tuple[str, ...]:
    steps: list[str] = []
    configure = body.configure
    if isinstance(configure, list) or context.at("configure").flag(configure):
        arguments = context.at("configure").texts(configure) if isinstance(configure, list) else ()
        steps.append("\n".join(("./configure", *map(word, arguments))))
    make = body.make
    if isinstance(make, list):
        for target in context.at("make").texts(make):
            jobs = "" if target.startswith("install") else '-j"$(nproc)" '
            steps.append(f"make {jobs}{word(target)}")
    elif context.at("make").flag(make):
        steps.append('make -j"$(nproc)"')
    return tuple(steps)

"""Steps of apt, conda and pip."""

from __future__ import annotations

import re

from rgraph.manifest import step_packages as written
from rgraph.names import Bad, layer_name, variable
from rgraph.steps.context import Context
from rgraph.steps.fetching import own_options, resolve_options, shown
from rgraph.steps.interface import Component, Dialect, Run, Step
from rgraph.steps.listing import packages
from rgraph.steps.packages import Package
from rgraph.steps.shells import argument, word

FETCH_LISTS = "apt-get update"
REMOVE_LISTS = "rm -rf /var/lib/apt/lists/*"
_CLEANING = {"lists": REMOVE_LISTS, "archives": "{} clean", "unneeded": "{} autoremove -y"}
_NONINTERACTIVE = ("DEBIAN_FRONTEND", "noninteractive")

_CHANNEL = re.compile(r"[A-Za-z0-9_.~/$][A-Za-z0-9_.~:/@+$={}%?&-]*")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_.$/][A-Za-z0-9_.$/{}-]*")
_APT_WORD = re.compile(r"[A-Za-z0-9./$][A-Za-z0-9./_~+${}-]*")
_PROGRAM = re.compile(r"[A-Za-z0-9_./\\:-]+(?: -m [A-Za-z0-9_.]+)?")


def one_a_line(head: str, items: tuple[str, ...]) -> str:
    """A command with each item on a line of its own."""
    return "\n".join((head, *items))


class AptRepository(Step, frozen=True):
    """A repository, and the key that signs it."""

    name: str
    key_url: str
    key_sha256: str
    uri: str
    line: str
    """The entry in sources.list, with `signed-by`."""
    downloader: str


class Apt(Step, frozen=True):
    """Packages of Debian or Ubuntu."""

    os = "linux"
    packages: tuple[Package, ...]
    recommends: bool = False
    only_upgrade: bool = False
    repositories: tuple[AptRepository, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    """Of the installation only, with what makes it ask nothing."""
    update: bool = True
    clean: tuple[str, ...] = ("lists",)
    command: str = "apt-get"

    def render(self, dialect: Dialect) -> Run:
        """Update, install, check minimal versions, remove the lists."""
        env = "".join(f"{name}={word(value)} " for name, value in self.env)
        flags = ("" if self.recommends else " --no-install-recommends") + (
            " --only-upgrade" if self.only_upgrade else ""
        )
        return Run(
            (
                *(command for repository in self.repositories for command in _add(repository)),
                *((f"{self.command} update",) if self.update else ()),
                one_a_line(
                    f"{env}{self.command} install -y{flags}", tuple(word(each.spec) for each in self.packages)
                ),
                *(_at_least(each) for each in self.packages if each.at_least),
                *(_CLEANING[each].format(self.command) for each in self.clean),
            )
        )

    def components(self) -> tuple[Component, ...]:
        """The packages; their distribution is the image's and not known here.

        Where the step adds repositories, its packages count as theirs. The vendor in a purl of Debian
        is what a repository calls itself, which only its name here can tell.
        """
        only = self.repositories[0] if len(self.repositories) == 1 else None
        return tuple(
            Component(
                "deb",
                each.name,
                each.version,
                qualifiers=(("repository_url", shown(only.uri)),) if only else (),
                pinned_by=each.at_least and f"at least {each.at_least}",
                fixes=each.fixes,
                vendor=(only.name if only else "") if self.repositories else None,
            )
            for each in self.packages
        )


def _at_least(package: Package) -> str:
    installed = f"\"$(dpkg-query -W -f='${{Version}}' {word(package.spec)})\""
    return f"dpkg --compare-versions {installed} ge {word(package.at_least)}"


def _add(repository: AptRepository) -> tuple[str, ...]:
    key = f"/tmp/{repository.name}.key"
    ring = f"/usr/share/keyrings/{repository.name}.gpg"
    fetched = f"curl -fsSL -o {key}" if repository.downloader == "curl" else f"wget -qO {key}"
    checked = (f'echo "{repository.key_sha256}  {key}" | sha256sum -c -',) if repository.key_sha256 else ()
    return (
        f"{fetched} {word(repository.key_url)}",
        *checked,
        f"gpg --batch --yes --dearmor -o {ring} {key}",
        f"rm {key}",
        f"echo {word(repository.line)} > /etc/apt/sources.list.d/{repository.name}.list",
    )


class Key(Step, frozen=True):
    """A key that apt trusts for every repository."""

    os = "linux"
    url: str
    command: str
    options: tuple[str, ...] | None = None

    def render(self, dialect: Dialect) -> Run:
        """Fetch it into apt's ring of keys."""
        if self.command == "apt-key":
            return Run((f"apt-key adv --fetch-keys {word(self.url)}",))
        options = "".join(f" {each}" for each in own_options(self.command, self.options))
        out = " -O-" if self.command == "wget" else ""
        return Run((f"{self.command}{options}{out} {word(self.url)} | apt-key add -",))


def resolve_key(context: Context, body: written.Key) -> Key:
    """A `key` step."""
    options = resolve_options(context.at("options"), body.options)
    command = body.command or context.settings.downloader
    if options is not None and command == "apt-key":
        context.at("options").problem("`options` are for curl and wget", "leave them out")
    return Key(context.at("url").url(body.url), command, options)


class Conda(Step, frozen=True):
    """Conda packages."""

    packages: tuple[Package, ...]
    channels: tuple[str, ...] = ()
    environment: str = ""
    command: str = "conda"
    clean: bool = True

    def render(self, dialect: Dialect) -> Run:
        """Install, clean up."""
        where = f" -n {argument(dialect, self.environment)}" if self.environment else ""
        channels = "".join(f" -c {argument(dialect, channel)}" for channel in self.channels)
        install = one_a_line(
            f"{self.command} install -y{where}{channels}",
            tuple(argument(dialect, each.spec) for each in self.packages),
        )
        return Run((install, f"{self.command} clean -afy") if self.clean else (install,))

    def components(self) -> tuple[Component, ...]:
        """The packages, with their channel where it is the only one."""
        only = self.channels[0] if len(self.channels) == 1 else ""
        return tuple(
            # Conda's names are lower case, whatever case they are asked for in.
            Component(
                "conda",
                each.name.lower(),
                each.version,
                qualifiers=_conda_qualifiers(each, only),
                fixes=each.fixes,
            )
            for each in self.packages
        )


_SUBDIR = re.compile(r"(.+)/(noarch|(?:linux|osx|win)-[a-z0-9_]+)")
"""A channel with one of its folders, as a match specification may name it."""


def _conda_qualifiers(package: Package, only: str) -> tuple[tuple[str, str], ...]:
    channel, subdir = package.channel or only, ""
    if match := _SUBDIR.fullmatch(package.channel):
        channel, subdir = match[1], match[2]
    channel = shown(channel)
    if "$" in channel:
        channel = ""  # what a variable holds is not known here
    pairs = (("build", package.build), ("channel", channel), ("subdir", subdir))
    return tuple((key, value) for key, value in pairs if value)


class Pip(Step, frozen=True):
    """Python packages."""

    packages: tuple[Package, ...]
    index: str = ""
    extra_indexes: tuple[str, ...] = ()
    dependencies: bool = True
    command: str = "pip"
    upgrade: bool = False
    cache: bool = False

    def render(self, dialect: Dialect) -> Run:
        """Install without keeping a cache."""
        flags = (
            ("" if self.cache else " --no-cache-dir")
            + (" --upgrade" if self.upgrade else "")
            + ("" if self.dependencies else " --no-deps")
            + (f" --index-url {argument(dialect, self.index)}" if self.index else "")
            + "".join(f" --extra-index-url {argument(dialect, index)}" for index in self.extra_indexes)
        )
        return Run(
            (
                one_a_line(
                    f"{self.command} install{flags}",
                    tuple(argument(dialect, each.spec) for each in self.packages),
                ),
            )
        )

    def components(self) -> tuple[Component, ...]:
        """The packages; with their index, where it is the only one and not the default."""
        index = (("repository_url", shown(self.index)),) if self.index and not self.extra_indexes else ()
        return tuple(_python_component(each, index) for each in self.packages)


def _python_component(package: Package, index: tuple[tuple[str, str], ...]) -> Component:
    # purl's pypi type has names in lower case with dashes.
    name = package.name.lower().replace("_", "-")
    url = package.spec.partition("@")[2].split()[:1]
    if not url:
        return Component("pypi", name, package.version, qualifiers=index, fixes=package.fixes)
    # A direct reference (PEP 508): what pins it is a commit or a checksum, and no version.
    address = shown(url[0].partition("#")[0])
    checksum = package.version.removeprefix("sha256.") if package.version.startswith("sha256.") else ""
    return Component(
        "pypi",
        name,
        qualifiers=(("vcs_url" if address.startswith("git+") else "download_url", address),),
        pinned_by=f"sha256:{checksum}" if checksum else package.version and f"commit {package.version}",
        fixes=package.fixes,
        checksum=checksum,
    )


def resolve_apt(context: Context, body: written.AptBody) -> Apt:
    """An `apt` step."""
    if not isinstance(body, written.Apt):
        return Apt(_some(context, body, "apt"), env=(_NONINTERACTIVE,))
    env = [_NONINTERACTIVE] if context.at("noninteractive").flag(body.noninteractive) else []
    for name, value in sorted(body.env.items()):
        here = context.at("env", name)
        if isinstance(bad := variable(name), Bad):
            context.key("env", name).problem(bad.what, bad.help)
        env.append((name, here.text(value)))
    return Apt(
        _some(context.at("packages"), body.packages, "apt"),
        context.at("recommends").flag(body.recommends),
        context.at("only_upgrade").flag(body.only_upgrade),
        tuple(
            _repository(context.at("repositories", index), each)
            for index, each in enumerate(body.repositories)
        ),
        tuple(env),
        context.at("update").flag(body.update),
        tuple(
            _one_of(here, text, tuple(_CLEANING), "cleaning of apt")
            for text, here in context.at("clean").placed(body.clean)
        ),
        body.command,
    )


def _one_of(context: Context, text: str, known: tuple[str, ...], what: str) -> str:
    if text in known:
        return text
    context.problem(f"`{text}` is no {what}", f"one of {', '.join(known)}")
    return known[0]


def _some(context: Context, written_packages: written.Packages, ecosystem: str) -> tuple[Package, ...]:
    before = len(context.problems)
    found = packages(context, written_packages, ecosystem)
    if not found and len(context.problems) == before:
        context.problem("the list of packages is empty", "name a package, or leave the step out with `when`")
    return found


def _repository(context: Context, body: written.AptRepository) -> AptRepository:
    def words(key: str, texts: list[str] | str) -> tuple[str, ...]:
        placed = context.at(key).placed(texts)
        return tuple(_checked(here, text, _APT_WORD, "word of a source list") for text, here in placed)

    name = context.at("name").name(body.name, layer_name, "")
    key = context.at("key")
    url = key.at("url").url(body.key.url)
    options = [f"signed-by=/usr/share/keyrings/{name}.gpg"]
    if architectures := words("architectures", body.architectures):
        options.insert(0, f"arch={','.join(architectures)}")
    suite = _checked(context.at("suite"), context.at("suite").text(body.suite), _APT_WORD, "suite")
    components = words("components", body.components)
    if components and suite.endswith("/"):
        what = f"the suite `{suite}` is a folder, and apt refuses components behind it"
        context.at("components").problem(what, "leave `components` out")
    elif not components and not suite.endswith("/"):
        components = ("main",)
    parts = (context.at("uri").url(body.uri), suite, *components)
    line = " ".join(("deb", f"[{' '.join(options)}]", *parts))
    checksum = key.at("sha256").checksum(body.key.sha256, url)
    return AptRepository(name, url, checksum, parts[0], line, context.settings.downloader)


def resolve_conda(context: Context, body: written.CondaBody) -> Conda:
    """A `conda` step."""
    if not isinstance(body, written.Conda):
        return Conda(_some(context, body, "conda"))
    return Conda(
        _some(context.at("packages"), body.packages, "conda"),
        tuple(
            _checked(here, text, _CHANNEL, "channel")
            for text, here in context.at("channels").placed(body.channels)
        ),
        _checked(
            context.at("environment"),
            context.at("environment").optional(body.environment),
            _ENVIRONMENT,
            "environment of conda",
        ),
        body.command,
        context.at("clean").flag(body.clean),
    )


def _checked(context: Context, text: str, pattern: re.Pattern[str], what: str) -> str:
    if text and not pattern.fullmatch(text):
        context.problem(f"`{text}` is no {what}", "write a name or an address, without spaces or quotes")
    return text


def resolve_pip(context: Context, body: written.PipBody) -> Pip:
    """A `pip` step."""
    if not isinstance(body, written.Pip):
        return Pip(_some(context, body, "pip"))
    return Pip(
        _some(context.at("packages"), body.packages, "pip"),
        context.at("index").url(body.index) if body.index else "",
        tuple(here.url(text) for text, here in context.at("extra_indexes").placed(body.extra_indexes)),
        context.at("dependencies").flag(body.dependencies),
        _program(context.at("command"), body.command),
        context.at("upgrade").flag(body.upgrade),
        context.at("cache").flag(body.cache),
    )


def _program(context: Context, text: str) -> str:
    program = context.text(text)
    if program and not _PROGRAM.fullmatch(program):
        context.problem(
            f"`{program}` is no program", "write its name or path, such as `pip3` or `python3 -m pip`"
        )
    return program

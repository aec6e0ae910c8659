"""Which steps instructions become. Every case is proved too: rgraph writes the same of the step."""

# ruff: noqa: E501 (a RUN is one line here, however long)

from __future__ import annotations

from typing import Any

import pytest

from rgraph.importing.equivalence import Different, compare
from rgraph.importing.model import Step
from rgraph.importing.parsing import instructions_of, parse
from rgraph.importing.typing import typed_steps
from rgraph.importing.typing.rendering import rendered
from rgraph.steps.interface import Dialect

SUM = "0123456789abcdef" * 4


def _steps(text: str, windows: bool = False) -> tuple[Step, ...]:
    file = parse("Dockerfile", f"FROM scratch\n{text}\n")
    assert not isinstance(file, tuple), file
    return typed_steps(file.stages[0], file.escape, windows=windows)


def _data(text: str, windows: bool = False) -> list[dict[str, Any]]:
    """The steps of a text; what they render to is compared with it, as a whole."""
    steps = _steps(text, windows)
    dialect: Dialect = "cmd" if windows else "posix"
    texts = []
    for step in steps:
        made = rendered(step.data, dialect, "windows" if windows else "linux")
        assert made is not None, step.data
        texts.append(made)
        if "shell" in step.data:
            dialect = "powershell-strict"
    escape = "`" if windows else "\\"
    again = instructions_of(f"# escape={escape}\n" + "\n".join(texts))
    result = compare(instructions_of(text), again, ("\\", escape), windows=windows)
    assert not isinstance(result, Different), result
    return [step.data for step in steps]


def _kinds(data: dict[str, Any]) -> list[str]:
    members = data.get("group", [data])
    return [next(iter(member)) for member in members]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-get update && apt-get install -y --no-install-recommends a1 b2=1.0 && rm -rf /var/lib/apt/lists/*", {"packages": ["a1", "b2=1.0"], "noninteractive": False}),
        ("apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends a1 && rm -rf /var/lib/apt/lists/*", ["a1"]),
        ("apt-get install -qq a1", {"packages": ["a1"], "recommends": True, "update": False, "clean": [], "noninteractive": False}),
        ("apt-get update -y && ACCEPT=Y apt-get install -y a1 && apt-get clean -y && apt-get autoremove -y", {"packages": ["a1"], "recommends": True, "env": {"ACCEPT": "Y"}, "clean": ["archives", "unneeded"], "noninteractive": False}),
        ("apt update && apt install -y --only-upgrade a1=2 && apt clean", {"packages": ["a1=2"], "recommends": True, "only_upgrade": True, "clean": ["archives"], "noninteractive": False, "command": "apt"}),
        ("set -eux; apt-get update; apt-get install -y a1; rm -rf /var/lib/apt/lists/*", {"packages": ["a1"], "recommends": True, "noninteractive": False}),
    ],
)  # fmt: skip
def test_apt(text: str, expected: object) -> None:
    assert _data(f"RUN {text}") == [{"apt": expected}]


def test_apt_where_env_says_that_nothing_is_asked() -> None:
    _, step = _data("ENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get install -y a1")
    assert step == {"apt": {"packages": ["a1"], "recommends": True, "update": False, "clean": []}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt-key adv --fetch-keys https://x.y/k.pub", {"url": "https://x.y/k.pub", "command": "apt-key"}),
        ("curl -fsSL https://x.y/k.pub | apt-key add -", {"url": "https://x.y/k.pub"}),
        ("curl https://x.y/k.pub | apt-key add -", {"url": "https://x.y/k.pub", "options": ["-sS"]}),
        ("wget -qO- https://x.y/k.pub | apt-key add -", {"url": "https://x.y/k.pub", "command": "wget"}),
    ],
)
def test_keys(text: str, expected: object) -> None:
    assert _data(f"RUN {text}") == [{"key": expected}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conda install -y a=1.0", {"conda": {"packages": ["a=1.0"], "clean": False}}),
        ("conda install a=1.0 --yes && conda clean --all -f -y", {"conda": ["a=1.0"]}),
        ("mamba install -y -c c1 -c c2 -n env 'a>=1' && mamba clean -afy", {"conda": {"packages": ["a>=1"], "channels": ["c1", "c2"], "environment": "env", "command": "mamba"}}),
        ("pip install --no-cache-dir a==1 'b[c]==2'", {"pip": ["a==1", "b[c]==2"]}),
        ("python3 -m pip install -U --no-deps -i https://x.y/s --extra-index-url https://x.z/s a", {"pip": {"packages": ["a"], "index": "https://x.y/s", "extra_indexes": ["https://x.z/s"], "dependencies": False, "command": "python3 -m pip", "upgrade": True, "cache": True}}),
        ("R -e \"install.packages(c('aa', 'bb'), repos='https://cloud.r-project.org')\"", {"cran": {"packages": ["aa", "bb"], "verify": False}}),
        ("Rscript -e 'install.packages(\"aa\", repos = c(CRAN = \"https://x.y/cran/2020-01-02\"))'", {"cran": {"packages": ["aa"], "snapshot": "2020-01-02", "repository": "https://x.y/cran", "verify": False}}),
        ("install2.r --error --skipinstalled -n 4 aa bb", {"cran": {"packages": ["aa", "bb"], "command": "install2.r", "options": ["--error", "--ncpus=4", "--skipinstalled"], "verify": False}}),
        ("R -e 'remotes::install_github(\"own/repo@v1.0\", upgrade = \"never\")'", {"github": {"repo": "own/repo", "ref": "v1.0", "verify": False}}),
    ],
)  # fmt: skip
def test_packages(text: str, expected: object) -> None:
    assert _data(f"RUN {text}") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl -fsSL -o /opt/f https://x.y/f", {"url": "https://x.y/f", "to": "/opt/"}),
        ("mkdir -p /opt && curl -fLo /opt/g https://x.y/f", {"url": "https://x.y/f", "to": "/opt/g"}),
        ("curl https://x.y/f > /opt/f", {"url": "https://x.y/f", "to": "/opt/", "options": ["-sS"]}),
        ("cd /tmp && wget -q https://x.y/f", {"url": "https://x.y/f", "to": "/tmp/", "command": "wget", "named": True}),
        ("wget -qO /tmp/g.sh https://x.y/f.sh && sh /tmp/g.sh -b && rm /tmp/g.sh", {"url": "https://x.y/f.sh", "file": "/tmp/g.sh", "command": "wget", "run": ["sh /tmp/g.sh -b"]}),
        (f"curl -fsSLO https://x.y/f.sh && echo '{SUM}  f.sh' | sha256sum -c - && sh f.sh && rm f.sh", None),
        (f"curl -fsSL -o /tmp/f.tgz https://x.y/f.tgz && echo '{SUM} */tmp/f.tgz' | sha256sum --check && tar xzf /tmp/f.tgz -C /opt --strip 1 && rm -f /tmp/f.tgz", {"url": "https://x.y/f.tgz", "sha256": SUM, "extract": "/opt", "strip": "1"}),
        ("curl -fsSL -o /opt/f 'https://x.y/f?a=b&c'", {"url": "https://x.y/f?a=b&c", "to": "/opt/"}),
    ],
)  # fmt: skip
def test_downloads(text: str, expected: object) -> None:
    (data,) = _data(f"RUN {text}")
    assert data.get("download") == expected if expected else "run" in data


BUILD = "./configure --prefix=/usr && make -j $(nproc) all && make install"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"mkdir /tmp/t && cd /tmp/t && wget https://x.y/t-1.2.tar.gz && tar zxf t-1.2.tar.gz && cd t-1.2 && {BUILD} && ldconfig && rm -rf /tmp/t", {"name": "t", "version": "1.2", "url": "https://x.y/t-1.2.tar.gz", "command": "wget", "directory": "t-1.2", "folder": "/tmp/t", "configure": ["--prefix=/usr"], "run": ["ldconfig"]}),
        ("mkdir /tmp/t && cd /tmp/t && git clone --branch v1.2 https://x.y/t && cd /tmp/t/t && ./b.sh && rm -rf /tmp/t", {"name": "t", "version": "1.2", "git": "https://x.y/t", "ref": "v1.2", "shallow": False, "folder": "/tmp/t", "configure": False, "make": False, "run": ["./b.sh"]}),
        (f"cd /opt && git clone --depth 1 -b 1.2.3 https://x.y/t.git u && cd u && ./autogen.sh && {BUILD}", {"name": "u", "version": "1.2.3", "git": "https://x.y/t.git", "ref": "1.2.3", "directory": "u", "folder": "/opt", "keep": True, "prepare": ["./autogen.sh"], "configure": ["--prefix=/usr"]}),
        (f'mkdir -p /tmp/t/source && curl -fsSL -o /tmp/t/t-1.2.tar.gz https://x.y/t-1.2.tar.gz && echo "{SUM}  /tmp/t/t-1.2.tar.gz" | sha256sum -c - && tar -xf /tmp/t/t-1.2.tar.gz -C /tmp/t/source --strip-components=1 && cd /tmp/t/source && {BUILD} && cd / && rm -rf /tmp/t', {"name": "t", "version": "1.2", "url": "https://x.y/t-1.2.tar.gz", "sha256": SUM, "configure": ["--prefix=/usr"]}),
    ],
)  # fmt: skip
def test_sources(text: str, expected: object) -> None:
    assert _data(f"RUN {text}") == [{"source": expected}]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("apt-get update && apt-get install -y a1 && apt-get install -y b2", ["apt", "apt"]),
        ("mkdir /x && apt-get install -y a1 && ln -s a b", ["run", "apt", "run"]),
        ("apt-get update && apt-get install -y 'a\u00a0' && apt-get install -y b2", ["run", "apt"]),
        ("apt-get update && apt-get install -y a - 1.2 && pip install b", ["run", "pip"]),
        ("( cd /x && make ) && pip install a", ["run", "pip"]),
        ("if a; then b; fi && pip install a", ["run", "pip"]),
    ],
)
def test_a_part_of_a_run_may_be_typed(text: str, kinds: list[str]) -> None:
    (data,) = _data(f"RUN {text}")
    assert _kinds(data) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "apt-get update; apt-get install -y a1",
        "apt-get install -y a1 || true",
        "apt-get install a1",
        "apt-get install -y -t testing a1",
        "apt-get install -y ./a1.deb",
        "apt-get install -y $PACKAGES",
        "conda install a",
        "conda install -y --file a.txt",
        "pip install -r requirements.txt",
        "pip install .",
        "pip install a; true",
        "curl -fsSL https://x.y/f | sh",
        "curl -k -o /opt/f https://x.y/f",
        "wget https://x.y/f",
        "R -e 'BiocManager::install(\"aa\")'",
        "R -e 'remotes::install_github(\"own/repo@v1.0\")'",
        "R -e 'install.packages(\"aa\")'",
        "echo ${{ x }}",
        "--mount=type=cache,target=/x pip install a",
        '["pip", "install", "a"]',
        "<<E\npip install a\nE",
        "a # b",
    ],
)
def test_what_cannot_be_said_stays_as_it_is(text: str) -> None:
    (data,) = _data(f"RUN {text}")
    assert list(data) == ["run", "provides"]
    escaped = text.replace("${{", "${{ '$' }}{{")
    assert data["run"] in (escaped, [escaped])


def test_versions_that_env_names_come_to_light() -> None:
    _, step = _data("ENV V=1.2\nRUN conda install -y a=$V")
    assert step == {"conda": {"packages": ["a=1.2"], "clean": False}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ENV A 1", [{"env": {"A": "1"}}]),
        ("ENV A=1\nENV B='$x y'", [{"env": {"A": "1", "B": "$$x y"}}]),
        ("ENV A=1\nENV B=$A", [{"env": {"A": "1"}}, {"env": {"B": "${A}"}}]),
        ("ENV PATH=/a:$PATH", [{"env": {"PATH": {"prepend": "/a"}}}]),
        ("ENV A=${B:-${C}x}", [{"env": {"A": "${B:-${C}x}"}}]),
        ("ENV A=1 A=2", [{"instruction": "ENV A=1 A=2"}]),
        ("ARG A\nARG B=1", [{"arg": {"A": None, "B": "1"}}]),
        ("ARG A\nARG B", [{"arg": ["A", "B"]}]),
        ("LABEL a.b='c d'", [{"label": {"a.b": "c d"}}]),
        ("USER root", [{"user": "root"}]),
        ("WORKDIR ${HOME}/x", [{"workdir": "${HOME}/x"}]),
        ("EXPOSE 80 443/tcp", [{"expose": ["80", "443/tcp"]}]),
        ("VOLUME /a /b", [{"volume": ["/a", "/b"]}]),
        ('SHELL ["/bin/bash", "-c"]', [{"shell": ["/bin/bash", "-c"]}]),
        ("STOPSIGNAL SIGINT", [{"instruction": "STOPSIGNAL SIGINT"}]),
        ("ADD https://x.y/f /f", [{"instruction": "ADD https://x.y/f /f"}]),
        ("ONBUILD RUN a", [{"instruction": "ONBUILD RUN a"}]),
        ("COPY --chown=a:b x y/", [{"copy": {"files": ["x"], "to": "y/", "owner": "a:b"}}]),
        ("COPY --chmod=755 x y/", [{"copy": {"files": ["x"], "to": "y/", "options": ["--chmod=755"]}}]),
    ],
)
def test_other_instructions(text: str, expected: list[dict[str, Any]]) -> None:
    assert _data(text) == expected


def test_files_of_other_images() -> None:
    (step,) = _steps("COPY --from=base --chown=a /x /y")
    assert step.data == {"take": {"from": "base", "path": "/x", "to": "/y", "owner": "a"}}


def test_commands_of_the_container_are_no_steps() -> None:
    steps = _steps("ENV A=1\nCMD a\nRUN b\nENTRYPOINT c\nHEALTHCHECK NONE")
    assert [(step.covers, next(iter(step.data))) for step in steps] == [((0,), "env"), ((2,), "run")]


STRICT = 'SHELL ["powershell", "-Command", "$ErrorActionPreference = \'Stop\';"]\n'
FETCH = r"wget https://x.y/f.exe -OutFile $env:temp\\f.exe; "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rf'RUN powershell.exe -Command {FETCH}Start-Process $env:temp\\f.exe -ArgumentList "/a", "/b" -Wait; Remove-Item -Force $env:temp\\f.exe; echo "DONE"', {"download": {"url": "https://x.y/f.exe", "run": [r"Start-Process $env:temp\\f.exe -ArgumentList /a, /b -Wait"], "errors": "ignore"}, "provides": []}),
        (rf'RUN powershell -Command "{FETCH}Import-Certificate -FilePath $env:temp\\f.exe -CertStoreLocation Cert:\LocalMachine\Root; Remove-Item $env:temp\\f.exe -Force"', {"certificate": {"url": "https://x.y/f.exe", "store": r"Cert:\LocalMachine\Root", "errors": "last"}}),
        (r"RUN powershell -Command wget https://x.y/f.exe -OutFile C:\\t\\f.exe", {"download": {"url": "https://x.y/f.exe", "to": r"C:\t\f.exe", "errors": "last"}, "provides": []}),
        (STRICT + r"RUN Set-ItemProperty -Path 'HKLM:\S\C' -Name 'D:'  -Value 'x' -Type String;", {"registry": {"key": r"HKLM:\S\C", "name": "D:", "value": "x"}}),
    ],
)  # fmt: skip
def test_windows(text: str, expected: object) -> None:
    assert _data(text, windows=True)[-1] == expected


@pytest.mark.parametrize(
    "text",
    [
        rf"RUN powershell -Command {FETCH}setx PATH '%PATH%'",
        rf"RUN powershell -Command {FETCH}if ($x) {{ y }}; Remove-Item $env:temp\\f.exe",
        rf"RUN powershell -Command {FETCH}cmd /c a; Remove-Item $env:temp\\f.exe",
        rf"RUN powershell -NoProfile -Command {FETCH}echo a",
        r"RUN mkdir C:\\t",
        STRICT + r"RUN Set-ItemProperty -Path 'HKLM:\S\C' -Name 'D:' -Value '1'",
        STRICT + rf"RUN powershell.exe -Command {FETCH}echo a",
    ],
)
def test_what_windows_commands_stay_as_they_are(text: str) -> None:
    assert list(_data(text, windows=True)[-1]) == ["run", "provides"]


@pytest.mark.parametrize(
    "text", ["a && cd", "cd -P /x && a", "mkdir /x && cd && a", "cd && wget https://x.y/f"]
)
def test_a_folder_that_is_not_named_is_no_part_of_a_step(text: str) -> None:
    (data,) = _data(f"RUN {text}")
    assert "run" in data or data["group"][0] == {"run": ["cd"], "provides": []}

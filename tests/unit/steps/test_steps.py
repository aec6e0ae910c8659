"""Each kind of step: what it renders to and what it brings."""

from __future__ import annotations

from typing import Any

import pytest

from rgraph.errors import Place, Problems
from rgraph.expressions import Scope
from rgraph.manifest.document import convert
from rgraph.manifest.layer import LayerManifest
from rgraph.steps.context import Context, Settings, Surroundings
from rgraph.steps.interface import Dialect, Step
from rgraph.steps.shells import run
from rgraph.steps.table import RESOLVERS

HEX = "0" * 64
SETTINGS = Settings(checksums={"https://x/locked": HEX}, files=frozenset({"a.txt", "b.txt"}))
SCOPE = Scope({"device": "gpu", "many": ["b=2", "c=3"]}, frozenset({"device", "many"}))


def resolved(step: dict[str, Any]) -> tuple[Step, list[str]]:
    """A step and what is wrong with it."""
    problems = Problems()
    data = {"kind": "base", "name": "x", "from": "y", "variant": "z", "steps": [step]}
    manifest = convert("m.yaml", data, problems)
    assert isinstance(manifest, LayerManifest), list(problems)
    written = manifest.steps[0]
    context = Context(Surroundings(SETTINGS, SCOPE, Place("m.yaml"), problems))
    return RESOLVERS[written.kind](context.at(written.kind), written.body), [p.what for p in problems]


def rendered(step: dict[str, Any], dialect: Dialect) -> str:
    """The text of a step on one line, without line continuations."""
    found, problems = resolved(step)
    assert problems == []
    made = found.render(dialect)
    text = made if isinstance(made, str) else run(made, dialect)
    return " ".join(text.replace(" \\\n", " ").replace(" `\n", " ").split())


GET = "curl -fsSL -o"
INSTALL = "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
CLEAN = "rm -rf /var/lib/apt/lists/*"

LINUX: list[tuple[dict[str, Any], str]] = [
    ({"apt": ["a=1", "b=2"]}, f"RUN {INSTALL} a=1 b=2 && {CLEAN}"),
    ({"apt": ["a=1", "${{ many }}"]}, f"RUN {INSTALL} a=1 b=2 c=3 && {CLEAN}"),
    ({"apt": ["a=1", "${{ 'b=1' if device == 'cpu' }}"]}, f"RUN {INSTALL} a=1 && {CLEAN}"),
    (
        {"apt": {"packages": ["a=1"], "recommends": True, "only_upgrade": True, "env": {"Y": "a b"}}},
        "RUN apt-get update && DEBIAN_FRONTEND=noninteractive Y='a b' apt-get install -y --only-upgrade a=1"
        f" && {CLEAN}",
    ),
    ({"conda": ["a=1"]}, "RUN conda install -y a=1 && conda clean -afy"),
    (
        {
            "conda": {
                "packages": ["a=1"],
                "channels": ["r", "conda-forge"],
                "environment": "e",
                "clean": False,
            }
        },
        "RUN conda install -y -n e -c r -c conda-forge a=1",
    ),
    ({"conda": {"packages": ["a=1"], "command": "mamba"}}, "RUN mamba install -y a=1 && mamba clean -afy"),
    ({"pip": ["a==1", "b[c]==2"]}, "RUN pip install --no-cache-dir a==1 'b[c]==2'"),
    (
        {
            "pip": {
                "packages": ["a==1"],
                "index": "https://i/",
                "extra_indexes": ["https://j/"],
                "dependencies": False,
                "command": "python3 -m pip",
            }
        },
        "RUN python3 -m pip install --no-cache-dir --no-deps --index-url https://i/"
        " --extra-index-url https://j/ a==1",
    ),
    ({"env": {"B": "x y", "A": "$HOME"}}, 'ENV A=$HOME B="x y"'),
    ({"env": {"PATH": {"prepend": "/a"}}}, "ENV PATH=/a:$PATH"),
    ({"env": {"X": {"append": "/a"}}}, 'ENV X="${X:+$X:}/a"'),
    ({"env": {"X": {"prepend": "/a"}}}, 'ENV X="/a${X:+:$X}"'),
    ({"arg": ["B", "A"]}, "ARG A ARG B"),
    ({"arg": {"A": "x", "B": None}}, "ARG A=x ARG B"),
    ({"label": {"b": "x", "a": "y z"}}, 'LABEL a="y z" b=x'),
    ({"user": "root"}, "USER root"),
    ({"workdir": "/a/${{ device }}"}, "WORKDIR /a/gpu"),
    ({"expose": ["80", "53/udp", "8000-8010"]}, "EXPOSE 80 53/udp 8000-8010"),
    ({"volume": "/data"}, 'VOLUME ["/data"]'),
    ({"shell": ["/bin/bash", "-c"]}, 'SHELL ["/bin/bash", "-c"]'),
    (
        {"copy": {"files": ["a.txt", "b.txt"], "to": "/x/", "owner": "u:g"}},
        "COPY --chown=u:g a.txt b.txt /x/",
    ),
    ({"copy": {"files": "a.txt", "to": "/x y"}}, 'COPY ["a.txt", "/x y"]'),
    ({"take": {"from": "b:c", "path": "<<EOF", "to": "/x"}}, 'COPY --from=\0b:c\0 ["<<EOF", "/x"]'),
    ({"take": {"from": "b:c", "path": "/a", "to": "x:\\"}}, 'COPY --from=\0b:c\0 ["/a", "x:\\\\"]'),
    ({"run": ["a", "b && c"], "provides": []}, "RUN a && b && c"),
    ({"run": "a | b\n", "provides": []}, "RUN a | b"),
    (
        {"download": {"url": "https://x/f.tgz", "to": "/a/b", "sha256": HEX}, "provides": []},
        f'RUN FILE=/a/b && mkdir -p /a && {GET} "$FILE" https://x/f.tgz'
        f' && echo "{HEX} $FILE" | sha256sum -c -',
    ),
    (
        {"download": {"url": "https://x/locked", "to": "/a/"}, "provides": []},
        f'RUN FILE=/a/locked && mkdir -p /a && {GET} "$FILE" https://x/locked'
        f' && echo "{HEX} $FILE" | sha256sum -c -',
    ),
    (
        {"download": {"url": "https://x/f.zip", "extract": "/a", "command": "wget"}, "provides": []},
        'RUN FILE=/tmp/f.zip && wget -qO "$FILE" https://x/f.zip && mkdir -p /a && unzip -q "$FILE" -d /a'
        ' && rm -f "$FILE"',
    ),
    (
        {"download": {"url": "https://x/f.tgz", "extract": "/a", "strip": "1"}, "provides": []},
        f'RUN FILE=/tmp/f.tgz && {GET} "$FILE" https://x/f.tgz && mkdir -p /a'
        ' && tar -xf "$FILE" -C /a --strip-components=1 && rm -f "$FILE"',
    ),
    (
        {"download": {"url": "https://x/f.sh", "run": ["sh $FILE -b"]}, "provides": []},
        f'RUN FILE=/tmp/f.sh && {GET} "$FILE" https://x/f.sh && sh $FILE -b && rm -f "$FILE"',
    ),
    (
        {
            "source": {
                "name": "m",
                "version": "1",
                "git": "https://x/m.git",
                "ref": "v1",
                "commit": "a" * 40,
                "configure": False,
                "make": ["all", "install"],
            }
        },
        "RUN git clone --depth 1 --branch v1 https://x/m.git /tmp/m/source && cd /tmp/m/source"
        f' && test "$(git rev-parse HEAD)" = {"a" * 40} && make -j"$(nproc)" all'
        " && make install && cd / && rm -rf /tmp/m",
    ),
]


@pytest.mark.parametrize(("step", "expected"), LINUX)
def test_on_linux(step: dict[str, Any], expected: str) -> None:
    assert rendered(step, "posix") == expected


WINDOWS: list[tuple[Dialect, dict[str, Any], str]] = [
    ("cmd", {"run": ["a", "b"], "provides": []}, "RUN a && b"),
    (
        "cmd",
        {"pip": ["a==1", "b==1; python_version < '3'"]},
        "RUN pip install --no-cache-dir a==1 \"b==1; python_version < '3'\"",
    ),
    (
        "powershell",
        {"run": ["a"], "provides": []},
        "RUN $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'; a; "
        "if ($LASTEXITCODE) { exit $LASTEXITCODE }",
    ),
    (
        "powershell-strict",
        {"registry": {"key": "HKLM:\\S", "name": "N", "value": "it's"}},
        "RUN New-ItemProperty -Force -Path 'HKLM:\\S' -Name 'N' -Value 'it''s'"
        " -PropertyType String | Out-Null",
    ),
    ("cmd", {"env": {"A": 'C:\\x "y"'}}, 'ENV A="C:\\x `"y`""'),
]


@pytest.mark.parametrize(("dialect", "step", "expected"), WINDOWS)
def test_on_windows(dialect: Dialect, step: dict[str, Any], expected: str) -> None:
    assert rendered(step, dialect) == expected


COMPONENTS: list[tuple[dict[str, Any], list[tuple[str, str, str, str]]]] = [
    # type, namespace, name, version
    ({"apt": ["a=1"]}, [("deb", "", "a", "1")]),
    ({"conda": ["a=1", "b=2=x_0"]}, [("conda", "", "a", "1"), ("conda", "", "b", "2")]),
    ({"pip": ["a==1"]}, [("pypi", "", "a", "1")]),
    ({"cran": ["ab==1.0"]}, [("cran", "", "ab", "1.0")]),
    ({"bioconductor": {"release": "3.9", "packages": ["ab"]}}, [("bioconductor", "", "ab", "")]),
    ({"github": {"repo": "Azure/SDK", "ref": "v1", "name": "sdk"}}, [("github", "azure", "sdk", "v1")]),
    ({"url": {"url": "https://x/a.tgz", "name": "ab", "version": "1.0"}}, [("generic", "", "ab", "1.0")]),
    ({"source": {"name": "m", "version": "1", "url": "https://x/m.tgz"}}, [("generic", "", "m", "1")]),
    (
        {"source": {"name": "m", "version": "1", "git": "https://github.com/O/M.git", "ref": "v1"}},
        [("github", "o", "m", "v1")],
    ),
    ({"env": {"A": "b"}}, []),
    ({"run": ["a"], "provides": []}, []),
]


@pytest.mark.parametrize(("step", "expected"), COMPONENTS)
def test_components(step: dict[str, Any], expected: list[tuple[str, str, str, str]]) -> None:
    found, problems = resolved(step)
    assert problems == []
    brought = [(each.type, each.namespace, each.name, each.version) for each in found.components()]
    assert brought == expected


def test_what_pins_a_package_without_a_version() -> None:
    step = {"cran": {"packages": ["ab"], "snapshot": "2019-10-10"}}
    assert [each.pinned_by for each in resolved(step)[0].components()] == ["snapshot 2019-10-10"]
    text = rendered(step, "posix")
    assert 'CRAN = "https://packagemanager.posit.co/cran/2019-10-10"' in text
    assert 'want <- c(ab = "");' in text
    release = resolved({"bioconductor": {"release": "3.9", "packages": ["limma==3.40.6"]}})[0]
    assert [each.pinned_by for each in release.components()] == [""]


def test_a_token_is_a_secret_of_its_command_alone() -> None:
    step = {"github": [{"repo": "a/bc", "ref": "v1", "auth": "PAT"}, {"repo": "a/de", "ref": "v1"}]}
    text = rendered(step, "posix")
    assert text.startswith("RUN --mount=type=secret,id=PAT,required=true GITHUB_PAT=")
    assert text.count("GITHUB_PAT=") == 1
    assert 'GITHUB_PAT="$(cat /run/secrets/PAT)" Rscript -e' in text
    assert "ARG" not in text


def test_files_and_sources() -> None:
    assert resolved({"copy": {"files": ["a.txt"], "to": "/x"}})[0].files() == ("a.txt",)
    assert resolved({"take": {"from": "b:c", "path": "/a", "to": "/b"}})[0].sources() == ("b:c",)


def test_at_least_fails_the_build() -> None:
    text = rendered({"apt": [{"name": "a", "version": "1"}]}, "posix")
    assert "dpkg --compare-versions" not in text
    found, problems = resolved({"apt": [{"name": "a", "at_least": "1:4.8.1", "fixes": ["USN-1"]}]})
    assert problems == ["`a` is not pinned"]
    assert [(each.pinned_by, each.fixes) for each in found.components()] == [("at least 1:4.8.1", ("USN-1",))]


@pytest.mark.parametrize(
    "value", ["x\nRUN evil", "x\rRUN evil", "x\u2028RUN evil", "x\x1b", "${{ 'a\\nb' }}"]
)
@pytest.mark.parametrize(
    "make",
    [
        lambda v: {"env": {"A": v}},
        lambda v: {"env": {"A": {"prepend": v}}},
        lambda v: {"label": {"a": v}},
        lambda v: {"arg": {"A": v}},
        lambda v: {"user": v},
        lambda v: {"workdir": v},
        lambda v: {"expose": [v]},
        lambda v: {"volume": [v]},
        lambda v: {"shell": ["/bin/sh", v]},
        lambda v: {"copy": {"files": ["a.txt"], "to": v}},
        lambda v: {"take": {"from": v, "path": "/a", "to": "/b"}},
        lambda v: {"take": {"from": "a", "path": v, "to": "/b"}},
        lambda v: {"download": {"url": f"https://x/{v}", "to": "/a"}, "provides": []},
        lambda v: {"download": {"url": "https://x/a", "to": v}, "provides": []},
        lambda v: {"run": [v], "provides": []},
        lambda v: {"apt": [v]},
        lambda v: {"apt": {"packages": ["a=1"], "env": {"A": v}}},
        lambda v: {"conda": {"packages": ["a=1"], "channels": [v]}},
        lambda v: {"pip": {"packages": ["a==1"], "command": v}},
        lambda v: {"cran": {"packages": ["ab==1.0"], "repository": f"https://x/{v}"}},
        lambda v: {"github": {"repo": "a/bc", "ref": v}},
        lambda v: {"registry": {"key": "k", "name": "n", "value": v}},
        lambda v: {"certificate": {"url": "https://x/a", "store": v}},
        lambda v: {"source": {"name": "m", "version": "1", "url": "https://x/m", "configure": [v]}},
    ],
)
def test_no_value_holds_a_line_break(make: Any, value: str) -> None:
    _, problems = resolved(make(value))
    assert problems != []

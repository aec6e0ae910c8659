"""Options of steps that say what Dockerfiles of others do: how they render, and what is refused."""

# ruff: noqa: E501 (a step is one line here, however long)

from __future__ import annotations

from typing import Any

import pytest

from rgraph.catalog import Catalog
from rgraph.errors import Place, Problems
from rgraph.expressions import Scope
from rgraph.importing.typing.rendering import rendered
from rgraph.manifest.catalog import CatalogManifest
from rgraph.manifest.document import convert_step
from rgraph.resolve.steps import StepResolver
from rgraph.steps.context import Settings
from rgraph.steps.interface import Dialect


def _text(data: dict[str, Any], dialect: Dialect = "posix") -> str:
    made = rendered(data, dialect, "linux" if dialect == "posix" else "windows")
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"apt": {"packages": ["a1"], "update": False, "clean": [], "noninteractive": False}},
            "RUN apt-get install -y --no-install-recommends \\\n        a1",
        ),
        (
            {"apt": {"packages": ["a1"], "clean": ["archives", "lists", "unneeded"], "command": "apt"}},
            "RUN apt update \\\n    && DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends \\\n"
            "        a1 \\\n    && apt clean \\\n    && rm -rf /var/lib/apt/lists/* \\\n    && apt autoremove -y",
        ),
        ({"pip": {"packages": ["a"], "upgrade": True, "cache": True}}, "RUN pip install --upgrade \\\n        a"),
        ({"key": {"url": "https://x.y/k"}}, "RUN curl -fsSL https://x.y/k | apt-key add -"),
        (
            {"key": {"url": "https://x.y/k", "command": "wget", "options": []}},
            "RUN wget -O- https://x.y/k | apt-key add -",
        ),
        (
            {"key": {"url": "https://x.y/k", "command": "apt-key"}},
            "RUN apt-key adv --fetch-keys https://x.y/k",
        ),
        (
            {"download": {"url": "https://x.y/f", "file": "/tmp/g", "options": ["-L"], "run": ["sh $FILE"]}, "provides": []},
            'RUN FILE=/tmp/g \\\n    && curl -L -o "$FILE" https://x.y/f \\\n    && sh $FILE \\\n    && rm -f "$FILE"',
        ),
        (
            {"download": {"url": "https://x.y/f", "to": "/tmp/", "command": "wget", "named": True}, "provides": []},
            "RUN cd /tmp/ \\\n    && wget -q https://x.y/f",
        ),
        (
            {"source": {"name": "a", "version": "1", "git": "https://x.y/a.git", "ref": "v1", "shallow": False, "folder": "/opt", "keep": True, "configure": False}},
            "RUN cd /opt \\\n    && git clone --branch v1 https://x.y/a.git a \\\n    && cd a \\\n"
            '    && make -j"$(nproc)" all \\\n    && make install',
        ),
        (
            {"cran": {"packages": ["aa"], "command": "install2.r", "options": ["--error"], "snapshot": "2020-01-02", "verify": False}},
            "RUN install2.r --error --repos https://packagemanager.posit.co/cran/2020-01-02 aa",
        ),
        ({"instruction": "STOPSIGNAL SIGINT"}, "STOPSIGNAL SIGINT"),
        ({"run": "a\u00a0b", "provides": []}, "RUN a\u00a0b"),
        ({"run": ["a\u00a0b"], "provides": []}, "RUN a\u00a0b"),
    ],
)  # fmt: skip
def test_what_an_option_renders_to(data: dict[str, Any], expected: str) -> None:
    assert _text(data) == expected


_FETCH = {"url": "https://x.y/f.exe", "to": "C:\\f.exe"}


@pytest.mark.parametrize(
    ("errors", "dialect", "expected"),
    [
        ("last", "cmd", "RUN [\"powershell\", \"-Command\", \"$FILE = 'C:\\\\f.exe'; `\n    Invoke-WebRequest -UseBasicParsing -Uri 'https://x.y/f.exe' -OutFile $FILE\"]"),
        ("ignore", "powershell", "RUN $FILE = 'C:\\f.exe'; `\n    Invoke-WebRequest -UseBasicParsing -Uri 'https://x.y/f.exe' -OutFile $FILE; `\n    exit 0"),
        ("last", "powershell-strict", "RUN $ErrorActionPreference = 'Continue'; `\n    $FILE = 'C:\\f.exe'; `\n    Invoke-WebRequest -UseBasicParsing -Uri 'https://x.y/f.exe' -OutFile $FILE"),
    ],
)  # fmt: skip
def test_a_script_that_goes_on_after_errors(errors: str, dialect: Dialect, expected: str) -> None:
    assert _text({"download": {**_FETCH, "errors": errors}, "provides": []}, dialect) == expected


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ({"apt": {"packages": ["a1=1"], "clean": ["all"]}}, "`all` is no cleaning of apt"),
        ({"key": {"url": "https://x.y/k", "command": "apt-key", "options": []}}, "`options` are for curl and wget"),
        ({"download": {"url": "https://x.y/f", "to": "/f", "file": "/g"}, "provides": []}, "`file` is an absolute path, and goes without `to`"),
        ({"download": {"url": "https://x.y/f", "run": ["a"], "file": "g"}, "provides": []}, "`file` is an absolute path, and goes without `to`"),
        ({"download": {"url": "https://x.y/f", "to": "/f", "options": ["-o"]}, "provides": []}, "`-o` is no option to download with"),
        ({"download": {"url": "https://x.y/f", "to": "/f", "options": ["-L /x; a"]}, "provides": []}, "`-L /x; a` is no option to download with"),
        ({"download": {"url": "https://x.y/f", "to": "/f", "named": True}, "provides": []}, "`named` is for wget, one `url` without `sha256`, and `to` a folder, without `run`"),
        ({"source": {"name": "a", "version": "1", "url": "https://x.y/a", "folder": "a"}}, "`a` is no absolute folder"),
        ({"source": {"name": "a", "version": "1", "url": "https://x.y/a", "keep": True}}, "`keep` goes with `folder`"),
        ({"cran": {"packages": ["aa==1.0"], "command": "install2.r"}}, "install2.r takes no versions"),
        ({"cran": {"packages": ["aa==1.0"], "options": ["--error"]}}, "`options` are those of install2.r"),
        ({"cran": {"packages": ["aa"], "snapshot": "2020-01-02", "command": "install2.r", "options": ["--x"]}}, "`--x` is no option of install2.r here"),
        ({"instruction": "RUN a"}, "`RUN a` is no instruction that can stand here"),
        ({"instruction": "ADD a b \\"}, "the instruction ends in a line continuation"),
        ({"instruction": "COPY <<E /f"}, "the instruction holds a here-document"),
        ({"instruction": "COPY --from=a b c"}, "the instruction takes files of another image"),
        ({"instruction": "ADD a\nRUN b"}, "the value holds a line break"),
        (
            {"group": [{"download": {**_FETCH, "errors": "last"}, "provides": []}, {"download": _FETCH, "provides": []}]},
            "the members of the group do not say the same `errors`",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(data: dict[str, Any], what: str) -> None:
    problems = Problems()
    place = Place("m.yaml")
    resolver = StepResolver(Catalog(CatalogManifest(kind="catalog", name="c"), place), Settings(), problems)
    resolver.resolve(convert_step(data), Scope({}), place)
    assert what in [problem.what for problem in problems]

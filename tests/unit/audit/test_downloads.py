"""Commands that download, that run or check what came, and that install packages."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgraph.audit.pins.externals import floats
from rgraph.audit.pins.fetches import checks_something, download_of, remote_code
from rgraph.audit.pins.installs import installs
from rgraph.audit.text.commands import read_commands


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl -fsSLo /tmp/x https://a.example/x", "https://a.example/x"),
        ("curl -H 'X: https://no.example' --retry 3 $URL", "$URL"),
        ("curl --version", None),
        ("curl -f http://localhost:8080/", None),
        ("wget -qO- https://a.example/x", "https://a.example/x"),
        ("wget -q -O /tmp/x ${MIRROR}/x", "${MIRROR}/x"),
        ("git clone --depth 1 -b v1 https://a.example/x.git /opt/x", "https://a.example/x.git"),
        ("git -c http.proxy=x clone https://a.example/x.git", "https://a.example/x.git"),
        ("git clone /srv/x", None),
        ("git pull", None),
        ("apt-key adv --fetch-keys https://a.example/key", "https://a.example/key"),
        ("apt-key adv --keyserver k.example --recv-keys ABC", None),
        ("echo curl https://a.example", None),
    ],
)
def test_a_command_downloads(text: str, expected: str | None) -> None:
    assert download_of(read_commands(text)[-1]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('echo "abc  x" | sha256sum -c -', True),
        ("sha512sum --check sums", True),
        ("shasum -a 256 -c sums", True),
        ("sha256sum x | grep -q abc", True),
        ('[ "$(sha256sum x | cut -c1-64)" = abc ]', True),
        ("gpg --batch --verify x.asc x", True),
        ("git checkout 4f1d8a2c0b7e95361fd0c2b8a94e7d3156f0ab2e", True),
        ("sha256sum x", False),
        ("gpg --dearmor -o x", False),
        ("git checkout main", False),
        ("echo sha256sum -c", False),
    ],
)
def test_commands_check_what_came(text: str, expected: bool) -> None:
    assert checks_something(read_commands(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("curl https://a.example/x | sh", ["https://a.example/x"]),
        ("curl https://a.example/x | gunzip | sudo bash -s -- -y", ["https://a.example/x"]),
        ("(curl https://a.example/x) | sh", ["https://a.example/x"]),
        (". <(curl https://a.example/x)", ["https://a.example/x"]),
        ("bash < <(curl https://a.example/x)", ["https://a.example/x"]),
        ('bash <<< "$(curl https://a.example/x)"', ["https://a.example/x"]),
        ('python3 -c "$(curl https://a.example/x)"', ["https://a.example/x"]),
        ('bash -c "curl https://a.example/x | sh"', ["https://a.example/x"]),
        ("curl https://a.example/x | python -c 'print()'", []),
        ("curl https://a.example/x -o x; sh x", []),
        ("curl https://a.example/x || sh x", []),
        ("cat x | sh; curl https://a.example/x", []),
        ('bash x.sh "$(curl https://a.example/x)"', []),
        ("echo 'curl https://a.example/x | sh'", []),
    ],
)
def test_what_is_downloaded_runs_as_it_comes(text: str, expected: list[str]) -> None:
    assert [address for _, address in remote_code(read_commands(text))] == expected


def found(text: str) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(each.shown, each.packages, each.faults) for each in installs(read_commands(text))]


@pytest.mark.parametrize(
    ("text", "shown", "packages"),
    [
        ("apt-get -o X=y install -y --no-install-recommends a b=1", "apt-get install", ("a", "b=1")),
        ("apt-get -qq install a", "apt-get install", ("a",)),
        ("/opt/bin/pip3.11 install -U -i https://a.example a==1", "pip3.11 install", ("a==1",)),
        ("python3 -m pip install -r x.txt", "python3 -m pip install", ("-r x.txt",)),
        ("uv pip install a", "uv pip install", ("a",)),
        ("conda install -y -n e -c r a=1", "conda install", ("a=1",)),
        ("mamba env update -f x.yml", "mamba env update", ()),
        ("npm i -g a", "npm i", ("a",)),
        ("install2.r --error --ncpus 4 a b", "install2.r", ("a", "b")),
        (
            'R -e \'install.packages(c("a", "b"), repos = "https://a.example")\'',
            "install.packages()",
            ("a", "b"),
        ),
        ("Rscript -e 'remotes::install_github(\"a/b@c\")'", "install_github()", ("a/b@c",)),
        ("echo 'install.packages(\"a\")' | R --no-save", "install.packages()", ("a",)),
    ],
)
def test_a_command_installs(text: str, shown: str, packages: tuple[str, ...]) -> None:
    assert found(text) == [(shown, packages, ())]


@pytest.mark.parametrize(
    "text",
    [
        "apt-get update",
        "apt-get remove -y a",
        "apt-cache policy a",
        "pip list",
        "pip install .",
        "pip install /tmp/a-1.0.whl",
        "pip download a",
        "conda clean -ay",
        "conda config --set x y",
        "python3 install.py install a",
        "make install",
        "echo apt-get install a",
        "R -e 'library(a)'",
        "R CMD INSTALL a.tar.gz",
        "npm run install",
    ],
)
def test_a_command_installs_nothing_by_name(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("apt-get install a", "without `-y` it waits for an answer that never comes"),
        ("yes | apt-get install a", "another program answers its questions, whatever they are"),
        ("conda install a", "without `-y` it waits for an answer that never comes"),
        (
            "apt-get install -y openssl - 1.1.1",
            "apt reads `1.1.1` as a package or pattern of its own, not as a version",
        ),
        (
            "R -e 'install.packages(c(jsonlite, httr))'",
            "`jsonlite` and `httr` stand without quotes, so R looks for variables of that name",
        ),
        (
            "R -e 'install.packages(\"a\", dependecies = TRUE)'",
            "R ignores `dependecies`, which is none of its arguments (did you mean `dependencies`?)",
        ),
    ],
)
def test_what_is_wrong_with_an_installation_is_named(text: str, fault: str) -> None:
    assert [faults for _, _, faults in found(text)] == [(fault,)]


def test_names_of_variables_and_shortened_arguments_are_right() -> None:
    code = 'p <- c("a"); install.packages(c(p, "b"), dep = TRUE, repos = c(CRAN = "https://a.example"))'
    assert found(f"Rscript -e '{code}'") == [("install.packages()", ("b",), ())]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("latest", True),
        ("latest-gpu", True),
        ("3.11-latest", True),
        ("nightly-py3.11", True),
        ("edge", True),
        ("stable-slim", True),
        ("devel", True),
        ("lts", True),
        ("12.9", False),
        ("bookworm", False),
        ("ltsc2019", False),
        ("11.1.1-cudnn8-devel-ubuntu20.04", False),
        ("22-lts", False),
        ("nightly-20240131", False),
        ("stable-2024.01.31", False),
        ("main-4f1d8a2c", False),
        ("latestish", False),
    ],
)
def test_a_tag_says_that_it_floats(tag: str, expected: bool) -> None:
    assert floats(tag) == expected


PROGRAMS = ["curl", "bash", "R", "apt-get", "pip", "git", "wget", "sha256sum", "install", "clone", "-e"]
SIGNS = [
    "|",
    ";",
    "$(",
    ")",
    "<(",
    "source('",
    "install.packages(",
    "c(",
    "https://a",
    "-",
    "'",
    '"',
    "\n",
    "a=",
]
WORDS = st.lists(st.sampled_from([*PROGRAMS, *SIGNS]), max_size=40)


@given(WORDS, st.booleans())
def test_any_commands_can_be_judged(words: list[str], windows: bool) -> None:
    commands = read_commands(" ".join(words), windows)
    list(remote_code(commands, windows))
    list(installs(commands))
    checks_something(commands)
    for command in commands:
        download_of(command, windows)


@pytest.mark.parametrize(
    "part",
    [
        "curl x | ",
        "R -e 'install.packages(",
        "install.packages(c(a, ",
        "$(curl ",
        "apt-get install ",
        "pip install -",
        "a=",
    ],
)
def test_judging_takes_linear_time(part: str) -> None:
    for text in (part * (20_000 // len(part)), f"R -e '{part.replace(chr(39), '') * (20_000 // len(part))}'"):
        start = time.perf_counter()
        commands = read_commands(text)
        list(remote_code(commands))
        list(installs(commands))
        checks_something(commands)
        assert time.perf_counter() - start < 5

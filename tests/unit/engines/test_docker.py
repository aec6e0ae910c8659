"""What Docker's program says, and what is made of it; the programs here say what the real ones have said.

The real ones are asked in tests/e2e.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from rgraph.engines.builder import Job, LocalImage, Made, Options
from rgraph.engines.buildx import Buildx
from rgraph.engines.docker import Docker, Server
from rgraph.engines.errors import CouldNotAskError
from rgraph.engines.processes import NO_SECRETS
from rgraph.engines.ways import find_way
from rgraph.errors import UsageError

ID = f"sha256:{'ab' * 32}"
NO_ENGINE = "Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?"
VERSION = '{"Version": "20.10.24+dfsg1", "Os": "linux", "Arch": "amd64"}'

Programs = Callable[[str], str]


@pytest.fixture
def program(tmp_path: Path) -> Programs:
    """Makes a program of a shell script; its path."""

    def made(script: str) -> str:
        path = tmp_path / f"program{len(os.listdir(tmp_path))}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return made


def docker(path: str, *, push: bool = False) -> Docker:
    return Docker(path, dict(os.environ), Options(push=push, timeout=20), Event(), NO_SECRETS)


def job(tmp_path: Path) -> Job:
    tags = ("staging.example.com/low:one--7", "staging.example.com/low:content")
    labels = {"org.example.text": 'a "b" $c'}
    return Job("low:one", tmp_path / "D", tmp_path, tags, labels, ("TOKEN",), ("linux/amd64",))


def test_an_engine_that_answers(program: Programs) -> None:
    assert docker(program(f"echo '{VERSION}'")).check() == Server("20.10.24+dfsg1", "linux", "amd64")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (f"echo null; echo '{NO_ENGINE}' >&2; exit 1", "Cannot connect to the Docker daemon"),
        ("exit 1", "it does not answer"),
        ("echo hello", "it does not answer"),
    ],
)
def test_an_engine_that_does_not(program: Programs, script: str, why: str) -> None:
    with pytest.raises(CouldNotAskError, match=f"cannot ask the Docker engine: {why}"):
        docker(program(script)).check()


def test_some_images_are_there(program: Programs) -> None:
    """As 20.10 and 26 say it: with what is there on one output, and what is not on the other."""
    found = f'[{{"Id": "{ID}", "RepoTags": ["low:one"], "Config": {{"Labels": {{"a": "b"}}}}}}]'
    script = f"echo '{found}'; echo 'Error: No such image: mid:one' >&2; exit 1"
    image = LocalImage(ID, {"a": "b"})
    assert docker(program(script)).inspect(["mid:one", "low:one"]) == {"low:one": image}
    assert docker(program(script)).inspect([]) == {}
    without = f'[{{"Id": "{ID}", "RepoTags": null, "Config": {{"Labels": null}}}}]'
    assert docker(program(f"echo '{without}'")).inspect([ID]) == {ID: LocalImage(ID, {})}


@pytest.mark.parametrize(
    "script",
    [f"echo '[]'; echo '{NO_ENGINE}' >&2; exit 1", "echo '[]'; echo broken >&2; exit 125", "echo '[{}]'"],
)
def test_images_that_could_not_be_asked_for(program: Programs, script: str) -> None:
    with pytest.raises(CouldNotAskError):
        docker(program(script)).inspect(["low:one"])


def test_many_images(program: Programs, tmp_path: Path) -> None:
    """A command line has an end."""
    log = tmp_path / "log"
    docker(program(f"echo $# >>{log}; echo '[]'")).inspect([f"n{n}:one" for n in range(450)])
    assert log.read_text().split() == ["202", "202", "52"]


def test_removing(program: Programs) -> None:
    assert docker(program("echo Untagged: low:one")).remove("low:one") is True
    assert docker(program("echo 'Error: No such image: x' >&2; exit 1")).remove("x") is False
    with pytest.raises(CouldNotAskError, match="conflict"):
        docker(program("echo 'Error response from daemon: conflict' >&2; exit 1")).remove("x")


def test_what_a_build_is_asked(program: Programs, tmp_path: Path) -> None:
    script = (
        f'for each; do echo "$each" >>{tmp_path}/asked; done; echo "$DOCKER_BUILDKIT" >>{tmp_path}/kit\n'
        f'for each; do case $each in --iidfile=*) echo {ID} >"${{each#--iidfile=}}";; esac; done'
    )
    assert docker(program(script)).make(job(tmp_path), print) == Made("built", ID)
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:5] == [
        "build",
        f"--file={tmp_path}/D",
        "--progress=plain",
        "--tag=staging.example.com/low:one--7",
        "--tag=staging.example.com/low:content",
    ]
    assert 'org.example.text=a "b" $c' in asked
    assert "--secret=id=TOKEN,env=TOKEN" in asked
    assert "--platform=linux/amd64" in asked
    assert asked[-1] == str(tmp_path)
    assert (tmp_path / "kit").read_text() == "1\n"


def test_an_engine_for_windows_has_the_older_builder(program: Programs, tmp_path: Path) -> None:
    version = VERSION.replace("linux", "windows")
    script = (
        f"[ $1 = version ] && exec echo '{version}'\n"
        f'echo "$DOCKER_BUILDKIT $*" >{tmp_path}/asked\n'
        f'for each; do case $each in --iidfile=*) echo {ID} >"${{each#--iidfile=}}";; esac; done'
    )
    engine = docker(program(script))
    assert engine.check().os == "windows"
    assert engine.make(job(tmp_path), print).state == "built"
    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("0 build ")
    assert "--progress" not in asked
    assert "--platform" not in asked


def test_a_build_that_fails(program: Programs, tmp_path: Path) -> None:
    made = docker(program("echo '#5 [2/2] RUN x'; echo 'ERROR: failed to solve: no x'; exit 1")).make(
        job(tmp_path), print
    )
    assert made == Made("failed", reason="no x")
    assert docker(program("exit 0")).make(job(tmp_path), print).state == "failed", "it made nothing"


@pytest.mark.parametrize(
    ("script", "made"),
    [
        (f"echo 'one--7: digest: {ID} size: 735'", Made("built", digest=ID)),
        (
            "echo 'denied: requested access' >&2; exit 1",
            Made("failed", reason="the push failed: denied: requested access"),
        ),
        ("echo pushed", Made("failed", reason="the push did not say which digest it has")),
    ],
)
def test_a_push(program: Programs, script: str, made: Made) -> None:
    pushing = docker(program(f"[ $1 = tag ] || {{ {script}; }}"), push=True)
    assert pushing.publish("low:content", "low:one--7", print) == made


INSPECTED = """\
Name:   mine
Driver: {driver}

Nodes:
Name:             mine0
Endpoint:         unix:///var/run/docker.sock
Status:           running
BuildKit version: v0.0.0+unknown
Platforms:        linux/amd64, linux/386
"""


def programs(program: Programs, driver: str = "docker", engine: str = "26.1.5") -> dict[str, str]:
    """An environment with an engine and a buildx."""
    inspected = INSPECTED.format(driver=driver)
    version = VERSION.replace("20.10.24+dfsg1", engine)
    return {
        **os.environ,
        "RGRAPH_DOCKER": program(f"echo '{version}'"),
        "RGRAPH_BUILDX": program(f"[ $1 = inspect ] && cat <<'END'\n{inspected}END\ntrue"),
    }


@pytest.mark.parametrize(
    ("builder", "driver", "engine", "baked", "local"),
    [
        ("", "docker", "20.10.24+dfsg1", False, True),
        ("", "docker", "26.1.5+dfsg1", True, True),
        ("", "docker", "23.0.0", True, True),
        ("", "docker-container", "20.10.24", True, False),
        ("default", "docker", "20.10.24", False, True),
        ("mine", "docker", "26.1.5", True, True),
        ("mine", "docker-container", "20.10.24", True, False),
        ("mine", "kubernetes", "20.10.24", True, False),
        ("mine", "remote", "20.10.24", True, False),
    ],
)
def test_which_way_is_taken(
    program: Programs, builder: str, driver: str, engine: str, baked: bool, local: bool
) -> None:
    environment = programs(program, driver, engine)
    way = find_way(builder, environment, Options(push=True, timeout=20), Event(), NO_SECRETS)
    assert (way.baker is not None, way.engine is not None) == (baked, local)
    assert isinstance(way.builder, Buildx if baked or builder else Docker)


def test_a_network_and_bake_do_not_go_together(program: Programs) -> None:
    """Bake has none: image by image it has."""
    options = Options(push=True, timeout=20, network="host")
    for builder in ("", "mine"):
        assert find_way(builder, programs(program), options, Event(), NO_SECRETS).baker is None
    container = programs(program, "docker-container")
    with pytest.raises(UsageError, match="in one call, or pushes them"):
        find_way("mine", container, Options(push=False, timeout=20, network="host"), Event(), NO_SECRETS)


def test_a_remote_builder_that_pushes_needs_no_engine(program: Programs) -> None:
    environment = programs(program, "remote") | {"RGRAPH_DOCKER": "/nowhere/docker"}
    options = Options(push=True, timeout=20)
    assert find_way("mine", environment, options, Event(), NO_SECRETS).os == "linux"
    with pytest.raises(CouldNotAskError, match="docker: it is not installed"):
        find_way("mine", environment, Options(push=False, timeout=20), Event(), NO_SECRETS)


def test_no_such_builder(program: Programs) -> None:
    environment = programs(program)
    environment["RGRAPH_BUILDX"] = program("""echo 'ERROR: no builder "mine" found' >&2; exit 1""")
    with pytest.raises(UsageError, match="there is no builder `mine`"):
        find_way("mine", environment, Options(push=True, timeout=20), Event(), NO_SECRETS)


def test_a_builder_that_does_not_answer(program: Programs) -> None:
    environment = programs(program)
    inspected = f"Name:   mine\nDriver: remote\nError:  {NO_ENGINE}\n"
    environment["RGRAPH_BUILDX"] = program(f"cat <<'END'\n{inspected}END")
    with pytest.raises(CouldNotAskError, match="cannot ask the builder mine: Cannot connect"):
        find_way("mine", environment, Options(push=True, timeout=20), Event(), NO_SECRETS)

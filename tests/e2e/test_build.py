"""`rgraph build` against a real engine and a real registry: what is built, what is not, under which names."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e import catalogue
from tests.e2e.conftest import World
from tests.e2e.faults import assert_clean, ended, log, states, wait_for

FINGERPRINT = "io.github.rgraph.fingerprint"
OCI = "org.opencontainers.image."
ALL = ("low", "mid", "own", "top")


def fingerprints(world: World) -> dict[str, str]:
    """Layer -> the content that its image has now."""
    plan = world.catalogue.rgraph("plan", "--format", "json").json()
    return {image["id"].partition(":")[0]: image["fingerprint"] for image in plan["images"]}


def by_content(fingerprint: str) -> str:
    """The tag of a content."""
    return f"fingerprint-{fingerprint[7:47]}"


def set_up_git(root: Path) -> None:
    """Makes the catalogue a repository with one commit."""
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "manifests"], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(root), *words], check=True)


def test_what_a_push_leaves(world: World) -> None:
    done = world.catalogue.rgraph("build", "--push", "--build-number", "7", "--format", "json").json()
    assert [(image["id"], image["wave"], image["state"]) for image in done["images"]] == [
        ("low:one", 1, "built"),
        ("own:one", 1, "built"),
        ("mid:one", 2, "built"),
        ("top:one", 3, "built"),
    ]
    known, below = fingerprints(world), ""
    for image in done["images"]:
        name = image["id"].partition(":")[0]
        repository = f"team/{name}"
        assert world.staging.tags(repository) == {"one--7", by_content(known[name])}
        assert image["reference"] == f"{world.staging.host}/{repository}:one--7"
        assert world.staging.digest(repository, "one--7") == image["digest"]
        assert world.staging.digest(repository, by_content(known[name])) == image["digest"]
        assert Path(image["log"]).read_text().count("[2/2] RUN") == 1
    for name, parent in (("low", ""), ("mid", "low"), ("top", "mid")):
        labels = world.staging.config(f"team/{name}", "one--7")["config"]["Labels"]
        production = world.production.host
        assert labels == {
            FINGERPRINT: known[name],
            f"{OCI}title": f"{name}:one",
            f"{OCI}version": "one",
            f"{OCI}licenses": "LicenseRef-not-declared",
            f"{OCI}source": "",
            f"{OCI}base.name": f"{production}/{parent}:one" if parent else f"{production}/external/tiny:1",
            f"{OCI}base.digest": below,
        }
        assert world.staging.host not in json.dumps(labels)
        below = world.staging.digest(f"team/{name}", "one--7")


def test_a_second_run_builds_nothing(world: World) -> None:
    run = world.catalogue.rgraph
    run("build", "--push", "--build-number", "1")
    begun = time.monotonic()
    done = run("build", "--push", "--build-number", "2")
    seconds = time.monotonic() - begun
    assert set(states(world.catalogue, "2").values()) == {"present"}
    assert "building" not in done.err
    assert seconds < 3, f"it took {seconds:.1f} s"
    for name in ALL:
        tags = {"one--1", "one--2"}
        assert len({world.staging.digest(f"team/{name}", tag) for tag in tags}) == 1


def test_only_what_changed_is_built(world: World) -> None:
    run, root = world.catalogue.rgraph, world.root
    run("build", "--push", "--build-number", "1")
    catalogue.layer(root, "r", "mid", "low:one", "echo other >/mid")
    run("build", "--push", "--build-number", "2")
    assert states(world.catalogue, "2") == {
        "low": "present",
        "own": "present",
        "mid": "built",
        "top": "built",
    }
    catalogue.layer(root, "r", "mid", "low:one")
    run("build", "--push", "--build-number", "3")
    assert set(states(world.catalogue, "3").values()) == {"present"}, "the old content is still there"
    assert world.staging.digest("team/top", "one--3") == world.staging.digest("team/top", "one--1")


def test_since(world: World) -> None:
    set_up_git(world.root)
    run = world.catalogue.rgraph
    done = run("build", "--since", "HEAD", "--push", "--build-number", "1")
    assert "nothing to build" in done.out
    assert world.catalogue.record("1")["images"] == {}
    catalogue.layer(world.root, "r", "mid", "low:one", "echo other >/mid")
    done = run("build", "--since", "HEAD", "--push", "--build-number", "2")
    assert states(world.catalogue, "2") == {"low": "built", "mid": "built", "top": "built"}
    assert "built, too, as they are needed and not there: low:one" in done.err


def test_what_is_needed_and_left_out(world: World) -> None:
    run = world.catalogue.rgraph
    done = run("build", "mid:one", "--exclude", "low:one", code=2)
    assert "`mid:one` is made from `low:one`, which was left out" in done.err
    run("build", "low:one", "--push", "--build-number", "1")
    run("build", "mid:one", "--exclude", "low:one", "--push", "--build-number", "1")
    assert states(world.catalogue, "1") == {"low": "built", "mid": "built"}


def test_without_a_push(world: World) -> None:
    run = world.catalogue.rgraph
    done = run("build")
    assert world.staging.repositories() == []
    record = world.catalogue.record("local")
    assert (record["pushed"], {image["state"] for image in record["images"].values()}) == (False, {"built"})
    for image in record["images"].values():
        assert image["image_id"] == world.engine.inspect(image["reference"], "{{.Id}}")
        assert image["digest"] == ""
    found = world.engine.docker("run", "--rm", f"{world.staging.host}/team/top:one--local", "cat", "/low")
    assert found.stdout == "low\n"
    assert run("build", "--build-number", "5").err == ""
    assert set(states(world.catalogue, "5").values()) == {"present"}
    assert "4 built" in done.out


def test_staging_that_does_not_answer_is_no_matter_without_a_push(world: World) -> None:
    world.staging.kill()
    done = world.catalogue.rgraph("build", "own:one")
    assert "staging is left aside" in done.err
    assert states(world.catalogue, "local") == {"own": "built"}
    assert world.catalogue.rgraph("build", "own:one", "--push", code=3).out == ""


def test_a_tag_that_says_what_is_not_so(world: World) -> None:
    """The label decides: somebody may have given the tag of a content to something else."""
    run, known = world.catalogue.rgraph, fingerprints(world)
    run("build", "own:one", "low:one", "--push", "--build-number", "1")
    catalogue.layer(world.root, "base", "own", "tiny", "echo other >/own")
    other = fingerprints(world)["own"]
    assert other != known["own"]
    world.staging.move("team/own", by_content(other), "one--1")
    run("build", "own:one", "--push", "--build-number", "2")
    assert states(world.catalogue, "2") == {"own": "built"}
    assert world.staging.config("team/own", by_content(other))["config"]["Labels"][FINGERPRINT] == other


def test_what_was_built_and_not_pushed_is_only_pushed(world: World) -> None:
    """A run that was killed between the two, or one of an engine whose registry went away."""
    run = world.catalogue.rgraph
    run("build", "own:one", "--build-number", "1")
    built = world.catalogue.record("1")["images"]["own:one"]["image_id"]
    world.engine.forget_cache()
    run("build", "own:one", "--push", "--build-number", "2")
    image = world.catalogue.record("2")["images"]["own:one"]
    assert image["image_id"] == built
    assert world.staging.digest("team/own", "one--2") == image["digest"]
    assert "it is only pushed" in log(world.catalogue, "2", "own")


def test_what_stands_on_a_failure_is_skipped(world: World) -> None:
    run = world.catalogue.rgraph
    catalogue.layer(world.root, "r", "mid", "low:one", "echo this is why; exit 7")
    done = run("build", "--push", "--build-number", "1", code=1)
    assert states(world.catalogue, "1") == {"low": "built", "own": "built", "mid": "failed", "top": "skipped"}
    assert "exit code: 7" in done.out
    assert "it needs `mid:one`, which has failed" in done.out
    assert "this is why" in log(world.catalogue, "1", "mid")
    assert "one--1" not in world.staging.tags("team/mid") | world.staging.tags("team/top")
    catalogue.layer(world.root, "r", "mid", "low:one")
    run("build", "--push", "--build-number", "1")
    assert states(world.catalogue, "1") == {
        "low": "present",
        "own": "present",
        "mid": "built",
        "top": "built",
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped(world: World, number: signal.Signals) -> None:
    catalogue.layer(world.root, "r", "mid", "low:one", "echo waiting; sleep 600")
    process = world.catalogue.start("build", "--push", "--build-number", "1")
    wait_for(lambda: "waiting" in log(world.catalogue, "1", "mid"), "the build of mid")
    process.send_signal(number)
    done = ended(process, 30)
    assert done.code == 128 + number
    assert "Traceback" not in done.err
    assert states(world.catalogue, "1") == {
        "low": "built",
        "own": "built",
        "mid": "skipped",
        "top": "skipped",
    }
    left = subprocess.run(
        ["pgrep", "-fa", f"docker build.*{world.staging.host}"], capture_output=True, check=False
    )
    assert left.stdout == b""
    catalogue.layer(world.root, "r", "mid", "low:one")
    world.catalogue.rgraph("build", "--push", "--build-number", "1")
    assert_clean(world)


def test_another_image_can_be_built_meanwhile(world: World) -> None:
    """Of N images at once, one that takes long holds up only what stands on it."""
    catalogue.layer(world.root, "base", "low", "tiny", "sleep 600")
    process = world.catalogue.start("build", "--push", "--build-number", "1", "--jobs", "2")
    wait_for((world.catalogue.builds / "1/build.json").is_file, "a record")
    wait_for(lambda: states(world.catalogue, "1").get("own") == "built", "own")
    busy = world.catalogue.rgraph("build", "--build-number", "1", code=2)
    assert "another run of rgraph works on the build `1`" in busy.err
    world.catalogue.rgraph("build", "own:one", "--push", "--build-number", "2")
    process.terminate()
    assert ended(process, 30).code == 128 + signal.SIGTERM


def test_a_terminal_shows_a_line_for_each_image(world: World) -> None:
    """`script` gives the run a terminal; what it drew last is gone at its end, but for the results."""
    catalogue.layer(world.root, "base", "own", "tiny", "echo one; sleep 2; echo two")
    arguments = " ".join([*catalogue.PROGRAM, "-C", str(world.root), "build", "low:one", "own:one"])
    done = subprocess.run(
        ["script", "-qec", arguments, "/dev/null"],
        env=world.catalogue.environment(TERM="xterm"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\x1b[" in done.stdout
    assert "[############] 00:0" in done.stdout.replace("[######......]", "[############]")
    assert "2/2 RUN echo one; sleep 2; echo two" in done.stdout
    assert "own:one" in done.stdout.rpartition("\x1b[J")[2]


def test_files_of_a_context_have_no_clock(world: World) -> None:
    files = world.root / "manifests/files"
    files.mkdir()
    (files / "note.txt").write_text("a note\n")
    os.utime(files / "note.txt", (1, 1))
    catalogue.layer(
        world.root,
        "base",
        "own",
        "tiny",
        steps=[{"copy": {"files": ["note.txt", "LICENSE.txt"], "to": "/x/"}}],
        tests=[],
    )
    world.catalogue.rgraph("build", "own:one")
    shown = world.engine.docker(
        "run",
        "--rm",
        f"{world.staging.host}/team/own:one--local",
        "ls",
        "-l",
        "/x/note.txt",
        "/x/LICENSE.txt",
    ).stdout
    assert shown.count("1980") == 2
    assert shown.count("-rw-r--r--") == 2


def test_a_builder_of_buildx(world: World, buildx: Path) -> None:
    """The engine's own, which here takes no named contexts: it builds image by image."""
    run, program = world.catalogue.rgraph, str(buildx)
    run("build", "--push", "--build-number", "1", "--builder", "default", RGRAPH_BUILDX=program)
    known = fingerprints(world)
    for name in ALL:
        assert world.staging.tags(f"team/{name}") == {"one--1", by_content(known[name])}
        record = world.catalogue.record("1")["images"][f"{name}:one"]
        assert world.staging.digest(f"team/{name}", "one--1") == record["digest"]
    done = run("build", "--builder", "nobody", code=2, RGRAPH_BUILDX=program)
    assert "there is no builder `nobody`" in done.err

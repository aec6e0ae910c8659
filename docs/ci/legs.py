#!/usr/bin/env python3
"""What the jobs of a pipeline do with a plan of `rgraph plan --format github` or `--format azure-pipelines`.

    legs.py outputs PLAN --waves NUMBER
    legs.py run PLAN LEG --build NUMBER [--root DIR] [--print]

`outputs` prints the matrices of the waves, as the service takes them for outputs of a job: for GitHub, lines
for $GITHUB_OUTPUT; for Azure Pipelines, logging commands. A matrix without legs is left out, as no service
takes one. It fails if the plan has more than NUMBER waves: that is how many the pipeline has jobs for.

`run` does one leg: it builds its images, pushes them to staging, and tests them. NUMBER is that of the build:
it ends the tags in staging. DIR is the catalogue's folder. A build secret is read from the environment
variable of its name. So are STAGING_USERNAME and STAGING_PASSWORD: if they are there, it logs in at the
staging registry with them. `--print` only prints the commands, one JSON list a line.

Needs Python 3.9; `run` also Docker, with buildx where it is not Windows.
"""

# ruff: noqa: T201 (a program of its own)

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAMS = {".py": ["python"], ".R": ["Rscript"], ".sh": ["sh"], ".ps1": ["powershell", "-File"]}
"""What runs a script of a test, by the end of its name."""
TIME = 3600
"""Seconds that a test may take."""


class Failed(Exception):
    """A leg that cannot be done."""


def commands(work: dict[str, Any], number: str, root: Path, windows: bool) -> list[list[str]]:
    """What brings an image into staging: a build, or a copy of what was released."""
    staged = work["staged"].replace("${BUILD_NUMBER}", number)
    if work["state"] == "retag":
        if windows:
            source = work["source"]
            return [["docker", "pull", source], ["docker", "tag", source, staged], ["docker", "push", staged]]
        return [["docker", "buildx", "imagetools", "create", "--tag", staged, work["source"]]]
    parents = {name: each.replace("${BUILD_NUMBER}", number) for name, each in work["parents"].items()}
    files = ["--file", str(root / work["dockerfile"]), "--tag", staged]
    context = str(root / "generated" / work["folder"])
    if windows:
        # Docker's builder for Windows has neither named contexts nor secrets.
        if work["secrets"]:
            raise Failed(f"{work['id']} needs build secrets, which Windows builds do not have")
        pulled = [
            command
            for name, parent in parents.items()
            for command in (["docker", "pull", parent], ["docker", "tag", parent, name])
        ]
        return [*pulled, ["docker", "build", *files, context], ["docker", "push", staged]]
    build = ["docker", "buildx", "build", *files, "--platform", ",".join(work["platforms"]), "--push"]
    for name, parent in parents.items():
        build += ["--build-context", f"{name}=docker-image://{parent}"]
    for secret in work["secrets"]:
        build += ["--secret", f"id={secret},env={secret}"]
    return [[*build, context]]


def test_command(
    test: dict[str, Any], work: dict[str, Any], number: str, root: Path, windows: bool
) -> list[str]:
    """What runs a test in a container of the image in staging; its script is mounted."""
    staged = work["staged"].replace("${BUILD_NUMBER}", number)
    run = ["docker", "run", "--rm"]
    if "script" in test:
        folder = (root / "generated" / work["folder"]).resolve()
        inside = "C:\\rgraph" if windows else "/rgraph"
        run += ["--volume", f"{folder}:{inside}:ro", "--workdir", inside]
        words = words_of_script(test["script"])
    elif isinstance(test["command"], str):
        words = [*(["cmd", "/S", "/C"] if windows else ["sh", "-c"]), test["command"]]
    else:
        words = test["command"]
    return [*run, "--entrypoint", words[0], staged, *words[1:]]


def log_in(staging: str) -> None:
    """Logs in at the staging registry, if the environment says as whom; the password is shown nowhere."""
    user, password = os.environ.get("STAGING_USERNAME"), os.environ.get("STAGING_PASSWORD")
    if user and password:
        command = ["docker", "login", "--username", user, "--password-stdin", staging.partition("/")[0]]
        subprocess.run(command, check=True, input=password, text=True, stdout=subprocess.DEVNULL)


def words_of_script(name: str) -> list[str]:
    """What runs a script."""
    if Path(name).suffix not in PROGRAMS:
        raise Failed(f"nothing is known that runs {name}: say it in PROGRAMS of {Path(__file__).name}")
    return [*PROGRAMS[Path(name).suffix], name]


def passes(test: dict[str, Any], command: list[str]) -> bool:
    """Runs a test and shows its output."""
    made = subprocess.run(
        command,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=TIME,
    )
    print(made.stdout, end="", flush=True)
    return made.returncode == test["exit_code"] and test.get("output", "") in made.stdout


def do(leg: dict[str, Any], number: str, root: Path, only_print: bool) -> list[str]:
    """Does a leg; what failed. An image that fails does not keep the others of the leg from being built."""
    windows = leg["os"] == "windows"
    failed = []
    for work in leg["images"]:
        missing = [name for name in work["secrets"] if name not in os.environ]
        if missing and not only_print:
            failed.append(f"{work['id']}: the environment lacks its build secrets {', '.join(missing)}")
            continue
        try:
            for command in commands(work, number, root, windows):
                print(json.dumps(command), flush=True)
                if not only_print:
                    subprocess.run(command, check=True)
        except (Failed, subprocess.CalledProcessError) as error:
            failed.append(f"{work['id']}: {error}")
            continue
        if work["state"] == "build":
            failed += tested(work, number, root, windows, only_print)
    return failed


def tested(work: dict[str, Any], number: str, root: Path, windows: bool, only_print: bool) -> list[str]:
    """Runs the tests of an image; what failed."""
    failed = []
    for test in work["tests"]:
        name = f"{work['id']}, test {test['name']}"
        if test["nodes"] > 1:
            print(f"{name}: not run here, it needs {test['nodes']} containers", file=sys.stderr, flush=True)
            continue
        try:
            command = test_command(test, work, number, root, windows)
            print(json.dumps(command), flush=True)
            if not only_print and not passes(test, command):
                failed.append(name)
        except (Failed, subprocess.TimeoutExpired) as error:
            failed.append(f"{name}: {error}")
    return failed


def outputs(plan: dict[str, Any], most: int) -> list[str]:
    """Lines that hand the matrices of a plan on to later jobs."""
    waves = plan.get("jobs", plan.get("stages", {}))
    if len(waves) > most:
        raise Failed(f"the plan has {len(waves)} waves, and the pipeline {most}: add jobs to it")
    lines = []
    for name, wave in waves.items():
        if "matrix" in wave:
            if wave["matrix"]["include"]:
                lines.append(f"{name}={json.dumps(wave['matrix'], separators=(',', ':'))}")
            continue
        for group, job in wave["jobs"].items():
            if job["matrix"]:
                matrix = json.dumps(job["matrix"], separators=(",", ":"))
                lines.append(f"##vso[task.setvariable variable={name}_{group};isOutput=true]{matrix}")
    return lines


def run(plan: dict[str, Any], asked: argparse.Namespace) -> list[str]:
    """Does the leg that was asked for; what failed."""
    if asked.leg not in plan["legs"]:
        raise Failed(f"the plan has no leg {asked.leg}")
    if not plan["staging"]:
        raise Failed("the catalogue names no staging registry: say `staging` in manifests/catalog.yaml")
    if not asked.only_print:
        log_in(plan["staging"])
    return do(plan["legs"][asked.leg], asked.build, asked.root, asked.only_print)


def main() -> int:
    """Reads the command line; 1 if anything failed."""
    parser = argparse.ArgumentParser(description="What the jobs of a pipeline do with a plan.")
    commands = parser.add_subparsers(required=True, dest="command")
    first = commands.add_parser("outputs")
    first.add_argument("plan", type=Path)
    first.add_argument("--waves", type=int, required=True)
    second = commands.add_parser("run")
    second.add_argument("plan", type=Path)
    second.add_argument("leg")
    second.add_argument("--build", required=True)
    second.add_argument("--root", type=Path, default=Path())
    second.add_argument("--print", action="store_true", dest="only_print")
    asked = parser.parse_args()
    plan = json.loads(asked.plan.read_text("utf-8"))
    try:
        if asked.command == "outputs":
            for line in outputs(plan, asked.waves):
                print(line)
            return 0
        failed = run(plan, asked)
    except Failed as error:
        failed = [str(error)]
    for each in failed:
        print(f"failed: {each}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

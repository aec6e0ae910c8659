"""What is tried with an image."""

from __future__ import annotations

from pathlib import Path

from rgraph.app import Workspace
from rgraph.trials.places import STARTUP
from rgraph.trials.r_packages import wanted_packages
from rgraph.trials.trial import Loading, Output, Trial, WantedPackage
from rgraph.trials.trials import trials_of
from tests.errors.running import catalogue

LOW = """\
kind: base
name: low
from: ubuntu
variant: one
steps:
  - apt: {packages: [r-base-core=4.2.2-1, r-cran-data.table=1.14.8+dfsg-1,
      {name: r-cran-httr, at_least: "1:1.4.2-1"}]}
  - conda: [r-base=4.2, r-essentials=4.2, r-forecast=8.9, python=3.8.1]
tests:
  - {name: shared, command: "echo low"}
  - {name: own, command: [echo, "a b"], exit_code: "3"}
"""
HIGH = """\
kind: r
name: high
from: low:one
variant: one
steps:
  - cran: [forecast==8.10, jsonlite==1.7.2]
  - cran: {snapshot: 2022-03-01, packages: [zoo]}
  - github: [{repo: Azure/azureml-sdk-for-r, ref: v0.5.7, name: azuremlsdk, version: 0.5.7}]
  - url: [{name: given, version: "1.0", url: "https://x.example/given.tar.gz"}]
tests:
  - {name: shared, script: train.py}
  - {name: shell, script: run.sh, files: [train.py], batch: true, timeout: 90s}
  - {name: itself, script: itself}
  - {name: mpi, script: mpi.R, nodes: "4", output: done}
  - {name: each, command: x, nodes: "2", launch: each}
  - {name: loads, r_packages: [jsonlite==1.7.2, stats]}
"""


def workspace(tmp_path: Path) -> Workspace:
    root = catalogue(tmp_path)
    manifests = root / "manifests"
    (manifests / "base" / "low.yaml").write_text(LOW)
    (manifests / "r" / "high.yaml").write_text(HIGH)
    catalog = (manifests / "catalog.yaml").read_text()
    (manifests / "catalog.yaml").write_text(f"{catalog}policy: {{unpinned: [apt]}}\n")
    for name, text in (("run.sh", "true\n"), ("itself", "#!/bin/sh\ntrue\n"), ("mpi.R", "1\n")):
        (manifests / "files" / name).write_text(text)
    return Workspace(root)


def trials(tmp_path: Path, id: str) -> dict[str, Trial]:
    found = workspace(tmp_path)
    made = trials_of(found.resolved.images, found.inventory, found.catalog.files, id)
    assert len({trial.name for trial in made}) == len(made)
    return {trial.name: trial for trial in made}


def words(trial: Trial) -> tuple[str, ...]:
    assert trial.launch is not None
    return trial.launch.words


def test_every_image_starts_and_loads_its_r_packages_and_has_its_parents_tests(tmp_path: Path) -> None:
    found = trials(tmp_path, "high:one")
    names = ["starts", "r-packages", "shared", "shell", "itself", "mpi", "each", "loads", "own"]
    assert list(found) == names
    assert found["starts"] == Trial("starts", None, Output("", 0))
    assert found["own"].wanted == Output("", 3)
    assert words(found["own"]) == ("echo", "a b")


def test_an_image_without_r_has_no_test_of_it(tmp_path: Path) -> None:
    assert list(trials(tmp_path, "base:cpu")) == ["starts", "train"]


def test_a_script_is_run_by_what_it_says_or_by_its_language(tmp_path: Path) -> None:
    found = trials(tmp_path, "high:one")
    assert words(found["itself"]) == ("/rgraph-test/itself",)
    assert words(found["mpi"]) == ("Rscript", "/rgraph-test/mpi.R")
    assert words(found["shared"])[-1] == "/rgraph-test/train.py"
    assert "python3" in words(found["shared"])[2]
    assert words(found["shell"]) == ("/bin/sh", f"{STARTUP}/run.sh")
    assert words(found["each"]) == ("/bin/sh", "-c", "x")


def test_what_a_test_says_of_its_containers(tmp_path: Path) -> None:
    found = trials(tmp_path, "high:one")
    shell, mpi, each = (found[name].launch for name in ("shell", "mpi", "each"))
    assert shell
    assert (shell.batch, [name for name, _ in shell.files]) == (True, ["run.sh", "train.py"])
    assert found["shell"].timeout == 90
    assert mpi
    assert (mpi.nodes, mpi.by, found["mpi"].wanted) == (4, "mpirun", Output("done", 0))
    assert each
    assert (each.nodes, each.by, found["each"].timeout) == (2, "each", None)


def test_r_packages_that_are_wanted(tmp_path: Path) -> None:
    """Of conda and Debian by the names and versions that R knows; what is nearest to the image counts."""
    found = workspace(tmp_path)
    wanted = wanted_packages(found.resolved.images, found.inventory, "high:one")
    assert wanted == (
        WantedPackage("azuremlsdk", "0.5.7"),
        WantedPackage("data.table", "1.14.8"),
        WantedPackage("forecast", "8.10"),
        WantedPackage("given", "1.0"),
        WantedPackage("httr", "1.4.2", at_least=True),
        WantedPackage("jsonlite", "1.7.2"),
        WantedPackage("zoo", ""),
    )
    low = wanted_packages(found.resolved.images, found.inventory, "low:one")
    assert WantedPackage("forecast", "8.9") in low


def test_a_test_of_the_manifests_names_packages(tmp_path: Path) -> None:
    wanted = trials(tmp_path, "high:one")["loads"].wanted
    assert wanted == Loading((WantedPackage("jsonlite", "1.7.2"), WantedPackage("stats", "")))


def test_a_test_with_the_name_of_ours_takes_its_place(tmp_path: Path) -> None:
    root = catalogue(tmp_path)
    base = root / "manifests/base/base.yaml"
    base.write_text(base.read_text() + '  - {name: starts, command: "true"}\n')
    found = Workspace(root)
    made = trials_of(found.resolved.images, found.inventory, found.catalog.files, "base:cpu")
    assert [(trial.name, trial.launch is None) for trial in made] == [("train", False), ("starts", False)]

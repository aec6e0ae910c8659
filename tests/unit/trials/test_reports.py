"""JUnit XML, and what containers are told."""

from __future__ import annotations

from xml.etree import ElementTree

from rgraph.builds.record import TestedImage, TestResult
from rgraph.trials.junit import junit_xml
from rgraph.trials.launching import shared_files, words_of
from rgraph.trials.places import variables
from rgraph.trials.trial import Launch

TESTED = {
    "base:cpu": TestedImage(
        "sha256:1",
        "",
        "failed",
        (
            TestResult("starts", "passed", 1.5, None, ""),
            TestResult('a "b" <c>', "failed", 0.25, 2, "wrong & bad; output:\n\x1b[1m]]> \x00\ud800<x>"),
            TestResult("hangs", "timeout", 10.0, None, "did not end"),
        ),
    )
}


def test_junit() -> None:
    root = ElementTree.fromstring(junit_xml("7", TESTED, {"base:gpu": "it was not built"}))
    assert root.attrib == {
        "name": "rgraph test, build 7",
        "tests": "4",
        "failures": "2",
        "errors": "1",
        "skipped": "0",
        "time": "11.750",
    }
    assert [suite.get("name") for suite in root] == ["base:cpu", "base:gpu"]
    passed, failed, hung = root[0]
    assert (passed.get("classname"), passed.get("time"), len(passed)) == ("base:cpu", "1.500", 0)
    assert failed.get("name") == 'a "b" <c>'
    assert failed[0].get("message") == "wrong & bad; output:"
    assert (
        failed[0].text
        == "\N{REPLACEMENT CHARACTER}[1m]]> \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}<x>"
    )
    assert hung[0].get("type") == "timeout"
    assert [each.tag for each in root[1][0]] == ["error"]


def test_junit_of_nothing() -> None:
    assert ElementTree.fromstring(junit_xml("7", {}, {})).get("tests") == "0"


def test_the_variables_and_folders_of_azure_batch() -> None:
    """Those of the guide to containers for doAzureParallel, and of the documentation of several nodes."""
    launch = Launch(words=("x",), batch=True)
    found = variables(launch, 0)
    assert set(found) == {
        "AZ_BATCH_NODE_ROOT_DIR",
        "AZ_BATCH_NODE_STARTUP_DIR",
        "AZ_BATCH_TASK_ID",
        "AZ_BATCH_JOB_ID",
        "AZ_BATCH_TASK_WORKING_DIR",
        "AZ_BATCH_JOB_PREP_WORKING_DIR",
    }
    root = found["AZ_BATCH_NODE_ROOT_DIR"]
    assert all(path.startswith(root) for name, path in found.items() if name.endswith("_DIR"))
    several = variables(Launch(words=("x",), batch=True, nodes=2), 1)
    assert several["AZ_BATCH_HOST_LIST"] == "node0,node1"
    assert several["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "false"


def test_variables_of_distributed_tests() -> None:
    assert variables(Launch(words=("x",)), 0) == {}
    each = variables(Launch(words=("x",), nodes=3), 2)
    assert each == {"RANK": "2", "WORLD_SIZE": "3", "MASTER_ADDR": "node0", "MASTER_PORT": "6105"}
    mpi = Launch(words=("x", "y"), nodes=2, by="mpirun")
    agent = variables(mpi, 0)["OMPI_MCA_plm_rsh_agent"]
    assert agent.removeprefix("/rgraph-launch/") in dict(shared_files(mpi))
    assert words_of(mpi, 0) == ("mpirun", "-np", "2", "x", "y")
    assert words_of(mpi, 1)[-1] == "node1"
    assert words_of(Launch(words=("x",), nodes=2), 1) == ("x",)
    assert dict(shared_files(mpi))["hosts.openmpi"] == b"node0 slots=1\nnode1 slots=1\n"

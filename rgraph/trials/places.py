"""Where things are in the container of a test, and the variables that tell it.

Sources: doAzureParallel's guide to containers ("Testing your image for doAzureParallel"): the six
variables and the volume; Azure Batch's documentation, "Compute node environment variables": those of
tasks on several nodes. Open MPI's, MPICH's and Intel MPI's documentation of mpirun: the variables that
name the program which starts processes on other nodes, and the file of nodes.
"""

from __future__ import annotations

from typing import Final

from rgraph.trials.trial import Launch

FOLDER: Final = "/rgraph-test"
"""Holds the script and the files of a test."""
LAUNCHING: Final = "/rgraph-launch"
"""A volume that all nodes of a test share: by it, mpirun starts processes on other nodes."""

BATCH: Final = "/mnt/batch/tasks"
"""AZ_BATCH_NODE_ROOT_DIR, a volume of each node."""
STARTUP: Final = f"{BATCH}/startup/wd"
"""Where resource files are: AZ_BATCH_NODE_STARTUP_DIR/wd."""
_JOB: Final = "rgraph"
_TASK: Final = "test"
_WORK: Final = f"{BATCH}/workitems/{_JOB}/job-1"
TASK: Final = f"{_WORK}/{_TASK}/wd"
"""AZ_BATCH_TASK_WORKING_DIR, where the command runs."""
_PREPARATION: Final = f"{_WORK}/jobpreparation/wd"
BATCH_FOLDERS: Final = (STARTUP, f"{BATCH}/shared", TASK, _PREPARATION)
"""What is on a node before a task begins."""

_PORT: Final = "6105"
"""Where the processes of a distributed test may meet (PyTorch's documentation, "Environment variable
initialization", has the variables)."""


def host_name(rank: int) -> str:
    """The name of a node on the network of its test."""
    return f"node{rank}"


def hosts_of(launch: Launch) -> tuple[str, ...]:
    """The names of all nodes."""
    return tuple(map(host_name, range(launch.nodes)))


def variables(launch: Launch, rank: int) -> dict[str, str]:
    """The environment of one node of a test, beside the image's own."""
    found: dict[str, str] = {}
    if launch.batch:
        found |= {
            "AZ_BATCH_NODE_ROOT_DIR": BATCH,
            "AZ_BATCH_NODE_STARTUP_DIR": STARTUP.removesuffix("/wd"),
            "AZ_BATCH_TASK_ID": _TASK,
            "AZ_BATCH_JOB_ID": _JOB,
            "AZ_BATCH_TASK_WORKING_DIR": TASK,
            "AZ_BATCH_JOB_PREP_WORKING_DIR": _PREPARATION,
        }
    if launch.nodes == 1:
        return found
    if launch.batch:
        found |= {
            "AZ_BATCH_HOST_LIST": ",".join(hosts_of(launch)),
            "AZ_BATCH_MASTER_NODE": f"{host_name(0)}:{_PORT}",
            "AZ_BATCH_IS_CURRENT_NODE_MASTER": "true" if rank == 0 else "false",
        }
    if launch.by == "mpirun":
        return found | _MPI
    return found | {
        "RANK": str(rank),
        "WORLD_SIZE": str(launch.nodes),
        "MASTER_ADDR": host_name(0),
        "MASTER_PORT": _PORT,
    }


_AGENT: Final = f"{LAUNCHING}/agent"
_MPI: Final = {
    # Open MPI to 4, and 5, which starts processes by PRRTE. A test may run as root: it is in a container.
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_plm_rsh_agent": _AGENT,
    "OMPI_MCA_orte_default_hostfile": f"{LAUNCHING}/hosts.openmpi",
    "PRTE_MCA_plm_ssh_agent": _AGENT,
    "PRTE_MCA_prte_default_hostfile": f"{LAUNCHING}/hosts.openmpi",
    # MPICH and Intel MPI, by Hydra.
    "HYDRA_LAUNCHER": "ssh",
    "HYDRA_LAUNCHER_EXEC": _AGENT,
    "HYDRA_HOST_FILE": f"{LAUNCHING}/hosts.hydra",
    "I_MPI_HYDRA_BOOTSTRAP": "ssh",
    "I_MPI_HYDRA_BOOTSTRAP_EXEC": _AGENT,
    "I_MPI_HYDRA_HOST_FILE": f"{LAUNCHING}/hosts.hydra",
    # Whether processes may read each other's memory is the host's to say, not the image's.
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "OMPI_MCA_btl_base_warn_component_unused": "0",
}

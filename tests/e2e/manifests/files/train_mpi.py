"""Distributed training test, to be started by mpirun on every node: fails unless each process has its place."""

import os
import socket

VARIABLES = (
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),  # Open MPI
    ("PMI_RANK", "PMI_SIZE"),  # Intel MPI
)


def place() -> tuple[int, int]:
    """Rank of this process, and how many there are."""
    for rank, size in VARIABLES:
        if rank in os.environ:
            return int(os.environ[rank]), int(os.environ[size])
    raise SystemExit("not started by mpirun: no variable names the rank")


rank, size = place()
assert size >= 2, f"{size} process, expected at least 2"
shard = range(rank, 1000, size)
print(f"rank {rank} of {size} on {socket.gethostname()}: sum of its shard is {sum(shard)}")

"""Every node runs this: the first one listens, the others tell it their rank, and it answers when all are there."""

import os
import socket
import time

rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))


def call() -> socket.socket:
    """A connection to the first node, as soon as it listens."""
    for _ in range(100):
        try:
            return socket.create_connection(place, timeout=10)
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nobody listens at {place}")


if rank == 0:
    with socket.create_server(("", place[1])) as listening:
        listening.settimeout(30)
        others = [listening.accept()[0] for _ in range(size - 1)]
        ranks = sorted(int(other.recv(16)) for other in others)
        for other in others:
            other.sendall(b"all")
    assert ranks == list(range(1, size)), ranks
else:
    with call() as first:
        first.sendall(str(rank).encode())
        assert first.recv(16) == b"all"
print(f"rank {rank} of {size} met the others")

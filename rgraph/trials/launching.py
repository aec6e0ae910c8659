"""How mpirun reaches the other nodes of a test without ssh: by a folder that all of them share.

mpirun starts a daemon on each node by a program that takes the place of ssh: `agent HOST COMMAND...`. It
leaves the command in the folder of that node, where `serve`, which runs there, finds and runs it. So the
image needs no server, no keys and no user for the test, and what is tested is its MPI, which talks over
the network from then on.
"""

from __future__ import annotations

from typing import Final

from rgraph.trials.places import LAUNCHING, hosts_of
from rgraph.trials.trial import Launch

_AGENT: Final = """\
#!/bin/sh
# In the place of ssh: options, the name of a node, a command.
while [ "${1#-}" != "$1" ]; do
  case "$1" in -[bcDEeFIiJLlmOopQRSWw]) shift ;; esac
  shift
done
folder="FOLDER/nodes/$1"
shift
request="$folder/$(hostname)-$$"
printf '%s\\n' "$*" > "$request.new"
mv "$request.new" "$request.run"
while [ ! -e "$request.ended" ]; do sleep 0.05; done
cat "$request.out"
exit "$(cat "$request.ended")"
"""
_SERVE: Final = """\
#!/bin/sh
# Runs what `agent` leaves for this node, until the container is stopped.
cd "FOLDER/nodes/$1" || exit 1
while :; do
  for request in *.run; do
    [ -e "$request" ] || continue
    name="${request%.run}"
    mv "$request" "$name.command"
    (
      sh "$name.command" > "$name.out" 2>&1 < /dev/null
      echo "$?" > "$name.code"
      mv "$name.code" "$name.ended"
    ) &
  done
  sleep 0.05
done
"""


def shared_files(launch: Launch) -> tuple[tuple[str, bytes], ...]:
    """Name and content of what the shared folder holds at first; a name with `/` at its end is a folder."""
    hosts = hosts_of(launch)
    openmpi = "".join(f"{host} slots=1\n" for host in hosts)
    hydra = "".join(f"{host}:1\n" for host in hosts)
    return (
        ("agent", _AGENT.replace("FOLDER", LAUNCHING).encode()),
        ("serve", _SERVE.replace("FOLDER", LAUNCHING).encode()),
        ("hosts.openmpi", openmpi.encode()),
        ("hosts.hydra", hydra.encode()),
        ("nodes/", b""),
        *((f"nodes/{host}/", b"") for host in hosts),
    )


def words_of(launch: Launch, rank: int) -> tuple[str, ...]:
    """What runs on a node of a test, in exec form."""
    if launch.nodes == 1 or launch.by == "each":
        return launch.words
    if rank == 0:
        return ("mpirun", "-np", str(launch.nodes), *launch.words)
    return ("/bin/sh", f"{LAUNCHING}/serve", hosts_of(launch)[rank])
